"""How much alike pictures of one class are, and those of two: one number for a whole space (Xue & Roshan)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Similarity:
    """Mean cosine similarity of pairs `between` two classes and `within` one; the smaller their ratio, the better
    the space keeps classes apart."""

    between: float
    within: float

    @property
    def ratio(self) -> float:
        return self.between / self.within


def similarity(vectors: np.ndarray, labels: np.ndarray) -> Similarity:
    """Over all pairs of two different pictures of `vectors` (N, D); no mean is subtracted.

    A vector of zeros is like nothing, not even itself. Raises ValueError unless there are two classes and one of them
    has two pictures.
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors.astype(np.float64) / np.where(lengths > 0, lengths, 1)
    names, index, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    sums = np.zeros((len(names), vectors.shape[1]))
    np.add.at(sums, index, unit)
    inside, everything = float((sums**2).sum()), float((sums.sum(0) ** 2).sum())  # each picture with itself, too
    pairs_within, pairs = int((sizes * (sizes - 1)).sum()), len(labels) * (len(labels) - 1)
    if not pairs_within or pairs == pairs_within:
        raise ValueError(f"expected two classes or more, one with two pictures, got {len(labels)} in {len(names)}")
    itself = float((unit**2).sum())
    return Similarity((everything - inside) / (pairs - pairs_within), (inside - itself) / pairs_within)
