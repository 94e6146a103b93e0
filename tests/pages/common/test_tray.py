"""The tray: newest first, every file told what is wrong with it, and what is not here any more said."""

import base64
import json

import numpy as np
import pytest

from core.pictures.image import decode, from_pixels, png_bytes
from core.pictures.samples import load_sample
from pages.parts.common import strip
from pages.parts.common.tray import shortened
from tests.helpers.pages import upload, visit

COFFEE = png_bytes(load_sample("coffee"))
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0heicmif1" + bytes(200)


def data(app):
    [found] = [one.proto for one in app.get("bidi_component") if "strip" in one.proto.html_content]
    return json.loads(found.json)


def told(app):
    return [one.value for one in app.info if "image_not_supported" in one.icon]


def test_the_strip_shows_every_picture_the_newest_first():
    app = visit("networks")
    assert [item["title"] for item in data(app)["items"]][:2] == ["Chelsea the cat", "Astronaut Eileen Collins"]
    assert data(app)["chosen"] == "cat"
    upload(app, ("a.png", COFFEE), ("b.png", png_bytes(load_sample("rocket"))))
    items = data(app)["items"]
    assert [item["name"] for item in items][:3] == ["b.png", "a.png", "cat"]
    assert [item["own"] for item in items][:3] == [True, True, False]
    assert data(app)["chosen"] == "b.png"
    assert all(item["source"].startswith("data:image/jpeg;base64,") for item in items)


def test_a_refused_file_is_said_and_not_chosen():
    app = visit("networks")
    upload(app, ("a.png", COFFEE))
    upload(app, ("a.png", COFFEE), ("IMG_1.HEIC", HEIC))
    assert "HEIC" in app.sidebar.error[0].value
    assert app.sidebar.selectbox(key="picture").value == "a.png"


def test_a_link_to_a_picture_of_somebodys_own_says_so():
    app = visit("networks", picture="theirs.jpg", beside="other.jpg")
    assert not app.exception
    [said] = told(app)
    assert "This link is to a picture of somebody's own, theirs.jpg and other.jpg, which is not on this machine" in said
    upload(app, ("theirs.jpg", COFFEE))
    assert "theirs" not in told(app)[0]
    app.button(key="tray go on").click().run()
    assert told(app) == []


def test_a_link_to_a_sample_says_nothing():
    assert told(visit("networks", picture="coffee")) == []


def test_what_a_reload_has_lost_is_said():
    app = visit("networks", picture="mine.jpg")
    states = app._tree.get_widget_states()
    [found] = [one.proto for one in app.get("bidi_component") if "strip" in one.proto.html_content]
    lost = ["mine.jpg", *(f"{i}.png" for i in range(5))]
    states.widgets.add(id=found.id, json_value=json.dumps({"lost": lost}))
    app._run(states)  # as a browser does: AppTest has no hand for such a component
    assert not app.exception
    [said] = told(app)
    assert "6 of them (mine.jpg, 0.png, 1.png, …): add them to the tray again" in said
    upload(app, ("mine.jpg", COFFEE))
    assert "5 of them (0.png, 1.png, 2.png, …)" in told(app)[0]


@pytest.mark.parametrize("value", [None, "a", 3, {"a": 1}, [1, None, "", "x" * 301]])
def test_what_no_browser_of_ours_sends_is_left_out(value):
    assert strip.read(value) == []


def test_at_most_so_many_names_are_believed():
    assert len(strip.read(["a"] * 1000)) == strip.MOST_LOST


@pytest.mark.parametrize(
    ("title", "short"),
    [
        ("28652355a1b2c3d4.jpg", "286523…c3d4.jpg"),
        ("photo_1234567890123456789012345678901.png", "photo_…8901.png"),
        ("n01770081_0070.jpg", "n01770081_0070.jpg"),
        ("My holiday in the mountains, second day.jpg", "My holiday in the mountains, second day.jpg"),
        ("straightforwardlyunbrokenwordwithoutdigits.png", "straightforwardlyunbrokenwordwithoutdigits.png"),
    ],
)
def test_hashes_are_cut_in_their_middle(title, short):
    assert shortened(title) == short


def test_a_thumbnail_keeps_its_shape():
    wide = from_pixels(np.zeros((20, 3000, 3), np.uint8))
    data = base64.b64decode(strip.source(wide.digest, wide).partition(",")[2])
    assert (decode(data).width, decode(data).height) == (strip.SIDE, 1)
