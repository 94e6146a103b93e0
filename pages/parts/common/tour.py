"""The tour: eight stops over the five studies on one picture, each a sentence, a thing to do and what to see.

Its place stands in the address (`?tour=3`), so that a reload or a link opens it there. What it says is in
assets/words/<language>/tour.md: of each stop three paragraphs, and `end` after the last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import streamlit as st

from core.base.prose import language, section, sections
from core.pictures.samples import DEFAULT_SAMPLE
from pages.parts.common import tray
from pages.parts.common.words import Markdown, plain

TOUR = "tour"  # the URL's name of the stop
HOME = "home"
TO = "tour to"  # the session's key of the stop that a click asked for
OPEN = "open page"  # the session's key of the page that was last run


@dataclass(frozen=True)
class Stop:
    """A page by its file's name, and what its address asks for there."""

    page: str
    settings: Mapping[str, str | int] = field(default_factory=dict)


STOPS = (
    Stop(HOME),
    Stop("shift_sweep"),
    Stop("shift_sweep", {"shift-boundary": "circular", "shift-R": 4}),
    Stop("patch_evidence"),
    Stop("patch_evidence"),
    Stop("sparse_codes"),
    Stop("random_features"),
    Stop("spinal_heads"),
)


def place() -> int | None:
    """The number of the stop that the address asks for, from 1; len(STOPS) + 1 is the end; None outside the tour."""
    asked = st.query_params.get(TOUR, "")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 3 else 0
    return number if 1 <= number <= len(STOPS) + 1 else None


def paragraphs(number: int) -> list[str]:
    """A stop's sentence, what to do and what to see; at the end what to do now."""
    heading = f"stop {number}" if number <= len(STOPS) else "end"
    return sections("tour", language())[heading].split("\n\n")


def start() -> None:
    """The button that begins it."""
    words, look = section("tour", "start"), {"icon": ":material/directions_walk:", "type": "primary"}
    st.button(words, key="tour start", on_click=ask, args=(1,), **look)  # type: ignore[arg-type]


def stop_of(number: int) -> Stop:
    """A stop by its number; after the last one Home."""
    return STOPS[number - 1] if number <= len(STOPS) else Stop(HOME)


def is_open(stop: Stop) -> bool:
    return bool(st.session_state.get(OPEN) == ("" if stop.page == HOME else stop.page))


def ask(number: int) -> None:
    """In a click's callback, where widgets may still be set: go to a stop. A page does not switch to itself, so its
    settings are set here where it is open already."""
    stop = stop_of(number)
    st.session_state[TO] = number
    st.session_state[tray.CHOICE] = DEFAULT_SAMPLE
    if is_open(stop):
        st.session_state.update(stop.settings)


def go(number: int) -> None:
    """Open a stop's page, as its settings ask for."""
    stop = stop_of(number)
    if is_open(stop):
        st.query_params[TOUR] = str(number)
        return
    # the picture and the language are widgets of every page, which keep their values
    settings = {name: str(value) for name, value in stop.settings.items()}
    st.switch_page(f"pages/{stop.page}.py", query_params={TOUR: str(number), **settings})


def show() -> None:
    """Above a page, while the address is on the tour: where it stands, what to do, and the way on."""
    if (asked := st.session_state.pop(TO, None)) is not None:
        go(asked)
    number = place()
    if number is None:
        return
    with st.container(key="rx-tour", border=True):
        left, right = st.columns([5, 2], vertical_alignment="center")
        with left:
            say(number)
        with right.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
            if number > 1:
                st.button(
                    section("tour", "back"), icon=":material/arrow_back:", key="tour back", on_click=ask,
                    args=(number - 1,),
                )  # fmt: skip
            if number <= len(STOPS):
                st.button(
                    section("tour", "next"), icon=":material/arrow_forward:", key="tour next", type="primary",
                    on_click=ask, args=(number + 1,),
                )  # fmt: skip
            st.button(
                section("tour", "leave"), icon=":material/close:", key="tour leave", type="tertiary",
                on_click=st.query_params.pop, args=(TOUR, None),
            )  # fmt: skip


def say(number: int) -> None:
    """The words of a stop, or of the end."""
    said = paragraphs(number)
    if number > len(STOPS):
        st.markdown(Markdown("\n\n".join(plain(line) for line in said)))
        return
    where = section("tour", "where", number=number, of=len(STOPS))
    do, see = section("tour", "do"), section("tour", "see")
    st.markdown(Markdown(f"**{where}** {plain(said[0])}"))
    st.markdown(Markdown(f":material/touch_app: **{do}** {plain(said[1])}"))
    st.markdown(Markdown(f":material/visibility: **{see}** {plain(said[2])}"))
