"""SDNet (Dai et al., NeurIPS 2022, §3-4): residual networks whose convolutions are sparse coding layers.

`sdnet18` and `sdnet34` replace the first convolution, the "all" form every one but those of the shortcuts. The names of
the parameters are those of the published checkpoints.
"""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from typing import Any

from torch import Tensor, nn

from core.models.sparse import Lambda, Solver, SparseConv2d

BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3)}
WIDTH = 64
NARROW = 16  # this project's own


def convolution(inputs: int, outputs: int, kernel: int, stride: int, coding: dict[str, Any] | None) -> nn.Module:
    """A convolution without bias that halves by its stride alone; with `coding`, a sparse coding layer named `dn`."""
    padding = kernel // 2
    if coding is None:
        return nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
    return nn.Sequential(OrderedDict(dn=SparseConv2d(inputs, outputs, kernel, stride, padding, **coding)))


class Block(nn.Module):
    """Two 3x3 layers, each normed, around a shortcut that may be left out; its 1x1 convolution is never coded.

    A ReLU follows each plain layer; none follows a coded one, for codes are not negative. Their sum with a shortcut is.
    """

    def __init__(self, inputs: int, outputs: int, stride: int, coding: dict[str, Any] | None, shortcut: bool) -> None:
        super().__init__()
        self.conv1 = convolution(inputs, outputs, 3, stride, coding)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = convolution(outputs, outputs, 3, 1, coding)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.is_coded, self.has_shortcut = coding is not None, shortcut
        self.shortcut = nn.Sequential()
        if shortcut and (stride > 1 or inputs != outputs):
            self.shortcut = nn.Sequential(convolution(inputs, outputs, 1, stride, None), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H', W'): sides divided by the stride, rounded up."""
        y: Tensor = self.bn1(self.conv1(x))
        y = self.bn2(self.conv2(y if self.is_coded else y.relu_()))
        if self.has_shortcut:
            y = y + self.shortcut(x)
        return y.relu_() if self.has_shortcut or not self.is_coded else y


class SDNet(nn.Module):
    """(B, 3, H, W) -> logits (B, num_classes).

    `coded`: "none" (the plain twin), "first" or "all" convolutions are sparse coding layers. The stem is 3x3 at
    stride 1 ("cifar") or 7x7 at stride 2 ("imagenet"), there with a max-pooling or, if all is coded, a coded 3x3 at
    stride 2 in its place; a coded stem has no ReLU, since codes are not negative. `lam`, `steps`, `solver`, `mu` are
    those of every coded layer. Raises ValueError for another `coded`.
    """

    def __init__(
        self,
        depth: int = 18,
        num_classes: int = 10,
        *,
        coded: str = "first",
        imagenet: bool = False,
        width: int = WIDTH,
        shortcut: bool = True,
        lam: float = 0.1,
        steps: int = 2,
        solver: Solver | None = None,
        mu: float = 0.0,
    ) -> None:
        super().__init__()
        if coded not in ("none", "first", "all"):
            raise ValueError(f"expected 'none', 'first' or 'all' layers to be coded, got {coded!r}: choose one of them")
        coding = {"lam": lam, "steps": steps, "solver": solver, "mu": mu}
        stem = convolution(3, width, 7 if imagenet else 3, 2 if imagenet else 1, None if coded == "none" else coding)
        inner = coding if coded == "all" else None
        layers: list[nn.Module] = [stem, nn.BatchNorm2d(width)]
        if coded == "none":
            layers.append(nn.ReLU())
        if imagenet:
            layers.append(nn.MaxPool2d(3, 2, 1) if inner is None else convolution(width, width, 3, 2, inner))
        self.imagenet = imagenet
        self.layer0 = nn.Sequential(*layers)
        stages, inputs = [], width
        for i, count in enumerate(BLOCKS[depth]):
            outputs, stride = width * 2**i, 1 if i == 0 else 2
            blocks = [Block(inputs, outputs, stride, inner, shortcut)]
            blocks += [Block(outputs, outputs, 1, inner, shortcut) for _ in range(count - 1)]
            stage = nn.Sequential(*blocks)
            stages.append(nn.Sequential(OrderedDict(layers=stage)) if inner else stage)
            inputs = outputs
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        self.linear = nn.Linear(inputs, num_classes)

    @property
    def is_coded(self) -> bool:
        """Whether the first layer is a sparse coding layer."""
        return not isinstance(self.layer0[0], nn.Conv2d)

    @property
    def dictionary(self) -> SparseConv2d:
        """The first layer. Raises TypeError for the plain twin, which has no dictionary."""
        if not self.is_coded:
            raise TypeError("expected a network with a sparse coding layer, got a plain one: choose an SDNet")
        layer = self.layer0[0].dn
        assert isinstance(layer, SparseConv2d)
        return layer

    def forward(self, x: Tensor, lam: Lambda | None = None) -> Tensor:
        """(B, 3, H, W) -> logits (B, num_classes). `lam` is the first layer's lambda for this call alone.

        Raises TypeError for a `lam` given to the plain twin, which takes none.
        """
        return self.tail(self.layer0[0](x) if lam is None else self.dictionary(x, lam))

    def tail(self, codes: Tensor) -> Tensor:
        """Logits (B, K) from the first layer's codes (B, width, H', W')."""
        return self.linear(self.stages(codes)[-1].mean(dim=(2, 3)))  # type: ignore[no-any-return]

    def stages(self, codes: Tensor) -> list[Tensor]:
        """The maps after the stem and after each of the four stages, from codes (B, width, H', W')."""
        for layer in list(self.layer0)[1:]:
            codes = layer(codes)
        maps = [codes]
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            maps.append(stage(maps[-1]))
        return maps

    def fit_steps(self, size: tuple[int, int], tolerance: float = 1e-6) -> None:
        """Set every coded layer's step from its operator norm on the maps that it sees of pictures of `size` (height,
        width). Coded layers follow one another: none is in a shortcut.
        """
        height, width = size
        for module in self.modules():
            if isinstance(module, SparseConv2d):
                module.fit_step((height, width), tolerance)
                height, width = (math.ceil(side / module.stride) for side in (height, width))


def sdnet(
    arch: str,
    num_classes: int | None = None,
    *,
    width: int | None = None,
    shortcut: bool | None = None,
    lam: float = 0.1,
    steps: int = 2,
    solver: Solver | None = None,
    mu: float = 0.0,
) -> SDNet:
    """`sdnet18_all_imagenet` and its like; `cifar_<name>` is this project's narrow form, `resnet` the plain twin.

    `shortcut`: as the name says, where it is not given.
    """
    found = re.search(r"(sdnet|resnet)(\d+)", arch)
    assert found is not None
    imagenet = arch.endswith("imagenet")
    return SDNet(
        int(found[2]),
        num_classes or (1000 if imagenet else 10),
        coded="none" if found[1] == "resnet" else "all" if "_all" in arch else "first",
        imagenet=imagenet,
        width=width or (NARROW if arch.startswith("cifar_") else WIDTH),
        shortcut="_noshortcut" not in arch if shortcut is None else shortcut,
        lam=lam,
        steps=steps,
        solver=solver,
        mu=mu,
    )
