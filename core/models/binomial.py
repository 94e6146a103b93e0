"""The binomial blurs of Zhang (ICML 2019), §3.2, as plain numbers: Rect-2, Tri-3, Bin-4 … Bin-7."""

from __future__ import annotations

import math

import numpy as np

SIZES = range(1, 8)


def taps(size: int) -> np.ndarray:
    """The 1-D filter of `size` taps, (size,) float64, sum 1. Raises ValueError outside 1..7."""
    if size not in SIZES:
        raise ValueError(f"expected a blur of 1 to 7 taps, got {size}: choose one of {list(SIZES)}")
    row = np.array([math.comb(size - 1, i) for i in range(size)], float)
    return np.asarray(row / row.sum())


def pad_widths(size: int, offset: int = 0) -> tuple[int, int]:
    """Padding (before, after) in pixels that keeps a `size`-tap blur centred, up to half a pixel."""
    return (size - 1) // 2 + offset, size // 2 + offset
