"""The samples as thumbnails to click, for those who bring no picture."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.base.prose import section
from core.figures.palette import photo_uri
from core.pictures.image import thumbnail
from core.pictures.samples import SAMPLES, load_sample
from pages.parts.common import tray
from pages.parts.common.tray import Picture

SIDE = 144  # px: twice a thumbnail's size on the page
STYLE = Path(__file__).with_name("home.css")
KEY = "home samples"

_HERE = Path(__file__)
_row = st.components.v2.component(
    "receptive_samples",
    html='<div class="samples" role="group"></div>',
    css=_HERE.with_suffix(".css").read_text("utf-8"),
    js=_HERE.with_suffix(".js").read_text("utf-8"),
)


def show(picture: Picture) -> None:
    """A row of thumbnails; the one that is clicked is chosen in the tray."""
    st.markdown(f"**{section('home', 'samples')}**")
    _row(
        key=KEY,
        data={"label": section("home", "samples"), "chosen": picture.sample or "", "items": items()},
        on_picked_change=choose,
    )


def choose() -> None:
    name = st.session_state[KEY].get("picked")
    if name in {sample.name for sample in SAMPLES}:
        st.session_state[tray.CHOICE] = name


@st.cache_resource(show_spinner=False)
def items() -> tuple[dict[str, str], ...]:
    """Every sample's name, title and thumbnail; for a list Streamlit (1.67) imports pandas."""
    return tuple(
        {"name": s.name, "title": s.title, "source": photo_uri(thumbnail(load_sample(s.name), SIDE).pixels)}
        for s in SAMPLES
    )
