"""Which networks can be asked, and what they say: a card a network, the matrix of studies, the door for your own."""

from __future__ import annotations

import streamlit as st

from core.base.prose import section
from core.networks.card import COME_ALONG, Card, Network
from core.overview import coverage
from pages.parts.common import at_hand, charts, frame, own_network, provenance, stage, tray
from pages.parts.common.address import bound, folded
from pages.parts.common.words import plain
from pages.parts.networks import cards as networks_cards
from pages.parts.networks import measured

HERE, YOURS, EVERY = "on this machine", "yours", "all"
CHOSEN, FAMILY = "networks-one", "networks-family"


def choose(network: Network) -> None:
    """Look at a network that was just opened."""
    st.session_state[CHOSEN] = network.card.name


def hero(picture: tray.Picture) -> None:
    """What the networks of a family say of the picture."""
    verdict, row, place = st.container(), st.container(horizontal=True, vertical_alignment="bottom"), st.empty()
    known = {title: family for title, family in at_hand.families().items() if networks_cards.of_family(family)}
    if not known:
        verdict.info(section("networks", "nothing here"))
        return
    first = at_hand.first_family(picture.image, list(known.values()))
    family = at_hand.family_chooser(row, known, first, FAMILY, section("networks", "family help"))
    cards = networks_cards.of_family(family)
    if len(cards) > networks_cards.FEW:
        label = section("networks", "show all", count=len(cards))
        if not bound(row.toggle, label, key="networks-all"):
            cards = cards[: networks_cards.FEW]
    answers = networks_cards.ask(cards, picture.image)
    with verdict:
        networks_cards.verdict(cards, answers)
    with place.container(key="rx-hero"):
        networks_cards.show(cards, answers, picture)
    stage.shown(picture)


def one(cards: dict[str, Card]) -> None:
    """Everything about one network, with a way into each study."""
    st.header(section("networks", "one network"), anchor="one")
    card = at_hand.any_card(section("networks", "network"), CHOSEN, "lite0")
    provenance.badges([card])
    st.markdown(plain(card.provenance[:1].upper() + card.provenance[1:] + "."))
    for cell in coverage.row(card):
        left, right = st.columns([3, 2], vertical_alignment="center")
        left.markdown(f"{plain(cell.mark)} **{plain(cell.part.name)}**{plain(cell.more)}")
        if cell.runs:
            right.page_link(
                f"pages/{cell.study.slug}.py",
                label=section("networks", "open with it", study=plain(cell.study.title)),
                icon=cell.study.icon,
                query_params=coverage.settings(cell.part, card),
            )


@folded(section("networks", "matrix"), "networks-matrix")
def matrix(cards: dict[str, Card]) -> None:
    """Every network by every part of the studies."""
    rows = shown(cards)
    if not rows:
        st.info(section("networks", "none of yours"))
        return
    st.markdown(plain(coverage.finding(rows)))
    charts.show(coverage.figure(rows), "networks-studies")
    st.caption(section("networks", "marks"))


def shown(cards: dict[str, Card]) -> list[Card]:
    """The rows of the matrix that the reader wants to see."""
    words = {
        HERE: section("networks", "on this machine"),
        YOURS: section("networks", "yours"),
        EVERY: section("networks", "all"),
    }
    which = bound(
        st.segmented_control, section("networks", "networks"), [HERE, YOURS, EVERY], default=HERE, required=True,
        key="networks-which", format_func=words.__getitem__, help=section("networks", "networks help"),
    )  # fmt: skip
    own = at_hand.own_networks()
    mine = [card for card in cards.values() if card.name in own or card.kind == "user"]
    if which == YOURS:
        return mine
    if which == EVERY:
        return list(cards.values())
    return [*mine, *(card for card in cards.values() if card.kind in COME_ALONG)]


frame.require("networks")
st.title(section("networks", "question"))
hero(tray.chosen())
one(cards := at_hand.every_card())
st.header(section("networks", "bring"), anchor="own")
own_network.show("networks", choose)
st.caption(section("networks", "bring your own"))
folded(section("networks", "asked otherwise"), "networks-preprocessing")(measured.preprocessing)()
folded(section("networks", "statistics"), "networks-statistics")(measured.statistics)()
matrix(cards)
with st.expander(section("networks", "limits title")):
    st.markdown(section("networks", "limits"))
