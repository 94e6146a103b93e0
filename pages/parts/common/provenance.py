"""What every page says of a study, of the networks on it, of what was measured, and of a picture held beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.base.prose import section
from core.base.renamed import today
from core.networks.card import Card, Kind
from core.studies.study import Study
from pages.parts.common.tray import Picture
from pages.parts.common.words import Markdown, code, link, plain

BADGES: dict[Kind, str] = {
    "trained here": ":blue-badge[:material/home: {}]",
    "package": ":green-badge[:material/deployed_code: {}]",
    "authors": ":violet-badge[:material/school: {}]",
    "torchvision": ":green-badge[:material/public: {}]",
    "timm": ":green-badge[:material/public: {}]",
    "user": ":orange-badge[:material/person: {}]",
    "untrained": ":gray-badge[:material/casino: {}]",
}


def heading(study: Study) -> None:
    """What the study asks, small enough that the picture is on the first screen."""
    st.title(plain(study.question))


def paper(study: Study) -> None:
    """Whose finding it is."""
    st.caption(link(study.paper, study.link))


def held(picture: Picture) -> None:
    """Names the held picture above its part of the page."""
    said = section("common", "held beside it", title=plain(picture.title))
    st.markdown(f":material/push_pin: {said}")


def missing(command: str) -> None:
    """What is shown in place of what `receptive COMMAND` would measure."""
    st.markdown(section("common", "not measured yet", command=code("receptive " + command)))


def again(*records: Mapping[str, object]) -> Markdown:
    """How to measure something again, and when that was done: of each record its `command`, `date` and `commit`."""
    told = [
        section(
            "common",
            "measured on",
            command=code(today(str(r["command"]))),
            date=plain(r["date"]),
            commit=plain(r["commit"]),
        )
        for r in records
    ]
    return Markdown(section("common", "measure again", told=Markdown(", ".join(told))))


def whose(card: Card) -> str:
    """Whose weights a network has, in the reader's language."""
    words: dict[Kind, str] = {
        "trained here": section("common", "kind trained here"),
        "package": section("common", "kind package"),
        "authors": section("common", "kind authors"),
        "torchvision": section("common", "kind torchvision"),
        "timm": section("common", "kind timm"),
        "user": section("common", "kind user"),
        "untrained": section("common", "kind untrained"),
    }
    return words[card.kind]


def measured(card: Card) -> str:
    """How well a network does on the test pictures of its data set, "" where nobody here measured it."""
    if card.test_accuracy is None:
        return ""
    return section("common", "share right", share=f"{card.test_accuracy:.1%}")


def badges(cards: Sequence[Card]) -> None:
    """One badge a network: whose weights, how well they do where that was measured, the rest on hover or focus."""
    with st.container(horizontal=True):
        for card in cards:
            said = plain(f"{card.title}: {whose(card)}{measured(card)}")
            # not st.badge, whose own backslashes (1.67) undo those of `plain`
            st.markdown(BADGES[card.kind].format(said), help=plain(card.provenance), width="content")
