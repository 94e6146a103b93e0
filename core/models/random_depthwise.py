"""The random depthwise signed network of Xue & Roshan (arXiv 1806.05789): nothing in it is learned.

A convolution and its signs, then blocks of [average pooling, depthwise convolution, signs, depthwise convolution,
signs], then the mean of every map. All weights and biases are drawn from N(0, 1). A map's mean is 2 PPV - 1, where PPV
is the proportion of positive values, as in ROCKET.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

FIRST_PADDING = 1  # whatever the kernel's size (the authors' network)
SVM_SHAPES = {  # features, kernel size, depth, input channels
    "digits_random_svm": (1000, 3, 1, 1),
    "cifar_random_svm": (2000, 5, 1, 3),
}


def draws_per_feature(kernel_size: int, depth: int, in_channels: int) -> int:
    """Numbers that define one feature: its filter of the first layer, two of each block, and their biases."""
    return in_channels * kernel_size**2 + 1 + 2 * depth * (kernel_size**2 + 1)


def sign_padding(side: int, kernel_size: int, padding: int) -> int:
    """`padding`, or as much as a map of `side` pixels needs to hold the kernel once."""
    return max(padding, -((side - kernel_size) // 2))


class SignBlock(nn.Module):
    """(B, k, H, W) -> (B, k, H // 2, W // 2) of signs: pool by 2, then two depthwise convolutions with their signs.

    A side of one pixel is not pooled.
    """

    def __init__(self, features: int, kernel_size: int) -> None:
        super().__init__()
        padding = (kernel_size - 1) // 2
        self.conv = nn.Conv2d(features, features, kernel_size, padding=padding, groups=features)
        self.conv2 = nn.Conv2d(features, features, kernel_size, padding=padding, groups=features)

    def forward(self, x: Tensor) -> Tensor:
        """(B, k, H, W) -> the signs (B, k, H // 2, W // 2) of the second convolution."""
        return self.signs(x)[-1]

    def signs(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """What both convolutions leave, (B, k, H // 2, W // 2) each."""
        x = F.avg_pool2d(x, (min(2, x.shape[-2]), min(2, x.shape[-1])))
        first = torch.sign(self.conv(x))
        return first, torch.sign(self.conv2(first))


class RandomDepthwise(nn.Module):
    """(B, in_channels, H, W) in [0, 1], any H and W -> features (B, k) in [-1, 1].

    Raises ValueError for an even kernel, or for sizes below 1 (depth: below 0). With a `seed`, feature i is the same
    on every machine and for every k; with None, weights come from torch's global generator in the order of the
    authors' constructor, in which every layer depends on k.
    """

    def __init__(
        self,
        features: int = 1000,
        kernel_size: int = 3,
        depth: int = 3,
        in_channels: int = 3,
        seed: int | None = 0,
    ) -> None:
        super().__init__()
        if kernel_size < 1 or kernel_size % 2 == 0:
            raise ValueError(f"expected an odd kernel size, got {kernel_size}: choose 1, 3, 5, 7 …")
        if features < 1 or in_channels < 1 or depth < 0:
            raise ValueError(
                f"expected at least 1 feature, 1 channel and depth 0, got {features}, {in_channels} and {depth}"
            )
        self.kernel_size, self.depth = kernel_size, depth
        self.conv = nn.Conv2d(in_channels, features, kernel_size, padding=FIRST_PADDING)
        blocks = []
        for _ in range(depth):
            blocks.append(SignBlock(features, kernel_size))
            if seed is None:
                normal_(blocks[-1])  # drawn twice over by the authors' constructor; the first draw moves the generator
        self.conv2 = nn.Sequential(*blocks)
        if seed is None:
            normal_(self)
        else:
            self.load_state_dict(draw(seed, features, kernel_size, depth, in_channels), assign=True)

    def signs(self, x: Tensor) -> tuple[Tensor, ...]:
        """(B, in_channels, H, W) -> the signs that each of the 1 + 2 depth convolutions leaves, (B, k, h, w) each."""
        pad = [sign_padding(side, self.kernel_size, FIRST_PADDING) for side in x.shape[-2:]]
        found = [torch.sign(F.conv2d(x, self.conv.weight, self.conv.bias, padding=tuple(pad)))]
        for block in self.conv2:
            found += block.signs(found[-1])  # type: ignore[operator]  # children of a Sequential are Modules to mypy
        return tuple(found)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) in [0, 1] -> features (B, k): the mean of every map of signs."""
        return self.signs(x)[-1].mean(dim=(2, 3))


@torch.no_grad()
def normal_(module: nn.Module) -> None:
    for parameter in module.parameters():
        nn.init.normal_(parameter)


def draw(seed: int, features: int, kernel_size: int, depth: int, in_channels: int, start: int = 0) -> dict[str, Tensor]:
    """The weights of features `start` to `start + features` of a seed, as a state dict of RandomDepthwise.

    Legacy NumPy's stream, which is frozen, read feature by feature: row i never depends on how many rows follow.
    """
    width = draws_per_feature(kernel_size, depth, in_channels)
    stream = np.random.RandomState(seed)
    for skipped in range(0, start, 10_000):
        stream.standard_normal((min(10_000, start - skipped), width))
    rows = torch.from_numpy(stream.standard_normal((features, width)).astype(np.float32))
    shapes = {"conv": (in_channels, kernel_size, kernel_size)}
    for i in range(depth):
        shapes |= {f"conv2.{i}.{name}": (1, kernel_size, kernel_size) for name in ("conv", "conv2")}
    state: dict[str, Tensor] = {}
    at = 0
    for name, shape in shapes.items():
        size = int(np.prod(shape))
        state[f"{name}.weight"] = rows[:, at : at + size].reshape(features, *shape).contiguous()
        state[f"{name}.bias"] = rows[:, at + size].contiguous()
        at += size + 1
    return state


class RandomSvm(nn.Module):
    """(B, C, H, W) in [0, 1] -> decision values (B, num_classes) of a linear SVM on random depthwise features.

    The state dict holds the classifier alone: the seed, 0, tells all the rest on every machine.
    """

    exact_only = True  # signs: a value rounded to bfloat16 may be on the other side of zero

    def __init__(self, arch: str, num_classes: int = 10) -> None:
        super().__init__()
        features, kernel_size, depth, channels = SVM_SHAPES[arch]
        self.body = RandomDepthwise(features, kernel_size, depth, channels)
        for module in self.body.modules():
            for name, drawn in list(module.named_parameters(recurse=False)):
                delattr(module, name)
                module.register_buffer(name, drawn.detach(), persistent=False)
        self.classifier = nn.Linear(features, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) in [0, 1] -> decision values (B, num_classes)."""
        return self.classifier(self.body(x))  # type: ignore[no-any-return]
