"""A strip of thumbnails: every picture of the tray to click, and what a reload has lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import streamlit as st

from core.base.prose import section
from core.figures.palette import photo_uri
from core.pictures.image import RGBImage, thumbnail

SIDE = 112  # px of a thumbnail: twice its size on the page
SMALL = 64  # px: a picture below is shown with hard pixels
MOST_LOST, LONGEST = 50, 300  # names, and letters of each, that are believed of a browser
KEY, LOST = "tray strip", "tray strip lost"

_HERE = Path(__file__)
_strip = st.components.v2.component(
    "receptive_strip",
    html='<div class="strip" role="radiogroup"></div>',
    css=_HERE.with_suffix(".css").read_text("utf-8"),
    js=_HERE.with_suffix(".js").read_text("utf-8"),
)


def show(
    pictures: Mapping[str, tuple[str, RGBImage]], own: Sequence[str], chosen: str, choose: Callable[[str], None]
) -> None:
    """Thumbnails of pictures, name -> (title, picture), in their order; `choose` hears the name of one that is clicked.

    `own`: the names that a reload would lose.
    """

    def picked() -> None:
        name = st.session_state[KEY].get("picked")
        if name in pictures:
            choose(name)

    came = _strip(
        key=KEY,
        data={
            "label": section("common", "pictures"),
            "session": st.session_state.setdefault("tray session", uuid4().hex),
            "chosen": chosen,
            "items": tuple(  # for a list Streamlit (1.67) imports pandas
                {
                    "name": name,
                    "title": title,
                    "source": source(image.digest, image),
                    "small": max(image.height, image.width) < SMALL,
                    "own": name in own,
                }
                for name, (title, image) in pictures.items()
            ),
        },
        on_picked_change=picked,
        on_lost_change=lambda: None,
    )
    st.session_state[LOST] = read(came.get("lost"))


def lost() -> list[str]:
    """The names of the reader's own pictures that the tab held before it was loaded anew."""
    found: list[str] = st.session_state.get(LOST, [])
    return found


def read(value: Any) -> list[str]:
    """Names in what a browser sent; what it would not send is left out."""
    told = value if isinstance(value, list) else []
    return [name for name in told[:MOST_LOST] if isinstance(name, str) and 0 < len(name) <= LONGEST]


@st.cache_resource(max_entries=256, show_spinner=False)
def source(digest: str, _image: RGBImage) -> str:
    """A thumbnail as an address that holds the picture itself."""
    return photo_uri(thumbnail(_image, SIDE).pixels)
