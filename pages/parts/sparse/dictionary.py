"""Look closer: the dictionary as a wall of atoms, one atom's part in the picture, what the strongest rebuild."""

from __future__ import annotations

import streamlit as st

from core import cache
from core.base.prose import section
from core.cache import Call
from core.figures.palette import uri
from core.pictures.image import from_pixels, png_bytes
from core.studies.sparse import dictionary, dictionary_figures
from core.studies.sparse.dictionary import Result
from core.studies.sparse.figures import to_bytes
from pages.parts.common import charts, waiting
from pages.parts.common.address import bound
from pages.parts.common.words import plain, stressed
from pages.parts.sparse.choose import Scene

ATOM, COUNT = "sparse-atom", "sparse-strongest"
KEPT = "sparse dictionary kept"
ATOM_SIDE, PICTURE_SIDE = 168, 256  # screen pixels
FIRST_COUNT = 4


def show(scene: Scene) -> None:
    st.subheader(section("sparse_codes", "atoms name"), anchor=False)
    result = coded(scene)
    if result is None:
        return
    st.markdown(f"**{plain(dictionary.finding(result))}**")
    atom = chosen(result)
    charts.show(dictionary_figures.wall(result, atom), "sparse-wall", on_click=choose_clicked)
    limit = f"{dictionary.atom_limit(result):.2f}"
    st.caption(section("sparse_codes", "wall", limit=plain(limit)))
    one_atom(scene, result, atom)
    strongest(scene, result)


def coded(scene: Scene) -> Result | None:
    """The picture in its atoms. A session keeps one coding only: that of a photograph is large."""
    call = Call(dictionary.run, scene.network, scene.noisy, scene.params)
    kept = st.session_state.get(KEPT)
    if kept is not None and kept[0] == call.key:
        return kept[1]
    [result] = waiting.ask_all([call], section("sparse_codes", "atoms waiting"), "sparse dictionary")
    if result is not None:
        st.session_state[KEPT] = call.key, result
        cache.forget([call.key])
    return result


def choose_clicked() -> None:
    """Look at the atom that was clicked on the wall."""
    point = charts.clicked("sparse-wall")
    if point is not None:
        choose(int(point["customdata"]))


def choose(atom: int | None) -> None:
    st.session_state[ATOM] = atom


def chosen(result: Result) -> int:
    """The atom in question, by keyboard: the reader's, or the strongest one; a click on the wall fills it in."""
    last = len(result.order) - 1
    if (st.session_state.get(ATOM) or 0) > last:  # another network had more
        st.session_state[ATOM] = last
    with st.container(horizontal=True, vertical_alignment="bottom"):
        atom = bound(
            st.number_input, section("sparse_codes", "atom"), 0, last, None, key=ATOM,
            placeholder=section("sparse_codes", "strongest"), width=160,
            help=section("sparse_codes", "atom help"),
        )  # fmt: skip
        st.button(section("sparse_codes", "strongest atom"), on_click=choose, args=(None,), key="sparse strongest atom")
    return int(result.order[0]) if atom is None else int(atom)


def one_atom(scene: Scene, result: Result, atom: int) -> None:
    """The atom, where it is used, and what it adds to the picture."""
    left, right = st.columns([1, 2], gap="large")
    with left:
        pixels = dictionary.atom_pixels(result, atom)
        charts.enlarged(pixels, max(1, ATOM_SIDE // len(pixels)), f"atom {atom}", alt=f"Atom {atom}, enlarged")
        st.markdown(stressed(dictionary.said(result, atom), f"Atom {atom}"))
    with right:
        charts.show(dictionary_figures.code_map(result, scene.noisy, atom), "sparse-code-map")
    part = dictionary.contribution(scene.network, result, atom)
    charts.show(dictionary_figures.contribution_maps(result, part, atom), "sparse-contribution")
    st.caption(section("sparse_codes", "contributions"))


def strongest(scene: Scene, result: Result) -> None:
    """The picture from the n strongest atoms, and how near it comes with every n."""
    last = len(result.order)
    if st.session_state.get(COUNT, 0) > last:  # another network had more
        del st.session_state[COUNT]
    n = bound(st.slider, section("sparse_codes", "strongest n"), 0, last, min(FIRST_COUNT, last), key=COUNT)
    left, right = st.columns([2, 3], gap="large")
    with left:
        pixels = to_bytes(dictionary.rebuilt(scene.network, result, n))
        said = f"rebuilt from the {n} strongest of {last} atoms: {dictionary.decibels(result.psnr[n])}"
        if max(pixels.shape[:2]) <= PICTURE_SIDE:
            charts.enlarged(pixels, PICTURE_SIDE // max(pixels.shape[:2]), said, alt=f"The picture {said}")
        else:
            st.image(uri(pixels), plain(said), width="stretch", alt=f"The picture {said}")
        st.download_button(
            "PNG", lambda: png_bytes(from_pixels(pixels)), f"strongest-{n}.png", key="sparse strongest png"
        )
    with right:
        charts.show(dictionary_figures.curve(result, n), "sparse-strongest-curve")
    st.caption(section("sparse_codes", "fewer atoms"))
