"""Which pixels matter? Mask them and watch the answer go.

The picture is cut into square cells. A map of attributions ranks them, the most supportive first; the first k take
the mean colour (deletion), or everything but them does (insertion), and the probability of one class is followed
(Brendel & Bethge, ICLR 2019, mask the 100 most attributed 8 x 8 patches). Both networks answer the pictures of
three kinds of order: the BagNet's evidence, the same order for both; every other method, on the very network that
answers; and chance, the same draws for both. A good explanation makes the deletion curve fall, or the insertion
curve rise, early. What the first network does not see (core.compute.placing) has no cell: it is neither masked nor
shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from core.base.heavy import torch
from core.base.settings import check, setting
from core.base.worker import Progress, ignore, part
from core.compute import attributions, placing
from core.compute.attributions import EVIDENCE, METHODS, OCCLUSION, RANDOM
from core.compute.placing import Span
from core.networks import engine
from core.networks.card import Network
from core.pictures.preprocess import to_tensor
from core.studies.patch.scramble import check as check_asked

Mode = Literal["deletion", "insertion"]
MODES: tuple[Mode, ...] = ("deletion", "insertion")
MOST_CELLS = 100  # the paper's
SMALLEST_CELL, LARGEST_CELL = 2, 16  # px, of those that are chosen from the input's size
CELLS_PER_SIDE = 8


@dataclass(frozen=True)
class Params:
    """`cell`: side in pixels; `cells`: largest k, None for the paper's 100 or all there are, whichever is less;
    `draws`: random orders, of seeds `seed`, `seed` + 1, …; `by_cell`: occlusion hides the very cells that are ranked,
    not windows of 8 px; `seen`: the rows and columns whose cells are ranked, None for what the first network sees.

    Raises ValueError for what does not exist.
    """

    cell: int = setting(8, limits=(2, 64), unit="cells of {} px")
    cells: int | None = setting(None, limits=(1, 10**6))
    methods: tuple[str, ...] = METHODS
    mode: Mode = setting("deletion", choices=MODES)
    seed: int = 0
    draws: int = setting(5, limits=(1, 50), unit="random orders")
    by_cell: bool = False
    seen: tuple[Span, Span] | None = None

    def __post_init__(self) -> None:
        check(self)
        unknown = [m for m in self.methods if m not in METHODS]
        if not self.methods or unknown or len(set(self.methods)) < len(self.methods):
            raise ValueError(f"expected different methods of {list(METHODS)}, got {list(self.methods)}")


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


def cell_of(size: int) -> int:
    """Side in pixels of the cells of an input of `size` px: an eighth of it, 2 to 16 px (8 at 64 px, 16 at 224)."""
    return min(LARGEST_CELL, max(SMALLEST_CELL, round(size / CELLS_PER_SIDE)))


def run(
    networks: Sequence[Network], pixels: np.ndarray, target: int, params: Params, progress: Progress = ignore
) -> Result:
    """Follow the probability of class `target` for uint8 pixels (H, W, 3). `progress` may raise to stop.

    Raises ValueError if the evidence is asked for and the first network is no BagNet, if their labels differ, or the
    class does not exist.
    """
    return assemble(networks, traces(networks, pixels, target, params, progress), target, params)


def traces(
    networks: Sequence[Network], pixels: np.ndarray, target: int, params: Params, progress: Progress = ignore
) -> list[list[Trace]]:
    """Every network (rows) asked in the order of every method (columns), of both modes. Raises ValueError as `run`."""
    jobs, columns = [(network, method) for network in networks for method in params.methods], len(params.methods)
    found = [
        trace(network, networks[0], pixels, target, method, params, part(progress, i, len(jobs)))
        for i, (network, method) in enumerate(jobs)
    ]
    return [found[i : i + columns] for i in range(0, len(found), columns)]


def where_seen(params: Params, network: Network, pixels: np.ndarray) -> Params:
    """The same for the cells that lie in what a network sees of uint8 pixels (H, W, 3)."""
    height, width = pixels.shape[:2]
    return replace(params, seen=placing.seen(network, height, width))


def trace(
    network: Network,
    bagnet: Network,
    pixels: np.ndarray,
    target: int,
    method: str,
    params: Params,
    progress: Progress = ignore,
) -> Trace:
    """What `network` says in the order of `method`, deleting and inserting; the evidence is `bagnet`'s.

    `params.methods` and `mode` do not matter. Raises ValueError as `run` does.
    """
    check_asked([bagnet, network], target)
    params = params if params.seen else where_seen(params, bagnet, pixels)
    explained = bagnet if method == EVIDENCE else network
    draws = params.draws if method == RANDOM else 1
    parts = 1 + 2 * draws

    begun = part(progress, 0, parts)
    if method == OCCLUSION and params.by_cell:
        maps = [occlusion(network, pixels, target, params.cell, begun)]
    else:
        x, seeds = to_tensor(pixels, explained.preprocessing), range(params.seed, params.seed + draws)
        maps = [attributions.attribution(explained, x, target, method, begun, seed=seed) for seed in seeds]
    orders = [ranking(found, params.cell, params.seen) for found in maps]
    curves = [
        follow(network, pixels, order, target, replace(params, mode=mode), part(progress, 1 + 2 * d + m, parts))
        for d, order in enumerate(orders)
        for m, mode in enumerate(MODES)
    ]
    return Trace(maps[0], orders[0], np.stack(curves[0::2]), np.stack(curves[1::2]))


def occlusion(network: Network, pixels: np.ndarray, target: int, cell: int, progress: Progress = ignore) -> np.ndarray:
    """float32 (H, W): what the logit of `target` loses when the pixel's cell takes the mean colour, in float32.

    Captum's occlusion with windows of a cell (`attributions.attribution` has those of 8 px), by the engine.
    """
    x = to_tensor(pixels, network.preprocessing)
    cells = grid(pixels.shape[0], pixels.shape[1], cell)
    where = torch.from_numpy(cells)

    def inputs(which: np.ndarray) -> torch.Tensor:
        hidden = where == torch.from_numpy(which - 1)[:, None, None]  # input 0 hides nothing
        return x * ~hidden[:, None]

    answers = engine.logits(network.engine, inputs, int(cells.max()) + 2, progress, exact=True)
    logits = answers.logits[:, target]
    return np.asarray((logits[0] - logits[1:])[cells], np.float32)


def grid(height: int, width: int, cell: int) -> np.ndarray:
    """(H, W) int: the cell of every pixel, counted row by row; those at the right and the bottom may be cut off."""
    rows, columns = np.arange(height) // cell, np.arange(width) // cell
    return np.asarray(rows[:, None] * (columns[-1] + 1) + columns)


def ranking(found: np.ndarray, cell: int, seen: tuple[Span, Span] | None = None) -> np.ndarray:
    """(H, W) attributions -> (C,) cells by their sum, largest first; of equals the upper left one. A cell whose middle
    lies outside of the rows and columns that are `seen` has no rank."""
    cells = grid(found.shape[0], found.shape[1], cell)
    order = np.asarray(np.argsort(-np.bincount(cells.ravel(), found.ravel().astype(np.float64)), kind="stable"))
    if seen is None:
        return order
    rows, columns = (inside_of(span, length, cell) for span, length in zip(seen, found.shape, strict=True))
    return np.asarray(order[(rows[:, None] & columns).ravel()[order]])


def inside_of(span: Span, length: int, cell: int) -> np.ndarray:
    """(n,) bool: the cells along an axis of `length` px whose middles lie in a span."""
    first = np.arange(0, length, cell)
    middle = (first + np.minimum(first + cell, length)) / 2
    return np.asarray((span[0] <= middle) & (middle <= span[1]))


def places(order: np.ndarray, height: int, width: int, cell: int) -> np.ndarray:
    """(H, W) int: when every pixel's turn comes, 0 first; that of a cell without a rank after all others."""
    cells = grid(height, width, cell)
    place = np.full(cells[-1, -1] + 1, len(order))
    place[order] = np.arange(len(order))
    return np.asarray(place[cells])


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

    count = 1 + min(len(order), params.cells or MOST_CELLS)
    answers = engine.logits(network.engine, masked, count, progress, exact=True)
    return np.asarray(answers.probability[:, target])


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
    """(…, k+1) -> (…,): area under each curve by trapezoids, k scaled to 0..1; a constant curve's is the constant,
    as is that of a single point, where no cell is seen."""
    if curves.shape[-1] == 1:
        return np.asarray(curves[..., 0])
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


def best(result: Result) -> str:
    """The method with the least area under network 0's curve (deletion) or the largest (insertion), chance aside where
    another is there."""
    areas = areas_of(result)
    methods = [method for method in areas if method != RANDOM] or [RANDOM]
    return (min if result.mode == "deletion" else max)(methods, key=areas.__getitem__)


def areas_of(result: Result) -> dict[str, float]:
    """By method, the area under network 0's curve."""
    return dict(zip(result.methods, result.auc[0], strict=True))


def finding_alone(result: Result, title: str) -> str:
    """What a network that is asked alone says of the picture, which order tells soonest, and how chance compares."""
    areas, method = areas_of(result), best(result)
    turn = int(turning(result)[0, result.methods.index(method)])
    done = "Masked" if result.mode == "deletion" else "Shown alone"
    chance = f", in random order {areas[RANDOM]:.3f}" if RANDOM in areas and method != RANDOM else ""
    return (
        f"{title} sees {result.labels[result.target]} in the picture with P = {result.untouched[0]:.2f}. {done} in the "
        f"order of {method}, {when(turn, result.order.shape[2], result.mode)}; area under the curve "
        f"{areas[method]:.3f}{chance}."
    )


def when(k: int, cells: int, mode: Mode) -> str:
    """When P passes half of the untouched picture's, in words; k < 0 for never."""
    if k == 0 and mode == "insertion":
        return "P is beyond half of that before a cell is shown"
    falls = "falls to" if mode == "deletion" else "reaches"
    return f"P never {falls} half of that" if k < 0 else f"P {falls} half of that after {k} of {cells} cells"
