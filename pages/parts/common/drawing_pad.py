"""A pad in the tray: what is drawn with mouse, pen or finger becomes a picture of the reader's own."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.base.prose import section
from core.pictures.image import ImageError, RGBImage, decode
from pages.parts.common.words import plain

SIDE = 280  # px of the drawing: ten for each of an MNIST digit's 28
PEN = 24  # px wide: 2.4 of the 28; MNIST's strokes have a median of 2.2
MAX_POINTS = 4_000  # of all strokes together: about thirty digits, one on the other
MAX_URL = 200_000  # characters
PREFIX = "data:image/png;base64,"
OPEN = "tray pad on"  # the toggle's key
KEPT = "tray drawing"  # the key of what came last and what was found in it
_KEY = "tray pad"
_AGAIN = "clear the pad and draw again"

_HERE = Path(__file__)
_HTML = f"""
<div class="pad empty">
  <div class="paper">
    <canvas width="{SIDE}" height="{SIDE}" tabindex="-1" role="img"></canvas>
    <p class="hint" aria-hidden="true"></p>
  </div>
  <div class="buttons">
    <button type="button" class="undo"></button>
    <button type="button" class="clear"></button>
  </div>
  <p role="status"></p>
</div>
"""
_pad = st.components.v2.component(
    "receptive_drawing_pad",
    html=_HTML,
    css=_HERE.with_suffix(".css").read_text("utf-8"),
    js=_HERE.with_suffix(".js").read_text("utf-8"),
)


@dataclass(frozen=True)
class Drawing:
    """`image` SIDE x SIDE px, None for an empty pad; `strokes` each x, y, x, y, ... in whole px, to draw it again."""

    image: RGBImage | None = None
    strokes: tuple[tuple[int, ...], ...] = ()


def read(value: object) -> Drawing:
    """The drawing in what a browser sent, {"png": data URL or None, "strokes": [[x, y, ...], ...]}.

    Raises ImageError, and nothing else, for all that the pad would not send.
    """
    if not isinstance(value, dict):
        raise ImageError(f"expected a drawing's picture and strokes, got {_kind(value)}: {_AGAIN}")
    strokes, url = _strokes(value.get("strokes")), value.get("png")
    if (url is None) == bool(strokes):
        raise ImageError(f"expected a drawing's picture together with its strokes, got one of the two: {_AGAIN}")
    return Drawing(None if url is None else _image(url), strokes)


def _image(url: object) -> RGBImage:
    if not isinstance(url, str):
        raise ImageError(f"expected the drawing as a PNG data URL, got {_kind(url)}: {_AGAIN}")
    if len(url) > MAX_URL:
        raise ImageError(f"expected a drawing of at most {MAX_URL:,} characters, got {len(url):,}: {_AGAIN}")
    if not url.startswith(PREFIX):
        raise ImageError(f"expected the drawing as a PNG data URL, got one that begins with {url[:20]!r}: {_AGAIN}")
    try:
        data = base64.b64decode(url.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as error:  # ValueError: letters beyond ASCII
        raise ImageError(f"expected the drawing in base64, got something else ({error}): {_AGAIN}") from error
    image = decode(data)
    if (image.width, image.height) != (SIDE, SIDE):
        raise ImageError(f"expected a drawing of {SIDE} × {SIDE} px, got {image.width} × {image.height}: {_AGAIN}")
    return image


def _strokes(value: object) -> tuple[tuple[int, ...], ...]:
    """Bounded, since they go back to the browser at every run and stay in the session."""
    if not isinstance(value, list) or not all(isinstance(stroke, list) for stroke in value):
        raise ImageError(f"expected the drawing's strokes as lists of numbers, got {_kind(value)}: {_AGAIN}")
    count = max(len(value), sum(map(len, value)) // 2)
    if count > MAX_POINTS:
        raise ImageError(f"expected at most {MAX_POINTS:,} points in the drawing, got {count:,}: {_AGAIN}")
    if any(len(stroke) < 2 or len(stroke) % 2 for stroke in value):
        raise ImageError(f"expected an x and a y for every point of the drawing, got one without: {_AGAIN}")
    if any(type(at) is not int or not -SIDE <= at <= 2 * SIDE for stroke in value for at in stroke):
        raise ImageError(f"expected the strokes in whole pixels from {-SIDE} to {2 * SIDE}, got others: {_AGAIN}")
    return tuple(map(tuple, value))


def _kind(value: object) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"


def show(on_change: Callable[[], None], key: str = _KEY) -> bool:
    """Lay out the pad with what was drawn before and keep what is drawn now; `on_change` is called when that is new.

    Whether it came only now, after the tray has chosen its picture. One pad at a time: each keeps what it was sent.
    """

    def keep(state: Mapping[str, object]) -> bool:
        value = state.get("drawing")
        if value is None or value == _kept()[0]:  # a pad that is laid out anew has sent nothing yet
            return False
        on_change()
        st.session_state[KEPT] = (value, attempt(value))
        return True

    found = _kept()[1]
    # In a callback, since the run may be of a click that has just put the pad away; and after it, since Streamlit drops
    # the callback if the next click comes while it is at work, and calls none in a session's first run.
    came = _pad(
        key=key,
        data={
            "strokes": found.strokes if isinstance(found, Drawing) else (),
            "pen": PEN,
            "most": MAX_POINTS,
            "words": {
                "one": section("common", "pad stroke"),
                "many": section("common", "pad strokes"),
                "hint": section("common", "pad hint"),
                "undo": section("common", "pad undo"),
                "undo_help": section("common", "pad undo help"),
                "clear": section("common", "pad clear"),
                "full": section("common", "pad full"),
            },
        },
        on_drawing_change=lambda: keep(st.session_state[key]),
    )
    late = keep(came)
    if isinstance(error := _kept()[1], ImageError):
        st.error(section("common", "pad refused", problem=plain(error)), icon=":material/broken_image:")
    return late


def picture() -> RGBImage | None:
    """What is drawn on the pad, also while it is put away; None if nothing is."""
    found = _kept()[1]
    return found.image if isinstance(found, Drawing) else None


def attempt(value: object) -> Drawing | ImageError:
    try:
        return read(value)
    except ImageError as error:
        return error


def _kept() -> tuple[object, Drawing | ImageError]:
    kept: tuple[object, Drawing | ImageError] = st.session_state.get(KEPT, (None, Drawing()))
    return kept
