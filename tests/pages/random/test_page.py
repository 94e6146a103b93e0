"""The random features page through AppTest: settings, maps, own data, bad states."""

import json
import re
import time
from functools import partial

import numpy as np
import pytest

from core.pictures.image import from_pixels, png_bytes
from core.studies.random import dataset
from core.studies.random.features import FOLDER
from tests.core.data.test_idx import write
from tests.helpers.pages import finding, first_visit, nodes, settled, upload, visit

PATIENCE = 120  # seconds that a curve may take to fill in
page = partial(visit, "random_features", random_data="digits")


def told(app, name):
    """The data of every component of that name on the page."""
    protos = [getattr(node, "proto", None) for node in nodes(app)]
    found = [proto for proto in protos if name in str(getattr(proto, "component_name", ""))]
    return [json.loads(proto.json) for proto in found]


def filled(app, pattern):
    """The page once its curve is there: the fragment that watches it does not run by itself in AppTest."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = next((m.value for m in app.markdown if re.search(pattern, m.value)), None)
        if found is not None:
            return found
        time.sleep(0.5)
        app.run()
        assert not app.exception
    raise AssertionError(f"no {pattern!r} within {PATIENCE} s")


def write_folder(folder, *, classes=("dark", "light"), count=12, broken=False):
    dice = np.random.default_rng(0)
    for i, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for k in range(count):
            pixels = (dice.random((20, 24, 3)) * 100 + 120 * i).astype(np.uint8)
            (folder / name / f"{k}.png").write_bytes(png_bytes(from_pixels(pixels)))
    if broken:
        (folder / classes[0] / "torn.png").write_bytes(b"\x89PNG\r\n torn")


def test_the_first_visit_shows_digits():
    app = page()
    assert re.match(r"#### Of the 6 pictures nearest to yours, a trained network finds \d of one kind: ", finding(app))
    assert any("On 1,797 digits the nearest neighbour has the same class for" in m.value for m in app.markdown)
    assert any("Over 1,797 digits the nearest other one is of the same kind" in c.value for c in app.caption)
    assert any("1,000 features that nobody learned tell" in m.value for m in app.markdown)
    assert not [b for b in app.button if b.label == "Draw the maps"]


def test_a_photograph_is_placed_among_photographs():
    app = first_visit("random_features")
    assert "a trained network finds 6 of one kind: **wild cat**" in finding(app)
    assert re.search(r"has learned nothing finds (\d|none) of that kind, bare pixels (\d|none)\.", finding(app))
    assert any("Over all 5,233 photographs the nearest other one shows the same" in c.value for c in app.caption)
    assert app.selectbox(key="random-data").value == "photographs"
    assert any("1,000 features that nobody learned tell" in m.value for m in app.markdown)


def test_a_drawing_is_placed_among_digits_until_the_reader_chooses():
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[14:50, 28:36] = 255
    app = visit("random_features")
    upload(app, ("one.png", png_bytes(from_pixels(pixels))))
    assert app.selectbox(key="random-data").value == "digits"
    assert any(c.value == "Your drawing is cut to its ink, as these digits were." for c in app.caption)
    assert any("Over 1,797 digits" in c.value for c in app.caption)
    app.selectbox(key="random-data").set_value("photographs").run()
    assert not app.exception
    assert any("Over all 5,233 photographs" in c.value for c in app.caption)
    app.sidebar.selectbox(key="picture").set_value("coffee").run()
    assert app.selectbox(key="random-data").value == "photographs"


def test_the_attack_names_its_targets_in_bold():
    said = [m.value for m in page(**{"random attack": "true"}).markdown]
    assert any("the attack takes&#32;**random features (k = 2,000)**&#32;from" in m for m in said)


def test_old_figures_stay_and_are_named_until_those_of_other_settings_are_there():
    app = page()
    app.select_slider(key="random-digits-features").set_value(500).run()
    assert not app.exception
    assert "Still shown" in "".join(data["stale"] for data in told(app, "receptive_points"))
    assert any("?study=random_features" in code.value for code in app.code)  # the permalink stays
    assert any("--features 500" in code.value for code in app.code)
    assert any("features that nobody learned tell" in m.value for m in app.markdown)
    end = time.monotonic() + PATIENCE
    while any(data["stale"] for data in told(app, "receptive_points")) and time.monotonic() < end:
        time.sleep(0.5)
        app.run()
    [data] = told(app, "receptive_points")
    assert data["stale"] == ""
    assert len(data["maps"]) == 3


def test_the_rows_hold_plain_numbers_and_pictures_that_are_sent_along():
    [data] = told(first_visit("random_features"), "receptive_nearest")
    assert [row["space"] for row in data["rows"]] == ["pixels", "random", "trained"]
    assert [len(row["cards"]) for row in data["rows"]] == [6, 6, 6]
    assert data["frames"][-1]["cards"] == data["rows"][1]["cards"]
    assert data["frames"][0]["said"] == "1 random features (k)"
    shown = {card["picture"] for row in [*data["rows"], *data["frames"]] for card in row["cards"]}
    assert shown == data["pictures"].keys()
    assert all(source.startswith("data:image/") for source in [data["mine"], *data["pictures"].values()])
    assert json.loads(json.dumps(data, allow_nan=False)) == data


def test_other_settings_fill_in_the_curve():
    app = page()
    app.select_slider(key="random-digits-features").set_value(250).run()
    app.number_input(key="random-digits-seed").set_value(3).run()
    assert not app.exception
    said = filled(app, r"^250 features that nobody learned")
    assert "linear SVM" in said
    app.selectbox(key="random-digits-classifier").set_value("5 nearest neighbours").run()
    assert "nearest neighbours" in filled(app, r"^250 features that nobody learned.*neighbours")


def test_maps_are_drawn_and_kept():
    app = page(random_points="60", random_digits_features="250")
    filled(app, r"^On 60 digits")
    other = app.switch_page("pages/home.py").run()
    back = other.switch_page("pages/random_features.py").run()
    assert not back.exception
    assert any(m.value.startswith("On 60 digits") for m in back.markdown)


def test_a_folder_of_the_readers_own_is_a_data_set(tmp_path):
    write_folder(tmp_path / "mine", broken=True)
    app = page(random_data="my own folder or zip")
    assert not app.exception
    app.text_input(key="random data folder").set_value(str(tmp_path / "mine")).run()
    assert not app.exception
    assert any(w.value == "24 pictures in 2 classes; 1 file left out: 1 broken." for w in app.warning)
    assert filled(app, r"^On 24 your pictures")


@pytest.mark.parametrize("kinds", [1, 4])
def test_a_folder_of_copies_has_no_map_and_the_page_says_why_and_goes_on(tmp_path, kinds):
    dice = np.random.default_rng(kinds)
    pictures = [png_bytes(from_pixels(dice.integers(0, 256, (20, 24, 3), np.uint8))) for _ in range(kinds)]
    for i in range(24):
        (tmp_path / f"kind {i % 2}").mkdir(exist_ok=True)
        (tmp_path / f"kind {i % 2}" / f"{i}.png").write_bytes(pictures[i // 2 % kinds])
    app = page(random_data="my own folder or zip")
    app.text_input(key="random data folder").set_value(str(tmp_path)).run()
    said = [" ".join(w.value.split()) for w in settled(app).warning]
    why = f"no map. Of 24 pictures {kinds} differ here, and a map takes at least 10 that do: add pictures that differ."
    assert [one.split(": ", 1)[1] for one in said] == [why] * 3
    assert any(m.value.startswith("#### ") for m in app.markdown)  # the nearest pictures are there
    assert [h.value for h in app.header if h.value == "Measured on whole data sets"]


@pytest.mark.parametrize("where", ["nowhere", "empty"])
def test_a_folder_without_pictures_is_one_sentence_and_the_page_goes_on(tmp_path, where):
    (tmp_path / "empty").mkdir()
    app = page(random_data="my own folder or zip")
    app.text_input(key="random data folder").set_value(str(tmp_path / where)).run()
    assert not app.exception
    assert any("expected" in e.value for e in app.error)
    assert [h.value for h in app.header if h.value == "Measured on whole data sets"]


def test_mnist_s_digits_are_cut_for_a_network_of_digits_and_the_page_says_what_that_is_worth(tmp_path):
    write(tmp_path, counts={"train": 40, "test": 20})
    app = page(random_data="MNIST")
    app.text_input(key="random-data folder mnist").set_value(str(tmp_path)).run()
    captions = [" ".join(c.value.split()) for c in settled(app).caption]
    [told] = [said for said in captions if "cut to their ink before it sees them" in said]
    found = dataset.cut("MNIST", "digits_cnn", FOLDER)
    assert f"{found.own_head:.1%} of the 10,000 test pictures of MNIST right" in told
    assert f"with their margin {found.with_margin:.1%}." in told


def test_a_data_set_that_is_not_here_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path))
    app = page(random_data="MNIST")
    assert not app.exception
    assert any("MNIST is not on this machine" in m.value for m in app.markdown)
    assert any("digits are always on this machine" in i.value for i in app.info)
