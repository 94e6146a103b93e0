"""The drawing pad in the hero's place, where the answers to what is drawn stand beside it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import streamlit as st

from core.base.prose import section
from pages.parts.common import drawing_pad, tray
from pages.parts.common.tray import Picture
from pages.parts.spinal.hero import Places

KEY, BESIDE = "spinal pad", "spinal pad beside"  # of the pad; of the picture chosen while it is open
WIDTHS = (1, 2)  # of the pad and of the hero


def is_open(picture: Picture) -> bool:
    """Until it is put away, opened in the tray, or another picture is chosen; one that is cleared stays."""
    if BESIDE not in st.session_state:
        return False
    digest, drawn = st.session_state[BESIDE]
    other = picture.image.digest != digest and not is_drawing(picture)
    if st.session_state.get(drawing_pad.OPEN) or (other and not (drawn and drawing_pad.picture() is None)):
        del st.session_state[BESIDE]
        return False
    remember(picture)
    return True


def is_drawing(picture: Picture) -> bool:
    drawn = drawing_pad.picture()
    return drawn is not None and drawn.digest == picture.image.digest


def remember(picture: Picture) -> None:
    st.session_state[BESIDE] = picture.image.digest, is_drawing(picture)


def show(at: Places) -> Places:
    """Lay out the pad; the places with that of the hero beside it."""
    left, right = at.hero.columns(WIDTHS, gap="medium")
    with left:
        if drawing_pad.show(partial(tray.choose_newest, "drawing"), KEY):
            st.rerun()
        st.caption(section("spinal_heads", "pad about"))
    return replace(at, hero=right)


def button(picture: Picture) -> None:
    """Opens the pad, or puts it away."""
    if BESIDE in st.session_state:
        label = section("spinal_heads", "put away")
        st.button(label, icon=":material/close:", key="spinal draw", on_click=put_away)
        return
    label, about = section("spinal_heads", "draw a digit"), section("spinal_heads", "draw help")
    st.button(label, icon=":material/draw:", key="spinal draw", help=about, on_click=open_it, args=(picture,))


def open_it(picture: Picture) -> None:
    """In the page in place of in the tray; with what was drawn before, which is then what is read."""
    st.session_state[drawing_pad.OPEN] = False
    remember(picture)
    if drawing_pad.picture() is not None:
        tray.choose_newest("drawing")


def put_away() -> None:
    del st.session_state[BESIDE]
