"""The linear SVM: LIBLINEAR's minimum, found another way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from sklearn.svm import LinearSVC

from core.compute import linear_svm


def objective(weights, bias, x, y, C):
    x, weights = x.astype(np.float64), weights.astype(np.float64)
    signs = np.where(np.arange(weights.shape[1]) == y[:, None], 1, -1)
    loss = np.maximum(0, 1 - signs * (x @ weights + bias)) ** 2
    return 0.5 * (weights**2).sum(0) + 0.5 * np.square(bias) + C * loss.sum(0)


@pytest.mark.parametrize("C", [0.005, 1.0])
def test_the_objective_is_liblinears_to_1e_4(C):
    x, y = load_digits(return_X_y=True)
    x, y = (x[:800] / 16).astype(np.float32), y[:800]
    ours = linear_svm.fit(x, y, 10, C=C)
    theirs = LinearSVC(C=C, dual=False, tol=1e-6).fit(x, y)
    best = objective(theirs.coef_.T, theirs.intercept_, x, y, C)
    np.testing.assert_allclose(objective(ours.weights, ours.bias, x, y, C), best, rtol=1e-4)
    np.testing.assert_allclose(ours.objective, best, rtol=1e-4)
    agreement = (linear_svm.decision(ours, x).argmax(1) == theirs.predict(x)).mean()
    assert agreement > 0.997


@given(st.integers(0, 2**31), st.integers(2, 5), st.integers(2, 40), st.integers(1, 12))
@settings(deadline=None, max_examples=30)
def test_no_small_step_goes_below_the_minimum(seed, classes, count, width):
    dice = np.random.default_rng(seed)
    x, y = dice.normal(size=(count, width)).astype(np.float32), dice.integers(0, classes, count)
    found = linear_svm.fit(x, y, classes, C=0.1, tolerance=1e-6)
    at = objective(found.weights, found.bias, x, y, 0.1)
    for _ in range(5):
        step = 1e-2 * dice.normal(size=found.weights.shape)
        assert (objective(found.weights + step, found.bias, x, y, 0.1) >= at * (1 - 1e-5)).all()


def test_integers_taken_a_scale_times_are_the_scaled_floats():
    dice = np.random.default_rng(0)
    counts, y = dice.integers(-50, 50, (60, 8)).astype(np.int16), dice.integers(0, 3, 60)
    whole = linear_svm.fit(counts, y, 3, scale=1 / 50)
    scaled = linear_svm.fit(counts.astype(np.float32) / 50, y, 3)
    np.testing.assert_allclose(
        linear_svm.decision(whole, counts), linear_svm.decision(scaled, counts / np.float32(50)), atol=1e-3
    )


def test_a_closed_form_of_one_number():
    """x = 1 of one class, x = -1 of the other: w minimises w²/2 + 2 C (1 - w)², so w = 4 C / (1 + 4 C)."""
    found = linear_svm.fit(np.array([[1.0], [-1.0]], np.float32), np.array([1, 0]), 2, C=0.5, tolerance=1e-9)
    np.testing.assert_allclose(found.weights[0], [-2 / 3, 2 / 3], atol=1e-4)
    np.testing.assert_allclose(found.bias, 0, atol=1e-5)


@pytest.mark.parametrize(
    ("x", "y", "classes", "C"),
    [
        (np.zeros((3, 2)), np.zeros(2, int), 2, 1.0),
        (np.zeros((0, 2)), np.zeros(0, int), 2, 1.0),
        (np.zeros((2, 2)), np.zeros(2, int), 1, 1.0),
        (np.zeros((2, 2)), np.array([0, 2]), 2, 1.0),
        (np.zeros((2, 2)), np.array([0, 1]), 2, 0.0),
        (np.array([[np.nan], [1.0]]), np.array([0, 1]), 2, 1.0),
        (np.array([[np.inf], [1.0]]), np.array([0, 1]), 2, 1.0),
    ],
)
def test_what_cannot_be_fitted_is_refused_in_one_sentence(x, y, classes, C):
    with pytest.raises(ValueError, match=r"^expected .*, got"):
        linear_svm.fit(x, y, classes, C=C)
