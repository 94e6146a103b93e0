"""EfficientNet-Lite0 (Tan & Le, ICML 2019; without squeeze-and-excitation, with ReLU6) and its changed copies.

Tensors have the names that timm gives them. TensorFlow's "same" padding: where a stride of two leaves an odd pixel, it
goes to the right and the bottom, so that output i looks at input 2i + 1 of an even side.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.models.binomial import pad_widths
from core.models.blurpool import BlurPool2d
from core.models.evident import Evident, Step
from core.models.receptive_field import LOCAL_PATCH, STRIDE
from core.models.sparse import SparseConv2d

STEM, HEAD, EPSILON, EXPANSION = 32, 1280, 1e-3, 6
STAGES = (  # kernel, stride, channels, blocks; the first does not expand
    *((3, 1, 16, 1), (3, 2, 24, 2), (5, 2, 40, 2), (3, 2, 80, 3)),
    *((5, 1, 112, 3), (5, 2, 192, 4), (3, 1, 320, 1)),
)
LOCAL_SIDE = 64  # px that the local network enlarges a patch to
LOCAL_TOGETHER = 64  # patches that are asked at a time: their maps stay near the caches, and 512 take 2.8 times as long
ATOMS, ATOM_SIDE, LAMBDA = 64, 7, 0.1


def same_widths(length: int, size: int, stride: int) -> tuple[int, int]:
    """TensorFlow's padding (before, after) in pixels of an axis, so that ceil(length / stride) outputs come."""
    total = max((-(-length // stride) - 1) * stride + size - length, 0)
    return total // 2, total - total // 2


def same_pad(x: Tensor, size: int, stride: int) -> Tensor:
    """(B, C, H, W) with zeros around it by `same_widths`."""
    (top, bottom), (left, right) = (same_widths(n, size, stride) for n in x.shape[2:])
    return F.pad(x, (left, right, top, bottom)) if top + bottom + left + right else x


class SameConv2d(nn.Conv2d):
    """A convolution without bias under `same_pad`."""

    def __init__(self, inputs: int, outputs: int, size: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__(inputs, outputs, size, stride, groups=groups, bias=False)
        self.uneven = stride > 1
        if not self.uneven:
            self.pad_evenly()  # the same, and quicker

    def pad_evenly(self) -> None:
        """Pad by half the kernel's side all round from now on, as PyTorch's own networks do, whatever the stride."""
        self.uneven, self.padding = False, (self.kernel_size[0] // 2,) * 2

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, K, ceil(H / stride), ceil(W / stride))."""
        return super().forward(same_pad(x, self.kernel_size[0], self.stride[0]) if self.uneven else x)


class SameBlurPool2d(BlurPool2d):
    """A blur and subsampling by two whose outputs lie where a SameConv2d's of stride two do.

    With a kernel that is 1 in its middle it takes just the values that the strided convolution would have computed.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, ceil(H/2), ceil(W/2)), mirrored at the border."""
        (top, bottom), (left, right) = (self.uneven_widths(n) for n in x.shape[2:])
        if self.size == 1:
            return x[:, :, -top :: self.stride, -left :: self.stride]
        x = F.pad(x, (left, right, top, bottom), self.mode)
        return F.conv2d(x, self.filt, stride=self.stride, groups=x.shape[1])

    def uneven_widths(self, length: int) -> tuple[int, int]:
        """Padding (before, after) in pixels; the first is -1 for one tap on an even side: its first pixel is left."""
        before = self.size // 2 - 1 if length % 2 == 0 else pad_widths(self.size)[0]
        return before, (-(-length // self.stride) - 1) * self.stride + self.size - length - before


class Block(nn.Module):
    """Expand by 1x1, filter each channel by k x k, project by 1x1; a shortcut where shapes agree.

    `blur`: the taps of the blur that subsamples in place of the stride.
    """

    norm_after: ClassVar[Mapping[str, str]] = {"conv_pw": "bn1", "conv_dw": "bn2", "conv_pwl": "bn3"}

    def __init__(self, inputs: int, outputs: int, size: int, stride: int, blur: int | None) -> None:
        super().__init__()
        inner = inputs * EXPANSION
        self.conv_pw = SameConv2d(inputs, inner, 1)
        self.bn1 = norm(inner)
        taps = blur if stride > 1 else None
        self.conv_dw = SameConv2d(inner, inner, size, stride if taps is None else 1, inner)
        self.bn2 = norm(inner)
        self.blur: nn.Module = nn.Identity() if taps is None else SameBlurPool2d(inner, taps, stride)
        self.conv_pwl = SameConv2d(inner, outputs, 1)
        self.bn3 = norm(outputs)
        self.shortcut = inputs == outputs and stride == 1

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H', W')."""
        y = F.relu6(self.bn1(self.conv_pw(x)))
        y = self.blur(F.relu6(self.bn2(self.conv_dw(y))))
        y = self.bn3(self.conv_pwl(y))
        return y + x if self.shortcut else y  # type: ignore[no-any-return]


class FirstBlock(nn.Module):
    """The block that does not expand."""

    norm_after: ClassVar[Mapping[str, str]] = {"conv_dw": "bn1", "conv_pw": "bn2"}

    def __init__(self, inputs: int, outputs: int, size: int) -> None:
        super().__init__()
        self.conv_dw = SameConv2d(inputs, inputs, size, 1, inputs)
        self.bn1 = norm(inputs)
        self.conv_pw = SameConv2d(inputs, outputs, 1)
        self.bn2 = norm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H', W')."""
        return self.bn2(self.conv_pw(F.relu6(self.bn1(self.conv_dw(x)))))  # type: ignore[no-any-return]


class Lite0(Evident):
    """(B, 3, H, W) -> logits (B, K).

    `blur`: every strided depthwise convolution becomes one of stride 1, norm, ReLU6 and a blur of so many taps that
    subsamples; the stem keeps its stride (Zhang, ICML 2019, §3.2: pooling only). `sparse`: the stem is a sparse coding
    layer (Dai et al., NeurIPS 2022) of 64 atoms.
    """

    norm_after: ClassVar[Mapping[str, str]] = {"conv_stem": "bn1", "conv_head": "bn2"}

    def __init__(self, num_classes: int = 1000, *, blur: int | None = None, sparse: bool = False) -> None:
        super().__init__()
        self.conv_stem: nn.Module = SameConv2d(3, STEM, 3, 2)
        self.bn1: nn.Module = norm(STEM)
        if sparse:
            self.conv_stem = SparseConv2d(3, ATOMS, ATOM_SIDE, 2, ATOM_SIDE // 2, lam=LAMBDA)
            self.bn1 = nn.Sequential(norm(ATOMS), nn.Conv2d(ATOMS, STEM, 1))
        stages, inputs = [], STEM
        for i, (kernel, stride, outputs, count) in enumerate(STAGES):
            blocks: list[nn.Module] = []
            for j in range(count):
                first = FirstBlock(inputs, outputs, kernel) if i == 0 else None
                blocks.append(first or Block(inputs, outputs, kernel, stride if j == 0 else 1, blur))
                inputs = outputs
            stages.append(nn.Sequential(*blocks))
        self.blocks = nn.Sequential(*stages)
        self.conv_head = SameConv2d(inputs, HEAD, 1)
        self.bn2 = norm(HEAD)
        self.classifier = nn.Linear(HEAD, num_classes)

    @property
    def is_coded(self) -> bool:
        """Whether the stem is a sparse coding layer."""
        return isinstance(self.conv_stem, SparseConv2d)

    @property
    def dictionary(self) -> SparseConv2d:
        """The stem. Raises TypeError where it is a plain one."""
        if not isinstance(self.conv_stem, SparseConv2d):
            raise TypeError("expected a network with a sparse coding layer, got a plain one: choose lite0_sparse")
        return self.conv_stem

    def tail(self, codes: Tensor) -> Tensor:
        """Logits (B, K) from the stem's codes (B, 64, H', W')."""
        return self.linear(self.after(codes).mean(dim=(2, 3)))  # type: ignore[no-any-return]

    def stem(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, 32, H', W') before the ReLU6."""
        return self.bn1(self.conv_stem(x))  # type: ignore[no-any-return]

    @property
    def linear(self) -> nn.Linear:
        """The last layer."""
        return self.classifier

    def features(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, 1280, H', W')."""
        return self.after(self.conv_stem(x))

    def after(self, stem: Tensor) -> Tensor:
        """What the stem gave (B, 32, H', W'), or its codes (B, 64, H', W') -> (B, 1280, H'', W'')."""
        x = self.blocks(F.relu6(self.bn1(stem)))
        return F.relu6(self.bn2(self.conv_head(x)))


class LocalLite0(Lite0):
    """(B, 3, H, W) -> logits (B, K), the mean of every patch's own (Brendel & Bethge, ICLR 2019, §2).

    Each patch of 33 px, on a grid of 8, is enlarged to 64 px and seen by lite0 alone; nothing tells where it lies.
    """

    patch, finest = LOCAL_PATCH, STRIDE
    sooner: Step | None = None  # what gives the numbers of `seen` in less time, where there is such

    @property
    def steps(self) -> tuple[Step, Step, Step, Step]:
        """Nothing that could be shared between grids: every patch is asked by itself."""
        return _same, _same, _same, self.of_patches

    def features(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, 1280, H', W'), one vector a patch. Raises ValueError for a picture smaller than one."""
        self.check(x)
        return self.of_patches(x)

    def of_patches(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, 1280, H', W'), without the check."""
        cut = x.unfold(2, self.patch, STRIDE).unfold(3, self.patch, STRIDE)  # (B, 3, H', W', q, q)
        batch, _, height, width = cut.shape[:4]
        every = cut.permute(0, 2, 3, 1, 4, 5).flatten(0, 2)
        seen = self.sooner or self.seen
        found = torch.cat([seen(some) for some in every.split(LOCAL_TOGETHER)])  # type: ignore[no-untyped-call]
        return found.view(batch, height, width, -1).permute(0, 3, 1, 2)

    def seen(self, patches: Tensor) -> Tensor:
        """(n, 3, q, q) -> (n, 1280): the mean features of enlarged patches."""
        large = F.interpolate(patches, (LOCAL_SIDE, LOCAL_SIDE), mode="bicubic", align_corners=False)
        return super().features(large.contiguous(memory_format=torch.channels_last)).mean((2, 3))


class Patches(nn.Module):
    """(n, 3, q, q) -> (n, 1280): what a network of patches sees in each, as a module of its own."""

    def __init__(self, net: LocalLite0) -> None:
        super().__init__()
        self.net = net

    def forward(self, patches: Tensor) -> Tensor:
        """(n, 3, q, q) -> (n, 1280)."""
        return self.net.seen(patches)


def _same(x: Tensor) -> Tensor:
    return x


def norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=EPSILON)


def rebuilt(net: Lite0, *, even: bool = False, eps: float = EPSILON) -> Lite0:
    """A copy with the same numbers under another convention that no weights file tells: `even`, padding alike all round
    where TensorFlow's is uneven; `eps`, what its batch norms add to their variances."""
    other = copy.deepcopy(net)
    for module in other.modules():
        if even and isinstance(module, SameConv2d):
            module.pad_evenly()
        elif isinstance(module, nn.BatchNorm2d):
            module.eps = eps
    return other


def lite0(arch: str, num_classes: int = 1000, blur: int | None = None) -> Lite0:
    """`lite0` and its copies `lite0_blur<k>`, `lite0_local` and `lite0_sparse`."""
    if arch == "lite0_local":
        return LocalLite0(num_classes)
    return Lite0(num_classes, blur=blur, sparse=arch == "lite0_sparse")


@torch.no_grad()
def begin_as(changed: Lite0, plain: Lite0) -> None:
    """Give a changed copy the numbers of the plain network.

    A sparse stem stays as it is: what it is worth depends on its codes (core.training.distil).
    """
    own = changed.state_dict()
    for name, tensor in plain.state_dict().items():
        if not (changed.is_coded and name.startswith(("conv_stem.", "bn1."))):
            own[name].copy_(tensor)
