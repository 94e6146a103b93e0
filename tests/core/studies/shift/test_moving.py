"""The moving frame: it lies where the network looks, and says what the sweep says."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from core.networks import find
from core.pictures.image import from_pixels
from core.pictures.preprocess import BOUNDARIES
from core.studies.shift import figures, moving, sweep
from core.studies.shift.sweep import LINES, Params
from tests.core.studies.shift.test_sweep import made_up

CARDS = ("lite0", "photo_resnet", "cifar_vgg")


def pixels_of(address):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))).convert("RGB"))


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("name", CARDS)
def test_the_frame_on_the_photo_holds_what_the_network_sees(cat, name, boundary):
    card, params = find(name), Params(6, boundary)
    scene = moving.scene(cat, card, params)
    picture = pixels_of(scene.picture)
    assert picture.shape == (scene.height, scene.width, 3)
    for dy, dx in ((0, 0), (6, -6), (-3, 5)):
        left, top = scene.left - dx * scene.step, scene.top - dy * scene.step
        box = (left, top, left + scene.side, top + scene.side)
        assert min(box) >= -0.01
        assert box[2] <= scene.width + 0.01
        assert box[3] <= scene.height + 0.01
        small = Image.fromarray(picture).resize((card.size, card.size), Image.Resampling.BILINEAR, box)
        expected = sweep.crop_at(cat, card, params, dy, dx)
        assert np.abs(np.asarray(small).astype(int) - expected).mean() < 6
        view = pixels_of(scene.view)[6 - dy :, 6 - dx :][: card.size, : card.size]
        lossless = card.size <= moving.HARD
        assert np.abs(view.astype(int) - expected).mean() <= (0 if lossless else 3)


@pytest.mark.parametrize("name", CARDS)
def test_of_a_photo_that_moves_by_its_own_pixels_the_frame_holds_what_is_scaled(cat, name):
    card, params = find(name), Params(6, resizer="antialiased")
    scene = moving.scene(cat, card, params)
    assert scene.own
    assert scene.view == scene.picture
    assert scene.size == scene.side
    assert scene.step == pytest.approx(scene.height / cat.height)  # a pixel of the photo's own
    picture = pixels_of(scene.picture)
    for dy, dx in ((0, 0), (6, -6), (-3, 5)):
        left, top = scene.left - dx * scene.step, scene.top - dy * scene.step
        box = (left, top, left + scene.side, top + scene.side)
        assert min(box) >= 0
        assert max(box[2] - scene.width, box[3] - scene.height) <= 0
        small = Image.fromarray(picture).resize((card.size, card.size), Image.Resampling.BILINEAR, box)
        assert np.abs(np.asarray(small).astype(int) - sweep.crop_at(cat, card, params, dy, dx)).mean() < 6


def test_the_share_of_the_picture_is_that_of_the_frame(cat):
    scene = moving.scene(cat, find("lite0"), Params(16))
    assert scene.share == pytest.approx(scene.side**2 / (scene.width * scene.height), rel=0.01)
    assert moving.scene(cat, find("photo_resnet"), Params(1, "circular")).share == pytest.approx(300 / 451, rel=0.01)


@pytest.mark.parametrize("shape", [(1, 1), (40, 4000), (4000, 40)])
def test_odd_pictures_have_a_frame(shape):
    scene = moving.scene(from_pixels(np.full((*shape, 3), 90, np.uint8)), find("lite0"), Params(2))
    assert max(scene.width, scene.height) <= 3 * min(scene.width, scene.height)
    assert 0 < scene.share <= 1


def test_drawn_digits_are_shown_as_their_networks_see_them():
    paper = np.full((28, 28, 3), 255, np.uint8)
    paper[10:18, 12:16] = (0, 0, 90)
    image = from_pixels(paper)
    shown = moving.lit(image, find("mnist_small_cnn")).pixels
    assert shown[0, 0].tolist() == [0, 0, 0]
    assert shown[12, 13].tolist() == [225, 225, 225]
    assert moving.lit(image, find("lite0")) is image


def test_all_answers_go_along_as_plain_numbers():
    r = made_up(models=2, reach=3)
    played = moving.played(r, ["A", "B"], ["#000000", "#0000ff"], "vertical")
    assert json.loads(json.dumps(played, allow_nan=False)) == played
    dy, dx = LINES["vertical"]
    assert played["path"] == [[t * dy, t * dx] for t in range(-3, 4)]
    assert played["labels"][played["target"]] == r.labels[r.target]
    for i, network in enumerate(played["networks"]):
        assert [played["labels"][k] for k in network["says"]] == [r.labels[k] for k in r.top1[i]]
        np.testing.assert_allclose(network["sure"], 1000 * r.top1_probability[i], atol=0.51)
        np.testing.assert_allclose(network["asked"], 1000 * r.probability[i], atol=0.51)
        np.testing.assert_array_equal(pixels_of(network["map"]), figures.painted(r)[i])
