"""Ranks against scipy's, ties and all."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from core.base.ranks import ranks, spearman


@pytest.mark.parametrize("seed", range(5))
def test_as_scipy_ranks(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 6, (7, 9))
    np.testing.assert_array_equal(ranks(values), stats.rankdata(values, axis=1))
    for row in values[1:]:
        assert spearman(values[0], row) == pytest.approx(stats.spearmanr(values[0], row).statistic, abs=1e-12)


def test_what_nothing_orders_correlates_with_nothing() -> None:
    assert spearman([1, 2, 3], [5.0, 5.0, 5.0]) == 0
