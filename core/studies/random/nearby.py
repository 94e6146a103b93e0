"""Which pictures of a gallery are nearest to one picture, by pixels, by random features, by a trained network's?

The spaces are those that Xue & Roshan (arXiv 1806.05789) compare, and a trained network's. Random features are asked
again with fewer and fewer of them: the first k are a random network of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.base.intervals import wilson
from core.base.worker import Progress, ignore
from core.compute import spaces
from core.studies.random.maps import Placed, Space

NEAREST = 6
ROWS_AT_ONCE = 1024
SAMPLE = 400  # of the gallery, whose own nearest are looked for: what is usual there
PARTS = {"body", "face", "head", "side"}  # of a kind's name: "cougar face", "car side"
UNUSUAL = 0.1  # of the gallery lie as far from their nearest: below, a picture is like none of them


@dataclass(frozen=True, eq=False)
class Nearby:
    """Of S `spaces`: the `nearest` (S, n) rows of the gallery, how far these are, `distances` (S, n), and what place
    each of them takes in every space, `ranks` (S, n, S), 1 for the nearest of all.

    The same by the first `counts` (F,) random features, rising to all of them: `few_nearest` (F, n), `few_distances`
    (F, n), `few_ranks` (F, n, S). `lonelier`: the share of gallery pictures that lie farther from their own nearest
    than this picture does, in the last space.
    """

    spaces: tuple[Space, ...]
    nearest: np.ndarray
    distances: np.ndarray
    ranks: np.ndarray
    counts: np.ndarray
    few_nearest: np.ndarray
    few_distances: np.ndarray
    few_ranks: np.ndarray
    lonelier: float

    @property
    def placed(self) -> dict[Space, Placed]:
        """As the maps want it, of pictures whose place on the map is not known."""
        rows = zip(self.spaces, self.nearest, self.distances, strict=True)
        return {space: Placed(np.full(2, np.nan), near, away) for space, near, away in rows}


def halved(features: int) -> tuple[int, ...]:
    """1, ..., a quarter, half and all of so many features."""
    found = [features]
    while found[-1] > 1:
        found.append(-(-found[-1] // 2))
    return tuple(reversed(found))


def find(
    queries: Mapping[Space, np.ndarray],
    galleries: Mapping[Space, np.ndarray],
    n: int = NEAREST,
    progress: Progress = ignore,
) -> Nearby:
    """Of one picture (1, D) and a gallery (N, D) in every space; `n` is lowered to N. Equally near ones stay in the
    gallery's order."""
    n, steps = min(n, len(next(iter(galleries.values())))), len(galleries) + 1
    away: list[np.ndarray] = []
    few = np.empty((0, 0))
    counts: tuple[int, ...] = ()
    for i, (space, gallery) in enumerate(galleries.items()):
        if space == spaces.RANDOM:
            counts = halved(gallery.shape[1])
            few = distances(queries[space][0], gallery, counts)
            away.append(few[-1])
        else:
            away.append(distances(queries[space][0], gallery, (gallery.shape[1],))[0])
        progress(i + 1, steps)
    every = np.stack(away)
    near, few_near = (np.argsort(values, axis=1, kind="stable")[:, :n] for values in (every, few))
    last = list(galleries)[-1]
    lonelier = float((usual(galleries[last]) > every[-1].min()).mean())
    progress(steps, steps)
    return Nearby(
        tuple(galleries),
        near,
        np.take_along_axis(every, near, 1),
        ranks(every, near),
        np.array(counts),
        few_near,
        np.take_along_axis(few, few_near, 1),
        ranks(every, few_near),
        lonelier,
    )


def distances(query: np.ndarray, gallery: np.ndarray, counts: Sequence[int]) -> np.ndarray:
    """float64 (F, N): how far (D,) is from each of (N, D) by the first so many of its numbers, F rising counts."""
    starts = np.array([0, *counts[:-1]])
    found = np.empty((len(counts), len(gallery)))
    for start in range(0, len(gallery), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        squares = np.square(gallery[rows, : counts[-1]].astype(np.float64) - query[: counts[-1]])
        found[:, rows] = np.sqrt(np.add.reduceat(squares, starts, axis=1).cumsum(1)).T
    return found


def ranks(away: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(S, N) distances and rows (..., n) -> (..., n, S): the place of each row in every space, 1 for the nearest."""
    order = np.argsort(away, axis=1, kind="stable")
    places = np.empty_like(order)
    np.put_along_axis(places, order, np.arange(1, away.shape[1] + 1)[None], 1)
    return np.moveaxis(places[:, rows], 0, -1)


def usual(gallery: np.ndarray) -> np.ndarray:
    """float64 (M,): how far some pictures of a gallery (N, D), evenly taken, lie from their own nearest."""
    some = np.unique(np.linspace(0, len(gallery) - 1, min(SAMPLE, len(gallery)), dtype=int))
    away = spaces.distances(gallery[some], gallery)
    away[np.arange(len(some)), some] = np.inf
    return np.asarray(away.min(1))


# ---- what they show ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kind:
    """The class `label` that at least half of the nearest by the last space have, and how many of the nearest have it
    in each space, of `of`."""

    label: int
    counts: tuple[int, ...]
    of: int


def kind(found: Nearby, labels: np.ndarray) -> Kind | None:
    """What the picture is most likely of, by a trained network where there is one; None where its nearest disagree.

    `labels` (N,) are the gallery's classes.
    """
    shown = labels[found.nearest]
    names, counts = np.unique(shown[-1], return_counts=True)
    if 2 * counts.max() < shown.shape[1]:
        return None
    label = int(names[counts.argmax()])
    return Kind(label, tuple(int((row == label).sum()) for row in shown), shown.shape[1])


def most(labels: np.ndarray) -> tuple[int, int]:
    """The class that most of the classes (n,) are, of equals the first, and how many are."""
    names, first, counts = np.unique(labels, return_index=True, return_counts=True)
    best = np.lexsort((first, -counts))[0]
    return int(names[best]), int(counts[best])


def is_among(label: str, kinds: Sequence[str]) -> bool:
    """Whether a network's `label` names one of the `kinds`: all words of a kind but a part's stand in it."""
    words = _words(label)
    return any(kind <= words for kind in (_words(one) - PARTS for one in kinds) if kind)


def _words(name: str) -> set[str]:
    return {word.removesuffix("s") for word in name.casefold().split()}


def chance(labels: np.ndarray) -> float:
    """The share of pairs of different pictures, of the classes (N,), that are of one class."""
    counts = np.unique(labels, return_counts=True)[1].astype(float)
    return float((counts * (counts - 1)).sum() / (len(labels) * (len(labels) - 1)))


def give_or_take(shares: Sequence[float], n: int) -> float:
    """Half the width of the widest 95 % interval of shares that were seen in n trials."""
    return max((high - low) / 2 for low, high in (wilson(share, n) for share in shares))


def table(
    found: Nearby, labels: np.ndarray, classes: Sequence[str], titles: Sequence[str]
) -> dict[str, list[str | int | float]]:
    """Every space's nearest pictures, the nearest first: row of the gallery, whose classes are `labels` (N,), class,
    distance, place in each space."""
    columns: dict[str, list[str | int | float]] = {
        name: [] for name in ("space", "place", "picture", "class", "distance")
    }
    columns |= {f"place in {title}": [] for title in titles}
    for title, near, away, places in zip(titles, found.nearest, found.distances, found.ranks, strict=True):
        for i, (row, distance) in enumerate(zip(near.tolist(), away.tolist(), strict=True)):
            values = (title, i + 1, row, classes[labels[row]], round(distance, 4), *places[i].tolist())
            for column, value in zip(columns.values(), values, strict=True):
                column.append(value)
    return columns
