"""Which networks belong together: what the studies begin with, compare and fall back on."""

from __future__ import annotations

from core.data.sets import DATASETS

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


IMAGENET_SIZE, IMAGENET_RESIZE = 224, 256


FAMILIES = {  # by the pages' names
    "photographs": "tiny-imagenet-20",
    "CIFAR-10": "cifar10",
    "ImageNet": "imagenet",
    "digits": "digits",
    "MNIST": "mnist",
    "Fashion-MNIST": "fashion-mnist",
}


OWN_FAMILIES = {  # what our architectures are for
    "photo_resnet": "tiny-imagenet-20",
    "photo_bagnet9": "tiny-imagenet-20",
    "photo_bagnet17": "tiny-imagenet-20",
    "photo_bagnet33": "tiny-imagenet-20",
    "digits_cnn": "digits",
    "digits_random_svm": "digits",
    "cifar_random_svm": "cifar10",
    "fashion_cnn": "fashion-mnist",
    "small_cnn": "mnist",
    "spinal_small_cnn": "mnist",
    "matched_small_cnn": "mnist",
    "vgg5": "mnist",
    "spinal_vgg5": "mnist",
    "cifar_vgg": "cifar10",
    "cifar_resnet18": "cifar10",
    "cifar_sdnet18": "cifar10",
    "cifar_sdnet18_all": "cifar10",
    "resnet18_cifar": "cifar10",
    "resnet34_cifar": "cifar10",
    "sdnet18_cifar": "cifar10",
    "sdnet34_cifar": "cifar10",
    **{f"sdnet{n}_all{form}_cifar": "cifar10" for n in (18, 34) for form in ("", "_noshortcut")},
    "cifar_cnn": "cifar10",
    "spinal_cifar_cnn": "cifar10",
    **{f"{kind}vgg{n}_bn_cifar": "cifar10" for kind in ("", "spinal_") for n in (11, 13, 16, 19)},
    **{f"{kind}resnet{n}_w32_cifar": "cifar10" for kind in ("", "spinal_") for n in (18, 34)},
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
    from torchvision.models import ResNet18_Weights

    return tuple(ResNet18_Weights.IMAGENET1K_V1.meta["categories"])


def family_size(family: str) -> int:
    return DATASETS[family].size if family in DATASETS else IMAGENET_SIZE
