"""What the browser draws: every map on its patches' places, frames inside the picture, and the patches cut out."""

import base64
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from core.figures.palette import paint
from core.pictures.image import from_pixels
from core.pictures.object_mask import Box
from core.pictures.preprocess import whole
from core.studies.patch import closer, evidence, wipe
from core.studies.patch.evidence import Params
from tests.core.studies.patch.test_evidence import NETS, noisy_picture


@pytest.fixture(scope="module")
def image():
    return from_pixels(noisy_picture(50, 75))


@pytest.fixture(scope="module")
def coarse(image):
    return evidence.run(NETS, image, Params(resolution="coarse"))


@pytest.fixture(scope="module")
def full(image):
    return evidence.run(NETS, image, Params())


def pixels_of(address):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))))


def test_colours_are_the_maps_on_one_scale(full):
    for m in range(2):
        assert np.array_equal(pixels_of(wipe.colours(full, m)), paint(full.evidence[m], evidence.limit(full)))


def test_a_full_map_covers_the_picture_and_a_coarse_one_its_patches_middles(full, coarse):
    assert wipe.spread(full, 0) == (0, 0, 100, 100)
    left, top, width, height = wipe.spread(coarse, 0)  # 4 x 7 patches of 9 px on 40 x 60 px, the first around (4, 4)
    assert (left, top) == pytest.approx((100 * 0.5 / 60, 100 * 0.5 / 40), abs=1e-3)
    assert (width, height) == pytest.approx((100 * 56 / 60, 100 * 32 / 40), abs=1e-3)
    assert (wipe.is_fine(full, 0), wipe.is_fine(coarse, 0)) == (True, False)


def test_what_no_patch_reaches_is_two_strips_and_none_of_the_strongest_patches_middle_lies_there(full):
    for m in range(2):  # 40 x 60 px: patches of 9 and 17 px end at row 33 and column 57
        below, right = wipe.rim(full, m)
        assert below == pytest.approx((0, 100 * 33 / 40, 100, 100 * 7 / 40), abs=1e-3)
        assert right == pytest.approx((95, 0, 5, 100 * 33 / 40), abs=1e-3)
        assert all(y < 33 and x < 57 for y, x, _ in wipe.strongest(full, m))
    assert wipe.rim(replace(full, patch=(0, 0)), 0) == []
    assert wipe.rim(replace(full, height=33, width=57), 1) == []
    assert len(wipe.rim(replace(full, height=33), 1)) == 1


@pytest.mark.parametrize(("y", "x"), [(20, 30), (0, 0), (39, 59), (3, 59)])
def test_a_frame_never_leaves_the_picture(y, x):
    left, top, width, height = wipe.framed(y, x, 15, 40, 60)
    assert left >= 0
    assert top >= 0
    assert left + width <= 100
    assert top + height <= 100
    cut = pixels_of(wipe.cut_out(noisy_picture(40, 60), y, x, 15))
    assert (width * 60 / 100, height * 40 / 100) == pytest.approx(cut.shape[1::-1], abs=0.01)


def test_a_patch_inside_is_cut_out_as_the_network_sees_it(image):
    pixels = whole(image, 40)
    crop = closer.crop_at(NETS[1], pixels, 20, 30)
    assert np.array_equal(pixels_of(wipe.cut_out(pixels, 20, 30, 17)), crop)


def test_the_strongest_come_first_and_lie_apart(full):
    found = wipe.strongest(full, 0)
    assert 1 <= len(found) <= wipe.STRONGEST
    assert found[0][:2] == evidence.strongest(full, 0)
    values = [value for *_, value in found]
    assert values == sorted(values, reverse=True)
    assert all(max(abs(a[0] - b[0]), abs(a[1] - b[1])) >= 9 for i, a in enumerate(found) for b in found[:i])


def test_an_objects_box_is_told_in_percent():
    assert wipe.boxed(Box(0.1, 0.2, 0.6, 0.9)) == (20, 10, 70, 50)


def test_the_window_knows_every_patch_of_the_grid_and_is_plain_json(image):
    network, pixels = NETS[1], whole(image, 40)
    found = evidence.coarse(network, pixels)
    told = json.loads(json.dumps(wipe.window(found, network.labels, network, pixels), allow_nan=False))
    assert len(told["best"]) == len(told["logits"]) == len(told["rows"]) * len(told["columns"]) == 18
    at = 7
    y, x = told["rows"][at // 6], told["columns"][at % 6]
    alone = closer.patch_at(network, pixels, y, x)
    assert told["labels"][told["best"][at][0]] == network.labels[int(alone.logits.argmax())]
    assert told["logits"][at][0] == pytest.approx(alone.logits.max(), abs=0.006)
    assert told["logits"][at] == sorted(told["logits"][at], reverse=True)


def test_the_photo_is_sent_as_large_as_it_helps(image):
    assert pixels_of(wipe.photo(image)).shape[0] == 320
    assert pixels_of(wipe.photo(from_pixels(noisy_picture(900, 1200)))).shape[:2] == (560, 747)


@pytest.mark.parametrize(
    ("box", "taken", "where"),
    [
        ((20, 30, 40, 40), [], "above left"),
        ((20, 30, 40, 40), [(15, 15, 20, 20)], "above right"),  # a patch over the first corner
        ((20, 2, 40, 40), [], "below left"),  # no room above
        ((0, 0, 100, 100), [(0, 0, 15, 15)], "top right"),  # none outside; the names of the picture stand below
    ],
)
def test_the_object_s_name_stands_where_it_covers_nothing(box, taken, where):
    assert wipe.label_at(box, taken) == where


def test_rectangles_share_what_lies_in_both():
    assert wipe.shared((0, 0, 10, 10), (5, 8, 10, 10)) == 5 * 2
    assert wipe.shared((0, 0, 10, 10), (10, 0, 5, 5)) == 0
