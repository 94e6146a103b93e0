"""Where the positions of a network's last map look, and which part of a picture it sees: asked of the network itself.

A map of h x w positions is not always the picture made smaller: without padding its positions cover less than the
picture, and lie closer together than its h-th part. Neighbours lie as far apart as the strides multiply to, and the map
as a whole lies in the middle of what the network sees. Where nothing is padded these are the very middles of the
receptive fields. Where a network pads, the middles that kernels and padding add up to are another half position away
(for lite0 at 224 px the middle of the map is then at 127 px); but the network has learned its filters around that: the
gradient of its positions has its middle at 110 to 116 px, and the middle of what it sees is 111.5 px.
"""

from __future__ import annotations

import copy
import math
from contextlib import suppress
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from core.base.heavy import nn, torch
from core.base.worker import Progress, ignore
from core.models.receptive_field import STRIDE, seen_of
from core.networks.card import Network, inside

Span = tuple[int, int]  # the first pixel along an axis, and the first after the last
# what a network raises that cannot be followed; other networks than ours may raise any of them
UNFIT = (ValueError, RuntimeError, AssertionError, AttributeError, TypeError, LookupError, ArithmeticError)
LARGER = 192  # px: by so much larger a picture has LARGER / stride more positions, for the products of 2 and 3


@dataclass(frozen=True)
class Places:
    """A map of `count` = (h, w) positions, neighbours `jump` px apart down and across, of a network that sees the
    `rows` and `columns` of a picture."""

    count: tuple[int, int]
    jump: tuple[float, float]
    rows: Span
    columns: Span

    @property
    def y(self) -> np.ndarray:
        """(h,) px: the rows of the positions' middles; pixel 0 has its own middle at 0."""
        return middles(self.rows, self.count[0], self.jump[0])

    @property
    def x(self) -> np.ndarray:
        """(w,) px: their columns."""
        return middles(self.columns, self.count[1], self.jump[1])


_places: WeakKeyDictionary[Network, dict[tuple[int, int], Places]] = WeakKeyDictionary()
_spans: WeakKeyDictionary[Network, dict[tuple[int, int], tuple[Span, Span]]] = WeakKeyDictionary()


def middles(span: Span, count: int, jump: float) -> np.ndarray:
    """(count,) px: positions `jump` apart, as a whole in the middle of a span."""
    return np.asarray((span[0] + span[1] - 1) / 2 + jump * (np.arange(count) - (count - 1) / 2))


def of(network: Network, height: int, width: int, progress: Progress = ignore) -> Places:
    """Where the last map of a network lies on a picture of height x width px, remembered as long as the network is.

    Raises ValueError for a network that only answers, and for one without maps.
    """
    known = _places.setdefault(network, {})
    if (height, width) not in known:
        known[height, width] = measured(network, height, width)
    progress(1, 1)
    return known[height, width]


def measured(network: Network, height: int, width: int) -> Places:
    """As `of`, asked anew."""
    if patch := network.card.patch:
        return of_patches(patch, height, width)
    inside(network)  # there are maps to be placed
    rows, columns = seen(network, height, width)
    net, x = private(network), noise(network, height, width)
    module = last_map(net, x)
    count = positions(net, module, x)
    more = positions(net, module, noise(network, height + LARGER, width + LARGER))
    sides = zip(count, more, (height, width), strict=True)
    # no more of them: a network of one size alone, or one that pools to a fixed number
    down, across_ = (LARGER / (m - n) if m > n else side / n for n, m, side in sides)
    return Places(count, (down, across_), rows, columns)


def of_patches(patch: int, height: int, width: int) -> Places:
    """Those of a network of patches of `patch` px: in closed form."""
    ends = seen_of(patch, height), seen_of(patch, width)
    down, across = ((end - patch) // STRIDE + 1 for end in ends)
    return Places((down, across), (STRIDE, STRIDE), (0, ends[0]), (0, ends[1]))


def padded(count: tuple[int, int], height: int, width: int) -> Places:
    """Those of a map of `count` = (h, w) of a network that sees all, by strides of two; `measured` has the same."""
    # a padded stride rounds up
    down, across = (2 ** math.ceil(math.log2(side / n)) for side, n in zip((height, width), count, strict=True))
    return Places(count, (down, across), (0, height), (0, width))


def seen(network: Network, height: int, width: int) -> tuple[Span, Span]:
    """The rows and the columns of a picture of height x width px that a network sees: beyond them no pixel moves a
    logit by a bit. All of a network that only answers, takes signs or has no gradient: none of them tells.
    """
    if patch := network.card.patch:
        return (0, seen_of(patch, height)), (0, seen_of(patch, width))
    known = _spans.setdefault(network, {})
    if (height, width) not in known:
        everything = (0, height), (0, width)
        known[height, width] = everything if network.card.answers_only else by_gradient(network, height, width)
    return known[height, width]


def by_gradient(network: Network, height: int, width: int) -> tuple[Span, Span]:
    """As `seen`, by the gradient of all logits at a picture of noise. Pixels between those that move one count."""
    found = None
    with torch.inference_mode(False), torch.enable_grad(), suppress(*UNFIT):
        x = noise(network, height, width).requires_grad_()
        logits = private(network)(x)
        weights = torch.randn(logits.shape, generator=torch.Generator().manual_seed(1))
        [found] = torch.autograd.grad((logits * weights).sum(), x, allow_unused=True)
    if found is None or not found.any():
        return (0, height), (0, width)
    moved = (found[0] != 0).any(0)
    rows, columns = (np.flatnonzero(moved.any(axis).numpy()) for axis in (1, 0))
    return (int(rows[0]), int(rows[-1]) + 1), (int(columns[0]), int(columns[-1]) + 1)


def spread(cells: np.ndarray, places: Places, height: int, width: int) -> np.ndarray:
    """(h, w) -> float32 (height, width): each position's value at its place, straight lines between neighbours, and
    beyond the outermost what they have."""
    down, across = (
        np.stack([np.interp(np.arange(length), at, one) for one in np.eye(len(at))], 1)
        for length, at in ((height, places.y), (width, places.x))
    )
    return np.asarray(down @ cells.astype(float) @ across.T, np.float32)


def private(network: Network) -> nn.Module:
    """A copy of the network as it was built that may be hooked: no in-place ReLU, no gradients for its weights."""
    net = copy.deepcopy(network.engine.plain).eval().requires_grad_(False)
    for module in net.modules():
        if hasattr(module, "inplace"):
            module.inplace = False  # type: ignore[assignment]
    return net


def noise(network: Network, height: int, width: int) -> torch.Tensor:
    """(1, C, height, width) as the network takes its pictures, always the same."""
    dice = torch.Generator().manual_seed(0)
    return torch.randn(1, len(network.preprocessing.mean), height, width, generator=dice)


def last_map(net: nn.Module, x: torch.Tensor) -> nn.Module:
    """The module that is last to give a map (4-D, larger than 1x1) when `net`, a private copy, answers `x`; before a
    pooling to a fixed number of positions, which do not lie evenly.

    photo_resnet's `stages`, the `layer4` of BagNets and ResNets. Raises ValueError if there is none.
    """
    found: list[nn.Module] = []
    pooled: list[object] = []

    def note(module: nn.Module, _: object, output: object) -> None:
        if not isinstance(output, torch.Tensor) or output.ndim != 4 or output[0, 0].numel() <= 1:
            return
        if isinstance(module, nn.AdaptiveAvgPool2d | nn.AdaptiveMaxPool2d):
            pooled.append(output)
        elif not any(output is one for one in pooled):  # what holds such a pooling gives the same
            found.append(module)

    handles = [module.register_forward_hook(note) for module in net.modules() if module is not net]
    with torch.no_grad():
        net(x)
    for handle in handles:
        handle.remove()
    if not found:
        raise ValueError("expected a network with maps, got one without: Grad-CAM needs a convolutional network")
    return found[-1]


def positions(net: nn.Module, module: nn.Module, x: torch.Tensor) -> tuple[int, int]:
    """(h, w) of the map that a module of `net` gives for `x`; (0, 0) where it takes no picture of that size."""
    count = (0, 0)

    def note(_: nn.Module, __: object, output: torch.Tensor) -> None:
        nonlocal count
        count = int(output.shape[2]), int(output.shape[3])

    handle = module.register_forward_hook(note)
    with torch.no_grad(), suppress(*UNFIT):  # what follows the map may take one size alone
        net(x)
    handle.remove()
    return count
