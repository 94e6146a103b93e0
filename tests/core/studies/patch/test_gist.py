"""A map's few numbers against counts by hand, and the object's box on pictures whose object is known."""

import numpy as np
import pytest

from core.base.files import ASSETS
from core.pictures.image import from_pixels
from core.pictures.object_mask import Box
from core.pictures.preprocess import whole
from core.pictures.samples import load_sample
from core.studies.patch import gist
from tests.core.studies.patch.test_evidence import by_maps


@pytest.mark.parametrize(
    ("values", "share"),
    [
        (np.ones((10, 10)), 0.1),
        (np.eye(10), 1.0),  # ten of a hundred hold all
        (-np.eye(10) + 0.0, float("nan")),
        ([[4.0, 0.0], [0.0, -9.0]], 1.0),  # a tenth is one patch at least
        ([[3.0, 1.0], [0.0, 0.0]], 0.75),
    ],
)
def test_what_the_strongest_tenth_holds(values, share):
    assert gist.held_by_the_strongest(np.asarray(values)) == pytest.approx(share, nan_ok=True)


def test_evidence_in_a_box_is_counted_by_its_patches_middles():
    found = by_maps([[4, 1, 0, 0], [3, -9, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    inside = gist.inside(found, 0, Box(0, 0, 0.5, 0.5))
    assert inside.evidence == pytest.approx(8 / 10)
    assert inside.patches == 4 / 16
    assert gist.inside(found, 0, Box(0, 0, 1, 1)) == gist.Inside(1.0, 1.0)
    assert np.isnan(gist.inside(by_maps([[-1, -1]]), 0, Box(0, 0, 1, 1)).evidence)


def disc(height, width, radius):
    y, x = np.mgrid[:height, :width]
    noise = np.random.default_rng(0).integers(-8, 9, (height, width, 3))
    inside = (y - height / 2) ** 2 + (x - width / 2) ** 2 < radius**2
    return (np.where(inside[..., None], (200, 60, 40), (40, 90, 60)) + noise).astype(np.uint8)


def test_the_box_lies_around_the_object():
    box = gist.object_box(disc(120, 160, 30))
    assert box is not None
    edges = (box.top * 120, box.left * 160, box.bottom * 120, box.right * 160)
    assert edges == pytest.approx((30, 50, 90, 110), abs=8)


def test_there_is_no_box_where_nothing_stands_out():
    assert gist.object_box(np.full((60, 80, 3), 90, np.uint8)) is None
    assert gist.object_box(whole(load_sample("brick"), gist.SIDE)) is None
    assert gist.object_box(from_pixels(np.full((1, 1, 3), 90, np.uint8)).pixels) is None


def test_a_box_around_nearly_all_or_around_scattered_pixels_is_none():
    mask = np.zeros((10, 10), bool)
    mask[0, 0] = mask[6, 6] = True
    assert gist.around(mask) is None
    assert gist.around(np.ones((10, 10), bool)) is None
    mask[:7, :7] = True
    assert gist.around(mask) == Box(0, 0, 0.7, 0.7)


def test_answers_are_likeliest_first_and_votes_are_counted():
    found = by_maps([[1, 1]], [[1, 1]], target=0)
    assert gist.votes(found) == 2
    assert [label for label, _ in gist.best(found, 0)] == ["cat", "dog"]
    assert gist.best(found, 0)[0][1] == pytest.approx(np.e / (np.e + 1))
    assert gist.likeliest([np.array([0, 3.0, 1]), np.array([0, 1.0, 2])], 2) == [1, 2]


def test_the_records_tell_what_holds_over_data_sets():
    lite = gist.beyond("imagenet", 33, ASSETS / "results")
    bags = gist.beyond("tiny-imagenet-20", 33, ASSETS / "results")
    assert lite is not None
    assert lite.five
    assert lite.pictures == 250
    assert 0.5 < lite.patches < lite.whole < 1
    assert bags is not None
    assert not bags.five
    assert bags.pictures == 1000
    assert bags.patches < bags.whole
    assert gist.beyond("tiny-imagenet-20", 25, ASSETS / "results") is None
    assert gist.beyond("cifar10", 33, ASSETS / "results") is None
    assert gist.beyond("imagenet", 33, ASSETS / "nowhere") is None
