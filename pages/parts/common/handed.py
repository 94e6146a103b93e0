"""Values that a callback gives to other widgets, held until a run has drawn them.

A browser sends the values of all its widgets with each event. Where a callback has set one and the run that was to draw
it is cut short by the next event, that event says the value from before, and Streamlit (1.67) takes it for the reader's
choice: a slider would fall back to where it was three moves ago.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

HANDED = "handed"  # the session's key: what was given to which widget, and is not drawn yet


@dataclass(frozen=True)
class Handed:
    """What a widget was given, and which values a browser that has not heard of it may still send."""

    value: object
    stale: tuple[object, ...]


def hand(values: Mapping[str, object]) -> None:
    """Give widgets their values, by key: in a callback, before they are laid out."""
    kept: dict[str, Handed] = st.session_state.setdefault(HANDED, {})
    for key, value in values.items():
        before = kept.get(key)
        stale = (*before.stale, before.value) if before else ()
        kept[key] = Handed(value, (*stale, st.session_state.get(key)))
        st.session_state[key] = value


def hold() -> None:
    """At the begin of a run: give again what the browser has not heard of."""
    for key, handed in st.session_state.get(HANDED, {}).items():
        if st.session_state.get(key) in handed.stale:
            st.session_state[key] = handed.value


def drawn() -> None:
    """At the end of a whole run: the browser has heard of everything."""
    st.session_state.pop(HANDED, None)
