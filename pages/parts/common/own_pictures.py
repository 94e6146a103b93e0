"""A folder or zip of the reader's own pictures, chosen on a page; nothing of it is copied or sent."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import streamlit as st

from core.base.files import at_home
from core.base.refuse import DataError
from core.pictures.files import list_pictures
from core.pictures.listing import Found, Listing, left_out, summary
from pages.parts.common import charts
from pages.parts.common.doors import folder_field
from pages.parts.common.words import plain

KEPT = 20  # times as long as a folder takes to list is its listing believed: reruns follow each other in seconds


def choose(key: str) -> tuple[list[Found], str] | None:
    """The chosen pictures and a digest that tells this choice from others; None while there is none.

    What of the folder or zip is left out is shown below it.
    """
    chosen = listing(key)
    if chosen is None:
        return None
    found, digest = chosen
    if found.counts:
        show_left_out(summary(found), left_out(found))
    return list(found.found), digest


def listing(key: str) -> tuple[Listing, str] | None:
    """The listing of the chosen folder or zip, and a digest that tells it from others; None while there is none."""
    left, right = st.columns(2)
    path = folder_field(left, "Folder", f"{key} folder", placeholder="/home/me/pictures")
    archive = right.file_uploader("or a zip", ["zip"], key=f"{key} zip")
    if archive is not None:
        return listed(key, archive.file_id, archive.getvalue)
    return listed(key, path, lambda: at_home(path)) if path else None


def listed(key: str, name: str, source: Callable[[], Path | bytes]) -> tuple[Listing, str] | None:
    """The listing of a source, which has a name of its own, and its digest; what is wrong with it is said in place."""
    now = time.monotonic()
    known, until, found = st.session_state.get(f"{key} listing", ("", now, None))
    if known == name and now < until:
        return found
    try:
        with st.spinner("Looking through it"):
            opened = source()
            whole = list_pictures(opened)
    except DataError as error:
        st.error(plain(error), icon=":material/folder_off:")
        return None
    # pictures that take the place of others, under the same names and of the same size, are others
    files = repr([name, *((file.name, file.size, file.state) for file in whole.found)]).encode()
    found = whole, sha256(opened if isinstance(opened, bytes) else files).hexdigest()
    after = time.monotonic()
    st.session_state[f"{key} listing"] = name, after + KEPT * (after - now), found
    return found


def show_left_out(said: str, table: Mapping[str, Sequence[str]]) -> None:
    """The sentence, and what was left out by name in an expander."""
    st.warning(plain(said), icon=":material/filter_list:")
    if any(table.values()):
        with st.expander("Which files, and why"):
            charts.numbers_table(table, alt="The files that were left out, and why")
