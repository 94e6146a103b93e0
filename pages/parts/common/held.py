"""What every study says of the picture that is held beside the chosen one."""

from __future__ import annotations

import streamlit as st

from pages.parts.common.tray import Picture
from pages.parts.common.words import plain


def heading(picture: Picture) -> None:
    """Names the held picture above its part of the page."""
    st.markdown(f":material/push_pin: **Held beside it: {plain(picture.title)}**")
