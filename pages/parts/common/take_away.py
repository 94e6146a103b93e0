"""Take it with you: permalink, CSV, Python snippet and terminal command of what is on screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from core.base.files import csv_text
from core.networks.quoting import Apart
from pages.parts.common import frame
from pages.parts.common.tray import Picture
from pages.parts.common.words import plain

CAMERA = "Each figure's camera button (top right of the figure) saves it as a PNG."
Words = Callable[[str], str]  # from where the picture is, as a command or a snippet names it


def show(slug: str, table: Mapping[str, Sequence[object]], command: Words, snippet: Words, picture: Picture) -> None:
    st.header("Take it with you", anchor="take-away")
    left, right = st.columns(2, gap="large")
    with left:
        but = "" if picture.sample else " but your picture"
        st.markdown(f"**Permalink**: this address holds every setting{but}.")
        st.code(frame.permalink(slug), language=None, wrap_lines=True)
        st.download_button(
            "Download the numbers (CSV)",
            # made on the click: a file of an earlier run may be gone when the browser asks
            lambda: csv_text(table).encode(),
            f"{slug.replace('_', '-')}.csv",
            "text/csv",
            icon=":material/download:",
            key=f"{slug} csv",
        )
        st.caption(CAMERA)
    with right:
        st.markdown("**From the terminal**")
        try:
            st.code(command(picture.source), language="bash", wrap_lines=True)
        except Apart as error:
            st.caption(plain(error))
        st.markdown("**In Python**")
        st.code(snippet(picture.source), language="python", wrap_lines=True)
