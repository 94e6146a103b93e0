"""Scramble the picture: does the order of the parts matter?"""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.base.prose import section
from core.studies.patch import probe_figures, scramble
from core.studies.patch.scramble import Params, Result
from pages.parts.common import charts, waiting
from pages.parts.common.address import bound, folded
from pages.parts.common.words import plain
from pages.parts.patch.choose import Scene, compared

SEED, TILES = "patch-seed", "patch-tiles"
LARGEST_SEED = 9999
SHOWN = 256  # px, about the side at which a small picture is shown


@folded("Does the order of the parts matter? Scramble them", "patch scramble")
def show(scene: Scene) -> None:
    """Asks the networks when opened."""
    tiles, params = controls()
    networks = compared(scene)
    what = f"Asking {len(networks)} networks about shuffled tiles"
    result = waiting.ask(scramble.run, networks, scene.pixels, scene.target, params, what=what, at="patch scramble")
    if result is not None:
        answer(result, [n.card.title for n in networks], scene.pixels, tiles)


def controls() -> tuple[int, Params]:
    """Tiles per side of the picture shown, and what the curves are made of."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        tiles = bound(
            st.select_slider,
            "Tiles per side",
            scramble.TILES,
            4,
            key=TILES,
            help="The picture is cut into this many by this many tiles, and none stays where it was.",
        )
        seed = bound(st.number_input, "Seed", 0, LARGEST_SEED, key=SEED, width=140)
        st.button("Shuffle again", icon=":material/shuffle:", key="patch shuffle again", on_click=shuffle_again)
    return int(tiles), Params(seed=int(seed))


def shuffle_again() -> None:
    st.session_state[SEED] = (st.session_state.get(SEED, 0) + 1) % (LARGEST_SEED + 1)


def answer(result: Result, titles: list[str], pixels: np.ndarray, tiles: int) -> None:
    finding = scramble.finding(result, titles, tiles)
    st.markdown(f"**{plain(finding)}**")
    left, right = st.columns([2, 3], gap="large")
    with left:
        scrambled(result, titles, pixels, tiles)
    with right:
        charts.show(probe_figures.scramble_curves(result, titles, tiles=tiles), "patch-scramble")
    charts.show(probe_figures.scramble_strip(pixels, result), "patch-scramble-strip")
    shuffles = result.probability.shape[2]
    st.caption(
        section("patch_evidence", "scramble", shuffles=shuffles, first=result.seed, last=result.seed + shuffles - 1)
    )


def scrambled(result: Result, titles: list[str], pixels: np.ndarray, tiles: int) -> None:
    """The picture in its new order, with every network's answer to it."""
    view = scramble.shuffle(pixels, tiles, result.seed)
    factor = max(1, SHOWN // min(view.shape[:2]))
    charts.enlarged(
        view,
        factor,
        caption=f"{tiles} × {tiles} tiles, seed {result.seed}" if tiles > 1 else "untouched",
        alt=f"The picture cut into {tiles} by {tiles} tiles and shuffled",
    )
    t = result.tiles.index(tiles)
    for title, top1, p, whole in zip(titles, result.top1, result.top1_probability, result.whole[:, t], strict=True):
        mark = "●" if top1[t, 0] == top1[0, 0] else "✕"
        patches = f"; {whole:.0%} of its patches are whole" if np.isfinite(whole) else ""
        st.markdown(f"{mark} **{plain(title)}** says {plain(result.labels[top1[t, 0]])} ({p[t, 0]:.2f}){patches}")
    st.caption("● as for the untouched picture, ✕ something else; whole: no seam crosses the patch")
