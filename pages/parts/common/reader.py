"""How the reader wants the house: in which language, and whether large, for a class to see from the back row."""

from __future__ import annotations

import streamlit as st

from core.base import prose
from core.base.prose import LANGUAGES, section
from core.figures import theme
from pages.parts.common.address import bound

LANGUAGE, LARGE = "lang", "big"  # the keys in the session and in the URL
FIRST = "first language"  # the session's key of what the browser asks for
# One figure a screen: root sizes grow, and every figure keeps a screen of its own.
PROJECTED = """<style>
:root { font-size: 22px; }
[data-testid="stPlotlyChart"], [data-testid="stCustomComponentV2"], .stBidiComponent {
  min-height: 70vh; scroll-margin-top: 4rem;
}
</style>"""


def begin() -> None:
    """Take from the address what is asked for; before anything is shown, so that it holds from the first word on."""
    if FIRST not in st.session_state:
        locale = (st.context.locale or prose.LANGUAGE).partition("-")[0].lower()
        st.session_state[FIRST] = locale if locale in LANGUAGES else prose.LANGUAGE
    if st.query_params.get(LARGE) == "1":  # as people write it; the toggle's own word is true
        del st.query_params[LARGE]
        st.session_state[LARGE] = True


def controls() -> None:
    """The two choices, at the end of the sidebar."""
    bound(
        st.segmented_control,
        section("common", "language"),
        list(LANGUAGES),
        default=st.session_state[FIRST],
        required=True,
        key=LANGUAGE,
    )
    bound(st.toggle, section("common", "projector"), key=LARGE, help=section("common", "projector help"))
    if st.session_state.get(LARGE):
        st.html(PROJECTED)


def language() -> str | None:
    """What is chosen, what the address asks for before there is a choice, or what the browser asks for."""
    asked = st.session_state.get(LANGUAGE) or st.query_params.get(LANGUAGE)
    return asked if asked in LANGUAGES else st.session_state.get(FIRST)


def large() -> bool:
    """Whether the page is projected for a class."""
    return bool(st.session_state.get(LARGE)) or st.query_params.get(LARGE) in ("1", "true")


prose.follow(language)
theme.follow(lambda: st.context.theme.type)
theme.follow_size(large)
