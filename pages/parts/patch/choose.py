"""The patch evidence page's controls: whose BagNets, which class, against which, and how the maps are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.base.prose import section
from core.models import family_size
from core.networks import lite, packaged
from core.networks.card import Card, Network
from core.networks.families import BAGNETS, PUBLISHED_BAGNETS
from core.pictures.image import RGBImage
from core.studies.patch import evidence, gist
from core.studies.patch.evidence import RESOLUTIONS, Params, Resolution
from core.studies.patch.figures import OPACITY
from pages.parts.common import own_network
from pages.parts.common.address import bound
from pages.parts.common.at_hand import (
    families,
    family_chooser,
    family_from_scratch,
    family_title,
    first_family,
    known_labels,
    own_networks,
)
from pages.parts.common.tray import Picture
from pages.parts.common.words import plain

FAMILY = "patch-family"
ANY = "patch-any-network"  # the chooser of pages/parts/patch/any.py
ANSWER, NOBODY = "its answer", "nothing"
SHORT_SIDES = {"tiny-imagenet-20": (48, 64, 96, 128, 160, 224), "imagenet": (96, 128, 160, 224, 288, 320)}
SHARES = (0.75, 1, 1.5, 2, 3)  # of the side that a BagNet of the reader's own was trained at
MOST_SHOWN = 4


@dataclass(frozen=True, eq=False)
class Scene:
    """What the reader looks at. `bagnets`, one or more, rise in patch size and share labels; `baseline` is the
    ordinary network of their family, None if it is not on this machine. The networks see the whole picture with a
    short side of `short` px, as `pixels` uint8 (H, W, 3); `target` is the class whose evidence is asked for.
    """

    bagnets: tuple[Network, ...]
    baseline: Network | None
    picture: Picture
    pixels: np.ndarray
    short: int
    target: int

    @property
    def labels(self) -> tuple[str, ...]:
        return self.bagnets[0].labels


def told_apart(labels: Sequence[str]) -> list[str]:
    """The labels; of those that share a name, as ImageNet's two cranes do, the later ones with their number."""
    return [label if labels.index(label) == i else f"{label} ({i})" for i, label in enumerate(labels)]


def compared(scene: Scene) -> list[Network]:
    """The BagNets, and the baseline if it is on this machine; if not, that is said."""
    if scene.baseline is None:
        st.markdown(section("patch_evidence", "alone"))
        return list(scene.bagnets)
    return [*scene.bagnets, scene.baseline]


@dataclass(frozen=True, eq=False)
class View:
    """What the controls say: `cards` of the networks whose maps are drawn, those of patches first; `target`, `why` and
    `other` are the places of the class chooser, of why it is that class, and of the class that is subtracted."""

    family: str
    cards: tuple[Card, ...]
    short: int
    opacity: float
    outline: bool
    resolution: Resolution
    target: DeltaGenerator
    why: DeltaGenerator
    other: DeltaGenerator

    def params(self, target: int | None = None, other: int | None = None) -> Params:
        return Params(None if self.short == self.cards[0].size else self.short, target, other, self.resolution)


def view(image: RGBImage) -> View:
    """The controls of a picture that need no answer of the networks; the class choosers follow with `classes`."""
    target, why, more = st.columns([2, 2.4, 1.1], vertical_alignment="bottom")
    with more.popover(section("common", "more"), width="stretch", help=section("patch_evidence", "more")):
        known = {title: family for title, family in families().items() if family in BAGNETS or own_bagnets(family)}
        family = family_chooser(
            st.container(), known, first_family(image, known.values()), FAMILY, section("patch_evidence", "families")
        )
        family_from_scratch(family, FAMILY)
        cards = cards_of(family)
        other = st.container()
        opacity = bound(st.slider, section("patch_evidence", "opacity"), 0.0, 1.0, OPACITY, 0.05, key="patch-opacity")
        resolution = bound(
            st.segmented_control, section("patch_evidence", "resolution"), list(RESOLUTIONS), default="full",
            required=True, key="patch-resolution", help=section("patch_evidence", "resolution help"),
        )  # fmt: skip
        size = cards[-1].size if cards else family_size(family)
        sides = SHORT_SIDES.get(family) or tuple(round(share * size) for share in SHARES)
        short = bound(
            st.select_slider, section("patch_evidence", "short side"), sides, size, format_func=plain,
            key=f"patch-short-{family}", help=section("patch_evidence", "short side help", size=size),
        )  # fmt: skip
        outline = bound(st.toggle, section("patch_evidence", "outlines"), True, key="patch-outline")
        own_network.show("patch", remember)
    return View(family, cards, short, opacity, outline, resolution, target, why, other)


def cards_of(family: str) -> tuple[Card, ...]:
    """The chosen BagNets of a family by rising patch, and the network whose class activation map stands beside them."""
    names, baseline = BAGNETS.get(family, ((), ""))
    published = PUBLISHED_BAGNETS if family == "imagenet" else ()
    known = {name: packaged.cards()[name] for name in (*names, *published) if name in packaged.cards()}
    known |= {card.name: card for card in own_bagnets(family)}
    first = [*(card.name for card in own_bagnets(family)), *(name for name in names if name in known)]
    key, titles = f"patch-networks-{family}", {name: card.title for name, card in known.items()}
    by_title(key, titles)
    chosen = bound(
        st.multiselect, section("patch_evidence", "networks"), list(known), first[:MOST_SHOWN], key=key,
        max_selections=MOST_SHOWN, format_func=lambda name: plain(titles[name]),
        help=section("patch_evidence", "networks help"),
    )  # fmt: skip
    beside = [packaged.cards()[baseline]] if lite.is_family(baseline) and baseline in packaged.cards() else []
    return (*sorted((known[name] for name in chosen), key=lambda card: card.patch or 0), *beside)


def by_title(key: str, titles: Mapping[str, str]) -> None:
    """Networks stand in the address by their titles; an older one, or one that a program made, holds their names."""
    if key in st.query_params and key not in st.session_state:
        asked = st.query_params.get_all(key)
        told = [titles.get(name, name) for name in asked]
        if told != asked:
            st.query_params[key] = told
            st.rerun()  # the widget goes by the address that this run began with


def remember(network: Network) -> None:
    """Show a BagNet that was just opened with its family; another network is asked further down the page."""
    if network.card.patch:
        st.session_state[FAMILY] = family_title(network.card.family)
        chosen = f"patch-networks-{network.card.family}"
        if chosen in st.session_state:
            st.session_state[chosen] = [*st.session_state[chosen], network.card.name][-MOST_SHOWN:]
    else:
        st.session_state[ANY] = network.card.name


def own_bagnets(family: str) -> list[Card]:
    return [n.card for n in own_networks().values() if n.card.family == family and n.card.patch]


def classes(view: View, logits: Sequence[np.ndarray], labels: Sequence[str]) -> tuple[int | None, int | None]:
    """The class asked for, None for what most of the networks answer, and the one subtracted; first in both choosers
    the five that the networks of `logits` (K,) find likeliest together."""
    known = known_labels(view.family) if len(labels) == len(known_labels(view.family)) else tuple(labels)
    best = gist.likeliest(logits, 5)
    names = [known[i] for i in [*best, *(i for i in range(len(known)) if i not in best)]]
    target = bound(
        view.target.selectbox,
        section("patch_evidence", "class"),
        [ANSWER, *names],
        format_func=lambda name: section("patch_evidence", "class answer") if name == ANSWER else name,
        key=f"patch-class-{view.family}",
        help=section("patch_evidence", "class help"),
    )
    other = bound(
        view.other.selectbox,
        section("patch_evidence", "against"),
        [NOBODY, *names],
        format_func=lambda name: section("patch_evidence", "against nothing") if name == NOBODY else name,
        key=f"patch-against-{view.family}",
        help=section("patch_evidence", "against help"),
    )
    asked = None if target == ANSWER else known.index(target)
    less = None if other == NOBODY else known.index(other)
    if less is not None and less == (evidence.voted(logits) if asked is None else asked):
        view.other.warning(section("patch_evidence", "same twice", label=plain(known[less])))
        less = None
    return asked, less
