"""Two probes: tiles of the picture that change places, and two parts of it masked, alone and together."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.base.prose import section
from core.networks.card import Network
from core.studies.patch import interaction, masking, probe_figures, scramble
from pages.parts.common import charts, waiting
from pages.parts.common.address import bound, folded
from pages.parts.common.words import Markdown, plain
from pages.parts.patch.choose import Scene, compared

SEED, TILES = "patch-seed", "patch-tiles"
LARGEST_SEED = 9999
SHOWN = 256  # px, about the side at which a small picture is shown
SIDES = (4, 6, 8, 12, 16)
PAIRS = (50, 100, 200, 500, 1000)


def tiles(scene: Scene) -> None:
    """The picture scrambled. Asks the networks when opened."""
    folded(section("patch_evidence", "scramble heading"), "patch scramble")(tiles_opened)(scene)


def tiles_opened(scene: Scene) -> None:
    count, params = tiles_controls()
    networks = compared(scene)
    what = section("patch_evidence", "scramble asked", count=len(networks))
    result = waiting.ask(scramble.run, networks, scene.pixels, scene.target, params, what=what, at="patch scramble")
    if result is not None:
        scrambled(result, [n.card.title for n in networks], scene.pixels, count)


def tiles_controls() -> tuple[int, scramble.Params]:
    """Tiles per side of the picture shown, and what the curves are made of."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        tiles = bound(
            st.select_slider,
            section("patch_evidence", "scramble tiles"),
            scramble.TILES,
            4,
            key=TILES,
            help=section("patch_evidence", "scramble tiles help"),
        )
        seed = bound(st.number_input, section("patch_evidence", "scramble seed"), 0, LARGEST_SEED, key=SEED, width=140)
        st.button(
            section("patch_evidence", "scramble again"),
            icon=":material/shuffle:",
            key="patch shuffle again",
            on_click=shuffle_again,
        )
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
        caption=section("patch_evidence", "scramble picture", tiles=tiles, seed=result.seed)
        if tiles > 1
        else section("patch_evidence", "scramble untouched"),
        alt=section("patch_evidence", "scramble alt", tiles=tiles),
    )
    t = result.tiles.index(tiles)
    for title, top1, p, whole in zip(titles, result.top1, result.top1_probability, result.whole[:, t], strict=True):
        mark = "●" if top1[t, 0] == top1[0, 0] else "✕"
        st.markdown(f"{mark} {answer(title, result.labels[top1[t, 0]], float(p[t, 0]), float(whole))}")
    st.caption(section("patch_evidence", "scramble marks"))


def answer(title: str, label: str, probability: float, whole: float) -> Markdown:
    """What a network says to the shuffled picture, and which share of its patches, NaN without any, is whole."""
    said = section("patch_evidence", "scramble answer", title=plain(title), label=plain(label), p=probability)
    if np.isnan(whole):
        return Markdown(said)
    return Markdown(f"{said} {section('patch_evidence', 'scramble whole', share=whole)}")


def pairs(scene: Scene) -> None:
    """Two parts masked, alone and together. Asks the networks when opened."""
    folded(section("patch_evidence", "interaction heading"), "patch interaction")(pairs_opened)(scene)


def pairs_opened(scene: Scene) -> None:
    with st.container(horizontal=True):
        side = bound(st.select_slider, section("patch_evidence", "interaction side"), SIDES, 8, key="patch-mask")
        count = bound(st.select_slider, section("patch_evidence", "interaction pairs"), PAIRS, 200, key="patch-pairs")
    params = interaction.Params(int(side), int(count))
    networks = compared(scene)
    what = section("patch_evidence", "interaction asked", pairs=params.pairs)
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
        tiles = bound(st.toggle, section("patch_evidence", "of one tiles"), key=f"{key}-tiles")
        two = bound(st.toggle, section("patch_evidence", "of one two"), key=f"{key}-two")
    if tiles:
        params = scramble.Params(scramble.tiles_of(side))
        asked = [network], pixels, target, params
        what = section("patch_evidence", "scramble asked", count=1)
        found = waiting.ask(scramble.run, *asked, what=what, at=f"{key} tiles")
        if found is not None:
            st.markdown(f"**{plain(scramble.finding(found, [title], found.tiles[-1]))}**")
            charts.show(probe_figures.scramble_curves(found, [title]), f"{key}-scramble")
            last = params.seed + params.shuffles - 1
            st.caption(
                section("patch_evidence", "of one scramble", count=params.shuffles, first=params.seed, last=last)
            )
    if two:
        squares = interaction.Params(masking.cell_of(side))
        what = section("patch_evidence", "interaction asked", pairs=squares.pairs)
        pairs = waiting.ask(interaction.run, [network], pixels, target, squares, what=what, at=f"{key} two")
        if pairs is not None:
            st.markdown(f"**{plain(interaction.finding(pairs, [title]))}**")
            charts.show(probe_figures.interaction_scatter(pairs, [title]), f"{key}-interaction")
            st.caption(
                section(
                    "patch_evidence", "of one interaction", label=plain(pairs.labels[target]), side=pairs.side,
                    pairs=len(pairs.pairs), seed=pairs.seed,
                )
            )  # fmt: skip
