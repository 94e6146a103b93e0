"""One page of all five studies of the tray's picture, to keep, print or send: written when asked for."""

from __future__ import annotations

from functools import partial
from pathlib import PurePath

import streamlit as st

from core import cache
from core.base import quote
from core.base.prose import section
from core.report import page
from pages.parts.common import waiting
from pages.parts.common.tray import Picture
from pages.parts.common.words import plain

WANTED = "report wanted"  # the digest of the picture whose report was asked for


def show(picture: Picture) -> None:
    """A button; then the report's progress; then its download."""
    st.header(section("home", "report"), anchor="report")
    st.markdown(section("home", "report about", title=plain(picture.title)))
    digest = picture.image.digest
    if st.session_state.get(WANTED) != digest:
        st.button(
            section("home", "report write"), icon=":material/article:", key="report go", on_click=want, args=(digest,)
        )
        return
    cache.wait_until_warm()
    make = partial(page.make, source=picture.source)
    html = waiting.ask(make, picture.image, picture.title, what=section("home", "report asking"), at="report")
    if html is not None:
        st.download_button(
            section("home", "report download", size=len(html) / 1e6),
            html.encode,
            f"{PurePath(picture.title).stem or 'picture'}-report.html",
            "text/html",
            icon=":material/download:",
            key="report download",
        )
    command = quote.command("receptive", "report", picture.source, "--out", "report.html")
    st.code(command, language="bash", wrap_lines=True)


def want(digest: str) -> None:
    st.session_state[WANTED] = digest
