"""Ways into a page: permalinks at the app's root, and addresses that Streamlit opens without app.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import streamlit as st

from core.base.prose import language
from core.base.records import Damaged, in_words
from core.networks import packaged
from core.networks.download import WeightsError
from pages.parts.common import reader, tour, tray, waiting
from pages.parts.common.words import plain

STYLE = Path(__file__).with_name("house.css")  # a path: Streamlit reads it as the page's style
STUDY = "study"  # the URL's name for the page that a permalink opens


def require(slug: str) -> None:
    """Go through app.py if this page was opened without it.

    Until app.py has run once, a fresh server takes pages/ for an old-style app and runs a page by itself
    (Streamlit 1.67, PagesManager.uses_pages_directory).
    """
    if "tray picture" not in st.session_state:
        st.switch_page("app.py", query_params={STUDY: slug, **settings()})


def leave_old_style() -> None:
    """Run app.py again if it is this server's first run: until st.navigation has been called once, Streamlit takes
    pages/ for an old-style app, and what the address asks for is lost on the way."""
    if first_run := _first_run():
        first_run.clear()
        st.rerun()


@st.cache_resource(show_spinner=False)
def _first_run() -> list[bool]:
    return [True]


def follow_permalink(pages: Mapping[str, st.Page]) -> None:
    """Open the page that the address asks for, with the rest of the address as its settings."""
    page = pages.get(st.query_params.get(STUDY, ""))
    if page is not None:
        st.switch_page(page, query_params={k: v for k, v in settings().items() if k != STUDY})


def run(page: st.Page) -> None:
    """Run a page, below what is missing of what came along, and of what its reader had or was sent."""
    for said in packaged.left_out().values():
        st.warning(plain(said), icon=":material/heart_broken:")
    tray.lacking()
    if st.session_state.get(tour.OPEN) != page.url_path:  # another page's figure does not stand on this one
        st.session_state[tour.OPEN] = page.url_path
        st.session_state.pop(waiting.SHOWN, None)
        waiting.leave_page()
    tour.show()
    with going_on():
        page.run()


@contextmanager
def going_on() -> Iterator[None]:
    """A part of a page that ends where a file cannot be read or written, or is damaged: that is said there, and the
    page goes on after it."""
    try:
        yield
    except (OSError, Damaged, WeightsError) as error:
        st.error(plain(in_words(error)), icon=":material/error:")


def settings() -> dict[str, list[str]]:
    return {name: st.query_params.get_all(name) for name in st.query_params}


def permalink(slug: str) -> str:
    """An address that opens this page with all its settings; at the root, where a new tab finds the app at once."""
    address = urlsplit(st.context.url)
    query = urlencode({STUDY: slug, **settings(), reader.LANGUAGE: language()}, doseq=True)
    return f"{address.scheme}://{address.netloc}/?{query}"
