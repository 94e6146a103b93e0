"""Nearest neighbours: scikit-learn's, whatever the blocks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from core.compute import neighbours


@pytest.mark.parametrize("kind", [np.float32, np.int16])
def test_they_are_scikit_learns(kind, monkeypatch):
    monkeypatch.setattr(neighbours, "ROWS_AT_ONCE", 37)
    monkeypatch.setattr(neighbours, "QUERIES_AT_ONCE", 11)
    dice = np.random.default_rng(0)
    gallery, queries = ((100 * dice.normal(size=(n, 30))).astype(kind) for n in (200, 40))
    indices, distances = neighbours.nearest(queries, gallery, 7)
    theirs = NearestNeighbors(n_neighbors=7, algorithm="brute").fit(gallery.astype(float))
    expected, names = theirs.kneighbors(queries.astype(float))
    np.testing.assert_allclose(distances, expected, rtol=1e-9)
    np.testing.assert_array_equal(indices, names)


@given(st.integers(1, 20), st.integers(1, 6), st.integers(0, 1000))
@settings(deadline=None, max_examples=30)
def test_a_picture_is_nearest_to_itself(count, width, seed):
    x = np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32) * 1e3
    indices, distances = neighbours.nearest(x, x, count)
    assert np.array_equal(indices[:, 0], np.arange(count))
    assert not distances[:, 0].any()
    assert np.array_equal(np.sort(indices, 1), np.tile(np.arange(count), (count, 1)))
    assert (np.diff(distances, axis=1) >= 0).all()


def test_near_ties_that_float32_mistakes_are_decided_in_double():
    """Far from the origin, |g|² - 2 q g loses what tells these apart."""
    gallery = np.full((6, 4), 3000, np.float32) + np.arange(6, dtype=np.float32)[:, None] * 0.001
    indices, _ = neighbours.nearest(gallery[3:4], gallery, 3)
    assert indices[0, 0] == 3
    assert set(indices[0, 1:]) == {2, 4}


def test_equal_distances_are_told_in_the_gallerys_order():
    gallery = np.array([[3.0, 4], [0, 1], [6, 8], [1, 0]], np.float32)
    indices, distances = neighbours.nearest(np.zeros((1, 2), np.float32), gallery, 3)
    np.testing.assert_array_equal(indices, [[1, 3, 0]])
    np.testing.assert_allclose(distances, [[1, 1, 5]])


def test_votes_are_the_majoritys_and_the_nearer_breaks_a_tie():
    labels = np.array([0, 1, 1, 2, 0])
    scores = neighbours.votes(np.array([[0, 1, 2], [3, 1, 0], [0, 1, 4]]), labels, 4)
    assert scores.argmax(1).tolist() == [1, 2, 0]
    assert scores[:, 3].tolist() == [0, 0, 0]


def test_votes_agree_with_scikit_learns_classifier():
    dice = np.random.default_rng(1)
    x, y, q = dice.normal(size=(300, 5)), dice.integers(0, 2, 300), dice.normal(size=(100, 5))
    found, _ = neighbours.nearest(q, x, neighbours.VOTERS)  # two classes and five voters: no ties
    theirs = KNeighborsClassifier(neighbours.VOTERS).fit(x, y).predict(q)
    assert np.array_equal(neighbours.votes(found, y, 2).argmax(1), theirs)


@pytest.mark.parametrize(
    ("queries", "gallery", "count"),
    [((2, 3), (4, 2), 1), ((2, 3), (4, 3), 5), ((2, 3), (4, 3), 0), ((3,), (4, 3), 1)],
)
def test_impossible_questions_are_refused(queries, gallery, count):
    with pytest.raises(ValueError, match=r"^expected"):
        neighbours.nearest(np.zeros(queries), np.zeros(gallery), count)
