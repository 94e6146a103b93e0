"""The random features page through AppTest: settings, maps, own data, bad states."""

import re
import time
from functools import partial

import numpy as np
import pytest

from core.pictures.image import from_pixels, png_bytes
from tests.helpers.pages import finding, first_visit, upload, visit

PATIENCE = 120  # seconds that a curve may take to fill in
page = partial(visit, "random_features", random_data="digits")


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
    assert finding(app).startswith("#### On 1,797 digits the nearest neighbour has the same class for")
    assert any("1,000 features that nobody learned tell" in m.value for m in app.markdown)
    assert not [b for b in app.button if b.label == "Draw the maps"]


def test_a_photograph_is_placed_among_photographs():
    app = first_visit("random_features")
    assert re.search(r"What its nearest among 5,233 photographs show most often: .+ in a trained network", finding(app))
    assert app.selectbox(key="random-data").value == "photographs"
    assert any("1,000 features that nobody learned tell" in m.value for m in app.markdown)


def test_a_drawing_is_placed_among_digits_until_the_reader_chooses():
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[14:50, 28:36] = 255
    app = visit("random_features")
    upload(app, ("one.png", png_bytes(from_pixels(pixels))))
    assert app.selectbox(key="random-data").value == "digits"
    assert "1,797 digits" in finding(app)
    app.selectbox(key="random-data").set_value("photographs").run()
    assert not app.exception
    assert "5,233 photographs" in finding(app)
    app.sidebar.selectbox(key="picture").set_value("coffee").run()
    assert app.selectbox(key="random-data").value == "photographs"


def test_the_attack_names_its_targets_in_bold():
    said = [m.value for m in page(**{"random attack": "true"}).markdown]
    assert any("the attack takes&#32;**random features (k = 2,000)**&#32;from" in m for m in said)


def test_other_settings_offer_the_maps_and_fill_in_the_curve():
    app = page()
    app.select_slider(key="random-digits-features").set_value(250).run()
    app.number_input(key="random-digits-seed").set_value(3).run()
    assert not app.exception
    assert [b for b in app.button if b.label == "Draw the maps"]
    said = filled(app, r"^250 features that nobody learned")
    assert "linear SVM" in said
    app.selectbox(key="random-digits-classifier").set_value("5 nearest neighbours").run()
    assert "nearest neighbours" in filled(app, r"^250 features that nobody learned.*neighbours")


def test_maps_are_drawn_when_asked_for_and_kept():
    app = page(random_points="60", random_digits_features="250")
    app.button(key="random draw").click().run()
    assert not app.exception
    assert finding(app).startswith("#### On 60 digits")
    other = app.switch_page("pages/home.py").run()
    back = other.switch_page("pages/random_features.py").run()
    assert not back.exception
    assert finding(back).startswith("#### On 60 digits")


def test_a_folder_of_the_readers_own_is_a_data_set(tmp_path):
    write_folder(tmp_path / "mine", broken=True)
    app = page(random_data="my own folder or zip")
    assert not app.exception
    app.text_input(key="random data folder").set_value(str(tmp_path / "mine")).run()
    assert not app.exception
    assert any(w.value == "24 pictures in 2 classes; 1 file left out: 1 broken." for w in app.warning)
    app.button(key="random draw").click().run()
    assert not app.exception
    assert finding(app).startswith("#### On 24 your pictures")


@pytest.mark.parametrize("where", ["nowhere", "empty"])
def test_a_folder_without_pictures_is_one_sentence_and_the_page_goes_on(tmp_path, where):
    (tmp_path / "empty").mkdir()
    app = page(random_data="my own folder or zip")
    app.text_input(key="random data folder").set_value(str(tmp_path / where)).run()
    assert not app.exception
    assert any("expected" in e.value for e in app.error)
    assert [h.value for h in app.header if h.value == "Measured on whole data sets"]


def test_a_data_set_that_is_not_here_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path))
    app = page(random_data="MNIST")
    assert not app.exception
    assert any("MNIST is not on this machine" in m.value for m in app.markdown)
    assert any("digits are always on this machine" in i.value for i in app.info)
