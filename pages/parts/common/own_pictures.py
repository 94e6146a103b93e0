"""A folder or zip of the reader's own pictures, chosen on a page; nothing of it is copied or sent."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import streamlit as st

from core.base.files import at_home
from core.base.prose import section
from core.base.refuse import DataError
from core.base.worker import Progress
from core.cache import Call
from core.networks.card import Network
from core.pictures.files import list_pictures
from core.pictures.listing import Found, Listing, left_out, summary
from pages.parts.common import charts, waiting
from pages.parts.common.doors import folder_field
from pages.parts.common.words import plain

R = TypeVar("R")
KEPT = 20  # times as long as a folder takes to list is its listing believed: reruns follow each other in seconds


@dataclass(frozen=True, eq=False)
class Chosen:
    """A folder or zip of the reader's: its `listing`, and a `digest` that tells it from others."""

    listing: Listing
    digest: str

    @property
    def found(self) -> tuple[Found, ...]:
        return self.listing.found

    def __len__(self) -> int:
        return len(self.found)


def choose(key: str) -> Chosen | None:
    """The chosen pictures; None while there are none. What of the folder or zip is left out is shown below it."""
    chosen = listing(key)
    if chosen is not None and chosen.listing.counts:
        show_left_out(summary(chosen.listing), left_out(chosen.listing))
    return chosen


def listing(key: str) -> Chosen | None:
    """The chosen folder or zip; None while there is none."""
    left, right = st.columns(2)
    path = folder_field(left, section("common", "folder"), f"{key} folder", placeholder="/home/me/pictures")
    archive = right.file_uploader(section("common", "or a zip"), ["zip"], key=f"{key} zip")
    if archive is not None:
        return listed(key, archive.file_id, archive.getvalue)
    return listed(key, path, lambda: at_home(path)) if path else None


def listed(key: str, name: str, source: Callable[[], Path | bytes]) -> Chosen | None:
    """What a source holds, which has a name of its own; what is wrong with it is said in place."""
    now = time.monotonic()
    known, until, found = st.session_state.get(f"{key} listing", ("", now, None))
    if known == name and now < until:
        return found
    try:
        with st.spinner(section("common", "looking through")):
            opened = source()
            whole = list_pictures(opened)
    except DataError as error:
        st.error(plain(error), icon=":material/folder_off:")
        return None
    # pictures that take the place of others, under the same names and of the same size, are others
    files = repr([name, *((file.name, file.size, file.state) for file in whole.found)]).encode()
    found = Chosen(whole, sha256(opened if isinstance(opened, bytes) else files).hexdigest())
    after = time.monotonic()
    st.session_state[f"{key} listing"] = name, after + KEPT * (after - now), found
    return found


def show_left_out(said: str, table: Mapping[str, Sequence[str]]) -> None:
    """The sentence, and what was left out by name in an expander."""
    st.warning(plain(said), icon=":material/filter_list:")
    if any(table.values()):
        with st.expander(section("common", "which files")):
            charts.numbers_table(table, alt=section("common", "alt left out"))


def unreadable(broken: Sequence[str]) -> None:
    """The files of a listing that could not be read, a line each; nothing if all could."""
    if broken:
        st.warning(section("common", "unreadable", count=len(broken)), icon=":material/broken_image:")
        charts.numbers_table({section("common", "left out"): broken}, section("common", "alt unreadable"))


def partly(seen: int, expected: int) -> None:
    """That not all pictures have been looked at, where that is so."""
    if seen < expected:
        st.info(section("common", "partial", seen=seen, expected=expected), icon=":material/timelapse:")


def measured(
    chosen: Chosen,
    run: Callable[..., R],
    networks: Sequence[Network],
    *options: object,
    read: Callable[..., object],
    what: str,
    at: str,
) -> tuple[list[tuple[Network, R]], int]:
    """What `run(network, chunks, count, *options, progress=...)` finds of the chosen pictures for each network that was
    not stopped, and how many pictures could be read; the others are listed.

    `read(found, labels, broken=...)` gives the chunks that `run` takes.
    """
    calls = [Call(through, chosen, run, network, read, options) for network in networks]
    answers = waiting.ask_all(calls, what, at)
    done = [(network, answer) for network, answer in zip(networks, answers, strict=True) if answer is not None]
    broken = list(dict.fromkeys(line for _, (_, lines) in done for line in lines))
    unreadable(broken)
    return [(network, result) for network, (result, _) in done], len(chosen) - len(broken)


def through(
    chosen: Chosen,
    run: Callable[..., R],
    network: Network,
    read: Callable[..., object],
    options: tuple[object, ...],
    progress: Progress,
) -> tuple[R, list[str]]:
    """The result, and a line for each file that could not be read."""
    broken: list[str] = []
    chunks = read(chosen.found, network.labels, broken=broken)
    return run(network, chunks, len(chosen), *options, progress=progress), broken
