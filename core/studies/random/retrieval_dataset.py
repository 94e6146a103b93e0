"""How many of the nearest pictures of a gallery are of the query's kind? (Xue & Roshan, §4)

Over a gallery in groups each picture in turn is the query (leave one out); a picture of the same group is a hit, and
precision at k is the share of hits among the k nearest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.base.records import read_one
from core.base.worker import Progress, ignore
from core.compute import spaces
from core.compute.sign_counts import Spec
from core.compute.spaces import METRICS, RANDOM, SPACES, WORDS, Metric, distances
from core.networks.card import Network
from core.studies.random.features import FOLDER
from core.studies.random.retrieval import Embed, embed

AT = (1, 5, 10)  # the k that is looked at first
RECORD = "retrieval.json"
DIGITS = 5  # of a number in the record


def leave_one_out(vectors: np.ndarray, metric: Metric = "euclidean") -> np.ndarray:
    """(N, D) -> (N, N-1): for each vector the indices of the others, nearest first.

    Raises ValueError for fewer than two.
    """
    if len(vectors) < 2:
        raise ValueError(f"expected at least two pictures, got {len(vectors)}: there is nothing to find")
    apart = distances(vectors, vectors, metric)
    np.fill_diagonal(apart, np.inf)
    return np.asarray(np.argsort(apart, axis=1, kind="stable")[:, :-1])


def precisions(hits: np.ndarray) -> np.ndarray:
    """bool (Q, R), nearest first -> (Q, R): the share of hits among the first k, k = 1..R."""
    return np.asarray(hits.cumsum(1) / np.arange(1, hits.shape[1] + 1))


def average_precision(hits: np.ndarray) -> np.ndarray:
    """bool (Q, R) -> (Q,): the mean of the precisions at each hit; 0 without a hit."""
    found = hits.sum(1)
    return np.asarray((precisions(hits) * hits).sum(1) / np.maximum(found, 1))


@dataclass(frozen=True, eq=False)
class Ranking:
    """Leave one out in one space with one metric; `seed` of the random features, None elsewhere.

    `precision` (N-1,) at k = 1..N-1, mean over queries; `error` its standard error over queries; `average`: mean
    average precision, with `average_error`.
    """

    space: str
    metric: Metric
    seed: int | None
    precision: np.ndarray
    error: np.ndarray
    average: float
    average_error: float


def precision_curve(order: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, float, float]:
    """`leave_one_out` order (N, N-1) and groups (N,) -> `Ranking`'s precision, error, average, average_error."""
    hits = labels[order] == labels[:, None]
    each, average = precisions(hits), average_precision(hits)
    root = np.sqrt(len(hits))
    return each.mean(0), each.std(0, ddof=1) / root, float(average.mean()), float(average.std(ddof=1) / root)


@dataclass(frozen=True, eq=False)
class Measured:
    """`rankings` of every space, metric and seed over `images` pictures in `groups`, at `size` px.

    `contradictory`: groups of equal pictures that lie in different folders, which nothing can tell apart; they are
    left in the numbers. `network`: the trained one. `about`: where the numbers come from.
    """

    images: int
    groups: tuple[str, ...]
    size: int
    features: int
    kernel: int
    depth: int
    network: str
    contradictory: tuple[tuple[str, ...], ...]
    rankings: tuple[Ranking, ...]
    about: dict[str, str]

    def of(self, space: str, metric: Metric = "euclidean") -> list[Ranking]:
        """One a seed. Raises ValueError for what was not measured."""
        found = [r for r in self.rankings if r.space == space and r.metric == metric]
        if not found:
            raise ValueError(f"expected a space and metric that were measured, got {space!r} and {metric!r}")
        return found

    @property
    def chance(self) -> float:
        """Precision of an order that knows nothing: that of all the other pictures."""
        return float(self.rankings[0].precision[-1])


def measure(
    pictures: np.ndarray,
    labels: np.ndarray,
    groups: Sequence[str],
    specs: Sequence[Spec],
    network: Network,
    *,
    names: Sequence[str] = (),
    about: dict[str, str] | None = None,
    random: Embed = spaces.random,
    progress: Progress = ignore,
) -> Measured:
    """Leave one out over uint8 (N, S, S, 3) of `labels` (N,) into `groups`; one Spec a seed. `names` (N,) of the files
    are for the record. `random` may keep its features on disk.

    Raises ValueError without a Spec, for specs that differ in more than their seed, or for fewer than two pictures.
    """
    shapes = {(s.features, s.kernel_size, s.depth) for s in specs}
    if len(shapes) != 1:
        raise ValueError(f"expected specs that differ in nothing but their seed, got {list(specs)}")
    vectors = embed(pictures, specs, network, progress, random)
    rankings = [
        Ranking(row[0], metric, row[1], *precision_curve(leave_one_out(vectors[row], metric), labels))
        for row in sorted(vectors, key=lambda row: row[0] != RANDOM)  # as the record has them: these first
        for metric in METRICS
    ]
    [(features, kernel, depth)] = shapes
    return Measured(
        images=len(pictures),
        groups=tuple(groups),
        size=pictures.shape[1],
        features=features,
        kernel=kernel,
        depth=depth,
        network=network.card.name,
        contradictory=contradictions(pictures, labels, names) if names else (),
        rankings=tuple(rankings),
        about=about or {},
    )


def contradictions(pictures: np.ndarray, labels: np.ndarray, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Names of pictures (N, H, W, C) that are equal to the last value but, by `labels` (N,), not of one group."""
    same: dict[bytes, list[int]] = {}
    for i, picture in enumerate(pictures):
        same.setdefault(picture.tobytes(), []).append(i)
    return tuple(tuple(names[i] for i in which) for which in same.values() if len({int(labels[i]) for i in which}) > 1)


def finding(found: Measured, metric: Metric = "euclidean") -> str:
    """The three spaces at the first and last k of AT, in a sentence."""
    means = {space: np.mean([r.precision for r in found.of(space, metric)], 0) for space in SPACES}
    said = [f"{WORDS[s]} {m[AT[0] - 1]:.0%} ({m[AT[-1] - 1]:.0%} of the nearest {AT[-1]})" for s, m in means.items()]
    return (
        f"Of {found.images} pictures in {len(found.groups)} groups, the nearest other picture is of the same group for "
        f"{said[0]}, {said[1]} and {said[2]}; chance is {found.chance:.0%}."
    )


def measured(folder: Path = FOLDER) -> Measured | None:
    """What `receptive measure retrieval` wrote into FOLDER, None if it has not."""
    return read_one(folder / RECORD, Measured)


def doubts(found: Measured) -> str:
    """What is wrong with the gallery itself, in a sentence; nothing if nothing is."""
    if not found.contradictory:
        return ""
    pairs = "; ".join(" = ".join(names) for names in found.contradictory)
    return f"The same picture lies in two groups ({pairs}): one is mislabelled; both are left in the numbers."
