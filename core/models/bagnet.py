"""BagNet (Brendel & Bethge, ICLR 2019, §2 and appendix A): a residual network that sees q x q patches only.

ResNet-50's bottlenecks with most 3x3 convolutions turned into 1x1 and no padding anywhere, so that every position of
the last map has seen exactly one q x q patch, and the image's logits are the mean of its patches' logits. These lie
every 8 px from the first pixel on: what is left at the right and at the bottom, 7 px at most, is in none of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from torch import Tensor, nn

from core.models.evident import Evident, Step
from core.models.receptive_field import STRIDES

WIDE_STAGES = {9: 2, 17: 3, 33: 4}  # patch side q -> how many of the first stages open with a 3x3 convolution
EXPANSION = 4
BLOCKS, WIDTH = (3, 4, 6, 3), 64  # ResNet-50's
PHOTO_BLOCKS, PHOTO_WIDTH = (2, 2, 3, 2), 24


class Bottleneck(nn.Module):
    """1x1, k x k, 1x1 around a shortcut that is cropped at the right and the bottom to what the k x k leaves."""

    def __init__(self, inputs: int, width: int, kernel: int, stride: int) -> None:
        super().__init__()
        outputs = EXPANSION * width
        # a strided 1x1 convolution reads every second sample only: drop the others before they cost anything
        self.skip = stride if kernel == 1 else 1
        left = stride // self.skip
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, kernel, left, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, left, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H', W'): smaller by the stride and by what the unpadded kernel takes."""
        if self.skip > 1:
            x = x[:, :, :: self.skip, :: self.skip]
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        shortcut = self.downsample(x)[:, :, : y.shape[2], : y.shape[3]]
        return self.relu(y + shortcut)  # type: ignore[no-any-return]


class BagNet(Evident):
    """(B, 3, H, W) -> logits (B, K), for any H, W >= `patch` = 9, 17 or 33 pixels (§2).

    The names of the parameters are those of the published checkpoints. Raises ValueError for another patch, and for a
    picture smaller than one.
    """

    norm_after: ClassVar = {"conv2": "bn1"}  # the stem's only norm, for who folds it

    def __init__(
        self, patch: int, num_classes: int = 1000, *, width: int = WIDTH, blocks: Sequence[int] = BLOCKS
    ) -> None:
        super().__init__()
        if patch not in WIDE_STAGES:
            raise ValueError(f"expected a patch of {list(WIDE_STAGES)} pixels, got {patch}: choose one of them")
        self.patch = patch
        self.conv1 = nn.Conv2d(3, width, 1, bias=False)
        self.conv2 = nn.Conv2d(width, width, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        kernels = [3] * WIDE_STAGES[patch] + [1] * (len(STRIDES) - WIDE_STAGES[patch])
        stages, inputs = [], width
        for i, (count, kernel, stride) in enumerate(zip(blocks, kernels, STRIDES, strict=True)):
            inner = width * 2**i
            first = Bottleneck(inputs, inner, kernel, stride)
            inputs = EXPANSION * inner
            stages.append(nn.Sequential(first, *(Bottleneck(inputs, inner, 1, 1) for _ in range(count - 1))))
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        self.fc = nn.Linear(inputs, num_classes)

    def stem(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, width, H-2, W-2)."""
        return self.relu(self.bn1(self.conv2(self.conv1(x))))  # type: ignore[no-any-return]

    @property
    def linear(self) -> nn.Linear:
        """The last layer."""
        return self.fc

    @property
    def steps(self) -> tuple[Step, Step, Step, Step]:
        """The stem and the stages; the last one has no stride of its own."""
        return self.stem, self.layer1, self.layer2, self.rest

    def rest(self, x: Tensor) -> Tensor:
        """(B, C, H, W), what the second stage gave, through the third and the fourth."""
        return self.layer4(self.layer3(x))  # type: ignore[no-any-return]


def bagnet(arch: str, num_classes: int = 1000) -> BagNet:
    """`bagnet<q>`: the paper's widths and depths."""
    return BagNet(int(arch.removeprefix("bagnet")), num_classes)


def photo_bagnet(arch: str, num_classes: int = 20) -> BagNet:
    """`photo_bagnet<q>`: this project's narrow family for 64-pixel photographs."""
    return BagNet(int(arch.removeprefix("photo_bagnet")), num_classes, width=PHOTO_WIDTH, blocks=PHOTO_BLOCKS)
