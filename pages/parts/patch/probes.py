"""Two probes: tiles of the picture that change places, and two parts of it masked, alone and together."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.base.prose import section
from core.networks.card import Network
from core.studies.patch import interaction, masking, probe_figures, scramble
from pages.parts.common import charts, waiting
from pages.parts.common.address import bound, folded
from pages.parts.common.words import note, plain
from pages.parts.patch.choose import Scene, compared

SEED, TILES = "patch-seed", "patch-tiles"
LARGEST_SEED = 9999
SHOWN = 256  # px, about the side at which a small picture is shown
SIDES = (4, 6, 8, 12, 16)
PAIRS = (50, 100, 200, 500, 1000)


@folded("Does the order of the parts matter? Scramble them", "patch scramble")
def tiles(scene: Scene) -> None:
    """The picture scrambled. Asks the networks when opened."""
    count, params = tiles_controls()
    networks = compared(scene)
    what = f"Asking {len(networks)} networks about shuffled tiles"
    result = waiting.ask(scramble.run, networks, scene.pixels, scene.target, params, what=what, at="patch scramble")
    if result is not None:
        scrambled(result, [n.card.title for n in networks], scene.pixels, count)


def tiles_controls() -> tuple[int, scramble.Params]:
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
    return int(tiles), scramble.Params(seed=int(seed))


def shuffle_again() -> None:
    st.session_state[SEED] = (st.session_state.get(SEED, 0) + 1) % (LARGEST_SEED + 1)


def scrambled(result: scramble.Result, titles: list[str], pixels: np.ndarray, tiles: int) -> None:
    st.markdown(f"**{plain(scramble.finding(result, titles, tiles))}**")
    left, right = st.columns([2, 3], gap="large")
    with left:
        new_order(result, titles, pixels, tiles)
    with right:
        charts.show(probe_figures.scramble_curves(result, titles, tiles=tiles), "patch-scramble")
    charts.show(probe_figures.scramble_strip(pixels, result), "patch-scramble-strip")
    shuffles = result.probability.shape[2]
    st.caption(
        section("patch_evidence", "scramble", shuffles=shuffles, first=result.seed, last=result.seed + shuffles - 1)
    )


def new_order(result: scramble.Result, titles: list[str], pixels: np.ndarray, tiles: int) -> None:
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


@folded("Do far-apart parts talk to each other? Mask two", "patch interaction")
def pairs(scene: Scene) -> None:
    """Two parts masked, alone and together. Asks the networks when opened."""
    with st.container(horizontal=True):
        side = bound(st.select_slider, "Side of a mask, px", SIDES, 8, key="patch-mask")
        count = bound(st.select_slider, "Pairs of masks n", PAIRS, 200, key="patch-pairs")
    params = interaction.Params(int(side), int(count))
    networks = compared(scene)
    what = f"Masking {params.pairs:,} pairs of squares"
    result = waiting.ask(
        interaction.run, networks, scene.pixels, scene.target, params, what=what, at="patch interaction"
    )
    if result is not None:
        masked(result, [n.card.title for n in networks])


def masked(result: interaction.Result, titles: list[str]) -> None:
    st.markdown(f"**{plain(interaction.finding(result, titles))}**")
    label = result.labels[result.target]
    charts.show(probe_figures.interaction_scatter(result, titles), "patch-interaction")
    charts.show(probe_figures.interaction_curve(result, titles), "patch-interaction-distance")
    st.caption(
        section(
            "patch_evidence", "interaction", label=plain(label), side=result.side, pairs=len(result.pairs),
            seed=result.seed, rounding=interaction.rounding(result),
        )
    )  # fmt: skip


def of_one(network: Network, pixels: np.ndarray, target: int, key: str) -> None:
    """Both probes of any network, where the reader asks for them."""
    title, side = network.card.title, len(pixels)
    with st.container(horizontal=True):
        tiles = bound(st.toggle, "Scramble its tiles", key=f"{key}-tiles")
        two = bound(st.toggle, "Mask two squares", key=f"{key}-two")
    if tiles:
        params = scramble.Params(scramble.tiles_of(side))
        asked = [network], pixels, target, params
        found = waiting.ask(scramble.run, *asked, what="Shuffling tiles", at=f"{key} tiles")
        if found is not None:
            st.markdown(f"**{plain(scramble.finding(found, [title], found.tiles[-1]))}**")
            charts.show(probe_figures.scramble_curves(found, [title]), f"{key}-scramble")
            last = params.seed + params.shuffles - 1
            note(f"Mean and range of {params.shuffles} shuffles, seeds {params.seed} to {last}.")
    if two:
        asked = [network], pixels, target, interaction.Params(masking.cell_of(side))
        pairs = waiting.ask(interaction.run, *asked, what="Masking pairs of squares", at=f"{key} two")
        if pairs is not None:
            st.markdown(f"**{plain(interaction.finding(pairs, [title]))}**")
            charts.show(probe_figures.interaction_scatter(pairs, [title]), f"{key}-interaction")
            note(
                f"Change of the logit of {pairs.labels[target]} when squares of {pairs.side} px take the mean colour. "
                f"n = {len(pairs.pairs):,} pairs of a grid's cells, seed {pairs.seed}, float32."
            )
