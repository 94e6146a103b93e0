"""Mask two parts of the picture, alone and together: do far-apart parts talk to each other?"""

from __future__ import annotations

import streamlit as st

from core.base.prose import section
from core.studies.patch import interaction, probe_figures
from core.studies.patch.interaction import Params, Result
from pages.parts.common import charts, waiting
from pages.parts.common.address import bound, folded
from pages.parts.common.words import plain
from pages.parts.patch.choose import Scene, compared

SIDES = (4, 6, 8, 12, 16)
PAIRS = (50, 100, 200, 500, 1000)


@folded("Do far-apart parts talk to each other? Mask two", "patch interaction")
def show(scene: Scene) -> None:
    """Asks the networks when opened."""
    params = controls()
    networks = compared(scene)
    what = f"Masking {params.pairs:,} pairs of squares"
    result = waiting.ask(
        interaction.run, networks, scene.pixels, scene.target, params, what=what, at="patch interaction"
    )
    if result is not None:
        answer(result, [n.card.title for n in networks])


def controls() -> Params:
    with st.container(horizontal=True):
        side = bound(st.select_slider, "Side of a mask, px", SIDES, 8, key="patch-mask")
        pairs = bound(st.select_slider, "Pairs of masks n", PAIRS, 200, key="patch-pairs")
    return Params(int(side), int(pairs))


def answer(result: Result, titles: list[str]) -> None:
    finding = interaction.finding(result, titles)
    st.markdown(f"**{plain(finding)}**")
    label = result.labels[result.target]
    charts.show(probe_figures.interaction_scatter(result, titles), "patch-interaction")
    charts.show(probe_figures.interaction_curve(result, titles), "patch-interaction-distance")
    st.caption(
        section(
            "patch_evidence", "interaction", label=plain(label), side=result.side, pairs=len(result.pairs),
            seed=result.seed, rounding=interaction.rounding(result),
        )
    )  # fmt: skip
