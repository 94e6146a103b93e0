"""Every patch of a picture through a BagNet, or lite0's local copy: on its own grid, around every pixel, or cut out.

No convolution of a BagNet pads, so a dense pass over the picture moved by (dy, dx) answers the patches of that phase
of its stride-8 grid, and 64 such passes answer the patch around every pixel, exactly. They share their early layers:
a stage of stride 2 tells only four phases apart, so the passes form a tree that branches by four at each stage.
Walked depth first, the map is complete on a grid of 8, then 4, then 2, then 1 pixels.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.base.heavy import F, inference, nn, torch
from core.base.worker import Progress, ignore
from core.models.receptive_field import STRIDE
from core.networks.card import Network, inside

if TYPE_CHECKING:
    from core.models.evident import Evident

STEPS = (8, 4, 2, 1)  # pixels between neighbouring patches of a map, coarse to exact
PHASES = tuple(itertools.product((0, 1), repeat=2))


@dataclass(frozen=True, eq=False)
class Leaf:
    """One phase of the map: `values` (C, h, w) belong to the pixels (dy + 8i, dx + 8j)."""

    dy: int
    dx: int
    values: np.ndarray


def evident(network: Network) -> Evident:
    """The network in float32, batch norms folded. Raises ValueError unless its logits are means over positions."""
    from core.models.evident import Evident

    net = inside(network).exact
    if not isinstance(net, Evident):
        raise ValueError(
            f"expected a BagNet, or lite0 or a copy of it, got {network.card.name}: only of these the logits are read "
            "off as means over positions"
        )
    return net


def bagnet_of(network: Network) -> Evident:
    """The network of patches in float32, batch norms folded. Raises ValueError if it is none."""
    net = inside(network).exact
    if not getattr(net, "patch", None):
        raise ValueError(f"expected a BagNet, got {network.card.name}: only a BagNet's logits are sums over patches")
    return evident(network)


@inference
def evidence(net: Evident, x: torch.Tensor) -> np.ndarray:
    """(3, H, W) -> (K, H', W'): logits of the patches on the network's own grid; their mean is the image's logits."""
    return net.evidence(channels_last(x[None]))[0].numpy()


def centres(length: int, patch: int) -> np.ndarray:
    """(H',) pixel at the centre of each patch of the network's own grid along an axis of `length` pixels."""
    return np.arange(0, length - patch + 1, STRIDE) + patch // 2


def around(x: torch.Tensor, patch: int) -> torch.Tensor:
    """(3, H, W) -> (3, H + q - 1, W + q - 1): zeros (the mean colour), so that every pixel is the centre of a patch."""
    return F.pad(x, (patch // 2,) * 4)


def count_leaves(step: int) -> int:
    """Dense passes that a map with a patch every `step` pixels takes."""
    return (STRIDE // step) ** 2


@inference
def leaves(
    net: Evident, x: torch.Tensor, head: nn.Module | None = None, *, step: int = 1, after: int | None = None
) -> Iterator[Leaf]:
    """The phases of the map with a patch every `step` pixels, without those that a map of every `after` pixels has.

    x (3, H, W); values are `head`'s (a linear layer over features), or the features themselves.
    Raises ValueError for a step that is not of STEPS.
    """
    offered = [one for one in STEPS if one >= net.finest]
    if step not in offered:
        raise ValueError(f"expected a step of {offered} px, got {step}: choose one of them")
    height, width = x.shape[1:]
    opening, *stages = net.steps

    def branch(maps: torch.Tensor, depth: int, dy: int, dx: int) -> Iterator[Leaf]:
        if depth == len(stages):
            rows = maps.permute(0, 2, 3, 1)  # (1, h, w, C)
            values = (rows if head is None else head(rows))[0].permute(2, 0, 1)
            yield Leaf(dy, dx, values.contiguous().numpy())
            return
        jump = 2**depth
        for py, px in PHASES if jump >= step else PHASES[:1]:
            oy, ox = dy + jump * py, dx + jump * px
            known = after is not None and depth + 1 == len(stages) and oy % after == 0 and ox % after == 0
            if oy < height and ox < width and not known:
                yield from branch(stages[depth](maps[:, :, py:, px:]), depth + 1, oy, ox)

    yield from branch(opening(channels_last(around(x, net.patch)[None])), 0, 0, 0)


def collect(
    net: Evident,
    x: torch.Tensor,
    head: nn.Module | None = None,
    progress: Progress = ignore,
    *,
    step: int = 1,
    after: int | None = None,
) -> list[Leaf]:
    """All of `leaves` of a picture x (3, H, W), told to `progress`, which may raise to stop."""
    total = count_leaves(step) - (count_leaves(after) if after else 0)
    found: list[Leaf] = []
    for leaf in leaves(net, x, head, step=step, after=after):
        found.append(leaf)
        progress(len(found), total)
    return found


def head_of(net: Evident, classes: Sequence[int] | None) -> nn.Linear:
    """The network's linear head for some classes only, in that order."""
    if classes is None:
        return net.linear
    which, whole = torch.tensor(list(classes)), net.linear
    head = nn.Linear(whole.in_features, len(which))
    head.weight, head.bias = nn.Parameter(whole.weight[which]), nn.Parameter(whole.bias[which])
    return head


def full(
    net: Evident, x: torch.Tensor, classes: Sequence[int] | None = None, progress: Progress = ignore, *, step: int = 1
) -> np.ndarray:
    """(3, H, W) -> float32 (C, H/step, W/step) rounded up: evidence of the patch around every `step`-th pixel (§2), or
    at best around every `net.finest`-th.

    Equal to cutting out every patch of the zero-padded picture and running it alone. `progress` may raise to stop.
    """
    step = max(step, net.finest)
    return compose(collect(net, x, head_of(net, classes), progress, step=step), x.shape[1], x.shape[2], step)


def compose(found: Sequence[Leaf], height: int, width: int, step: int) -> np.ndarray:
    """The map (C, H/step, W/step) of all its phases."""
    channels = len(found[0].values)
    whole = np.full((channels, -(-height // step), -(-width // step)), np.nan, np.float32)
    for leaf in found:
        whole[:, leaf.dy // step :: STRIDE // step, leaf.dx // step :: STRIDE // step] = leaf.values
    return whole


@inference
def feature_at(net: Evident, x: torch.Tensor, row: int, column: int) -> np.ndarray:
    """(C,) last features of the patch around a pixel of a picture (3, H, W)."""
    cut = around(x, net.patch)[None, :, row : row + net.patch, column : column + net.patch]
    return net.features(channels_last(cut))[0, :, 0, 0].numpy()


@inference
def alone(net: nn.Module, x: torch.Tensor, pixels: np.ndarray, patch: int, batch: int = 64) -> np.ndarray:
    """(3, H, W) and pixels (n, 2) = (y, x) -> (n, K): each pixel's patch cut out of the padded picture, run alone."""
    field = around(x, patch)
    answers = []
    for start in range(0, len(pixels), batch):
        cut = [field[:, y : y + patch, x0 : x0 + patch] for y, x0 in pixels[start : start + batch].tolist()]
        answers.append(net(torch.stack(cut)))
    return torch.cat(answers).numpy()


def channels_last(x: torch.Tensor) -> torch.Tensor:
    """The same values, of the same shape, with the channels next to each other in memory: faster on processors."""
    return x.contiguous(memory_format=torch.channels_last)
