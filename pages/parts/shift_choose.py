"""The shift sweep's controls: which networks, which class, how far, and what moves in at the edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core import networks
from core.models import list_classifiers
from core.networks import FAMILIES, Card, Network
from core.preprocess import BOUNDARIES
from core.studies.shift_sweep import MAX_SHIFT_LIMITS, Params
from pages.parts.at_hand import known_labels, own_networks, own_weights

UNSHIFTED = "the answer unshifted"
BOUNDARY_HELP = (
    "What moves in when the picture moves out. **True crop**: more of the photograph, as when a camera moves; "
    "the picture is scaled so that it reaches. **Circular**: the other edge, the paper's ideal case: only here "
    "can a network be exactly shift-invariant. **Reflect**: a mirror image."
)
MOST_NETWORKS = 5


@dataclass(frozen=True)
class Choice:
    """What the reader asks for; `labels` are empty where no network of the family is loaded yet."""

    cards: tuple[Card, ...]
    params: Params


def controls() -> Choice:
    """The five controls above the figure; the rest under More."""
    left, right, more = st.columns([3, 6, 1.4], vertical_alignment="bottom")
    about = "photographs: 64 px, 20 kinds. CIFAR-10: 32 px, 10 kinds. ImageNet: 224 px, 1000 kinds, to be downloaded."
    trained_on = left.selectbox("Trained on", list(FAMILIES), key="shift-family", bind="query-params", help=about)
    family = FAMILIES[trained_on]
    options = offered(family)
    names = right.multiselect(
        "Networks",
        list(options),
        default=[n for n in default_names(family) if n in options],
        key=f"shift-networks-{family}",
        bind="query-params",
        max_selections=MOST_NETWORKS,
        help="Plain and anti-aliased networks of one family; type to search. At most five.",
    )
    cards = tuple(options[name] for name in names)
    with more.popover("More", width="stretch", help="Open your own weights"):
        own_weights(family, list_classifiers(), "resnet18", remember)
    first, second, third = st.columns([1, 1, 1], vertical_alignment="bottom")
    reach = first.slider(
        "Largest shift R, px",
        *MAX_SHIFT_LIMITS,
        value=Params.max_shift,
        key="shift-R",
        bind="query-params",
        help="In pixels of the network's input. The map shows every shift of up to R pixels each way.",
    )
    boundary = second.segmented_control(
        "Boundary",
        list(BOUNDARIES),
        default=Params.boundary,
        required=True,
        key="shift-boundary",
        bind="query-params",
        help=BOUNDARY_HELP,
    )
    labels = class_labels(cards, family)
    target = third.selectbox(
        "Class P(·)",
        [UNSHIFTED, *labels],
        key=f"shift-class-{family}",
        bind="query-params",
        help="The class whose probability is drawn. By default what the first network says of the unshifted picture.",
    )
    return Choice(cards, Params(reach, boundary, None if target == UNSHIFTED else labels.index(target)))


def offered(family: str) -> dict[str, Card]:
    """Cards of a family by name: packaged, published, the reader's own, and untrained ones to compare with."""
    found = {name: card for name, card in networks.cards().items() if card.family == family}
    found |= {n.card.name: n.card for n in own_networks().values() if n.card.family == family}
    archs = {c.arch for c in found.values() if c.kind == "trained here"} or {"resnet18", "resnet18_blur3"}
    return found | {f"untrained:{arch}": networks.find(f"untrained:{arch}") for arch in sorted(archs)}


def default_names(family: str) -> Sequence[str]:
    return {
        "tiny-imagenet-20": networks.DEFAULT_NETWORKS,
        "cifar10": ("cifar_vgg", "cifar_vgg_blur3", "cifar_vgg_blur5"),
        "imagenet": ("resnet18", "resnet18_blur5"),
    }[family]


def class_labels(cards: Sequence[Card], family: str) -> tuple[str, ...]:
    own = [n for n in own_networks().values() if n.card in cards]
    return own[0].labels if own else known_labels(family)


def remember(network: Network) -> None:
    """Put a network that was just opened among the chosen ones."""
    chosen = f"shift-networks-{network.card.family}"
    st.session_state[chosen] = [*st.session_state.get(chosen, []), network.card.name][-MOST_NETWORKS:]
