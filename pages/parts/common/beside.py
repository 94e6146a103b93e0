"""Begin a command beside the app from a page, and say in place why it cannot begin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from core.base import jobs
from core.base.jobs import NotBegun, Run
from pages.parts.common.words import plain


def begin(key: str, kind: str, name: str, arguments: Sequence[str], about: Mapping[str, Any]) -> Run | None:
    """core.base.jobs.begin for the place `key`; None if it cannot begin, which `problem` says at the next run."""
    try:
        return jobs.begin(kind, name, arguments, about)
    except NotBegun as error:
        st.session_state[f"{key} problem"] = str(error)
        return None


def problem(key: str) -> None:
    """Why the last command of this place did not begin, once."""
    if said := st.session_state.pop(f"{key} problem", None):
        st.error(plain(said), icon=":material/hourglass_disabled:")
