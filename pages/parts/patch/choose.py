"""The patch evidence page's controls: whose BagNets, which class, against which, and how the maps are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.base.prose import section
from core.models import family_size
from core.networks import lite, packaged
from core.networks.card import Card, Network
from core.networks.families import BAGNETS, PUBLISHED_BAGNETS
from core.pictures.image import RGBImage
from core.studies.patch.evidence import RESOLUTIONS, Params, Resolution
from core.studies.patch.figures import OPACITY, top_classes
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
from pages.parts.common.tray import Picture
from pages.parts.common.words import note, plain

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
        st.markdown("The ordinary network of this family is not on this machine: the BagNets are asked alone.")
        return list(scene.bagnets)
    return [*scene.bagnets, scene.baseline]


@dataclass(frozen=True, eq=False)
class View:
    """What the first row of controls says: `cards` of the networks whose maps are drawn, those of patches first;
    `classes` is the place where the class choosers go."""

    family: str
    cards: tuple[Card, ...]
    short: int
    opacity: float
    outline: bool
    resolution: Resolution
    classes: Sequence[st.delta_generator.DeltaGenerator]

    def params(self, target: int | None = None, other: int | None = None) -> Params:
        return Params(None if self.short == self.cards[0].size else self.short, target, other, self.resolution)


def view(image: RGBImage) -> View:
    """The controls of a picture that need no answer of the networks; the class choosers follow with `classes`."""
    row = st.columns([2, 2.3, 2.3, 2, 1.9, 1.3], vertical_alignment="bottom")
    known = {title: family for title, family in families().items() if family in BAGNETS or own_bagnets(family)}
    family = family_chooser(
        row[0], known, first_family(image, known.values()), FAMILY, section("patch_evidence", "families")
    )
    opacity = bound(row[3].slider, "Opacity of the evidence", 0.0, 1.0, OPACITY, 0.05, key="patch-opacity")
    resolution = bound(
        row[4].segmented_control,
        "Map",
        list(RESOLUTIONS),
        default="full",
        required=True,
        key="patch-resolution",
        help=section("patch_evidence", "resolution"),
    )
    with row[5].popover("More", width="stretch", help="Size of the picture, outlines, your own weights"):
        cards = cards_of(family)
        size = cards[-1].size if cards else family_size(family)
        sides = SHORT_SIDES.get(family) or tuple(round(share * size) for share in SHARES)
        short = bound(
            st.select_slider,
            "Short side the networks see, px",
            sides,
            size,
            format_func=plain,
            key=f"patch-short-{family}",
        )
        note(f"They were trained at {size} px; the larger the picture, the less of it a patch covers.")
        outline = bound(st.toggle, "Outlines of the picture", True, key="patch-outline")
        own_network.show("patch", remember)
    return View(family, cards, short, opacity, outline, resolution, row[1:3])


def cards_of(family: str) -> tuple[Card, ...]:
    """The chosen BagNets of a family by rising patch, and the network whose class activation map stands beside them."""
    names, baseline = BAGNETS.get(family, ((), ""))
    published = PUBLISHED_BAGNETS if family == "imagenet" else ()
    known = {name: packaged.cards()[name] for name in (*names, *published) if name in packaged.cards()}
    known |= {card.name: card for card in own_bagnets(family)}
    first = [*(card.name for card in own_bagnets(family)), *(name for name in names if name in known)]
    chosen = bound(
        st.multiselect, "BagNets", list(known), first[:MOST_SHOWN], key=f"patch-networks-{family}",
        max_selections=MOST_SHOWN, format_func=plain, help="Networks that see one patch at a time, by its side in px.",
    )  # fmt: skip
    beside = [packaged.cards()[baseline]] if lite.is_family(baseline) and baseline in packaged.cards() else []
    return (*sorted((known[name] for name in chosen), key=lambda card: card.patch or 0), *beside)


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


def classes(view: View, logits: np.ndarray, labels: Sequence[str]) -> tuple[int | None, int | None]:
    """The class asked for and the one subtracted; the five best of the network with the largest patches first."""
    known = known_labels(view.family) if len(labels) == len(known_labels(view.family)) else tuple(labels)
    best = top_classes(logits, int(logits.argmax()), 5)
    names = [known[i] for i in [*best, *(i for i in range(len(known)) if i not in best)]]
    left, right = view.classes
    target = bound(
        left.selectbox,
        "Evidence for",
        [ANSWER, *names],
        key=f"patch-class-{view.family}",
        help="The class whose evidence is drawn; by default what the last network says. Its five best come first.",
    )
    other = bound(
        right.selectbox,
        "less the evidence for",
        [NOBODY, *names],
        key=f"patch-against-{view.family}",
        help="Choose a second class to see which patches speak for the one rather than the other.",
    )
    return (
        None if target == ANSWER else known.index(target),
        None if other == NOBODY else known.index(other),
    )
