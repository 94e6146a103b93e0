"""Small networks that this project trains itself, plain and anti-aliased by the rules of Zhang (ICML 2019).

`cifar_vgg` follows the paper's CIFAR experiment (VGG style, §4.1: every max-pooling replaced). Its dense maximum and
its blur wrap round: on maps of 8 to 32 px a mirrored border would reach into much of what a wide blur keeps.
`photo_resnet` is a narrow residual network for 64-pixel photographs. `digits_cnn` and `fashion_cnn` are plain ones for
grey pictures: what little training reaches where others learn nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from core.models.blurpool import BlurPool2d, wrap

Plan = Sequence[int | Literal["pool"]]  # channels of a 3x3 convolution, or halve the resolution
CIFAR_PLAN: Plan = (32, "pool", 96, 96, "pool", 160, 160, "pool", 256)
GREY_PLANS: dict[str, Plan] = {
    "digits_cnn": (24, 32, "pool", 48, 48),
    "fashion_cnn": (24, "pool", 48, 64, "pool", 96, 96),
}
PHOTO_STEM = 16
PHOTO_WIDTHS = (32, 48, 96, 192)


def conv_bn(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False), nn.BatchNorm2d(outputs)
    )


class DenseMax(nn.MaxPool2d):
    """(B, C, H, W) -> (B, C, H, W): the maximum over each 2x2 window, wrapping round at the right and the bottom."""

    padding_mode = "circular"

    def __init__(self) -> None:
        super().__init__(2, stride=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> the maxima, of the same shape."""
        # bfloat16's max_pool2d is slow; the larger of two neighbours, twice, is the same maximum
        x = wrap(x, 0, 1)
        x = torch.maximum(x[:, :, :-1], x[:, :, 1:])
        return torch.maximum(x[..., :-1], x[..., 1:])


def max_pool(channels: int, blur: int | None, padding: str = "reflect") -> nn.Sequential:
    """Halve the sides: max-pool(2, 2), or max-pool(2, 1) and a blur (§3.2, MaxBlurPool), on a torus if circular."""
    if blur is None:
        return nn.Sequential(nn.MaxPool2d(2))
    dense = DenseMax() if padding == "circular" else nn.MaxPool2d(2, stride=1)
    return nn.Sequential(dense, BlurPool2d(channels, blur, padding=padding))


def stack(channels: int, plan: Plan, pool: Callable[[int], nn.Module]) -> nn.Sequential:
    """The layers of a plan for maps of `channels`; `pool` is asked with the number of channels it meets."""
    layers: list[nn.Module] = []
    for step in plan:
        if step == "pool":
            layers.append(pool(channels))
        else:
            layers += [conv_bn(channels, step), nn.ReLU(inplace=True)]
            channels = step
    return nn.Sequential(*layers)


class CifarVGG(nn.Module):
    """(B, 3, 32, 32) -> logits (B, num_classes). Fully convolutional, so other multiples of 8 px work too.

    `padding` of the blurred pooling: "circular" or "reflect" (ValueError otherwise); the names of the parameters are
    the same. Convolutions pad with zeros.
    """

    def __init__(self, num_classes: int = 10, *, blur: int | None = None, padding: str = "circular") -> None:
        super().__init__()
        if padding not in ("circular", "reflect"):
            raise ValueError(f"expected a padding of 'circular' or 'reflect', got {padding!r}: choose one of them")
        self.features = stack(3, CIFAR_PLAN, lambda channels: max_pool(channels, blur, padding))
        self.classifier = nn.Linear(int(CIFAR_PLAN[-1]), num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) -> logits (B, num_classes); the last maps are (B, 256, H/8, W/8)."""
        return self.classifier(self.features(x).mean(dim=(2, 3)))  # type: ignore[no-any-return]


class GreyNet(nn.Module):
    """(B, 1, H, W) -> logits (B, num_classes), for pictures of 8 px and more: a plan's layers, then their mean."""

    def __init__(self, arch: str = "digits_cnn", num_classes: int = 10) -> None:
        super().__init__()
        plan = GREY_PLANS[arch]
        self.features = stack(1, plan, lambda channels: nn.MaxPool2d(2))
        self.classifier = nn.Linear(int(plan[-1]), num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 1, H, W) -> logits (B, num_classes)."""
        return self.classifier(self.features(x).mean(dim=(2, 3)))  # type: ignore[no-any-return]


class Block(nn.Module):
    """Two 3x3 convolutions around a shortcut; a strided one blurs before its second convolution, as §3.2 asks."""

    def __init__(self, inputs: int, outputs: int, stride: int, blur: int | None) -> None:
        super().__init__()
        smooth = stride > 1 and blur is not None
        self.first = conv_bn(inputs, outputs, stride=1 if smooth else stride)
        self.second = conv_bn(outputs, outputs)
        self.relu = nn.ReLU(inplace=True)
        self.pool: nn.Module = BlurPool2d(outputs, blur, stride) if smooth and blur else nn.Identity()
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or inputs != outputs:
            self.shortcut = conv_bn(inputs, outputs, kernel=1, stride=1 if smooth else stride)
            if smooth and blur:
                self.shortcut.insert(0, BlurPool2d(inputs, blur, stride))

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H', W'): sides divided by the stride, rounded up."""
        y = self.pool(self.relu(self.first(x)))
        return self.relu(self.second(y) + self.shortcut(x))  # type: ignore[no-any-return]


class PhotoResNet(nn.Module):
    """(B, 3, 64, 64) -> logits (B, num_classes): a stem, max-pooling, and four stages of two blocks."""

    def __init__(self, num_classes: int = 20, *, blur: int | None = None) -> None:
        super().__init__()
        self.stem = nn.Sequential(conv_bn(3, PHOTO_STEM), nn.ReLU(inplace=True), max_pool(PHOTO_STEM, blur))
        stages = []
        inputs = PHOTO_STEM
        for i, width in enumerate(PHOTO_WIDTHS):
            stages.append(nn.Sequential(Block(inputs, width, 2 if i else 1, blur), Block(width, width, 1, blur)))
            inputs = width
        self.stages = nn.Sequential(*stages)
        self.classifier = nn.Linear(inputs, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) -> logits (B, num_classes); the last maps are (B, 192, H/16, W/16)."""
        return self.classifier(self.stages(self.stem(x)).mean(dim=(2, 3)))  # type: ignore[no-any-return]
