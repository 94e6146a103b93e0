"""The drawing pad: what a browser may send, what is refused, and how a drawing enters the tray and leaves it."""

import base64
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from core.pictures.image import ImageError, from_pixels, png_bytes
from pages.parts.common import drawing_pad
from pages.parts.common.drawing_pad import MAX_POINTS, MAX_URL, PREFIX, SIDE, Drawing, read
from pages.parts.common.words import plain

TRAY = """
import streamlit as st
from pages.parts.common import tray
with st.sidebar:
    tray.show()
"""
STROKE = [20, 30, 200, 210]


def drawn(side=SIDE):
    """A black square on white paper."""
    pixels = np.full((side, side, 3), 255, np.uint8)
    pixels[side // 3 : side // 2, side // 3 : side // 2] = 0
    return from_pixels(pixels)


def url(data):
    return PREFIX + base64.b64encode(data).decode()


def sent(**changes):
    """What the pad sends after a stroke, with some of it changed."""
    return {"png": url(png_bytes(drawn())), "strokes": [STROKE]} | changes


# ---- what a browser sends ------------------------------------------------------------------------


def test_a_drawing_is_read_whole():
    found = read(json.loads(json.dumps(sent(strokes=[STROKE, [5, -7]]))))
    assert found == Drawing(drawn(), (tuple(STROKE), (5, -7)))


def test_an_empty_pad_is_no_picture():
    assert read({"png": None, "strokes": []}) == Drawing()


HOSTILE = {
    "no dictionary": ["png"],
    "a text": "data:image/png;base64,",
    "nothing": None,
    "an empty dictionary": {},
    "no strokes": {"png": None},
    "a picture without strokes": sent(strokes=[]),
    "strokes without a picture": sent(png=None),
    "a number for the picture": sent(png=7),
    "a list for the picture": sent(png=["data:image/png;base64,"]),
    "another mime": sent(png="data:image/svg+xml;base64,PHN2Zy8+"),
    "a web address": sent(png="https://example.org/a.png"),
    "a script": sent(png="javascript:alert(1)"),
    "no base64": sent(png=PREFIX + "not base64!"),
    "cut base64": sent(png=PREFIX + "iVBORw0KGgo"),
    "letters beyond ASCII": sent(png=PREFIX + "é" * 8),
    "an empty file": sent(png=PREFIX),
    "no picture": sent(png=url(b"MZ" + bytes(100))),
    "half a picture": sent(png=url(png_bytes(drawn())[:90])),
    "another size": sent(png=url(png_bytes(drawn(SIDE + 1)))),
    "one pixel": sent(png=url(png_bytes(drawn(1)))),
    "a huge text": sent(png=PREFIX + "A" * MAX_URL),
    "a stroke that is a text": sent(strokes=["20,30"]),
    "strokes in a dictionary": sent(strokes={"0": STROKE}),
    "a stroke of texts": sent(strokes=[["20", "30"]]),
    "broken pixels": sent(strokes=[[1.5, 2.0]]),
    "not a number": sent(strokes=[[float("nan"), 2]]),
    "truth for a number": sent(strokes=[[True, False]]),
    "a stroke without points": sent(strokes=[[]]),
    "an x without its y": sent(strokes=[[1, 2, 3]]),
    "a point far away": sent(strokes=[[1, 10**30]]),
    "too many points": sent(strokes=[[1, 2] * (MAX_POINTS + 1)]),
    "too many strokes": sent(strokes=[[1, 2]] * (MAX_POINTS + 1)),
    "too many empty strokes": sent(strokes=[[]] * 10**6),
}


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_what_no_pad_sends_is_refused_in_one_sentence(value):
    with pytest.raises(ImageError, match=r"^expected .*[:,] got .*: \w") as caught:
        read(value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(PREFIX) | st.binary().map(url),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["png", "strokes", "x"]), inner),
    max_leaves=12,
)


@settings(deadline=None)
@given(ANYTHING | st.fixed_dictionaries({"png": ANYTHING, "strokes": ANYTHING}))
def test_nothing_but_an_image_error_comes_of_anything(value):
    try:
        found = read(value)
    except ImageError:
        return
    assert found == Drawing()  # no picture of SIDE x SIDE px is drawn by chance


# ---- in the tray ---------------------------------------------------------------------------------


@pytest.fixture
def app():
    return AppTest.from_string(TRAY, default_timeout=60).run()


def opened(app):
    return app.toggle(key=drawing_pad.OPEN).set_value(True).run()


def pad(app):
    found = [one.proto for one in app.get("bidi_component") if "canvas" in one.proto.html_content]
    return found[0] if found else None


def with_value(app, value, name):
    states = app._tree.get_widget_states()
    states.widgets.add(id=name, json_value=json.dumps({"drawing": value}))
    return states


def send(app, value, name=None):
    """Send a value to the script as the browser does: AppTest has no hand for such a component."""
    return app._run(with_value(app, value, name or pad(app).id))


def chosen(app):
    return app.selectbox(key="picture").value


def test_the_pad_is_there_when_asked_for(app):
    assert pad(app) is None
    opened(app)
    assert not app.exception
    assert json.loads(pad(app).json)["strokes"] == []
    assert chosen(app) == "cat"
    assert "drawing" not in app.selectbox(key="picture").options


def test_a_drawing_is_chosen_kept_drawn_again_and_cleared(app):
    opened(app)
    send(app, sent())
    assert not app.exception
    assert chosen(app) == "drawing"
    assert app.session_state["tray picture"].image == drawn()
    assert json.loads(pad(app).json)["strokes"] == [STROKE]

    app.toggle(key=drawing_pad.OPEN).set_value(False).run()
    assert pad(app) is None
    assert chosen(app) == "drawing"
    opened(app)
    assert json.loads(pad(app).json)["strokes"] == [STROKE]
    assert chosen(app) == "drawing"

    send(app, {"png": None, "strokes": []})
    assert chosen(app) == "cat"
    assert "drawing" not in app.selectbox(key="picture").options
    assert not app.exception


def test_a_stroke_that_comes_with_the_click_that_puts_the_pad_away_is_kept(app):
    name = pad(opened(app)).id
    app.toggle(key=drawing_pad.OPEN).set_value(False)
    send(app, sent(), name)
    assert pad(app) is None
    assert chosen(app) == "drawing"


def test_a_stroke_that_streamlit_calls_no_callback_for_is_kept(app):
    states = with_value(opened(app), sent(), pad(app).id)
    again = AppTest.from_string(TRAY, default_timeout=60)._run(states)  # a browser that finds its server started anew
    assert not again.exception
    assert chosen(again) == "drawing"
    again.toggle(key=drawing_pad.OPEN).set_value(False).run()
    assert chosen(again) == "drawing"
    opened(again)
    assert json.loads(pad(again).json)["strokes"] == [STROKE]


def test_a_stroke_does_not_undo_a_later_choice(app):
    opened(app)
    send(app, sent())
    app.selectbox(key="picture").set_value("rocket").run()
    assert chosen(app) == "rocket"
    app.run()
    assert chosen(app) == "rocket"


def test_the_newest_of_upload_and_drawing_is_chosen(app):
    opened(app)
    send(app, sent())
    app.file_uploader(key="tray uploads").set_value([("mine.png", png_bytes(drawn(40)), "image/png")]).run()
    assert chosen(app) == "mine.png"
    app.file_uploader(key="tray uploads").set_value([]).run()
    assert chosen(app) == "drawing"


def test_a_hostile_value_is_said_and_the_tray_goes_on(app):
    opened(app)
    send(app, sent(png="data:image/svg+xml;base64,PHN2Zy8+"))
    assert not app.exception
    assert [e.value for e in app.error] == [
        plain(
            "Drawing: expected the drawing as a PNG data URL, got one that begins with 'data:image/svg+xml;b': "
            "clear the pad and draw again"
        )
    ]
    assert chosen(app) == "cat"
    send(app, sent())
    assert not app.error
    assert chosen(app) == "drawing"


def test_what_the_pad_loads_is_on_this_machine(app):
    opened(app)
    for part in (pad(app).html_content, pad(app).css_content, pad(app).js_content):
        assert part
        assert "http" not in part
        assert "url(" not in part
        assert "import " not in part
