"""Ranks and the correlation of ranks of a few values, without the seconds that scipy.stats takes to import."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def ranks(values: Sequence[float] | np.ndarray) -> np.ndarray:
    """(..., n) -> (..., n): the rank of each value along the last axis, from 1; equal ones share their mean rank."""
    known = np.asarray(values, float)
    order = np.sort(known, -1)
    rows = [
        np.searchsorted(o, k) + np.searchsorted(o, k, "right")
        for o, k in zip(order.reshape(-1, order.shape[-1]), known.reshape(-1, order.shape[-1]), strict=True)
    ]
    return (np.reshape(rows, known.shape) + 1) / 2


def spearman(one: Sequence[float] | np.ndarray, other: Sequence[float] | np.ndarray) -> float:
    """Spearman's rank correlation of two (n,), in -1..1; 0 where all values of one are equal, and nothing orders it."""
    a, b = ranks(one), ranks(other)
    a, b = a - a.mean(), b - b.mean()
    length = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / length if length else 0.0
