"""Resizers: what is asked, what is kept, and that skipping pixels shows where averaging does not."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from core import networks
from core.base.records import save
from core.pictures.image import from_pixels
from core.pictures.preprocess import field_of_view, scaled, square, to_tensor
from core.pictures.samples import load_sample
from core.studies.shift import claims, resizers, resizers_figures, sweep
from core.studies.shift.resizers import MOVES, RESIZERS, WINDOW, Kept
from core.studies.shift.sweep import Params
from tests.helpers.networks_by_hand import by_hand


@pytest.fixture(scope="module")
def photo():
    return networks.load(networks.find("photo_resnet"))


class Mean(torch.nn.Module):
    """(B, 3, H, W) -> (B, 2): is the picture bright?"""

    def forward(self, x):
        bright = x.mean((1, 2, 3))
        return torch.stack([bright, -bright], 1)


def stripes(height, width, period):
    """Bright and dark columns."""
    row = np.where(np.arange(width) % period < period / 2, 255, 0)
    return from_pixels(np.repeat(np.tile(row, (height, 1))[..., None], 3, 2).astype(np.uint8))


def test_only_antialiased_filters_average_what_they_leave_out():
    fine = stripes(256, 256, 2)  # finer than what is kept of it
    for how in ("bilinear", "bicubic"):
        assert abs(square(fine, 32, how)[:, 2:-2].astype(float) - 127.5).max() < 2
    assert set(np.unique(square(fine, 32, "nearest"))) <= {0, 255}
    rest, moved = (square(from_pixels(fine.pixels[:, i : i + 255]), 32, "nearest").astype(int) for i in (0, 1))
    assert (rest + moved == 255).all()  # all bright has become dark


def test_opencv_s_filter_weighs_the_nearest_pixels_by_their_distance():
    """In closed form: the middle of the new pixel in the old ones' coordinates, and the two that it lies between."""
    dice = np.random.default_rng(2)
    row = dice.integers(0, 256, (1, 30, 3), np.uint8)
    found = scaled(row, (8, 1), "opencv", (0, 0, 30, 1))[0]
    at = (np.arange(8) + 0.5) * 30 / 8 - 0.5
    left = np.floor(at).astype(int)
    share = (at - left)[:, None]
    expected = row[0, left] * (1 - share) + row[0, left + 1] * share
    assert abs(found - expected).max() <= 1
    box = scaled(np.pad(row, ((2, 1), (3, 4), (0, 0))), (8, 1), "opencv", (3, 2, 33, 3))[0]
    np.testing.assert_array_equal(box, found)


@pytest.mark.parametrize("how", ["bilinear", "bicubic", "nearest", "opencv"])
def test_a_picture_of_the_right_size_stays_as_it_is(how):
    image = load_sample("coffee")
    pixels = image.pixels[:64, :64]
    np.testing.assert_array_equal(square(from_pixels(pixels), 64, how), pixels)


def test_a_sweep_with_a_resizer_moves_the_photo_by_its_own_pixels(photo):
    image = load_sample("cat")
    for resizer, how in (("antialiased", "bilinear"), ("opencv", "opencv"), ("nearest", "nearest")):
        params = Params(2, resizer=resizer)
        asked = sweep.moved(photo, image, params, np.array([[0, 0], [-2, 1]]))
        height, width = image.pixels.shape[:2]
        for which, (dy, dx) in enumerate(((0, 0), (-2, 1))):
            window = from_pixels(image.pixels[2 - dy : height - 2 - dy, 2 - dx : width - 2 - dx])
            expected = field_of_view(window, photo.preprocessing, 0, "crop", how)
            np.testing.assert_array_equal(sweep.crop_at(image, photo.card, params, dy, dx), expected)
            x = asked(np.array([which]))
            assert np.allclose(x[0], to_tensor(expected, photo.preprocessing))


def test_what_makes_no_sense_is_refused(photo):
    with pytest.raises(ValueError, match="expected the boundary crop for a photo that moves by its own pixels"):
        Params(2, "circular", resizer="opencv")
    with pytest.raises(ValueError, match="expected a resizer of none, antialiased, opencv, nearest, got 'box'"):
        Params(2, resizer="box")
    small = from_pixels(np.zeros((20, 30, 3), np.uint8))
    with pytest.raises(ValueError, match="expected a picture of 24 px or more to move it by 8 of its own, got 20"):
        sweep.run([photo], small, Params(8, resizer="nearest"))
    with pytest.raises(ValueError, match="expected a photograph of 286 px or more, got 30 x 20"):
        resizers.frames(small, photo, "nearest")


def test_the_window_of_a_photograph_moves_by_one_pixel_whatever_the_network_sees_of_it(photo):
    dice = np.random.default_rng(4)
    image = from_pixels(dice.integers(0, 256, (299, 310, 3), np.uint8))
    rest, down, right = resizers.frames(image, photo, "nearest")
    top, left = (299 - WINDOW) // 2, (310 - WINDOW) // 2
    for frame, (dy, dx) in ((rest, (0, 0)), (down, MOVES[0]), (right, MOVES[1])):
        window = image.pixels[top - dy : top - dy + WINDOW, left - dx : left - dx + WINDOW]
        np.testing.assert_array_equal(frame, square(from_pixels(window), 64, "nearest"))
    lite = replace(photo, preprocessing=replace(photo.preprocessing, resize=70))
    np.testing.assert_array_equal(resizers.frames(image, lite, "nearest"), [rest, down, right])


def record(kept, family="photo_resnet"):
    return Kept(resizers.PAIRS[family], RESIZERS, np.array(kept), 2, WINDOW, 1, "noise", "receptive", "2026-12-01", "0")


def test_our_claim_compares_the_plain_network_behind_a_good_resizer_with_the_blurred_one_behind_opencv_s(tmp_path):
    kept = np.full((3, 3, 4), 2)
    kept[0, 0] = [2, 2, 2, 1]  # plain, antialiased: 87.5 %
    kept[2, 1] = [2, 1, 1, 0]  # blur 5, opencv: 50 %
    one = record(kept)
    assert one.estimate("photo_resnet", "antialiased").value == pytest.approx(87.5)
    claim = next(c for c in claims.CLAIMS if c.name == "resizer-outweighs-blur-photo-resnet")
    assert claim.measure(tmp_path) is None
    save(tmp_path / "resizers" / "photo_resnet.json", one)
    ours = claim.measure(tmp_path)
    assert ours.value == pytest.approx(37.5)
    assert "photo resnet, antialiased 87.50 %; photo resnet · blur 5, antialiased 100.00 %" in ours.shown
    assert claim.source == "ours"
    table = resizers.table(one, ["a", "b", "c"], ["x", "y", "z"])
    assert table["x"][0].startswith("87.5 % [")
    heads = ["averaged", "skipping", "nearest"]
    fig = resizers_figures.kept_answers(one, heads).figure
    assert len(fig.data) == 9
    assert resizers_figures.kept_answers(one, heads).table()["skipping"][2].startswith("50.0 %")


def test_squares_tell_what_changed_behind_which_resizer():
    net = networks.load(networks.find("photo_resnet"))
    image = load_sample("cat")
    results = [sweep.run([net], image, Params(1, resizer=resizer)) for resizer in RESIZERS]
    plot = resizers_figures.squares(results, ["photo resnet"], ["one", "two", "three"])
    assert list(plot.table()) == ["network", "one", "two", "three"]
    for trace, result in zip(plot.figure.data, results, strict=True):
        assert trace.z.sum() == sweep.flips(result)[0]
        assert (np.asarray(trace.text) == "✕").sum() == sweep.flips(result)[0]


def test_the_command_and_the_snippet_say_the_resizer(photo):
    result = sweep.run([photo], load_sample("cat"), Params(1, resizer="nearest"))
    assert "--resizer nearest" in sweep.command(result, Params(1, resizer="nearest"), "sample:cat")
    assert "resizer='nearest'" in sweep.snippet(result, Params(1, resizer="nearest"), "sample:cat")


def test_answers_are_kept_where_nothing_depends_on_the_place(tmp_path):
    path = tmp_path / "white.png"
    Image.fromarray(np.full((299, 299, 3), 200, np.uint8)).save(path)
    found = resizers.answers_kept(by_hand(Mean(), classes=2), [(path, 0)])
    assert found.tolist() == [[2], [2], [2]]
