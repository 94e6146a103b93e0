"""Accuracy against the number of random features: curves, closed forms, bad settings."""

import shlex

import numpy as np
import pytest

from core.compute.sign_counts import Spec
from core.data import named
from core.data.split import Split
from core.studies import random
from core.studies.random import features
from core.studies.random import look as random_look
from core.studies.random.features import Params, hits, run


@pytest.fixture(scope="module")
def digits():
    train, test = (named.load("digits", split=split) for split in ("train", "test"))
    return Split(train.pixels[:400], train.labels[:400], train.classes), test


def test_hundreds_of_random_features_beat_chance_by_far_and_more_beat_fewer(digits):
    result = run("digits", *digits, Params(features=500))
    assert result.counts.tolist() == [250, 500]
    assert result.hits[1, 0] > result.hits[0, 0] > 0.6
    assert (np.diff(result.hits, axis=1) >= 0).all()
    assert (result.train, result.test) == (400, 500)


def test_both_classifiers_and_the_pixels_beside_them(digits):
    small = run("digits", *digits, Params(features=120, classifier="knn"))
    assert small.counts.tolist() == [120]
    assert 0.9 < small.pixel_hits[0] <= 1
    assert small.hits[0, 0] > 0.5


def test_a_curves_point_does_not_depend_on_where_the_curve_ends(digits):
    few = run("digits", *digits, Params(features=250, classifier="knn"))
    more = run("digits", *digits, Params(features=300, classifier="knn"))
    np.testing.assert_array_equal(few.hits[0], more.hits[0])


def test_hits_count_the_label_among_the_first_answers():
    values = np.array([[3.0, 2, 1], [3, 2, 1], [3, 2, 1]])
    np.testing.assert_allclose(hits(values, np.array([0, 1, 2])), [1 / 3, 2 / 3, 1, 1, 1])


@pytest.mark.parametrize(
    ("ours", "pixels", "words"), [(0.9, 0.5, "better"), (0.5, 0.9, "worse"), (0.9, 0.89, "may be chance")]
)
def test_the_finding_follows_from_the_intervals(digits, ours, pixels, words):
    found = features.collect("digits", *digits, Params(), [np.full(5, ours)], np.full(5, pixels))
    assert words in features.finding(found)
    assert f"{ours:.1%}" in features.finding(found)


def test_seventy_and_ninety_five_of_twenty_of_the_readers_own_pictures_are_not_the_same(digits):
    few = [Split(split.pixels[:20], split.labels[:20], split.classes) for split in digits]
    found = features.collect("your pictures", *few, Params(), [np.full(5, 0.70)], np.full(5, 0.95))
    said = features.finding(found)
    assert "tell 70.0% of 20 test pictures of yours right" in said
    assert "their raw pixels 95.0%: worse (−25.0 points, 95 % interval −47.3 to −0.8" in said


def test_its_command_its_figure_and_table_agree(digits):
    result = run("digits", *digits, Params(features=130, classifier="knn"))
    words = shlex.split(features.command(Params(features=130, classifier="knn"), "digits"))
    assert words[:3] == ["receptive", "random-features", "digits"]
    figure = random.figure(result)
    assert figure.data[0].y[0] == pytest.approx(100 * result.hits[0, 0])
    assert features.table(result)["features"] == [130, "raw pixels"]


def test_the_snippet_runs(digits):
    scope = {}
    exec(features.snippet(Params(features=20, classifier="knn"), "digits"), scope)  # our own words
    assert scope["result"].counts.tolist() == [20]


def test_one_feature_is_what_the_network_says(digits):
    from core.compute import spaces

    picture = digits[1].pixels[0]
    spec = Spec(9, 3, 2, 1, seed=4)
    look = random_look.run(picture, spec, 7)
    assert look.feature == pytest.approx(float(spaces.random(picture[None], spec)[0, 7]))
    assert [m.shape for m in look.maps] == [(8, 8), (4, 4), (4, 4), (2, 2), (2, 2)]
    assert random_look.table(look)["mean of signs"][-1] == pytest.approx(look.feature, abs=1e-4)
    assert len(random_look.figure(look).figure.layout.images) == 1 + len(look.maps)
