"""A public data set by its name in torchvision, chosen on a page: where it lies, and a button that downloads it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.base import jobs
from core.base.jobs import Run
from core.base.prose import listed, section
from core.data.named import downloads
from core.data.public import SETS, Public, clear, on_this_machine, unfinished
from pages.parts.common import beside, waiting
from pages.parts.common.address import bound
from pages.parts.common.words import Markdown, code, plain

TORCHVISION = "a torchvision data set"
KIND = "download-data"  # of the runs, and the command that downloads
ALMOST = 0.99  # of the bar; unpacking comes after the last byte
MEGABYTE = 1_000_000


def choose(key: str) -> Public | None:
    """The chosen set once it is on this machine; before, None, what it is, and a button that downloads it."""
    names = [about.title for about in SETS.values()]
    title = bound(st.selectbox, section("common", "which one"), names, key=f"{key}-torchvision")
    about = next(one for one in SETS.values() if one.title == title)
    if on_this_machine(about.name):
        return about
    run = jobs.find(KIND, about.name)
    if run is not None and jobs.state(run) == "running":
        st.fragment(watch, run_every=waiting.LOOK_AGAIN)(about, run, key)
        return None
    if run is not None and jobs.state(run) == "failed":
        st.error(plain(run.error or section("common", "download ended")), icon=":material/cloud_off:")
    tops = [code(top) for top in dict.fromkeys(path.partition("/")[0] for path in about.here)]
    st.markdown(
        section(
            "common",
            "set not here",
            title=plain(about.title),
            about=plain(about.about),
            tops=Markdown(listed(tops)),
            folder=code(downloads()),
        )
    )
    st.button(
        section("common", "download it", title=plain(about.title)),
        key=f"{key} download",
        icon=":material/download:",
        on_click=beside.begin,
        args=(key, KIND, about.name, [KIND, about.name], {"title": about.title}),
    )
    beside.problem(key)
    return None


def watch(about: Public, run: Run, key: str) -> None:
    """How much has arrived, with Stop; the page runs again when the download has ended."""
    if jobs.state(run) != "running":
        st.rerun()
    begun = unfinished(about.name)  # archives lie in it or in the set's own folder, what is unpacked mostly deeper
    arrived = sum(size(path) for depth in ("*", "*/*") for path in begun.glob(depth)) / MEGABYTE
    share = min(ALMOST, arrived / about.megabytes)
    with st.container(horizontal=True, vertical_alignment="center"):
        left = waiting.time_left(share, run.seconds) if share < ALMOST else section("common", "unpacking")
        done, whole = min(arrived, about.megabytes), about.megabytes
        st.progress(
            share,
            section("common", "downloading", title=plain(about.title), arrived=done, all=whole, left=plain(left)),
        )
        st.button(
            section("common", "stop"), key=f"{key} stop", icon=":material/stop:", on_click=stop, args=(about, run)
        )


def stop(about: Public, run: Run) -> None:
    jobs.stop(run)
    clear(about.name)


def size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # it was renamed meanwhile
        return 0
