"""What every page says of a study and of the networks on it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.networks.card import KIND_WORDS, Card, Kind
from core.studies.study import Study
from pages.parts.common.words import link, plain

ICONS: dict[Kind, str] = {
    "trained here": ":material/home:",
    "authors": ":material/school:",
    "torchvision": ":material/public:",
    "user": ":material/person:",
    "untrained": ":material/casino:",
}
COLOURS: dict[Kind, str] = {
    "trained here": "blue",
    "authors": "violet",
    "torchvision": "green",
    "user": "orange",
    "untrained": "gray",
}


def heading(study: Study) -> None:
    st.title(plain(study.question))
    st.caption(link(study.paper, study.link))


def badges(cards: Sequence[Card]) -> None:
    """One badge a network: whose weights, how well they do where that was measured, the rest on hover or focus."""
    with st.container(horizontal=True):
        for card in cards:
            measured = "" if card.test_accuracy is None else f", {card.test_accuracy:.1%} right"
            said = plain(f"{card.title}: {KIND_WORDS[card.kind]}{measured}")
            # not st.badge, whose own backslashes (1.67) undo those of `plain`
            st.markdown(
                f":{COLOURS[card.kind]}-badge[{ICONS[card.kind]} {said}]", help=plain(card.provenance), width="content"
            )
