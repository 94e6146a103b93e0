"""Which networks belong together: what the studies begin with, compare and fall back on."""

from __future__ import annotations

import functools
import json

from core.base.files import ASSETS
from core.data.sets import DATASETS

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
IMAGENET_RESIZE = 256
FAMILIES = {  # by the pages' names
    "ImageNet": "imagenet",
    "photographs": "tiny-imagenet-20",
    "CIFAR-10": "cifar10",
    "digits": "digits",
    "MNIST": "mnist",
    "Fashion-MNIST": "fashion-mnist",
}
BAGNETS = {  # by family, rising patch size; the residual network that they are compared with
    "tiny-imagenet-20": (("photo_bagnet9", "photo_bagnet17", "photo_bagnet33"), "photo_resnet"),
    "imagenet": (("lite0_local",), "lite0"),
}
PUBLISHED_BAGNETS = ("bagnet9", "bagnet17", "bagnet33")
DEFAULT_MAPS = ("lite0_local", "lite0")  # of patches, and the class activation map
SDNETS = ("cifar_sdnet18", "cifar_sdnet18_seed1", "cifar_sdnet18_seed2")  # first layer coded; one recipe, three seeds
TWINS = ("cifar_resnet18", "cifar_resnet18_seed1", "cifar_resnet18_seed2")  # the same with a plain first layer
ALL_CODED = "cifar_sdnet18_all"
DEFAULT_SDNETS = ("lite0_sparse", "lite0")
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
SCRATCH = "tiny-imagenet-20"  # of photographs that this project trained from scratch
OPENING = {"photograph": "imagenet", "drawing": "mnist"}  # the family that a sort of picture opens
DEFAULT_NETWORKS = ("lite0", "lite0_blur3", "lite0_blur5")
COMPARED = {  # by family: the networks that a sweep begins with
    "tiny-imagenet-20": ("photo_resnet", "photo_resnet_blur3", "photo_resnet_blur5"),
    "cifar10": ("cifar_vgg", "cifar_vgg_blur3", "cifar_vgg_blur5"),
    "imagenet": DEFAULT_NETWORKS,
    "digits": ("digits_cnn", "digits_random_svm"),
    "mnist": tuple(HEADED.values()),
    "fashion-mnist": ("fashion_cnn",),
}
INSTEAD = {  # which of this project's own a command takes where lite0's package is missing
    DEFAULT_NETWORKS: COMPARED[SCRATCH],
    DEFAULT_MAPS: BAGNETS[SCRATCH][0],
    DEFAULT_SDNETS: (SDNETS[0], TWINS[0]),
}


def family_labels(family: str) -> tuple[str, ...]:
    """The names of a family's classes (K,): the data set's, or ImageNet's thousand,."""
    if family in DATASETS:
        return DATASETS[family].classes
    return _imagenet()


@functools.cache
def _imagenet() -> tuple[str, ...]:
    """ImageNet's thousand, by torchvision's names; from a file, as torchvision takes seconds to import."""
    return tuple(json.loads((ASSETS / "labels" / "imagenet.json").read_text(encoding="utf-8")))
