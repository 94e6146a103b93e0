"""An object of a known shape is cut out of its box; what cannot be told apart is the box."""

import numpy as np
import pytest

from core.pictures.object_mask import MIDDLE, Box, mask, minimum_cut

RNG = np.random.default_rng(0)


def disc(height=96, width=120, radius=24, noise=6):
    """A red disc on a green ground, and where it is."""
    y, x = np.mgrid[:height, :width]
    where = (y - height / 2) ** 2 + (x - width / 2) ** 2 < radius**2
    picture = np.where(where[..., None], (200, 40, 30), (40, 140, 60)) + RNG.normal(0, noise, (height, width, 3))
    return picture.clip(0, 255).astype(np.uint8), where


def overlap(a, b):
    return (a & b).sum() / (a | b).sum()


@pytest.mark.parametrize("size", [(96, 120), (64, 64), (300, 200)], ids=["small", "square", "larger than is segmented"])
def test_a_disc_is_found(size):
    picture, where = disc(*size, radius=min(size) // 4)
    found = mask(picture, MIDDLE)
    assert found.shape == where.shape
    assert found.dtype == bool
    assert overlap(found, where) > 0.9
    assert not (found & ~MIDDLE.inside(*size)).any()


def test_what_sticks_out_of_the_box_is_left_out():
    picture, _ = disc(radius=40)
    found = mask(picture, Box(0.2, 0.2, 0.8, 0.8))
    assert found.any()
    assert not (found & ~Box(0.2, 0.2, 0.8, 0.8).inside(96, 120)).any()


def test_the_same_picture_gives_the_same_mask():
    picture, _ = disc()
    np.testing.assert_array_equal(mask(picture, MIDDLE), mask(picture, MIDDLE))


def test_a_box_over_everything_and_the_tiniest_pictures_are_their_box():
    picture, _ = disc()
    assert mask(picture, Box(0, 0, 1, 1)).all()
    for shape in ((1, 1), (3, 2), (1, 40)):
        tiny = np.full((*shape, 3), 90, np.uint8)
        np.testing.assert_array_equal(mask(tiny, MIDDLE), MIDDLE.inside(*shape))


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_flat_picture_has_no_object_of_its_own(value):
    flat = np.full((64, 64, 3), value, np.uint8)
    np.testing.assert_array_equal(mask(flat, MIDDLE), MIDDLE.inside(64, 64))


def test_boxes_are_shares_and_hold_a_pixel_or_more():
    assert np.argwhere(Box(0.25, 0.5, 0.75, 1).inside(8, 4)).min(0).tolist() == [2, 2]
    assert Box(0.25, 0.5, 0.75, 1).inside(8, 4).sum() == 4 * 2
    assert Box(0.999, 0.999, 1, 1).inside(3, 3).sum() == 1
    for wrong in ((0.5, 0, 0.5, 1), (0, 0.7, 1, 0.6), (-0.1, 0, 1, 1), (0, 0, 1, 1.1), (float("nan"), 0, 1, 1)):
        with pytest.raises(ValueError, match="draw the box"):
            Box(*wrong)


def test_what_is_no_picture_is_refused():
    for wrong in (np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((4, 4, 4), np.uint8)):
        with pytest.raises(ValueError, match="uint8 picture"):
            mask(wrong, MIDDLE)


def test_the_cut_is_the_cheapest_of_all():
    """Against every assignment of eight superpixels."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        against = rng.integers(0, 5, (2, 8)).astype(float)
        maybe = rng.random(8) < 0.8
        pairs = np.array([(i, j) for i in range(8) for j in range(i + 1, 8) if rng.random() < 0.4])
        costs = rng.integers(0, 4, len(pairs)).astype(float)

        def cost(chosen, against=against, pairs=pairs, costs=costs):
            own = np.where(chosen, against[1], against[0]).sum()
            return own + costs[chosen[pairs[:, 0]] != chosen[pairs[:, 1]]].sum()

        every = [np.array([bool(code >> i & 1) for i in range(8)]) for code in range(256)]
        allowed = [cost(np.where(maybe, c, False)) - against[0][~maybe].sum() for c in every if not (c & ~maybe).any()]
        found = minimum_cut(against, maybe, pairs, costs)
        assert not (found & ~maybe).any()
        assert cost(found) - against[0][~maybe].sum() == pytest.approx(min(allowed))
