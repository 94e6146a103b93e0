"""What this is, what each study asks, and the first finding at a glance."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.networks import card as networks_card
from core.networks import families
from core.networks.card import Card
from core.overview import board
from core.pictures.preprocess import whole
from core.pictures.samples import DEFAULT_SAMPLE, load_sample
from core.studies import STUDIES, spinal
from core.studies import first_look as studies_first_look
from core.studies.patch import evidence
from core.studies.patch import figures as patch_figures
from core.studies.random import maps, maps_figures
from core.studies.shift import figures, sweep
from core.studies.sparse import codes
from core.studies.sparse import figures as sparse_figures
from core.studies.spinal import dataset, heads
from pages.parts.common import at_hand, charts, frame, tray
from pages.parts.common.words import link, note, plain
from pages.parts.home import report, scoreboard

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


def glance_at_shift_sweep() -> None:
    cards = at_hand.intact(families.DEFAULT_NETWORKS)
    found = studies_first_look.find("shift_sweep", cards, sample.digest, sweep.Params())
    if found is None:
        instead(families.DEFAULT_NETWORKS, cards)
        return
    result, titles = sweep.from_dict(found), [card.title for card in cards]
    st.markdown(plain(sweep.finding(result, titles)))
    charts.show(
        figures.maps(result, titles),
        "home-maps",
        "Maps of the probability of the cat's class over all shifts, one for each network",
    )


def glance_at_patch_evidence() -> None:
    cards = at_hand.intact(families.DEFAULT_BAGNETS)
    found = studies_first_look.find("patch_evidence", cards, sample.digest, evidence.Params())
    if found is None:
        instead(families.DEFAULT_BAGNETS, cards)
        return
    result, titles = evidence.from_dict(found), [card.title for card in cards]
    st.markdown(plain(evidence.finding(result, titles)))
    charts.show(
        patch_figures.maps(result, titles, whole(sample, patch_figures.UNDERLAY)),
        "home-evidence",
        "Maps of the evidence of little patches, one for each BagNet, over the cat",
    )


def glance_at_sparse_codes() -> None:
    cards = at_hand.intact(families.DEFAULT_SDNETS)
    found = studies_first_look.find("sparse_codes", cards, sample.digest, codes.Params())
    if found is None:
        instead(families.DEFAULT_SDNETS, cards)
        return
    result, titles = codes.from_dict(found), [card.title for card in cards]
    finding = codes.finding(result, titles)
    st.markdown(plain(finding))
    charts.show(
        sparse_figures.pictures(result),
        "home-codes",
        f"The cat with noise, rebuilt from its sparse code, and what is left over. {finding}",
    )


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
            charts.show(
                maps_figures.map_figure(result, space.space),
                f"home-map-{space.space}",
                f"Map of {len(result):,} digits by {space.space} features, coloured by class",
            )


def glance_at_spinal_heads() -> None:
    found = dataset.measured().get(dataset.FIRST)
    if found is None:
        note("Not measured on this machine: run receptive measure-spinal digits.")
        return
    finding = heads.finding(found.result)
    st.markdown(plain(finding))
    charts.show(
        spinal.figure(found.result),
        "home-heads",
        f"Test accuracy of a spinal, a plain and a matched head on digits, by epoch and by seed. {finding}",
    )


GLANCES = {
    "shift_sweep": glance_at_shift_sweep,
    "patch_evidence": glance_at_patch_evidence,
    "sparse_codes": glance_at_sparse_codes,
    "random_features": glance_at_random_features,
    "spinal_heads": glance_at_spinal_heads,
}
for study in STUDIES:
    with st.container(border=True):
        st.subheader(plain(study.question))
        st.caption(link(study.paper, study.link))
        with frame.going_on():
            GLANCES[study.slug]()
        st.page_link(f"pages/{study.slug}.py", label=plain(f"Open {study.title}"), icon=study.icon)

scoreboard.show()
report.show(tray.chosen())
