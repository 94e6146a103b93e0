"""t-SNE, wrapped: one seed one map, stops when told, places new points as openTSNE does."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.manifold import trustworthiness

from core.compute import embedding
from core.compute.embedding import Map, NoMap, anchor, fit, place

SHORT = (60, 60)  # iterations


@pytest.fixture(scope="module")
def digits():
    """300 digits (300, 64) in [0, 1] and their classes."""
    data = load_digits()
    return (data.data[:300] / 16).astype(np.float32), data.target[:300]


@pytest.fixture(scope="module")
def found(digits):
    return fit(digits[0], perplexity=15, iterations=(100, 150))


def test_the_map_keeps_neighbours(found, digits):
    assert found.positions.shape == (300, 2)
    assert found.positions.dtype == np.float32
    assert np.isfinite(found.positions).all()
    assert trustworthiness(digits[0], found.positions, n_neighbors=5) > 0.95
    np.testing.assert_allclose(found.positions.max(0), -found.positions.min(0), rtol=1e-5)


def test_one_seed_one_map(digits):
    vectors = digits[0]
    first, again = (fit(vectors, 10, seed=3, iterations=SHORT).positions for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, fit(vectors, 10, seed=4, iterations=SHORT).positions)


def test_perplexity_and_learning_rate_matter(digits):
    vectors = digits[0][:100]
    maps = [fit(vectors, p, r, iterations=SHORT).positions for p, r in ((5, "auto"), (20, "auto"), (5, 40.0))]
    assert not np.array_equal(maps[0], maps[1])
    assert not np.array_equal(maps[0], maps[2])


def test_progress_counts_iterations(digits):
    told = []
    fit(digits[0][:50], 5, iterations=(20, 30), progress=lambda *at: told.append(at))
    assert told == [(0, 50), (10, 50), (20, 50), (30, 50), (40, 50), (50, 50), (50, 50)]


def test_a_perplexity_too_large_is_lowered_to_what_the_points_allow(digits):
    found = fit(digits[0][:10], perplexity=30, iterations=(10, 10))
    assert found.perplexity == 3
    assert np.isfinite(found.positions).all()


@pytest.mark.parametrize(
    ("vectors", "perplexity", "rate", "words"),
    [
        (np.eye(9), 5, "auto", "at least 10"),
        (np.ones((20, 1)), 5, "auto", "2 or more dimensions"),
        (np.eye(20), 0.5, "auto", "perplexity of 1"),
        (np.eye(20), np.nan, "auto", "perplexity of 1"),
        (np.eye(20), 5, 0.0, "learning rate above 0"),
    ],
)
def test_what_cannot_be_mapped_is_refused(vectors, perplexity, rate, words):
    with pytest.raises(ValueError, match=words):
        fit(vectors, perplexity, rate)


NOISE = np.random.default_rng(0).normal(size=(100, 60))
DEEP = np.random.default_rng(1).random((100, 60))


@pytest.mark.parametrize("columns", [20, 60])  # as they are, and reduced to 50 first
@pytest.mark.parametrize(
    ("vectors", "different", "words"),
    [
        (np.repeat(DEEP[:1], 100, 0), 1, "^expected vectors that differ, got the same one in every row: there is noth"),
        (np.zeros((100, 60)), 1, "the same one in every row"),
        (DEEP[:1] + 1e-12 * NOISE, 1, "the same one in every row"),
        ((DEEP[:1] + 1e-7 * NOISE).astype(np.float32), 1, "the same one in every row"),
        (DEEP[np.r_[:2, [1] * 98]], 2, "^expected at least 10 vectors that differ, got 2 in 100 rows: take more$"),
        (DEEP[np.arange(100) % 9], 9, "at least 10 vectors that differ, got 9 in 100 rows"),
        (DEEP * np.where(np.arange(100) == 7, np.nan, 1)[:, None], None, "of finite numbers, got NaN or infinity"),
        (DEEP + np.where(np.arange(100) == 7, np.inf, 0)[:, None], None, "of finite numbers, got NaN or infinity"),
        (1e-29 * DEEP, None, "^expected vectors 1e-15 to 1e[+]15 apart, got .*: scale them$"),
        (1e25 * DEEP, None, "1e-15 to 1e[+]15 apart"),
    ],
)
def test_what_opentsne_maps_to_nan_or_to_noise_is_refused_in_one_sentence(vectors, different, words, columns):
    with pytest.raises(NoMap, match=words) as refused:
        fit(vectors[:, :columns], 5, iterations=SHORT)
    assert refused.value.different == different


def test_opentsne_itself_gives_equal_rows_a_map_of_nan():
    """Why all that is refused: a version that no longer does so may be asked again."""
    from openTSNE import TSNE

    with pytest.warns(RuntimeWarning):
        theirs = TSNE(perplexity=5, n_jobs=1, random_state=0).fit(np.ones((100, 20)))
    assert np.isnan(theirs).all()


@pytest.mark.parametrize("kinds", [10, 20])  # fewer than the perplexity's neighbours
def test_many_copies_of_a_few_vectors_are_mapped_beside_their_like(kinds):
    kind = np.arange(200) % kinds
    found = fit(DEEP[kind], 30, iterations=(100, 250)).positions
    assert np.isfinite(found).all()
    away = np.linalg.norm(found[:, None] - found[None], axis=-1) + 1e9 * np.eye(200)
    assert (kind[away.argmin(1)] == kind).all()


def test_small_and_large_numbers_are_mapped_as_long_as_float32_holds_their_squares():
    for scale in (1e-12, 1e12):
        assert np.isfinite(fit(scale * DEEP, 5, iterations=SHORT).positions).all()


def test_different_rows_are_counted_no_farther_than_needed():
    assert embedding.distinct(DEEP, 10) == 10
    assert embedding.distinct(DEEP[np.arange(100) % 7], 10) == 7
    assert embedding.distinct(np.array([[0.0, 1], [-0.0, 1]]), 10) == 1


def test_many_dimensions_are_reduced_and_few_are_not(digits):
    found = fit(digits[0][:60], 5, iterations=(10, 10))
    assert found.vectors.shape == (60, 50)
    assert found.projection is not None
    few = fit(digits[0][:60, 20:30], 5, iterations=(10, 10))
    assert few.projection is None
    np.testing.assert_array_equal(few.vectors, digits[0][:60, 20:30])


def test_the_projection_keeps_distances_of_vectors_in_a_flat_space():
    rng = np.random.default_rng(0)
    flat = (rng.normal(size=(80, 6)) @ rng.normal(size=(6, 200))).astype(np.float32)
    reduced, projection = embedding.reduce(flat, seed=0)
    gaps = [np.linalg.norm(v[:40] - v[40:], axis=1) for v in (flat, reduced)]
    np.testing.assert_allclose(*gaps, rtol=1e-4)
    np.testing.assert_allclose(projection(flat), reduced, atol=1e-4)


# ---- placing -------------------------------------------------------------------------------------


def test_new_points_go_where_opentsne_puts_them(digits):
    from openTSNE import TSNEEmbedding, affinity

    vectors = digits[0][:250, :50]  # few enough dimensions to need no projection
    found = fit(vectors, 15, iterations=(100, 150))
    new = digits[0][250:270, :50]
    near = affinity.PerplexityBasedNN(found.vectors, perplexity=15, method="exact")
    theirs = TSNEEmbedding(found.positions, near, negative_gradient_method="bh", theta=0.05).transform(new)
    spread = np.ptp(found.positions, axis=0).max()
    assert np.linalg.norm(place(found, new) - np.asarray(theirs), axis=1).max() < 0.01 * spread


def test_points_of_the_map_are_placed_near_themselves(found, digits):
    away = np.linalg.norm(place(found, digits[0][:40]) - found.positions[:40], axis=1)
    assert np.median(away) < 0.05 * np.ptp(found.positions)


def test_placing_changes_nothing_and_repeats_itself(found, digits):
    before = found.positions.copy()
    together = place(found, digits[0][:3])
    np.testing.assert_array_equal(together[1:2], place(found, digits[0][1:2]))
    np.testing.assert_array_equal(found.positions, before)
    assert together.dtype == np.float32


def test_a_point_far_from_all_stays_on_the_map(found):
    at = place(found, np.full((1, 64), 100.0))
    assert np.abs(at).max() < 1.5 * np.abs(found.positions).max()


def test_an_anchored_map_places_as_the_fitted_one(found, digits):
    kept = anchor(digits[0], found.positions, 15, seed=0)
    np.testing.assert_array_equal(place(kept, digits[0][:5]), place(found, digits[0][:5]))
    with pytest.raises(ValueError, match="a position for each of 300"):
        anchor(digits[0], found.positions[:10])


def test_vectors_of_another_space_are_refused():
    flat = Map(np.zeros((20, 2), np.float32), np.zeros((20, 5), np.float32), None, 5)
    with pytest.raises(ValueError, match="the map's own space"):
        place(flat, np.zeros((1, 6)))


@pytest.mark.parametrize("perplexity", [2.0, 5.0, 9.0])
def test_affinities_have_the_perplexity_asked_for(perplexity):
    squared = np.random.default_rng(1).uniform(1, 9, 15)
    weights = embedding.affinities(squared, perplexity)
    assert weights.sum() == pytest.approx(1)
    assert np.exp(-(weights * np.log(weights)).sum()) == pytest.approx(perplexity, rel=1e-6)
    assert weights.argmax() == squared.argmin()


def test_affinities_of_equal_distances_are_equal():
    np.testing.assert_allclose(embedding.affinities(np.zeros(15), 5), np.full(15, 1 / 15))
