"""The networks by name. Importing this module does not import torch: the first paint needs only the names."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from core.base.heavy import nn
from core.data.sets import DATASETS
from core.models.binomial import SIZES as BLUR_SIZES

IMAGENET_CLASSES, IMAGENET_SIZE = 1000, 224


class UnknownModelError(ValueError):
    """No network has this name; the message lists the nearest ones."""


@dataclass(frozen=True)
class Architecture:
    """Where a network is defined, as "module:callable" of this package, and what it is for.

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


_TORCHVISION = "antialiased:plain"
# With `blurred`, an architecture comes plain and, with the suffix _blur1 … _blur7, anti-aliased.
ARCHITECTURES = {
    "cifar_vgg": Architecture("small:CifarVGG", "small:CifarVGG", family="cifar10"),
    "photo_resnet": Architecture("small:PhotoResNet", "small:PhotoResNet", family="tiny-imagenet-20"),
    "digits_cnn": Architecture("small:GreyNet", family="digits"),
    "fashion_cnn": Architecture("small:GreyNet", family="fashion-mnist"),
    **{f"photo_bagnet{q}": Architecture("bagnet:photo_bagnet", family="tiny-imagenet-20") for q in (9, 17, 33)},
    "cifar_resnet18": Architecture("sdnet:sdnet", family="cifar10"),
    "cifar_sdnet18": Architecture("sdnet:sdnet", family="cifar10"),
    "cifar_sdnet18_all": Architecture("sdnet:sdnet", family="cifar10"),
    **{f"bagnet{q}": Architecture("bagnet:bagnet") for q in (9, 17, 33)},
    **{
        f"sdnet{depth}{form}_{stem}": Architecture("sdnet:sdnet", family=family)
        for stem, family in (("cifar", "cifar10"), ("imagenet", "imagenet"))
        for form in ("", "_all", "_all_noshortcut")
        for depth in (18, 34)
    },
    **{f"resnet{depth}_cifar": Architecture("sdnet:sdnet", family="cifar10") for depth in (18, 34)},
    "random_depthwise": Architecture("random_depthwise:RandomDepthwise", classifies=False),
    "digits_random_svm": Architecture("random_depthwise:RandomSvm", family="digits"),
    "cifar_random_svm": Architecture("random_depthwise:RandomSvm", family="cifar10"),
    **{
        name: Architecture(f"spinal_networks:{name}", family=family)
        for names, family in (
            ("small_cnn spinal_small_cnn matched_small_cnn vgg5 spinal_vgg5", "mnist"),
            ("cifar_cnn spinal_cifar_cnn", "cifar10"),
        )
        for name in names.split()
    },
    **{
        f"{spinal}vgg{depth}_bn_cifar": Architecture(f"spinal_networks:{spinal}cifar_vgg_bn", family="cifar10")
        for spinal in ("", "spinal_")
        for depth in (11, 13, 16, 19)
    },
    **{
        f"{spinal}resnet{depth}_w32_cifar": Architecture(f"spinal_networks:{spinal}cifar_resnet", family="cifar10")
        for spinal in ("", "spinal_")
        for depth in (18, 34)
    },
    "alexnet": Architecture(_TORCHVISION, "antialiased:blurred_alexnet"),
    **{
        f"vgg{depth}{norm}": Architecture(_TORCHVISION, "antialiased:blurred_vgg")
        for depth in (11, 13, 16, 19)
        for norm in ("", "_bn")
    },
    **{
        name: Architecture(_TORCHVISION, "antialiased:blurred_resnet")
        for name in (
            *("resnet18", "resnet34", "resnet50", "resnet101", "resnet152"),
            *("resnext50_32x4d", "resnext101_32x8d", "wide_resnet50_2", "wide_resnet101_2"),
        )
    },
    **dict.fromkeys(("resnetblur18", "resnetblur50", "resnetaa50"), Architecture("antialiased:pooled_resnet")),
    **{f"densenet{n}": Architecture(_TORCHVISION, "antialiased:blurred_densenet") for n in (121, 161, 169, 201)},
    "mobilenet_v2": Architecture(_TORCHVISION, "antialiased:blurred_mobilenet"),
    "lite0": Architecture("lite:lite0", "lite:lite0"),
    "lite0_local": Architecture("lite:lite0"),
    "lite0_sparse": Architecture("lite:lite0"),
}


_VARIANTS = {  # by name: the architecture, and the taps of its blur
    f"{arch}_blur{blur}" if blur else arch: (arch, blur)
    for arch, row in ARCHITECTURES.items()
    for blur in (None, *(BLUR_SIZES if row.blurred else ()))
}


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
    module, _, called = ((row.blurred if blur else None) or row.plain).partition(":")
    build: Callable[..., nn.Module] = getattr(import_module(f"core.models.{module}"), called)
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
