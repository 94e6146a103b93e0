"""Do far-apart parts of the picture talk to each other? Mask two, alone and together (Brendel & Bethge 2019, §3).

Where no patch of a BagNet meets both masks, the logit changes by exactly the sum of what each mask changes alone,
because the logit is a mean over patches. A network that looks at the whole picture owes nobody that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.base.heavy import torch
from core.base.refuse import SEEDS
from core.base.settings import check, setting
from core.base.worker import Progress, ignore, part
from core.models.receptive_field import STRIDE
from core.networks import engine
from core.networks.card import Network
from core.pictures.preprocess import to_tensor
from core.studies.patch.scramble import check as check_asked
from core.studies.patch.scramble import listed


@dataclass(frozen=True)
class Params:
    """`side` of the square masks in pixels; how many `pairs` of them are drawn. Raises ValueError beyond the limits."""

    side: int = setting(8, limits=(2, 64), unit="a side of {} px")
    pairs: int = setting(200, limits=(1, 5000))
    seed: int = setting(0, limits=SEEDS, unit="a seed of {}")

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, eq=False)
class Result:
    """M networks and P pairs of masks a and b; changes are of the target's logit against the untouched picture.

    `distance` is the larger of the distances down and across, from centre to centre, as patches are squares.
    """

    models: tuple[str, ...]
    patches: tuple[int | None, ...]  # (M,) side of a BagNet's patches in px, None for other networks
    labels: tuple[str, ...]
    target: int
    height: int  # px
    width: int
    side: int  # px of a mask
    seed: int
    pairs: np.ndarray  # (P, 4) int: y and x of the top left pixel of a, then of b
    distance: np.ndarray  # (P,) px
    logit: np.ndarray  # (M,) untouched
    a: np.ndarray  # (M, P) change with mask a alone
    b: np.ndarray  # (M, P)
    both: np.ndarray  # (M, P)

    @property
    def departure(self) -> np.ndarray:
        """(M, P) how far the joint change lies from the sum of the two; 0 where the network is additive."""
        return np.asarray(self.both - (self.a + self.b))


@dataclass(frozen=True, eq=False)
class ByDistance:
    """Means over the pairs at each `distance` (D,), px, rising, `count` (D,) of them.

    `departure` (M, D): mean |joint change - sum of the single ones|; `both` (M, D): mean |joint change|; `correlation`
    (M, D): between the sum and the joint change, NaN where one of them does not vary.
    """

    distance: np.ndarray
    count: np.ndarray
    departure: np.ndarray
    both: np.ndarray
    correlation: np.ndarray

    @property
    def relative(self) -> np.ndarray:
        """(M, D) departure as a share of the joint change, NaN where nothing changed."""
        return relative(self.departure, self.both)


def draw(height: int, width: int, params: Params) -> np.ndarray:
    """(P, 4) different pairs of the cells of a grid of masks side by side, centred; all, if there are no more.

    On a grid masks never overlap, distances are multiples of the side, and a mask serves in many pairs. Raises
    ValueError for a picture, height x width px, that does not hold two masks.
    """
    side = params.side
    if (height // side) * (width // side) < 2:
        raise ValueError(f"expected room for two masks of {side} px, got {width}x{height} px: choose smaller masks")
    rows, columns = (np.arange(n // side) * side + n % side // 2 for n in (height, width))
    cells = np.stack(np.meshgrid(rows, columns, indexing="ij"), -1).reshape(-1, 2)
    first, second = np.triu_indices(len(cells), 1)
    some = np.random.default_rng(params.seed).permutation(len(first))[: params.pairs]
    return np.concatenate([cells[first[some]], cells[second[some]]], axis=1)


def run(
    networks: Sequence[Network],
    pixels: np.ndarray,
    target: int,
    params: Params,
    progress: Progress = ignore,
    *,
    pairs: np.ndarray | None = None,
) -> Result:
    """Mask random pairs of cells of the picture, uint8 (H, W, 3), with the mean colour. Float32 throughout.

    `pairs` (P, 4): other masks than those drawn, by their top left pixels (y, x, y, x), anywhere in the picture.
    Raises ValueError if there is no network, their labels differ, the class does not exist, or the picture has no
    room for two masks.
    """
    check_asked(networks, target)
    height, width = pixels.shape[:2]
    if pairs is None:
        pairs = draw(height, width, params)
    alone, which = np.unique(pairs.reshape(-1, 2), axis=0, return_inverse=True)
    a, b = which.reshape(-1, 2).T
    nothing = [[height, width] * 2]  # outside the picture
    boxes = np.concatenate([nothing, np.tile(alone, 2), pairs])
    found = []
    for m, network in enumerate(networks):
        x = to_tensor(pixels, network.preprocessing)

        def inputs(some: np.ndarray, x: torch.Tensor = x) -> torch.Tensor:
            return masked(x, boxes[some], params.side)

        told = part(progress, m, len(networks))
        found.append(engine.logits(network.engine, inputs, len(boxes), told, exact=True).logits[:, target])
    logits = np.stack(found).astype(np.float64)  # (M, 1 + singles + P); the differences add no rounding of their own
    change = logits[:, 1:] - logits[:, :1]
    return Result(
        models=tuple(n.card.name for n in networks),
        patches=tuple(n.card.patch for n in networks),
        labels=networks[0].labels,
        target=target,
        height=height,
        width=width,
        side=params.side,
        seed=params.seed,
        pairs=pairs,
        distance=np.abs(pairs[:, :2] - pairs[:, 2:]).max(1),
        logit=logits[:, 0],
        a=change[:, a],
        b=change[:, b],
        both=change[:, len(alone) :],
    )


def masked(x: torch.Tensor, boxes: np.ndarray, side: int) -> torch.Tensor:
    """(3, H, W) -> (n, 3, H, W) with the squares at boxes[i] = (y, x, y, x) set to 0, the mean colour."""
    views = x.repeat(len(boxes), 1, 1, 1)
    for view, (ya, xa, yb, xb) in zip(views, boxes.tolist(), strict=True):
        view[:, ya : ya + side, xa : xa + side] = 0
        view[:, yb : yb + side, xb : xb + side] = 0
    return views


def share_a_patch(pairs: np.ndarray, patch: int, height: int, width: int, side: int) -> np.ndarray:
    """(P,) bool: whether any q x q patch of a BagNet's own grid (every 8 px) meets both masks of a pair."""

    def along(a: np.ndarray, b: np.ndarray, length: int) -> np.ndarray:
        start = np.arange(0, length - patch + 1, STRIDE)
        meets = [(start < at[:, None] + side) & (at[:, None] < start + patch) for at in (a, b)]
        return np.asarray((meets[0] & meets[1]).any(1))

    ya, xa, yb, xb = pairs.T
    return np.asarray(along(ya, yb, height) & along(xa, xb, width))


def reach(patch: int, side: int) -> int:
    """Distance in px from which on no q x q patch, wherever it lies, meets two masks of `side` px."""
    return patch + side - 1


def far(result: Result) -> np.ndarray:
    """(P,) bool: pairs of which no patch of any of the BagNets meets both masks; all, if there is no BagNet."""
    near = np.zeros(len(result.pairs), bool)
    for patch in result.patches:
        if patch is not None:
            near |= share_a_patch(result.pairs, patch, result.height, result.width, result.side)
    return ~near


def by_distance(result: Result) -> ByDistance:
    """The pairs of each distance summarised."""
    distance, group, count = np.unique(result.distance, return_inverse=True, return_counts=True)
    groups = [np.flatnonzero(group == i) for i in range(len(distance))]
    single = result.a + result.b
    return ByDistance(
        distance=distance,
        count=count,
        departure=np.stack([np.abs(result.departure[:, g]).mean(1) for g in groups], 1),
        both=np.stack([np.abs(result.both[:, g]).mean(1) for g in groups], 1),
        correlation=np.stack([correlation(single[:, g], result.both[:, g]) for g in groups], 1),
    )


def correlation(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(M, n), (M, n) -> (M,) Pearson's r of each row, NaN where a row does not vary."""
    x, y = (v - v.mean(1, keepdims=True) for v in (x, y))
    return relative((x * y).sum(1), np.sqrt((x**2).sum(1) * (y**2).sum(1)))


def relative(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part / whole, of the same shape, NaN where the whole is 0."""
    return np.asarray(np.divide(part, whole, out=np.full_like(part, np.nan), where=whole != 0))


def additivity(result: Result, which: np.ndarray) -> np.ndarray:
    """(M,) mean |departure| as a share of mean |joint change| over the pairs `which` (P,) bool."""
    return relative(np.abs(result.departure[:, which]).mean(1), np.abs(result.both[:, which]).mean(1))


def rounding(result: Result) -> float:
    """The largest |departure| of a BagNet at a pair that none of its patches meets: float32's, 0 without such pairs."""
    size = (result.height, result.width, result.side)
    left = [
        np.abs(departure[~share_a_patch(result.pairs, patch, *size)])
        for departure, patch in zip(result.departure, result.patches, strict=True)
        if patch is not None
    ]
    return float(np.concatenate([*left, np.zeros(1)]).max())


def finding(result: Result, titles: Sequence[str]) -> str:
    """The one sentence that says how far each network is from adding up."""
    which, n = far(result), len(result.pairs)
    count = int(which.sum())
    where = f"Of {n:,} pairs of masks, {count:,} lie so far apart that no patch of these BagNets meets both. There"
    if not any(result.patches):
        where = f"Of {n:,} pairs of masks"
    elif not count:
        which, where = ~which, f"All {n:,} pairs of masks lie so close that a patch of a BagNet meets both. Here"
    parts = [f"{share:.1%} for {title}" for title, share in zip(titles, additivity(result, which), strict=True)]
    return f"{where} the joint change is off the sum of the single ones by a share of {listed(parts)}."
