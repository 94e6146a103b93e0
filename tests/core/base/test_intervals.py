"""Intervals: against SciPy, and what they allow to be said."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from core.base.intervals import difference, mean_interval, verdict, wilson

VALUES = st.lists(st.floats(-100, 100), min_size=3, max_size=12)


@given(VALUES)
def test_a_mean_and_its_interval_are_students(values):
    mean, half = mean_interval(values)
    assert mean == pytest.approx(np.mean(values), abs=1e-9)
    error = stats.sem(values)
    if error > 1e-9:
        low, high = stats.t.interval(0.95, len(values) - 1, loc=np.mean(values), scale=error)
        assert (mean - half, mean + half) == pytest.approx((low, high))


def test_fewer_than_three_give_no_interval():
    assert math.isnan(mean_interval([])[0])
    assert mean_interval([2.0])[0] == 2.0
    assert mean_interval([2.0, 4.0])[0] == 3.0
    for values in ([], [2.0], [2.0, 4.0], [2.0, 4.0, math.nan]):
        assert math.isnan(mean_interval(values)[1])
    assert mean_interval([1.0, 2.0, 3.0, math.nan]) == mean_interval([1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("mean", "half", "said"),
    [
        (0.5, 0.4, "better"),
        (-0.5, 0.4, "worse"),
        (0.5, 0.6, "no difference shown"),
        (0.0, 0.0, "no difference shown"),
        (0.5, 0.5, "no difference shown"),
        (3.0, math.nan, "too few seeds to tell"),
    ],
)
def test_the_verdict_follows_from_the_interval(mean, half, said):
    assert verdict(mean, half) == said


def test_the_interval_holds_the_true_mean_about_as_often_as_it_says():
    draws = np.random.default_rng(0).normal(5, 2, (2000, 5))
    holds = [abs(mean - 5) <= half for mean, half in map(mean_interval, draws)]
    assert 0.93 < np.mean(holds) < 0.97


@given(st.integers(1, 1000), st.floats(0, 1))
def test_wilsons_interval_holds_the_share_and_stays_a_share(n, share):
    low, high = wilson(share, n)
    assert -1e-9 <= low <= share + 1e-9
    assert share - 1e-9 <= high <= 1 + 1e-9


def test_the_interval_of_a_difference_is_newcombes():
    """His example of 1998: 56 of 70 against 48 of 80 give 0.20 (0.0524 to 0.3339) by method 10."""
    assert difference(56 / 70, 48 / 80, 70, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    low, high = difference(0.7, 0.95, 20)
    assert low < high < 0
    assert difference(0.5, 0.5, 9) == pytest.approx(tuple(-v for v in reversed(difference(0.5, 0.5, 9))))
