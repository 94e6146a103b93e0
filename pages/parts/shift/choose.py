"""The shift sweep's controls: which networks, which class, how far, and what moves in at the edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core import networks
from core.base.prose import section
from core.networks import families as networks_families
from core.networks import packaged
from core.networks.card import Card, Network
from core.pictures.image import RGBImage
from core.pictures.preprocess import BOUNDARIES
from core.studies.shift.sweep import MAX_SHIFT_LIMITS, Params
from pages.parts.common import own_network
from pages.parts.common.address import bound
from pages.parts.common.at_hand import (
    families,
    family_chooser,
    family_title,
    first_family,
    known_labels,
    own_networks,
)

FAMILY = "shift-family"
UNSHIFTED = "the answer unshifted"
MOST_NETWORKS = 5


@dataclass(frozen=True)
class Choice:
    """What the reader asks for."""

    family: str
    cards: tuple[Card, ...]
    params: Params


def controls(image: RGBImage) -> Choice:
    """The five controls above the figure of a picture; the rest under More."""
    left, right, more = st.columns([3, 6, 1.4], vertical_alignment="bottom")
    known = families()
    first = first_family(image, known.values())
    family = family_chooser(left, known, first, FAMILY, section("shift_sweep", "families"))
    options = offered(family)
    names = bound(
        right.multiselect,
        "Networks",
        list(options),
        default=[n for n in default_names(family) if n in options],
        key=f"shift-networks-{family}",
        max_selections=MOST_NETWORKS,
        help="Plain and anti-aliased networks of one family; type to search. At most five.",
    )
    cards = tuple(options[name] for name in names)
    with more.popover("More", width="stretch", help="Open your own weights"):
        own_network.show("shift", remember)
    first, second, third = st.columns([1, 1, 1], vertical_alignment="bottom")
    reach = bound(
        first.slider,
        "Largest shift R, px",
        *MAX_SHIFT_LIMITS,
        value=Params.max_shift,
        key="shift-R",
        help="In pixels of the network's input. The map shows every shift of up to R pixels each way.",
    )
    boundary = bound(
        second.segmented_control,
        "Boundary",
        list(BOUNDARIES),
        default=Params.boundary,
        required=True,
        key="shift-boundary",
        help=section("shift_sweep", "boundary"),
    )
    labels = known_labels(family)
    target = bound(
        third.selectbox,
        "Class P(·)",
        [UNSHIFTED, *labels],
        key=f"shift-class-{family}",
        help="The class whose probability is drawn. By default what the first network says of the unshifted picture.",
    )
    return Choice(family, cards, Params(reach, boundary, None if target == UNSHIFTED else labels.index(target)))


def offered(family: str) -> dict[str, Card]:
    """Cards of a family by name: packaged, published, the reader's own, and untrained ones to compare with."""
    found = {name: card for name, card in packaged.cards().items() if card.family == family}
    found |= {n.card.name: n.card for n in own_networks().values() if n.card.family == family}
    archs = {c.arch for c in found.values() if c.kind == "trained here"}
    if family == "imagenet":
        archs = {"lite0", "resnet18", "resnet18_blur3"}
    return found | {f"untrained:{arch}": networks.find(f"untrained:{arch}") for arch in sorted(archs)}


def default_names(family: str) -> Sequence[str]:
    own = [name for name, network in own_networks().items() if network.card.family == family]
    return networks_families.COMPARED.get(family, own)[:MOST_NETWORKS]


def remember(network: Network) -> None:
    """Show a network that was just opened: its family, and it among the chosen ones."""
    st.session_state[FAMILY] = family_title(network.card.family)
    chosen = f"shift-networks-{network.card.family}"
    st.session_state[chosen] = [*st.session_state.get(chosen, []), network.card.name][-MOST_NETWORKS:]
