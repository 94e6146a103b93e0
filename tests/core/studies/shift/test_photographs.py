"""lite0 and its copies on photographs: what each is asked, what is kept picture by picture, and the comparison."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from core import networks
from core.base.records import save
from core.base.refuse import DataError
from core.data import labelled
from core.pictures.image import from_pixels
from core.pictures.preprocess import seen
from core.pictures.samples import load_sample
from core.studies.shift import claims, photographs, photographs_figures
from core.studies.shift.photographs import PAIRS, Answered
from tests.core.data.test_labelled import listed

CLASSES = {"coffee": 967, "motorcycle": 665, "cat": 282}  # espresso, moped, tiger cat


@pytest.fixture(scope="module")
def lite0():
    return networks.load(networks.find("lite0"))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "images").mkdir()
    for name in CLASSES:
        Image.fromarray(load_sample(name).pixels).save(tmp_path / "images" / f"{name}.png")
    return listed(tmp_path, [(f"images/{name}.png", k) for name, k in CLASSES.items()])


def record(name, right, five, agree, still):
    arrays = (np.array(one) for one in (right, five, agree, still))
    return Answered(name, *arrays, PAIRS, 1, "noise", "receptive", "2026-11-29", "0" * 7)


def test_the_samples_are_right_and_steady(lite0, folder):
    right, five, agree, still = photographs.answer(lite0, labelled.labelled(folder))
    assert right.tolist() == five.tolist() == [1, 1, 1]
    assert agree.shape == still.shape == (3,)
    assert agree[0] == PAIRS  # of the coffee
    assert (still <= 4).all()


def test_a_picture_is_asked_in_the_middle_in_pairs_and_moved_by_one_of_its_own_pixels(lite0):
    dice = np.random.default_rng(3)
    image = from_pixels(dice.integers(0, 256, (300, 330, 3), np.uint8))
    asked = list(photographs.windows(image, lite0, np.random.default_rng((0, 5))))
    again = list(photographs.windows(image, lite0, np.random.default_rng((0, 5))))
    assert len(asked) == 1 + 2 * PAIRS + 5
    assert all(one.shape == (224, 224, 3) for one in asked)
    assert all(np.array_equal(a, b) for a, b in zip(asked, again, strict=True))
    np.testing.assert_array_equal(asked[0], seen(image, lite0.preprocessing))
    rest, *moved = asked[-5:]
    inner = from_pixels(image.pixels[1:-1, 1:-1])
    np.testing.assert_array_equal(rest, seen(inner, lite0.preprocessing))
    left = from_pixels(image.pixels[1:-1, 2:])
    assert any(np.array_equal(one, seen(left, lite0.preprocessing)) for one in moved)
    assert len({one.tobytes() for one in asked[-5:]}) == 5


def test_shares_and_paired_differences_follow_from_the_pictures():
    plain = record("lite0", [1, 1, 0, 1], [1, 1, 1, 1], [10, 8, 6, 10], [4, 4, 0, 4])
    blurred = record("lite0_blur5", [1, 0, 0, 1], [1, 1, 0, 1], [10, 10, 8, 10], [4, 4, 4, 4])
    found = photographs.shares([plain, blurred])
    assert [s.value for s in found["top-1"].values()] == [75, 50]
    assert found["consistency"]["lite0_blur5"].more == pytest.approx(10)
    assert found["under one pixel"]["lite0"].value == pytest.approx(75)
    # four differences 0, 20, 20 and 0 points: deviation 11.55 points, t(3) = 3.182
    assert found["consistency"]["lite0_blur5"].half == pytest.approx(3.1824 * 11.547 / 2, rel=1e-3)
    assert np.isnan(found["top-1"]["lite0"].more)
    said = photographs_figures.finding([plain, blurred])
    assert said.startswith("Of 4 photographs lite0 gets 75.0 % right, and of pairs of crops 85.0 % agree.")
    assert "lite0 · blur 5 −25.00 ± " in said
    table = photographs_figures.table([plain, blurred])
    assert table["network"] == ["lite0", "lite0 · blur 5"]
    assert table["top-1, minus lite0's, points"][0] == "–"
    fig = photographs_figures.scatter([plain, blurred]).figure
    assert [(trace.y[0], trace.x[0]) for trace in fig.data] == [
        ("lite0", pytest.approx(85)), ("lite0", 75), ("lite0 · blur 5", pytest.approx(95)), ("lite0 · blur 5", 50)
    ]  # fmt: skip


def test_only_what_a_blur_adds_to_the_plain_copy_is_its_own(tmp_path):
    plain = record("lite0", [1, 1, 1, 1], [1, 1, 1, 1], [10, 10, 10, 10], [4, 4, 4, 4])
    same = record("lite0_same", [1, 1, 0, 0], [1, 1, 1, 1], [10, 8, 6, 8], [4, 4, 0, 4])
    blurred = record("lite0_blur5", [1, 1, 1, 0], [1, 1, 1, 1], [10, 10, 8, 8], [4, 4, 4, 4])
    [(name, own)] = photographs.blurs_own([plain, same, blurred], "consistency").items()
    assert (name, own.more, own.value) == ("lite0_blur5", pytest.approx(10), pytest.approx(90))
    assert photographs.blurs_own([plain, blurred], "consistency") == {}
    assert photographs.blurs_own([plain, same], "consistency") == {}
    said = photographs_figures.finding([plain, same, blurred])
    assert said.endswith(
        "What a blur adds to the plain copy, taught alike: lite0 · blur 5 +25.00 ± 79.56 and +10.00 ± 18.37, "
        "and under one pixel +25.00 ± 79.56."
    )
    assert claims.on_lite0("consistency", tmp_path) is None
    for one in (plain, same, blurred):
        save(tmp_path / "imagenet" / f"{one.network}.json", one)
    ours = claims.on_lite0("consistency", tmp_path)
    assert (ours.value, ours.high) == (pytest.approx(10), pytest.approx(10 + 3.1824 * 11.547 / 2, rel=1e-3))
    assert "90.00 % with blur 5, 80.00 % without (4 photographs × 10 pairs of crops)" in ours.shown


def test_a_network_that_was_asked_about_fewer_pictures_is_compared_on_these(tmp_path):
    plain = record("lite0", [1, 1, 0, 1], [1, 1, 1, 1], [10, 8, 6, 10], [4, 4, 0, 4])
    few = record("lite0_local", [0, 1], [1, 1], [0, 0], [0, 0])
    few = replace(few, step=2, pairs=0)
    same = record("lite0_same", [1, 1, 0, 1], [1, 1, 1, 1], [10, 10, 10, 10], [4, 4, 0, 4])
    found = photographs.shares([plain, few, same])
    assert found["top-1"]["lite0_local"].value == 50
    assert found["top-1"]["lite0_local"].more == 0  # lite0 has one of the first and the third right, too
    assert list(found["consistency"]) == ["lite0", "lite0_same"]
    table = photographs_figures.table([plain, few, same])
    assert table["photographs"] == ["4", "2", "4"]
    assert table["consistency, %"][1] == ""
    assert table["consistency, %"][2].startswith("100.0")
    assert "local" not in photographs_figures.finding([plain, few])
    assert {trace.y[0] for trace in photographs_figures.scatter([plain, few]).figure.data} == {"lite0"}
    for one in (few, same, plain):
        save(tmp_path / f"{one.network}.json", one)
    (tmp_path / "samples.json").write_text("{}")
    assert list(photographs.measured(tmp_path)) == ["lite0", "lite0_same", "lite0_local"]  # as the page has them


def test_a_picture_that_cannot_be_read_is_named(lite0, folder):
    (folder / "images" / "cat.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"cat\.png"):
        photographs.answer(lite0, labelled.labelled(folder))
