"""From a picture to what a network sees: index arithmetic against NumPy's roll and pad, and the sign of a shift."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torchvision import models

from core.networks import brought
from core.pictures.image import from_pixels
from core.pictures.preprocess import (
    BOUNDARIES,
    Preprocessing,
    circular_shift,
    field_of_view,
    seen,
    shift_offsets,
    shifted,
    square,
    to_tensor,
    windows,
)

QUICK = settings(max_examples=40, deadline=None)
AS_IS = Preprocessing(8, (0.0,) * 3, (1.0,) * 3)  # pixels / 255


def frame(size):
    return replace(AS_IS, size=size)


def picture(height, width, seed=0):
    return from_pixels(np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8))


def mirror(index, length):
    """Where position `index` of an endlessly mirrored line (edges not repeated) comes from."""
    period = max(1, 2 * (length - 1))
    folded = np.asarray(index) % period
    return np.minimum(folded, period - folded)


def moved_by_index(pixels, dy, dx, boundary):
    """Position i of the moved picture shows what was at i - d, wrapped round or mirrored."""
    rows, columns = np.arange(pixels.shape[0]) - dy, np.arange(pixels.shape[1]) - dx
    if boundary == "circular":
        rows, columns = rows % pixels.shape[0], columns % pixels.shape[1]
    else:
        rows, columns = mirror(rows, pixels.shape[0]), mirror(columns, pixels.shape[1])
    return pixels[rows][:, columns]


# ---- the picture as a square ---------------------------------------------------------------------


def test_a_square_of_the_right_side_is_untouched():
    image = picture(32, 32)
    np.testing.assert_array_equal(square(image, 32), image.pixels)


@pytest.mark.parametrize(("height", "width", "cut"), [(20, 40, np.s_[:, 10:30]), (40, 20, np.s_[10:30])])
def test_the_centre_square_is_taken(height, width, cut):
    image = picture(height, width)
    np.testing.assert_array_equal(square(image, 20), image.pixels[cut])


def test_scaling_down_averages_and_does_not_pick():
    board = np.repeat((np.indices((96, 96)).sum(0) % 2 * 255).astype(np.uint8)[..., None], 3, 2)
    assert np.abs(square(from_pixels(board), 16).astype(int) - 127.5).max() < 8


@pytest.mark.parametrize("size", [(1, 1), (5000, 3), (3, 5000), (2, 2)])
@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_odd_pictures_have_a_field_of_view(size, boundary):
    image = from_pixels(np.full((*size, 3), (9, 130, 250), np.uint8))
    view = field_of_view(image, frame(32), 24, boundary)
    assert view.shape == (80, 80, 3)
    assert view.dtype == np.uint8
    assert (view == (9, 130, 250)).all()


def test_to_tensor_is_the_closed_form():
    prep = Preprocessing(8, (0.1, 0.5, 0.9), (0.2, 0.3, 0.4))
    pixels = picture(8, 8).pixels
    expected = (pixels / 255 - np.array(prep.mean)) / np.array(prep.std)
    one = to_tensor(pixels, prep)
    assert one.dtype == torch.float32
    np.testing.assert_allclose(one, expected.transpose(2, 0, 1), atol=1e-6)
    many = to_tensor(np.stack([pixels, pixels[::-1]]), prep)
    assert many.shape == (2, 3, 8, 8)
    np.testing.assert_array_equal(many[0], one)


# ---- a published network's own frame -------------------------------------------------------------


@pytest.mark.parametrize(
    "arch", ["resnet18", "efficientnet_b0", "regnet_y_400mf", "swin_t", "inception_v3", "vit_b_16"]
)
@pytest.mark.parametrize("size", [(301, 223), (223, 301), (97, 640), (224, 224), (33, 40)])
def test_torchvisions_networks_see_what_their_own_transforms_make(arch, size):
    image, prep = picture(*size), brought.preset(arch)
    wanted = models.get_model_weights(arch)["IMAGENET1K_V1"].transforms()(Image.fromarray(image.pixels))
    torch.testing.assert_close(to_tensor(seen(image, prep), prep), wanted, rtol=0, atol=1e-6)


@pytest.mark.parametrize("reach", [0, 1, 5, 8])
def test_the_unshifted_window_is_what_the_network_sees_as_long_as_its_margin_lasts(reach):
    image = picture(61, 90)
    prep = Preprocessing(32, (0.0,) * 3, (1.0,) * 3, resize=48, interpolation="bicubic")
    view = field_of_view(image, prep, reach, "crop")
    assert view.shape == (32 + 2 * reach, 32 + 2 * reach, 3)
    np.testing.assert_array_equal(view[reach : reach + 32, reach : reach + 32], seen(image, prep))
    for boundary in ("circular", "reflect"):
        own = field_of_view(image, prep, reach, boundary)[reach : reach + 32, reach : reach + 32]
        np.testing.assert_array_equal(own, seen(image, prep))


def test_a_strip_is_scaled_within_bounds():
    prep = Preprocessing(32, (0.0,) * 3, (1.0,) * 3, resize=48)
    assert seen(picture(1, 20_000), prep).shape == (32, 32, 3)


@pytest.mark.parametrize("bad", [{"resize": 31}, {"interpolation": "nearest"}])
def test_a_frame_that_does_not_exist(bad):
    with pytest.raises(ValueError, match="expected"):
        replace(frame(32), **bad)


# ---- windows -------------------------------------------------------------------------------------


def test_offsets_go_row_by_row_from_up_left_to_down_right():
    offsets = shift_offsets(2)
    assert offsets.shape == (25, 2)
    assert offsets.dtype == np.int64
    assert offsets.tolist() == [[dy, dx] for dy in range(-2, 3) for dx in range(-2, 3)]
    assert offsets[12].tolist() == [0, 0]


@QUICK
@given(st.integers(1, 4), st.integers(1, 9), st.integers(1, 9), st.integers(1, 9))
def test_windows_are_views_of_every_place(channels, height, width, size):
    size = min(size, height, width)
    view = torch.arange(channels * height * width).reshape(channels, height, width)
    got = windows(view, size)
    assert got.shape == (height - size + 1, width - size + 1, channels, size, size)
    assert got.untyped_storage().data_ptr() == view.untyped_storage().data_ptr()
    for y in range(height - size + 1):
        for x in range(width - size + 1):
            assert torch.equal(got[y, x], view[:, y : y + size, x : x + size])


@QUICK
@given(st.integers(1, 12), st.integers(0, 15), st.integers(0, 99), st.data())
def test_circular_windows_are_numpys_roll(size, reach, seed, data):
    image = picture(size, size, seed)
    view = field_of_view(image, frame(size), reach, "circular")
    np.testing.assert_array_equal(view, np.pad(image.pixels, ((reach, reach), (reach, reach), (0, 0)), "wrap"))
    dy, dx = (data.draw(st.integers(-reach, reach)) for _ in range(2))
    got = shifted(to_tensor(view, AS_IS), size, reach, np.array([[dy, dx]]))[0] * 255
    np.testing.assert_allclose(got.permute(1, 2, 0), np.roll(image.pixels, (dy, dx), (0, 1)), atol=1e-3)
    np.testing.assert_array_equal(
        moved_by_index(image.pixels, dy, dx, "circular"), np.roll(image.pixels, (dy, dx), (0, 1))
    )


@QUICK
@given(st.integers(1, 12), st.integers(0, 15), st.integers(0, 99), st.data())
def test_reflected_windows_are_mirrored_at_the_edge(size, reach, seed, data):
    image = picture(size, size, seed)
    view = field_of_view(image, frame(size), reach, "reflect")
    np.testing.assert_array_equal(view, np.pad(image.pixels, ((reach, reach), (reach, reach), (0, 0)), "reflect"))
    dy, dx = (data.draw(st.integers(-reach, reach)) for _ in range(2))
    got = shifted(to_tensor(view, AS_IS), size, reach, np.array([[dy, dx]]))[0] * 255
    np.testing.assert_allclose(got.permute(1, 2, 0), moved_by_index(image.pixels, dy, dx, "reflect"), atol=1e-3)


@QUICK
@given(st.integers(1, 12), st.integers(0, 6), st.integers(0, 99))
def test_crops_come_from_the_photograph_itself(size, reach, seed):
    side = size + 2 * reach
    image = picture(side, side, seed)  # of the very size that is needed, so that nothing is scaled
    view = to_tensor(field_of_view(image, frame(size), reach, "crop"), AS_IS)
    offsets = shift_offsets(reach)
    got = (shifted(view, size, reach, offsets) * 255).round().to(torch.uint8)
    for (dy, dx), crop in zip(offsets, got.permute(0, 2, 3, 1), strict=True):
        np.testing.assert_array_equal(crop, image.pixels[reach - dy :, reach - dx :][:size, :size])


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_positive_moves_the_picture_down_and_right(boundary):
    reach, size = 3, 9
    side = size + 2 * reach if boundary == "crop" else size
    pixels = np.zeros((side, side, 3), np.uint8)
    pixels[side // 2, side // 2] = 255
    view = to_tensor(field_of_view(from_pixels(pixels), frame(size), reach, boundary), AS_IS)
    for dy, dx in [(0, 0), (2, 0), (0, 3), (-1, 2), (-3, -3)]:
        bright = shifted(view, size, reach, np.array([[dy, dx]]))[0, 0].nonzero()
        assert bright.tolist() == [[size // 2 + dy, size // 2 + dx]]


# ---- moving a batch ------------------------------------------------------------------------------

MOVES = st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(2, 9), st.integers(2, 9), st.integers(0, 99))


@QUICK
@given(MOVES, st.data())
def test_circular_shift_is_numpys_roll(shape, data):
    *dims, seed = shape
    x = torch.from_numpy(np.random.default_rng(seed).normal(size=dims))
    far = st.integers(-20, 20)
    offsets = np.array(data.draw(st.lists(st.tuples(far, far), min_size=dims[0], max_size=dims[0])))
    got = circular_shift(x, offsets)
    for one, moved, offset in zip(x, got, offsets, strict=True):
        np.testing.assert_array_equal(moved, np.roll(one, offset, (1, 2)))
    assert torch.equal(circular_shift(got, -offsets), x)
