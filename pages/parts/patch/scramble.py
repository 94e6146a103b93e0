"""Scramble the picture: does the order of the parts matter?"""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.studies.patch import probe_figures, scramble
from core.studies.patch.scramble import Params, Result
from pages.parts.common import charts, waiting
from pages.parts.common.address import bound, folded
from pages.parts.common.words import note, plain
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
        charts.show(
            probe_figures.scramble_curves(result, titles, tiles=tiles, dark=charts.dark()),
            "patch-scramble",
            f"Probability of {result.labels[result.target]} by tiles per side, one line a network. {finding}",
            probe_figures.scramble_table(result, titles),
        )
    charts.show(
        probe_figures.scramble_strip(pixels, result, dark=charts.dark()),
        "patch-scramble-strip",
        f"The picture cut into {', '.join(f'{n} by {n}' for n in result.tiles)} tiles and shuffled",
    )
    shuffles = result.probability.shape[2]
    note(
        f"Lines: the mean of {shuffles} shuffles, seeds {result.seed} to {result.seed + shuffles - 1}; bands: their "
        "range; the picture shown is the first. A border is left in place where a side is no multiple of the tiles. "
        "A BagNet's logit is a mean over patches whatever their order, but a patch across a seam is a new patch, and "
        "tiles that move by anything but a multiple of 8 px meet the grid of patches elsewhere: the smaller the tiles "
        "against the patch q, the fewer patches stay whole."
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
