"""Which networks belong together: what the studies begin with, compare and fall back on."""

from __future__ import annotations

from core.base.heavy import tv_models
from core.data.sets import DATASETS

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
IMAGENET_RESIZE = 256
FAMILIES = {  # by the pages' names
    "photographs": "tiny-imagenet-20",
    "CIFAR-10": "cifar10",
    "ImageNet": "imagenet",
    "digits": "digits",
    "MNIST": "mnist",
    "Fashion-MNIST": "fashion-mnist",
}
BAGNETS = {  # by family, rising patch size; the residual network that they are compared with
    "tiny-imagenet-20": (("photo_bagnet9", "photo_bagnet17", "photo_bagnet33"), "photo_resnet"),
    "imagenet": (("bagnet9", "bagnet17", "bagnet33"), "resnet50"),
}
DEFAULT_BAGNETS = BAGNETS["tiny-imagenet-20"][0]
SDNETS = ("cifar_sdnet18", "cifar_sdnet18_seed1", "cifar_sdnet18_seed2")  # first layer coded; one recipe, three seeds
TWINS = ("cifar_resnet18", "cifar_resnet18_seed1", "cifar_resnet18_seed2")  # the same with a plain first layer
ALL_CODED = "cifar_sdnet18_all"
DEFAULT_SDNETS = (SDNETS[0], TWINS[0])
HEADED = {  # by head, on the small CNN, trained on MNIST
    "fc": "mnist_small_cnn",
    "spinal": "mnist_spinal_small_cnn",
    "fc-matched": "mnist_matched_small_cnn",
}
CEILINGS = {  # by data set: the trained network that random features are compared with
    "digits": "digits_cnn",
    "mnist": "digits_cnn",
    "fashion-mnist": "fashion_cnn",
    "cifar10": "cifar_resnet18",
    "tiny-imagenet-20": "photo_resnet",
}
DEFAULT_NETWORKS = ("photo_resnet", "photo_resnet_blur3", "photo_resnet_blur5")
COMPARED = {  # by family: the networks that a sweep begins with
    "tiny-imagenet-20": DEFAULT_NETWORKS,
    "cifar10": ("cifar_vgg", "cifar_vgg_blur3", "cifar_vgg_blur5"),
    "imagenet": ("resnet18", "resnet18_blur5"),
    "digits": ("digits_cnn", "digits_random_svm"),
    "mnist": tuple(HEADED.values()),
    "fashion-mnist": ("fashion_cnn",),
}


def family_labels(family: str) -> tuple[str, ...]:
    """The names of a family's classes (K,): the data set's, or ImageNet's thousand,."""
    if family in DATASETS:
        return DATASETS[family].classes
    return tuple(tv_models.ResNet18_Weights.IMAGENET1K_V1.meta["categories"])
