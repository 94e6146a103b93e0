"""How sure a share, a mean or a difference is."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from core.base.heavy import special

LEVEL = 0.95  # of the intervals of means
FEWEST = 3  # repetitions that an interval is drawn from


def wilson(share: float, n: int, z: float = 1.96) -> tuple[float, float]:
    """The 95 % interval of a share seen in n trials (Wilson 1927)."""
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return middle - half, middle + half


def difference(one: float, other: float, n: int, m: int | None = None) -> tuple[float, float]:
    """The 95 % interval of the difference of two shares, seen in n and in m trials, n by default (Newcombe 1998,
    method 10). Where both are of the same pictures, and so err alike, it is wider than it need be."""
    (low, high), (other_low, other_high) = wilson(one, n), wilson(other, m or n)
    middle = one - other
    below, above = math.hypot(one - low, other_high - other), math.hypot(high - one, other - other_low)
    return middle - below, middle + above


def mean_interval(values: Sequence[float] | np.ndarray) -> tuple[float, float]:
    """Mean of independent repetitions (n,) and the half width of its 95 % interval (Student's t), without NaN values.

    The half width of fewer than three is NaN: the spread of two says next to nothing.
    """
    known = np.asarray(values, float)
    known = known[~np.isnan(known)]
    if len(known) < FEWEST:
        return (float(known.mean()) if len(known) else math.nan), math.nan
    spread = known.std(ddof=1) / math.sqrt(len(known))
    return float(known.mean()), float(special.stdtrit(len(known) - 1, (1 + LEVEL) / 2) * spread)


def verdict(mean: float, half: float) -> str:
    """What a difference with this interval shows, in words: an interval that holds 0 shows nothing."""
    if math.isnan(half):
        return "too few seeds to tell"
    return "better" if mean - half > 0 else "worse" if mean + half < 0 else "no difference shown"


def with_interval(mean: float, half: float, *, sign: bool = False) -> str:
    """'98.31 ± 0.20', without the second part where one repetition gives no interval."""
    number = (f"{mean:+.2f}" if sign else f"{mean:.2f}").replace("-", "−")
    return number if math.isnan(half) else f"{number} ± {half:.2f}"
