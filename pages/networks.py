"""Which networks can be asked, and what: the matrix of networks and studies, and the door for your own."""

from __future__ import annotations

import streamlit as st

from core.base.prose import section
from core.networks.card import COME_ALONG, Card, Network
from core.overview import coverage
from pages.parts.common import at_hand, charts, frame, own_network, provenance
from pages.parts.common.address import bound
from pages.parts.common.words import plain

HERE, YOURS, EVERY = "on this machine", "yours", "all"
CHOSEN = "networks-one"


def choose(network: Network) -> None:
    """Look at a network that was just opened."""
    st.session_state[CHOSEN] = network.card.name


def shown(cards: dict[str, Card]) -> list[Card]:
    """The rows of the matrix that the reader wants to see."""
    which = bound(
        st.segmented_control, "Networks", [HERE, YOURS, EVERY], default=HERE, required=True, key="networks-which",
        help="All: with the published ones that are downloaded on demand, and untrained ones.",
    )  # fmt: skip
    own = at_hand.own_networks()
    mine = [card for card in cards.values() if card.name in own or card.kind == "user"]
    if which == YOURS:
        return mine
    if which == EVERY:
        return list(cards.values())
    return [*mine, *(card for card in cards.values() if card.kind in COME_ALONG)]


def one(cards: dict[str, Card]) -> None:
    """Everything about one network, with a way into each study."""
    st.header("One network", anchor="one")
    card = at_hand.any_card("Network", CHOSEN, "lite0")
    provenance.badges([card])
    st.markdown(plain(card.provenance[:1].upper() + card.provenance[1:] + "."))
    for cell in coverage.row(card):
        left, right = st.columns([3, 2], vertical_alignment="center")
        left.markdown(f"{plain(cell.mark)} **{plain(cell.part.name)}**{plain(cell.more)}")
        if cell.runs:
            right.page_link(
                f"pages/{cell.study.slug}.py",
                label=plain(f"Open {cell.study.title} with it"),
                icon=cell.study.icon,
                query_params=coverage.settings(cell.part, card),
            )


frame.require("networks")
st.title("Which networks can be asked, and what?")
cards = at_hand.every_card()
rows = shown(cards)
if rows:
    st.markdown(f"#### {plain(coverage.finding(rows))}")
    charts.show(coverage.figure(rows), "networks-matrix")
    st.caption("● runs, ◐ runs in part, – does not run; point at a field to read why.")
else:
    st.info("You have not brought a network yet: open one below.")
one(cards)
st.header("Bring your own", anchor="own")
own_network.show("networks", choose)
st.caption(section("networks", "bring your own"))
with st.expander("Limits"):
    st.markdown(section("networks", "limits"))
