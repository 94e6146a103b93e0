"""Mask two parts of the picture, alone and together: do far-apart parts talk to each other?"""

from __future__ import annotations

import streamlit as st

from core.base.prose import section
from core.studies.patch import interaction, probe_figures
from core.studies.patch.interaction import Params, Result
from pages.parts.common import charts, waiting
from pages.parts.common.address import bound
from pages.parts.common.words import plain
from pages.parts.patch.choose import Scene, compared

SIDES = (4, 6, 8, 12, 16)
PAIRS = (50, 100, 200, 500, 1000)


def show(scene: Scene) -> None:
    """Folded away; asks the networks when opened."""
    with bound(
        st.expander,
        "Do far-apart parts talk to each other? Mask two",
        key="patch interaction",
        on_change="rerun",
    ) as box:
        if not box.open:
            return
        params = controls()
        networks = compared(scene)
        key = ("interaction", scene.picture.image.digest, scene.short, scene.target, params)
        task = (
            (*key, *((n.card.name, n.identity) for n in networks)),
            lambda progress: interaction.run(networks, scene.pixels, scene.target, params, progress),
        )
        [result] = waiting.compute([task], f"Masking {params.pairs:,} pairs of squares", "patch interaction")
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
