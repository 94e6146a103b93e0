"""The networks by name. Importing this module does not import torch: the first paint needs only the names."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from core.data.sets import DATASETS

if TYPE_CHECKING:
    from torch import nn

BLUR_SIZES = range(1, 8)
IMAGENET_CLASSES, IMAGENET_SIZE = 1000, 224


class UnknownModelError(ValueError):
    """No network has this name; the message lists the nearest ones."""


@dataclass(frozen=True)
class Architecture:
    """Where a network is defined, as "module:callable", and what it is for.

    The callable receives those of `arch`, `blur` and `num_classes` that it names; its other parameters are
    the options of `create_model`. Networks of one `family`, a data set's name or "imagenet", share labels and input
    size.
    """

    plain: str
    blurred: str | None = None
    classifies: bool = True  # gives logits; otherwise features
    family: str = "imagenet"

    @property
    def size(self) -> int:
        """Side of the input in pixels."""
        return family_size(self.family)

    @property
    def is_torchvisions(self) -> bool:
        """Whether torchvision has it, and has published its ImageNet weights."""
        return self.plain == _TORCHVISION


def family_size(family: str) -> int:
    """Side in pixels of the pictures that networks of a family see."""
    return DATASETS[family].size if family in DATASETS else IMAGENET_SIZE


_TORCHVISION, _SMALL = "core.models.antialiased:plain", "core.models.small:"
_BAGNETS, _SVM, _SPINAL = "core.models.bagnet:", "core.models.random_svm:RandomSvm", "core.models.spinal_networks:"
_VGG = Architecture(_TORCHVISION, "core.models.antialiased:blurred_vgg")
_RESNET = Architecture(_TORCHVISION, "core.models.antialiased:blurred_resnet")
_POOLED_RESNET = Architecture("core.models.antialiased:pooled_resnet")
_DENSENET = Architecture(_TORCHVISION, "core.models.antialiased:blurred_densenet")
_BAGNET = Architecture(_BAGNETS + "bagnet")
_PHOTO_BAGNET = Architecture(_BAGNETS + "photo_bagnet", family="tiny-imagenet-20")
_SDNET = Architecture("core.models.sdnet:sdnet")
_CIFAR_SDNET = replace(_SDNET, family="cifar10")
_CIFAR_VGG_BN = Architecture(_SPINAL + "cifar_vgg_bn", family="cifar10")
_SPINAL_VGG_BN = Architecture(_SPINAL + "spinal_cifar_vgg_bn", family="cifar10")
_CIFAR_RESNET = Architecture(_SPINAL + "cifar_resnet", family="cifar10")
_SPINAL_RESNET = Architecture(_SPINAL + "spinal_cifar_resnet", family="cifar10")


# With `blurred`, an architecture comes plain and, with the suffix _blur1 … _blur7, anti-aliased.
ARCHITECTURES: dict[str, Architecture] = {
    "cifar_vgg": Architecture(_SMALL + "CifarVGG", _SMALL + "CifarVGG", family="cifar10"),
    "photo_resnet": Architecture(_SMALL + "PhotoResNet", _SMALL + "PhotoResNet", family="tiny-imagenet-20"),
    "digits_cnn": Architecture(_SMALL + "GreyNet", family="digits"),
    "fashion_cnn": Architecture(_SMALL + "GreyNet", family="fashion-mnist"),
    "photo_bagnet9": _PHOTO_BAGNET,
    "photo_bagnet17": _PHOTO_BAGNET,
    "photo_bagnet33": _PHOTO_BAGNET,
    "cifar_resnet18": _CIFAR_SDNET,
    "cifar_sdnet18": _CIFAR_SDNET,
    "cifar_sdnet18_all": _CIFAR_SDNET,
    "bagnet9": _BAGNET,
    "bagnet17": _BAGNET,
    "bagnet33": _BAGNET,
    "sdnet18_cifar": _CIFAR_SDNET,
    "sdnet34_cifar": _CIFAR_SDNET,
    "sdnet18_all_cifar": _CIFAR_SDNET,
    "sdnet34_all_cifar": _CIFAR_SDNET,
    "sdnet18_all_noshortcut_cifar": _CIFAR_SDNET,
    "sdnet34_all_noshortcut_cifar": _CIFAR_SDNET,
    "sdnet18_imagenet": _SDNET,
    "sdnet34_imagenet": _SDNET,
    "sdnet18_all_imagenet": _SDNET,
    "sdnet34_all_imagenet": _SDNET,
    "sdnet18_all_noshortcut_imagenet": _SDNET,
    "sdnet34_all_noshortcut_imagenet": _SDNET,
    "resnet18_cifar": _CIFAR_SDNET,
    "resnet34_cifar": _CIFAR_SDNET,
    "random_depthwise": Architecture("core.models.random_depthwise:RandomDepthwise", classifies=False),
    "digits_random_svm": Architecture(_SVM, family="digits"),
    "cifar_random_svm": Architecture(_SVM, family="cifar10"),
    "small_cnn": Architecture(_SPINAL + "small_cnn", family="mnist"),
    "spinal_small_cnn": Architecture(_SPINAL + "spinal_small_cnn", family="mnist"),
    "matched_small_cnn": Architecture(_SPINAL + "matched_small_cnn", family="mnist"),
    "vgg5": Architecture(_SPINAL + "vgg5", family="mnist"),
    "spinal_vgg5": Architecture(_SPINAL + "spinal_vgg5", family="mnist"),
    "cifar_cnn": Architecture(_SPINAL + "cifar_cnn", family="cifar10"),
    "spinal_cifar_cnn": Architecture(_SPINAL + "spinal_cifar_cnn", family="cifar10"),
    "vgg11_bn_cifar": _CIFAR_VGG_BN,
    "vgg13_bn_cifar": _CIFAR_VGG_BN,
    "vgg16_bn_cifar": _CIFAR_VGG_BN,
    "vgg19_bn_cifar": _CIFAR_VGG_BN,
    "spinal_vgg11_bn_cifar": _SPINAL_VGG_BN,
    "spinal_vgg13_bn_cifar": _SPINAL_VGG_BN,
    "spinal_vgg16_bn_cifar": _SPINAL_VGG_BN,
    "spinal_vgg19_bn_cifar": _SPINAL_VGG_BN,
    "resnet18_w32_cifar": _CIFAR_RESNET,
    "resnet34_w32_cifar": _CIFAR_RESNET,
    "spinal_resnet18_w32_cifar": _SPINAL_RESNET,
    "spinal_resnet34_w32_cifar": _SPINAL_RESNET,
    "alexnet": Architecture(_TORCHVISION, "core.models.antialiased:blurred_alexnet"),
    "vgg11": _VGG,
    "vgg11_bn": _VGG,
    "vgg13": _VGG,
    "vgg13_bn": _VGG,
    "vgg16": _VGG,
    "vgg16_bn": _VGG,
    "vgg19": _VGG,
    "vgg19_bn": _VGG,
    "resnet18": _RESNET,
    "resnet34": _RESNET,
    "resnet50": _RESNET,
    "resnet101": _RESNET,
    "resnet152": _RESNET,
    "resnext50_32x4d": _RESNET,
    "resnext101_32x8d": _RESNET,
    "wide_resnet50_2": _RESNET,
    "wide_resnet101_2": _RESNET,
    "resnetblur18": _POOLED_RESNET,
    "resnetblur50": _POOLED_RESNET,
    "resnetaa50": _POOLED_RESNET,
    "densenet121": _DENSENET,
    "densenet161": _DENSENET,
    "densenet169": _DENSENET,
    "densenet201": _DENSENET,
    "mobilenet_v2": Architecture(_TORCHVISION, "core.models.antialiased:blurred_mobilenet"),
}


def _variants() -> dict[str, tuple[str, int | None]]:
    """{name: (architecture, taps of its blur or None)} in the order of the table."""
    names: dict[str, tuple[str, int | None]] = {}
    for arch, row in ARCHITECTURES.items():
        names[arch] = (arch, None)
        if row.blurred is not None:
            names |= {f"{arch}_blur{size}": (arch, size) for size in BLUR_SIZES}
    return names


_VARIANTS = _variants()


def architecture(name: str) -> Architecture:
    """The row of a network that `create_model` knows, plain or blurred. Raises KeyError for another name."""
    return ARCHITECTURES[_VARIANTS[name][0]]


def list_models() -> list[str]:
    """Every name that `create_model` knows, architecture by architecture, plain before blurred."""
    return list(_VARIANTS)


def list_classifiers() -> list[str]:
    """Those of `list_models` that give logits."""
    return [name for name in _VARIANTS if architecture(name).classifies]


def create_model(name: str, *, num_classes: int | None = None, **options: Any) -> nn.Module:
    """An untrained network, (B, 3, H, W) -> logits (B, num_classes), by default as many as its data set has.

    `<arch>` is torchvision's own, this project's (cifar_vgg, photo_resnet, photo_bagnet<q>; digits_cnn and fashion_cnn,
    which take one grey channel) or the paper's (bagnet<q>, q = 9, 17 or 33: Brendel & Bethge, ICLR 2019, §2);
    `<arch>_blur<k>`, k = 1..7, is anti-aliased by the rules of Zhang (ICML 2019, §3.2). The blurred torchvision
    networks have the option `padding` of the blur ("reflect", "replicate" or "zero"); AlexNet, the ResNets and the
    DenseNets also have `pool_only`: whether the stem convolution keeps its stride. `resnetblur<18|50>` and `resnetaa50`
    are timm's, whose pooling is no part of their state.

    `sdnet<18|34>[_all[_noshortcut]]_<cifar|imagenet>` (Dai et al., NeurIPS 2022, §4), their plain twins
    `resnet<18|34>_cifar` and this project's narrow `cifar_sdnet18`, `cifar_sdnet18_all` and `cifar_resnet18` have
    `width`, `shortcut`, `lam`, `steps`, `solver` and `mu`.

    `random_depthwise` (Xue & Roshan, arXiv 1806.05789) has `features`, `kernel_size`, `depth`, `in_channels` and `seed`
    and gives features (B, features) in [-1, 1] instead of logits; nothing in it is meant to be trained.
    `digits_random_svm` and `cifar_random_svm` are such features under a linear classifier.

    The networks of Kabir et al. (arXiv 2007.03347, §III) come plain and as `spinal_…`: `small_cnn` and `vgg5` for one
    grey channel of 28 px (options `in_channels`, and `size` or `width`), `cifar_cnn`, `vgg<11|13|16|19>_bn_cifar` and
    `resnet<18|34>_w32_cifar` for 32 px in colour. `matched_small_cnn` has a plain head of the spinal one's size.

    Raises UnknownModelError for an unknown name, TypeError for an option that the network does not have, and
    ValueError for an unknown padding.
    """
    if name not in _VARIANTS:
        nearest = difflib.get_close_matches(name, _VARIANTS, n=5, cutoff=0.0)
        raise UnknownModelError(
            f"expected the name of a network, got {name!r}: did you mean {', '.join(nearest)}? "
            "(list_models() has them all)"
        )
    (arch, blur), row = _VARIANTS[name], architecture(name)
    build = _resolve((row.blurred if blur else None) or row.plain)
    parameters = inspect.signature(build).parameters
    if num_classes is None and row.classifies:
        own = parameters["num_classes"].default
        num_classes = IMAGENET_CLASSES if own is inspect.Parameter.empty else own
    given = {"arch": arch, "blur": blur, "num_classes": num_classes}
    allowed = [option for option in parameters if option not in given]
    unknown = [option for option in options if option not in allowed]
    if unknown:
        raise TypeError(
            f"{name} has {'the options ' + ', '.join(allowed) if allowed else 'no options'}, "
            f"got {', '.join(unknown)}: leave it out or choose another network"
        )
    return build(**{key: value for key, value in given.items() if key in parameters}, **options)


def _resolve(target: str) -> Callable[..., nn.Module]:
    module, _, name = target.partition(":")
    build: Callable[..., nn.Module] = getattr(import_module(module), name)
    return build
