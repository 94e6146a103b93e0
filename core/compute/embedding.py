"""Maps of many-dimensional vectors in the plane: t-SNE (van der Maaten & Hinton 2008) by openTSNE (Poličar et al.).

Vectors of more than 50 dimensions are first projected onto their 50 strongest principal components, as is customary:
the map shows what is left of their distances there. Everything runs in one thread, so that one seed gives one map.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.base.heavy import openTSNE, sk_decomposition
from core.base.worker import Progress, ignore

LearningRate = float | Literal["auto"]

COMPONENTS = 50  # principal components that distances are measured in
MIN_POINTS = 10  # fewer that differ are no map
ROUNDING = 1e-6  # of the largest number: vectors that differ by less differ by how a computer rounds
FINEST, FARTHEST = 1e-15, 1e15  # between these float32 holds the squares of differences; openTSNE's map is NaN beyond
NEIGHBOURS_PER_PERPLEXITY = 3  # a perplexity needs so many neighbours
ITERATIONS = (250, 500)  # with early exaggeration, and after it
EXAGGERATION, MOMENTUM = 12.0, 0.8  # openTSNE's defaults
FFT_FROM = 10_000  # points from which interpolation beats Barnes and Hut's tree
LOOK_EVERY = 10  # iterations between two calls of progress

# how openTSNE places new points (Poličar, Stražar & Zupan 2023)
PLACE_PERPLEXITY, PLACE_ITERATIONS, PLACE_EXAGGERATION = 5, 250, 1.5
PLACE_RATE, PLACE_MAX_GRADIENT, PLACE_GAIN_UP, PLACE_GAIN_DOWN, PLACE_MIN_GAIN = 0.1, 0.25, 0.2, 0.8, 0.01
BISECTIONS = 100  # of a neighbourhood's width


class NoMap(ValueError):
    """Vectors that no map can be drawn of. `different`: how many of them differ, None where that is not what is wrong.

    openTSNE (1.0.4) gives equal rows a map of NaN, and says nothing.
    """

    def __init__(self, said: str, different: int | None = None) -> None:
        super().__init__(said)
        self.different = different


@dataclass(frozen=True, eq=False)
class Projection:
    """`mean` (D,) and `axes` (50, D) of the principal components; None where the vectors were few-dimensional."""

    mean: np.ndarray
    axes: np.ndarray

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """(Q, D) -> (Q, 50)"""
        return np.asarray((vectors - self.mean) @ self.axes.T)


@dataclass(frozen=True, eq=False)
class Map:
    """A finished map: `positions` float32 (N, 2), and what new points are placed by: the gallery `vectors` (N, d) and
    the projection that made them. `perplexity` is the one used: at most a third of the other points.
    """

    positions: np.ndarray
    vectors: np.ndarray
    projection: Projection | None
    perplexity: float


def fit(
    vectors: np.ndarray,
    perplexity: float = 30,
    learning_rate: LearningRate = "auto",
    seed: int = 0,
    iterations: tuple[int, int] = ITERATIONS,
    progress: Progress = ignore,
) -> Map:
    """The t-SNE of vectors (N, D), D > 50 reduced to 50 first. A perplexity above (N - 1) / 3 is lowered to that.

    `learning_rate` "auto" is N / exaggeration. `progress(done, total)` is told the iterations, and may raise to stop.
    Raises ValueError for fewer than 10 points, for a perplexity below 1 and a learning rate of 0 or less; NoMap, which
    is one, for vectors of which fewer than 10 differ, or which are no finite numbers.
    """
    check(vectors, perplexity, learning_rate)
    total = sum(iterations)
    progress(0, total)
    reduced, projection = reduce(vectors, seed)
    used = usable(perplexity, len(vectors))
    near = openTSNE.affinity.PerplexityBasedNN(reduced, perplexity=used, random_state=seed, n_jobs=1)
    found = openTSNE.TSNEEmbedding(
        openTSNE.initialization.pca(reduced, random_state=seed),
        near,
        negative_gradient_method="fft" if len(vectors) >= FFT_FROM else "bh",
        random_state=seed,
        n_jobs=1,
    )
    done = 0
    for count, exaggeration in zip(iterations, (EXAGGERATION, 1.0), strict=True):

        def look(iteration: int, error: float, now: np.ndarray, before: int = done) -> None:
            progress(before + iteration, total)

        found = found.optimize(
            count,
            exaggeration=exaggeration,
            momentum=MOMENTUM,
            learning_rate=learning_rate,
            callbacks=look,
            callbacks_every_iters=LOOK_EVERY,
        )
        done += count
    progress(total, total)
    if not np.isfinite(found).all():
        raise NoMap("expected a place for every vector, got NaN of openTSNE: choose other features or settings")
    return Map(centred(np.asarray(found)), reduced, projection, used)


def anchor(vectors: np.ndarray, positions: np.ndarray, perplexity: float = 30, seed: int = 0) -> Map:
    """The Map of positions (N, 2) that `fit` once gave for these vectors and this seed, without fitting it again.

    Raises ValueError if there are not as many positions as vectors.
    """
    if len(vectors) != len(positions):
        raise ValueError(f"expected a position for each of {len(vectors)} vectors, got {len(positions)}: fit them")
    reduced, projection = reduce(vectors, seed)
    return Map(np.asarray(positions, np.float32), reduced, projection, usable(perplexity, len(vectors)))


def check(vectors: np.ndarray, perplexity: float, learning_rate: LearningRate) -> None:
    """Raises ValueError and NoMap as `fit` does; `vectors` (N, D)."""
    if vectors.ndim != 2 or len(vectors) < MIN_POINTS or vectors.shape[1] < 2:
        raise ValueError(
            f"expected at least {MIN_POINTS} vectors (N, D) of 2 or more dimensions, got {vectors.shape}: take more"
        )
    if not perplexity >= 1:
        raise ValueError(f"expected a perplexity of 1 or more, got {perplexity}: 5 to 50 are usual")
    if learning_rate != "auto" and not learning_rate > 0:
        raise ValueError(f"expected a learning rate above 0 or 'auto', got {learning_rate}: 'auto' suits most sets")
    ends = np.stack([vectors.min(0), vectors.max(0)]).astype(np.float64)
    if not np.isfinite(ends).all():
        raise NoMap("expected vectors of finite numbers, got NaN or infinity: choose other features")
    spread, largest = float(np.ptp(ends, 0).max()), float(np.abs(ends).max())
    if spread <= ROUNDING * largest:
        raise NoMap("expected vectors that differ, got the same one in every row: there is nothing to map", 1)
    if not FINEST < spread < FARTHEST:
        raise NoMap(f"expected vectors {FINEST:g} to {FARTHEST:g} apart, got {spread:g}: scale them")
    if (different := distinct(vectors, MIN_POINTS)) < MIN_POINTS:
        raise NoMap(
            f"expected at least {MIN_POINTS} vectors that differ, got {different} in {len(vectors):,} rows: take more",
            different,
        )


def distinct(vectors: np.ndarray, enough: int) -> int:
    """How many different rows (N, D) has, counted up to `enough`."""
    found: set[bytes] = set()
    for row in vectors:
        found.add((row + 0).tobytes())  # -0 is 0
        if len(found) >= enough:
            break
    return len(found)


def usable(perplexity: float, points: int) -> float:
    """The perplexity, or the largest that so many points allow."""
    return min(float(perplexity), (points - 1) / NEIGHBOURS_PER_PERPLEXITY)


def reduce(vectors: np.ndarray, seed: int) -> tuple[np.ndarray, Projection | None]:
    """Vectors (N, D) in at most 50 dimensions (N, d), and the projection that does it to others."""
    count = min(COMPONENTS, len(vectors))
    if vectors.shape[1] <= count:
        return np.asarray(vectors, np.float32), None
    found = sk_decomposition.PCA(count, random_state=seed).fit(vectors)
    projection = Projection(found.mean_.astype(np.float32), found.components_.astype(np.float32))
    return projection(vectors).astype(np.float32), projection


def centred(positions: np.ndarray) -> np.ndarray:
    """Positions (N, 2) around the middle of the rectangle they fill, float32."""
    middle = (positions.max(0) + positions.min(0)) / 2
    return np.asarray(positions - middle, np.float32)


def place(found: Map, vectors: np.ndarray) -> np.ndarray:
    """Where new vectors (Q, D) belong in a finished map, float32 (Q, 2); no point of the map moves.

    As openTSNE's `transform`: each starts at the median of its nearest neighbours and descends its own divergence,
    seeing the map but not the other new ones. Neighbours and repulsion are computed exactly, with no index to build.
    Raises ValueError for vectors of another number of dimensions than the map's own.
    """
    new = np.asarray(vectors, np.float32) if found.projection is None else found.projection(vectors)
    if new.ndim != 2 or new.shape[1] != found.vectors.shape[1]:
        raise ValueError(f"expected vectors (Q, D) of the map's own space, got {np.shape(vectors)}")
    return np.stack([place_one(found, row) for row in new]).astype(np.float32)


def place_one(found: Map, vector: np.ndarray) -> np.ndarray:
    """(d,) -> (2,)"""
    squared = np.square(found.vectors - vector).sum(1, dtype=np.float64)
    count = min(NEIGHBOURS_PER_PERPLEXITY * PLACE_PERPLEXITY, len(squared))
    near = np.argsort(squared, kind="stable")[:count]
    share = affinities(squared[near], min(PLACE_PERPLEXITY, count / NEIGHBOURS_PER_PERPLEXITY))
    others = found.positions.astype(np.float64)
    at, update, gains = np.median(others[near], 0), np.zeros(2), np.ones(2)
    for _ in range(PLACE_ITERATIONS):
        step = at - others  # (N, 2)
        q = 1 / (1 + np.square(step).sum(1))
        gradient = PLACE_EXAGGERATION * (share * q[near]) @ step[near] - np.square(q) @ step / q.sum()
        gradient *= min(1.0, PLACE_MAX_GRADIENT / (float(np.linalg.norm(gradient)) + 1e-12))
        turned = np.sign(update) != np.sign(gradient)
        gains = np.where(turned, gains + PLACE_GAIN_UP, gains * PLACE_GAIN_DOWN + PLACE_MIN_GAIN)
        update = MOMENTUM * update - PLACE_RATE * gains * gradient
        at = at + update
    return np.asarray(at)


def affinities(squared: np.ndarray, perplexity: float) -> np.ndarray:
    """Gaussian weights (n,), summing to 1, of neighbours at squared distances (n,), as wide as the perplexity asks."""
    squared = squared - squared.min()
    low, high = 0.0, np.inf
    scale = 1 / max(float(squared.mean()), 1e-12)  # 1 / (2 sigma^2)
    for _ in range(BISECTIONS):
        weight = np.exp(-squared * scale)
        weight /= weight.sum()
        entropy = -float((weight * np.log(np.maximum(weight, 1e-300))).sum())
        low, high = (scale, high) if entropy > np.log(perplexity) else (low, scale)
        scale = 2 * low if high == np.inf else (low + high) / 2
    return np.asarray(weight)
