"""Which pixels matter? Mask them and watch the answer go.

The picture is cut into square cells. A map of attributions ranks them, the most supportive first; the first k take
the mean colour (deletion), or everything but them does (insertion), and the probability of one class is followed
(Brendel & Bethge, ICLR 2019, mask the 100 most attributed 8 x 8 patches). Both networks answer the pictures of
three kinds of order: the BagNet's evidence, the same order for both; every other method, on the very network that
answers; and chance, the same draws for both. A good explanation makes the deletion curve fall, or the insertion
curve rise, early.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from core.base.heavy import torch
from core.base.refuse import within
from core.base.worker import Progress, ignore, part
from core.compute import attributions
from core.compute.attributions import EVIDENCE, METHODS, RANDOM
from core.networks import engine
from core.pictures.preprocess import to_tensor

if TYPE_CHECKING:
    from core.networks.card import Network

Mode = Literal["deletion", "insertion"]
MODES: tuple[Mode, ...] = ("deletion", "insertion")
CELL_LIMITS = (2, 64)  # pixels
MOST_CELLS = 100  # the paper's
DRAWS_LIMITS = (1, 50)


@dataclass(frozen=True)
class Params:
    """`cell`: side in pixels; `cells`: largest k, None for the paper's 100 or all there are, whichever is less;
    `draws`: random orders, of seeds `seed`, `seed` + 1, …

    Raises ValueError for what does not exist.
    """

    cell: int = 8
    cells: int | None = None
    methods: tuple[str, ...] = METHODS
    mode: Mode = "deletion"
    seed: int = 0
    draws: int = 5

    def __post_init__(self) -> None:
        within(("cells of {} px", self.cell, CELL_LIMITS), ("random orders", self.draws, DRAWS_LIMITS))
        if self.cells is not None and self.cells < 1:
            raise ValueError(f"expected to mask at least one cell, got {self.cells}: choose 1 or more")
        unknown = [m for m in self.methods if m not in METHODS]
        if not self.methods or unknown or len(set(self.methods)) < len(self.methods):
            raise ValueError(f"expected different methods of {list(METHODS)}, got {list(self.methods)}")
        if self.mode not in MODES:
            raise ValueError(f"expected a mode of {list(MODES)}, got {self.mode!r}: choose one of them")


@dataclass(frozen=True, eq=False)
class Trace:
    """One network asked in one method's order: `map` float32 (H, W), the attributions (of the first draw, if random);
    `order` (C,): the cells, row by row, most supportive first; `deletion` and `insertion` float32 (D, k+1): the
    probability with the first 0..k cells masked, or shown; D draws if random, otherwise 1.
    """

    map: np.ndarray
    order: np.ndarray
    deletion: np.ndarray
    insertion: np.ndarray


@dataclass(frozen=True, eq=False)
class Result:
    """N networks (the BagNet, then the baseline if there is one), M methods, masks of 0..k of the C cells."""

    models: tuple[str, ...]
    methods: tuple[str, ...]
    labels: tuple[str, ...]
    target: int
    mode: Mode
    cell: int
    seed: int
    draws: int
    maps: np.ndarray  # (N, M, H, W) float32, logits (units differ by method)
    order: np.ndarray  # (N, M, C) cells, most supportive first; random: the first draw's
    untouched: np.ndarray  # (N,) probability of the target for the picture as it is
    probability: np.ndarray  # (N, M, k+1) of the target; random: the mean of its draws
    spread: np.ndarray  # (N, M, k+1) standard deviation over the draws; 0 where there is one
    auc: np.ndarray  # (N, M) area under the curve, k scaled to 0..1
    auc_spread: np.ndarray  # (N, M) standard deviation over the draws

    @property
    def cells(self) -> int:
        """The largest k."""
        return int(self.probability.shape[2]) - 1


def run(
    bagnet: Network,
    baseline: Network | None,
    pixels: np.ndarray,
    target: int,
    params: Params,
    progress: Progress = ignore,
) -> Result:
    """Follow the probability of class `target` for uint8 pixels (H, W, 3). `progress` may raise to stop.

    Raises ValueError if the first network is no BagNet, their labels differ, or the class does not exist.
    """
    networks = [bagnet] if baseline is None else [bagnet, baseline]
    methods = len(params.methods)
    traces = [
        [
            trace(
                network,
                bagnet,
                pixels,
                target,
                method,
                params,
                part(progress, n * methods + m, len(networks) * methods),
            )
            for m, method in enumerate(params.methods)
        ]
        for n, network in enumerate(networks)
    ]
    return assemble(networks, traces, target, params)


def trace(
    network: Network,
    bagnet: Network,
    pixels: np.ndarray,
    target: int,
    method: str,
    params: Params,
    progress: Progress = ignore,
    maps: Sequence[np.ndarray] = (),
) -> Trace:
    """What `network` says in the order of `method`, deleting and inserting. `params.methods` and `mode` do not matter.

    `maps` (H, W) of attributions stand for those of the method, as the first part of the work that is done already.
    Raises ValueError as `run` does.
    """
    if network.labels != bagnet.labels:
        raise ValueError(
            f"expected networks that share their labels, got {bagnet.card.name} and {network.card.name}: "
            "compare one family"
        )
    explained = bagnet if method == EVIDENCE else network
    x = to_tensor(pixels, explained.preprocessing)
    draws = len(maps) or (params.draws if method == RANDOM else 1)
    parts = 1 + 2 * draws

    begun, seeds = part(progress, 0, parts), range(params.seed, params.seed + draws)
    maps = maps or [attributions.attribution(explained, x, target, method, begun, seed=seed) for seed in seeds]
    orders = [ranking(found, params.cell) for found in maps]
    curves = [
        follow(network, pixels, order, target, replace(params, mode=mode), part(progress, 1 + 2 * d + m, parts))
        for d, order in enumerate(orders)
        for m, mode in enumerate(MODES)
    ]
    return Trace(maps[0], orders[0], np.stack(curves[0::2]), np.stack(curves[1::2]))


def grid(height: int, width: int, cell: int) -> np.ndarray:
    """(H, W) int: the cell of every pixel, counted row by row; those at the right and the bottom may be cut off."""
    rows, columns = np.arange(height) // cell, np.arange(width) // cell
    return np.asarray(rows[:, None] * (columns[-1] + 1) + columns)


def ranking(found: np.ndarray, cell: int) -> np.ndarray:
    """(H, W) attributions -> (C,) cells by their sum, largest first; of equals the upper left one."""
    sums = np.bincount(grid(found.shape[0], found.shape[1], cell).ravel(), found.ravel().astype(np.float64))
    return np.argsort(-sums, kind="stable")


def places(order: np.ndarray, height: int, width: int, cell: int) -> np.ndarray:
    """(H, W) int: when every pixel's turn comes, 0 first."""
    place = np.empty(len(order), int)
    place[order] = np.arange(len(order))
    return np.asarray(place[grid(height, width, cell)])


def follow(
    network: Network,
    pixels: np.ndarray,
    order: np.ndarray,
    target: int,
    params: Params,
    progress: Progress = ignore,
) -> np.ndarray:
    """float32 (k+1,): the probability of `target` with the first 0..k cells of `order` masked (deletion) or shown
    (insertion). All answers are float32's.
    """
    x = to_tensor(pixels, network.preprocessing)  # zero is the mean colour
    turn = torch.from_numpy(places(order, pixels.shape[0], pixels.shape[1], params.cell))

    def masked(which: np.ndarray) -> torch.Tensor:
        gone = turn < torch.from_numpy(which)[:, None, None]  # (n, H, W)
        hidden = gone if params.mode == "deletion" else ~gone
        return x * ~hidden[:, None]

    count = 1 + largest(len(order), params)
    answers = engine.logits(network.engine, masked, count, progress, exact=True)
    return np.asarray(answers.probability[:, target])


def largest(count: int, params: Params) -> int:
    """The largest k of a picture of `count` cells."""
    return min(count, MOST_CELLS if params.cells is None else params.cells)


def assemble(networks: Sequence[Network], traces: Sequence[Sequence[Trace]], target: int, params: Params) -> Result:
    """The Result of `params.mode` from the traces of every network (rows) by every method (columns)."""
    curves = [[t.deletion if params.mode == "deletion" else t.insertion for t in row] for row in traces]
    areas = [[area(c) for c in row] for row in curves]
    return Result(
        models=tuple(n.card.name for n in networks),
        methods=params.methods,
        labels=networks[0].labels,
        target=target,
        mode=params.mode,
        cell=params.cell,
        seed=params.seed,
        draws=params.draws,
        maps=np.array([[t.map for t in row] for row in traces]),
        order=np.array([[t.order for t in row] for row in traces]),
        untouched=np.array([row[0].deletion[0, 0] for row in traces]),
        probability=np.array([[c.mean(0) for c in row] for row in curves]),
        spread=np.array([[c.std(0) for c in row] for row in curves]),
        auc=np.array([[a.mean() for a in row] for row in areas]),
        auc_spread=np.array([[a.std() for a in row] for row in areas]),
    )


def area(curves: np.ndarray) -> np.ndarray:
    """(…, k+1) -> (…,): area under each curve by trapezoids, k scaled to 0..1; a constant curve's is the constant."""
    return np.asarray(np.trapezoid(curves, dx=1 / (curves.shape[-1] - 1), axis=-1))


def shown(network: Network, pixels: np.ndarray, order: np.ndarray, k: int, cell: int, mode: Mode) -> np.ndarray:
    """uint8 (H, W, 3): the picture as `network` sees it with the first k cells masked (or shown)."""
    gone = places(order, pixels.shape[0], pixels.shape[1], cell) < k
    hidden = gone if mode == "deletion" else ~gone
    colour = np.round(255 * np.array(network.preprocessing.mean)).astype(np.uint8)
    return np.where(hidden[..., None], colour, pixels)


def turning(result: Result) -> np.ndarray:
    """(N, M) the first k at which the probability is at most (deletion) or at least (insertion) half of the untouched
    picture's; -1 for never.
    """
    p, half = result.probability, result.untouched[:, None, None] / 2
    there = p <= half if result.mode == "deletion" else p >= half
    return np.asarray(np.where(there.any(-1), there.argmax(-1), -1))


def finding(result: Result, titles: Sequence[str]) -> str:
    """The sentences that say how soon the evidence's order tells, and which order tells soonest.

    Raises ValueError if the evidence is not among the methods.
    """
    first, deleting = result.methods.index(EVIDENCE), result.mode == "deletion"
    parts = []
    for title, p, row in zip(titles, result.untouched, turning(result), strict=True):
        words = f"for {title} (untouched {p:.2f}) {after(row[first])}"
        if RANDOM in result.methods:
            words += f", in random order {after(row[result.methods.index(RANDOM)])}"
        parts.append(words)
    best = result.auc.argmin(1) if deleting else result.auc.argmax(1)
    winners = [f"{result.methods[m]} for {title}" for m, title in zip(best, titles, strict=True)]
    done = "With the cells masked" if deleting else "With only the cells shown"
    return (
        f"{done} that the evidence ranks first, P({result.labels[result.target]}) "
        f"{'falls to' if deleting else 'reaches'} half of the untouched picture's {'; '.join(parts)}. "
        f"{'Least' if deleting else 'Largest'} area under the curve: {', '.join(winners)}."
    )


def after(k: int) -> str:
    return "never" if k < 0 else f"after {k} cell{'' if k == 1 else 's'}"
