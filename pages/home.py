"""What this is, what each study asks, and the first finding at a glance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import streamlit as st

from core.figures.blocks import Plot
from core.networks import card as networks_card
from core.networks import families
from core.networks.card import Card
from core.overview import board
from core.pictures.preprocess import whole
from core.pictures.samples import DEFAULT_SAMPLE, load_sample
from core.studies import STUDIES
from core.studies import first_look as studies_first_look
from core.studies.patch import evidence
from core.studies.patch import figures as patch_figures
from core.studies.random import maps, maps_figures
from core.studies.shift import figures, sweep
from core.studies.sparse import codes
from core.studies.sparse import figures as sparse_figures
from core.studies.spinal import dataset, heads
from core.studies.spinal import figures as spinal_figures
from pages.parts.common import at_hand, charts, frame, tray
from pages.parts.common.words import link, note, plain
from pages.parts.home import report, scoreboard

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Result = TypeVar("Result")

st.title("Five ways to watch a network see")
st.markdown(
    "Drop a photo into the tray on the left and see what papers found out about convolutional networks, "
    "on networks that you can ask yourself. Everything runs on this machine; nothing leaves it unasked."
)

scoreboard.glance(board.board())

sample = load_sample(DEFAULT_SAMPLE)


def instead(names: Sequence[str], cards: Sequence[Card]) -> None:
    """Why there is nothing to see at a glance, and what to do."""
    lost = ", ".join(networks_card.title_of(name) for name in names if name not in {card.name for card in cards})
    what = f"{lost}, which cannot be read here" if lost else "files that are others now, or is damaged"
    note(f"The picture of this study that comes along was made from {what}: open the study to have it computed.")


def glance(
    slug: str,
    names: Sequence[str],
    params: DataclassInstance,
    read: Callable[[dict[str, Any]], Result],
    drawn: Callable[[Result, list[str]], tuple[str, Plot]],
    key: str,
) -> None:
    """The finding of a study of the sample, and its figure, from the result that comes along."""
    cards = at_hand.intact(names)
    found = studies_first_look.find(slug, cards, sample.digest, params)
    if found is None:
        instead(names, cards)
        return
    tell(*drawn(read(found), [card.title for card in cards]), key)


def tell(finding: str, plot: Plot, key: str) -> None:
    """A sentence and its figure, without the numbers: the study's page has them."""
    st.markdown(plain(finding))
    charts.show(replace(plot, table=None), key)


def shift_maps(result: sweep.Result, titles: list[str]) -> tuple[str, Plot]:
    return sweep.finding(result, titles), figures.maps(result, titles)


def evidence_maps(result: evidence.Result, titles: list[str]) -> tuple[str, Plot]:
    under = whole(sample, patch_figures.UNDERLAY)
    return evidence.finding(result, titles), patch_figures.maps(result, titles, under)


def coded_pictures(result: codes.Result, titles: list[str]) -> tuple[str, Plot]:
    return codes.finding(result, titles), sparse_figures.pictures(result, titles)


def glance_at_random_features() -> None:
    cards = at_hand.intact([families.CEILINGS["digits"]])
    found = studies_first_look.latest("random_maps", cards)
    if found is None:
        instead([families.CEILINGS["digits"]], cards)
        return
    result = maps.from_dict(found)
    st.markdown(plain(maps.finding(result)))
    for column, space in zip(st.columns(len(result.maps)), result.maps, strict=True):
        with column:
            alt = f"Map of {len(result):,} digits by {space.space} features, coloured by class"
            charts.show(Plot(maps_figures.map_figure(result, space.space), alt), f"home-map-{space.space}")


def glance_at_spinal_heads() -> None:
    found = dataset.measured().get(dataset.FIRST)
    if found is None:
        note("Not measured on this machine: run receptive measure-spinal digits.")
        return
    tell(heads.finding(found.result), spinal_figures.curves(found.result), "home-heads")


GLANCES = {
    "shift_sweep": partial(
        glance, "shift_sweep", families.DEFAULT_NETWORKS, sweep.Params(), sweep.from_dict, shift_maps, "home-maps"
    ),
    "patch_evidence": partial(
        glance, "patch_evidence", families.DEFAULT_BAGNETS, evidence.Params(), evidence.from_dict, evidence_maps,
        "home-evidence",
    ),
    "sparse_codes": partial(
        glance, "sparse_codes", families.DEFAULT_SDNETS, codes.Params(), codes.from_dict, coded_pictures, "home-codes"
    ),
    "random_features": glance_at_random_features,
    "spinal_heads": glance_at_spinal_heads,
}  # fmt: skip
for study in STUDIES:
    with st.container(border=True):
        st.subheader(plain(study.question))
        st.caption(link(study.paper, study.link))
        with frame.going_on():
            GLANCES[study.slug]()
        st.page_link(f"pages/{study.slug}.py", label=plain(f"Open {study.title}"), icon=study.icon)

scoreboard.show()
report.show(tray.chosen())
