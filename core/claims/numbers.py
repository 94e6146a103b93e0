"""From shares, means and seeds to a quantity with its 95 % interval, and to the words that tell it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from core.base import ranks
from core.base.intervals import mean_interval, wilson
from core.claims.claim import Ours

Z = 1.96  # of a 95 % interval of a normal error
DRAWS, SEED = 4_000, 0  # of the bootstrap
PERCENT = 100
OVER_PICTURES = "95 % over pictures; one training run a network"
OVER_SEEDS = "95 % over {} seeds (Student's t)"
OVER_BOTH = "95 % over {} seeds and all pictures, in pairs"


class Estimate(NamedTuple):
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


def within(value: float, half: float) -> Estimate:
    """A value and the half width of its interval."""
    return Estimate(value, value - half, value + half)


def share(value: float, n: int) -> Estimate:
    """A share of n trials with Wilson's interval, in percent."""
    return percent(value, wilson(value, n))


def percent(value: float, interval: Sequence[float]) -> Estimate:
    """A share and its interval, in percent."""
    return Estimate(PERCENT * value, PERCENT * float(interval[0]), PERCENT * float(interval[1]))


def minus(a: Estimate, b: Estimate) -> Estimate:
    """a - b of independent estimates (Newcombe 1998, method 10). Where both saw the same pictures, and so err alike,
    the interval is wider than it need be."""
    middle = a.value - b.value
    below = math.hypot(a.value - a.low, b.high - b.value)
    above = math.hypot(a.high - a.value, b.value - b.low)
    return Estimate(middle, middle - below, middle + above)


def paired(a: Sequence[int] | np.ndarray, b: Sequence[int] | np.ndarray) -> Estimate:
    """The mean of a - b of the same pictures, each (n,) in [0, 1], in points with Student's interval; where every
    picture says the same, with that of a share of which none was seen (Wilson)."""
    differences = np.subtract(a, b)
    mean, half = (PERCENT * value for value in mean_interval(differences))
    if half == 0:  # as if no number of pictures could show otherwise
        half = PERCENT * wilson(0, len(differences))[1]
    return within(mean, half)


def crossed(points: np.ndarray) -> Estimate:
    """The mean of differences (S, N), of S seeds by the same N pictures, with an interval over both; over the pictures
    alone where there is one seed. Fewer than three of either, but for that, make it NaN.

    Its half width is the root of the squares of Student's over the seeds' means and over the pictures' means. What
    neither alone explains is in both, so it is rather too wide than too narrow.
    """
    (mean, across), (_, over) = mean_interval(points.mean(0)), mean_interval(points.mean(1))
    half = across if len(points) == 1 else math.hypot(over, across)
    return within(mean, half)


def over_seeds(values: Sequence[float] | np.ndarray, low: float = -math.inf, high: float = math.inf) -> Estimate | None:
    """The mean of repetitions (n,) with Student's interval, kept within [low, high]; None for fewer than three."""
    mean, half = mean_interval(values)
    if math.isnan(half):
        return None
    return Estimate(mean, max(mean - half, low), min(mean + half, high))


def rank_correlation(of: Sequence[float], estimates: Sequence[Estimate]) -> Estimate:
    """Spearman's correlation of `of`, rising, with estimates whose errors are drawn from their intervals (seeded)."""
    values = np.array([e.value for e in estimates])
    spread = np.array([(e.high - e.low) / (2 * Z) for e in estimates])
    drawn = values + spread * np.random.default_rng(SEED).standard_normal((DRAWS, len(values)))
    ranked, given = ranks.ranks(np.vstack([values, drawn])), ranks.ranks(of)
    deviations = ranked - ranked.mean(1, keepdims=True)
    length = np.sqrt((deviations**2).sum(1) * ((given - given.mean()) ** 2).sum())
    found = deviations @ (given - given.mean()) / np.where(length > 0, length, np.inf)
    low, high = np.percentile(found[1:], [2.5, 97.5])
    return Estimate(float(found[0]), min(float(low), float(found[0])), max(float(high), float(found[0])))


def number(value: float, digits: int = 2, *, sign: bool = False) -> str:
    """With a true minus sign."""
    text = f"{value:+,.{digits}f}" if sign else f"{value:,.{digits}f}"
    return text.replace("-", "−")


def interval(e: Estimate, unit: str = "", digits: int = 2, *, sign: bool = False) -> str:
    """'+3.35 points (−0.37 to +7.05)'."""
    value, low, high = (number(v, digits, sign=sign) for v in e)
    return f"{value}{f' {unit}' if unit else ''} ({low} to {high})"


def around(e: Estimate, digits: int = 1) -> str:
    """'77.95 ± 2.6': half the interval's width."""
    return f"{number(e.value)} ± {number((e.high - e.low) / 2, digits)}"


def ours(e: Estimate | None, shown: str, data: str, date: str) -> Ours | None:
    """`Ours` of an estimate, None where there is none; `shown` follows the quantity."""
    return None if e is None else Ours(e.value, e.low, e.high, shown, data, date)
