"""Mask two parts of the picture, alone and together: do far-apart parts talk to each other?"""

from __future__ import annotations

import streamlit as st

from core.studies.patch import interaction, probe_figures
from core.studies.patch.interaction import Params, Result
from pages.parts.common import charts, waiting
from pages.parts.common.address import bound, folded
from pages.parts.common.words import note, plain
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
    charts.show(
        probe_figures.interaction_scatter(result, titles, dark=charts.dark()),
        "patch-interaction",
        f"Change of the logit of {label} with two masks against the sum of the changes with each, a panel a network",
        probe_figures.pairs_table(result, titles),
    )
    charts.show(
        probe_figures.interaction_curve(result, titles, dark=charts.dark()),
        "patch-interaction-distance",
        f"How far the sum is off the joint change, by distance between the masks, one line a network. {finding}",
        probe_figures.distance_table(result, titles),
    )
    note(
        f"Change of the logit of {label} when squares of {result.side} px take the mean colour: one, the other, and "
        f"both. n = {len(result.pairs):,} pairs of a grid's cells, seed {result.seed}, float32. Share: mean "
        "|joint − sum| over mean |joint|. Where no patch meets both masks, a BagNet adds up exactly but for rounding "
        f"(at most {interaction.rounding(result):.0e} logits here); the baseline sees every part at once."
    )
