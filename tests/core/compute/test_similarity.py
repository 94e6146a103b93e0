"""Between and within class similarity, against every pair counted."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.compute.spaces import similarity


@given(st.integers(0, 10_000), st.integers(4, 14), st.integers(1, 5))
@settings(deadline=None, max_examples=40)
def test_it_is_the_mean_over_all_pairs(seed, count, width):
    dice = np.random.default_rng(seed)
    x, labels = dice.normal(size=(count, width)), np.r_[0, 0, 1, dice.integers(0, 3, count - 3)]
    found = similarity(x, labels)
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    pairs = {True: [], False: []}
    for i, j in combinations(range(count), 2):
        pairs[bool(labels[i] == labels[j])].append(unit[i] @ unit[j])
    assert found.within == pytest.approx(np.mean(pairs[True]))
    assert found.between == pytest.approx(np.mean(pairs[False]))


def test_classes_at_right_angles_have_ratio_0_and_equal_pictures_1():
    axes = np.repeat(np.eye(3), 4, 0)
    labels = np.repeat([0, 1, 2], 4)
    assert similarity(axes, labels).ratio == pytest.approx(0, abs=1e-12)
    assert similarity(np.ones((12, 3)), labels).ratio == pytest.approx(1)


@pytest.mark.parametrize("labels", [[0, 0, 0], [0, 1, 2]])
def test_it_needs_pairs_of_both_kinds(labels):
    with pytest.raises(ValueError, match="expected two classes or more"):
        similarity(np.eye(3), np.array(labels))
