"""Which heads read which picture: by the picture's sort, until the reader chooses. A photograph is no digit unasked."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from core import cache
from core.base.prose import section
from core.pictures.drawn import sort_of
from core.pictures.image import RGBImage
from core.studies.spinal import answers
from pages.parts.common.address import bound
from pages.parts.common.tray import Picture
from pages.parts.spinal import hero, pad

KEY = "spinal-read"
BEFORE = f"{KEY} began with"
Reading = Literal["photographs", "digits", "example"]
READINGS: tuple[Reading, ...] = ("photographs", "digits", "example")


def choose(at: hero.Places, picture: Picture) -> Reading:
    """Goes along with the picture's sort, as when the next one is a drawing, until the reader chooses."""
    first: Reading = "photographs" if sort_of(picture.image) == "photograph" else "digits"
    if pad.is_open(picture):
        first = "digits" if pad.is_drawing(picture) else "example"
    if st.session_state.get(BEFORE, first) != first and st.session_state.get(KEY) == st.session_state[BEFORE]:
        st.session_state[KEY] = first
    st.session_state[BEFORE] = first
    with at.others:
        found: Reading = bound(
            st.selectbox, section("spinal_heads", "read by"), READINGS, READINGS.index(first), key=KEY,
            format_func=called().__getitem__, width=280, help=section("spinal_heads", "read by help"),
        )  # fmt: skip
        pad.button(picture)
    return found


def called() -> dict[Reading, str]:
    """The readings as people read them."""
    return {
        "photographs": section("spinal_heads", "read photographs"),
        "digits": section("spinal_heads", "read digits"),
        "example": section("spinal_heads", "read example"),
    }


def digit(reading: Reading, picture: Picture) -> tuple[RGBImage, str]:
    """What the digit heads read, and what it is called: the tray's picture, or the built-in digit."""
    if reading == "digits":
        return picture.image, picture.title
    cache.wait_until_warm()
    return answers.example(), section("spinal_heads", "built-in digit")
