"""Take it with you: permalink, CSV, Python snippet and terminal command of what is on screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from core.base.files import csv_text
from core.base.prose import section
from core.networks.quoting import Apart
from pages.parts.common import frame
from pages.parts.common.tray import Picture
from pages.parts.common.words import plain

Words = Callable[[str], str]  # from where the picture is, as a command or a snippet names it


def show(slug: str, table: Mapping[str, Sequence[object]], command: Words, snippet: Words, picture: Picture) -> None:
    st.header(section("common", "take away"), anchor="take-away")
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(section("common", "permalink") if picture.sample else section("common", "permalink but"))
        st.code(frame.permalink(slug), language=None, wrap_lines=True)
        st.download_button(
            section("common", "download numbers"),
            # made on the click: a file of an earlier run may be gone when the browser asks
            lambda: csv_text(table).encode(),
            f"{slug.replace('_', '-')}.csv",
            "text/csv",
            icon=":material/download:",
            key=f"{slug} csv",
            on_click="ignore",  # a run of the page would drop the file before the browser has it
        )
        st.caption(section("common", "figure button"))
    with right:
        st.markdown(f"**{section('common', 'from the terminal')}**")
        try:
            st.code(command(picture.source), language="bash", wrap_lines=True)
        except Apart as error:
            st.caption(plain(error))
        st.markdown(f"**{section('common', 'in python')}**")
        st.code(snippet(picture.source), language="python", wrap_lines=True)
