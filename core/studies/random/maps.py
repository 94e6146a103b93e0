"""What do pixels, features that nobody trained, and a trained network take for alike? One map of each.

Every picture is a point in three spaces (Xue & Roshan, arXiv 1806.05789, compare two of them); t-SNE draws each space
in the plane, and the nearest neighbour, found in the space itself, says how much of the classes it keeps.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.base.settings import check, setting
from core.base.worker import Progress, ignore, part
from core.compute import embedding, spaces
from core.compute.embedding import LearningRate, Map
from core.compute.neighbours import nearest
from core.compute.sign_counts import Spec
from core.data.split import Split
from core.networks.card import Network

Space = Literal["pixels", "random", "trained"]
TITLES: dict[Space, str] = {
    "pixels": "Raw pixels",
    "random": "Random features, untrained",
    "trained": "A trained network",
}
WORDS: dict[Space, str] = {
    "pixels": "in pixels",
    "random": "in random features that nobody trained",
    "trained": "in a trained network's features",
}
POINTS_LIMIT = 50_000  # what a browser still draws at ease
PERPLEXITY_LIMITS = (5, 100)
DECIMALS = 2  # of positions, which span about a hundred units, in JSON


@dataclass(frozen=True)
class Params:
    """What a map is drawn with: at most `points` pictures of the data set called `data`, t-SNE's perplexity, learning
    rate and seed; the seed also draws the pictures where the set has more. Raises ValueError outside the limits.
    """

    data: str = "digits"
    points: int = setting(5_000, limits=(1, POINTS_LIMIT))
    perplexity: float = 30
    learning_rate: LearningRate = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        check(self)
        if not self.perplexity >= 1:
            raise ValueError(f"expected a perplexity of 1 or more, got {self.perplexity}: 5 to 50 are usual")


@dataclass(frozen=True, eq=False)
class SpaceMap:
    """`positions` (N, 2) of the pictures; `agreement`: the share whose nearest neighbour in the space itself
    (not on the map) has their class; `dimensions` of the space; the `perplexity` used.
    """

    space: Space
    positions: NDArray[np.float32]
    agreement: float
    dimensions: int
    perplexity: float


@dataclass(frozen=True, eq=False)
class Result:
    """`indices` (N,) into the split, `labels` (N,) into `classes`, and a map of each space that was drawn.

    `features`, `kernel_size`, `depth` and `network_seed` are the random network's; `network` is the trained one's name,
    "" without one.
    """

    data: str
    points: int
    perplexity: float
    learning_rate: LearningRate
    seed: int
    features: int
    kernel_size: int
    depth: int
    network_seed: int
    network: str
    classes: tuple[str, ...]
    indices: np.ndarray
    labels: np.ndarray
    maps: tuple[SpaceMap, ...]

    def __len__(self) -> int:
        return len(self.labels)

    def of(self, space: Space) -> SpaceMap:
        return next(m for m in self.maps if m.space == space)


def spaces_of(network: Network | None) -> tuple[Space, ...]:
    """The spaces there are: without a trained network, two."""
    return tuple(space for space in TITLES if space != "trained" or network is not None)


def chosen(split: Split, params: Params) -> np.ndarray:
    """(N,) indices of the pictures to draw: all, or so many drawn by the seed, in the split's order."""
    if len(split) <= params.points:
        return np.arange(len(split))
    return np.sort(np.random.default_rng(params.seed).choice(len(split), params.points, replace=False))


def vectors(
    pictures: np.ndarray, space: Space, spec: Spec, network: Network | None = None, progress: Progress = ignore
) -> np.ndarray:
    """uint8 (N, H, W, C) -> float32 (N, D) in one space. Raises ValueError for "trained" without a network."""
    if space == "pixels":
        return spaces.pixels(pictures, progress)
    if space == "random":
        return spaces.random(pictures, spec, progress)
    if network is None:
        raise ValueError("expected a trained network for its space, got none: draw the other two")
    return spaces.trained(pictures, network, progress)


def draw(
    found: np.ndarray, labels: np.ndarray, space: Space, params: Params, progress: Progress = ignore
) -> tuple[SpaceMap, Map]:
    """The map of one space from its vectors (N, D): what is shown, and what places new ones. Raises NoMap."""
    progress(0, sum(embedding.ITERATIONS))
    drawn = embedding.fit(found, params.perplexity, params.learning_rate, params.seed, progress=progress)
    return SpaceMap(space, drawn.positions, agreement(found, labels), found.shape[1], drawn.perplexity), drawn


def run(split: Split, spec: Spec, network: Network | None, params: Params, progress: Progress = ignore) -> Result:
    """Draw the pictures in every space; without a trained network there are two."""
    asked = spaces_of(network)
    indices = chosen(split, params)
    pictures, labels = split.pixels[indices], split.labels[indices]
    maps = []
    for i, space in enumerate(asked):
        taking, drawing = (part(progress, 2 * i + half, 2 * len(asked)) for half in (0, 1))
        found = vectors(pictures, space, spec, network, taking)
        maps.append(draw(found, labels, space, params, drawing)[0])
    return assembled(split, spec, network, params, maps)


def assembled(split: Split, spec: Spec, network: Network | None, params: Params, maps: Sequence[SpaceMap]) -> Result:
    """The Result of maps that were drawn one by one with these settings."""
    indices = chosen(split, params)
    return Result(
        features=spec.features,
        kernel_size=spec.kernel_size,
        depth=spec.depth,
        network_seed=spec.seed,
        network="" if network is None else network.card.name,
        classes=split.classes,
        indices=indices,
        labels=split.labels[indices],
        maps=tuple(maps),
        **asdict(params),
    )


def fits(result: Result, split: Split, spec: Spec, network: Network | None, params: Params) -> bool:
    """Whether a kept Result is of these settings and of as many pictures of these classes."""
    like = assembled(split, spec, network, params, ())
    arrays = ("indices", "labels", "maps")
    same = all(getattr(result, name) == value for name, value in vars(like).items() if name not in arrays)
    return same and np.array_equal(result.labels, like.labels) and np.array_equal(result.indices, like.indices)


def agreement(found: np.ndarray, labels: np.ndarray) -> float:
    """The share of vectors (N, D) whose nearest other vector, Euclidean and exact, has their label."""
    near, _ = nearest(found, found, 2)
    other = np.where(near[:, 0] == np.arange(len(found)), near[:, 1], near[:, 0])  # an equal picture may come first
    return float((labels[other] == labels).mean())


@dataclass(frozen=True, eq=False)
class Placed:
    """A new picture in one space: its `position` (2,) on the map, and its nearest pictures there."""

    position: np.ndarray
    nearest: np.ndarray  # (n,) rows of the gallery
    distances: np.ndarray  # (n,)


def place(
    picture: np.ndarray,
    space: Space,
    gallery: np.ndarray,
    map: Map,
    spec: Spec,
    network: Network | None = None,
    n: int = 6,
) -> Placed:
    """Put a picture uint8 (1, H, W, C) into a finished map of a gallery (N, D)."""
    query = vectors(picture, space, spec, network)
    [near], [distances] = nearest(query, gallery, min(n, len(gallery)))
    return Placed(embedding.place(map, query)[0], near, distances)


def class_mix(labels: np.ndarray) -> dict[int, int]:
    """How many of the labels (n,) are of each class that occurs, the most frequent first."""
    return dict(Counter(np.sort(labels).tolist()).most_common())


def finding(result: Result) -> str:
    """The one sentence that says what is on screen."""
    shares = [f"{100 * m.agreement:.1f} % {WORDS[m.space]}" for m in result.maps]
    return f"On {len(result):,} {result.data} the nearest neighbour has the same class for {', '.join(shares)}."
