"""The shift sweep's controls: how far and along which line, which networks, which class, and what moves in at the edge.

What the address says in the words of terminals and claims (a network's own name, `crop`) is turned into what the
controls show before they see it: these words follow the reader's language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.errors import StreamlitAPIException

from core import networks
from core.base.prose import section
from core.networks import families as networks_families
from core.networks import packaged
from core.networks.card import Card, Network
from core.pictures.image import RGBImage
from core.pictures.preprocess import BOUNDARIES, Boundary
from core.studies.shift.sweep import LINES, MAX_SHIFT_LIMITS, RESIZERS, Line, Params, Resizer, least_side
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
from pages.parts.common.handed import hand

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

FAMILY, RESIZER = "shift-family", "shift-resizer"
DY, DX, SLICE = "shift-dy", "shift-dx", "shift-slice"
UNSHIFTED = "the answer unshifted"
MOST_NETWORKS = 5


@dataclass(frozen=True)
class Choice:
    """What the reader asks for."""

    family: str
    cards: tuple[Card, ...]
    params: Params


def chosen() -> tuple[int, int]:
    """The shift that is looked at, (dy, dx) in px; after `controls`."""
    return st.session_state.get(DY, 0), st.session_state.get(DX, 0)


def line() -> Line:
    """The line that the frame plays along; after `controls`."""
    return st.session_state.get(SLICE) or "diagonal"


def choose(dy: int, dx: int) -> None:
    """Look at a shift: in a callback, before the controls are laid out."""
    hand({DY: dy, DX: dx})


def controls(place: DeltaGenerator, image: RGBImage) -> Choice:
    """How far the frame goes, and what else there is to choose under More."""
    far, path, more = place.columns([4, 4, 1.6], vertical_alignment="bottom")
    reach = bound(
        far.slider,
        section("shift_sweep", "how far"),
        *MAX_SHIFT_LIMITS,
        value=Params.max_shift,
        key="shift-R",
        help=section("shift_sweep", "how far help"),
    )
    told: dict[str, str] = {
        "diagonal": section("shift_sweep", "diagonal"),
        "horizontal": section("shift_sweep", "horizontal"),
        "vertical": section("shift_sweep", "vertical"),
        "anti-diagonal": section("shift_sweep", "anti-diagonal"),
    }
    as_shown(SLICE, told)
    bound(
        path.selectbox,
        section("shift_sweep", "path"),
        list(LINES),
        format_func=lambda one: told[one],
        key=SLICE,
        help=section("shift_sweep", "path help"),
    )
    with more.popover(section("common", "more"), width="stretch"):
        return under_more(image, reach)


def under_more(image: RGBImage, reach: int) -> Choice:
    known = families()
    first = first_family(image, known.values())
    family = family_chooser(st.container(), known, first, FAMILY, section("shift_sweep", "families"))
    family_from_scratch(family, FAMILY)
    cards = chosen_networks(family)
    resizer = what_moves(image, reach)
    boundary = at_the_edge() if resizer == "none" else "crop"
    labels = known_labels(family)
    key = f"shift-class-{family}"
    usual = section("shift_sweep", "unshifted answer")
    as_shown(key, {UNSHIFTED: usual})
    target = bound(
        st.selectbox,
        section("shift_sweep", "class"),
        [UNSHIFTED, *labels],
        format_func=lambda one: usual if one == UNSHIFTED else one,
        key=key,
        help=section("shift_sweep", "class help"),
    )
    limit = MAX_SHIFT_LIMITS[1]
    with st.container(horizontal=True):
        bound(st.number_input, section("shift_sweep", "dy"), -limit, limit, 0, key=DY)
        bound(st.number_input, section("shift_sweep", "dx"), -limit, limit, 0, key=DX)
    own_network.show("shift", remember)
    wanted = None if target == UNSHIFTED else labels.index(target)
    return Choice(family, cards, Params(reach, boundary, wanted, resizer))


def chosen_networks(family: str) -> tuple[Card, ...]:
    """The networks that are compared, chosen by their titles."""
    options = offered(family)
    key = f"shift-networks-{family}"
    as_shown(key, {name: card.title for name, card in options.items()})
    names = bound(
        st.multiselect,
        section("shift_sweep", "networks"),
        list(options),
        format_func=lambda name: options[name].title if name in options else name,
        default=[n for n in default_names(family) if n in options],
        key=key,
        max_selections=MOST_NETWORKS,
        help=section("shift_sweep", "networks help"),
    )
    return tuple(options[name] for name in names)


def resizer_words() -> dict[Resizer, str]:
    return {
        "none": section("shift_sweep", "resizer none"),
        "antialiased": section("shift_sweep", "resizer antialiased"),
        "opencv": section("shift_sweep", "resizer opencv"),
        "nearest": section("shift_sweep", "resizer nearest"),
    }


def short_words() -> dict[Resizer, str]:
    """What scales the photo, where a figure has little room."""
    return {
        "antialiased": section("shift_sweep", "short antialiased"),
        "opencv": section("shift_sweep", "short opencv"),
        "nearest": section("shift_sweep", "short nearest"),
    }


def what_moves(image: RGBImage, reach: int) -> Resizer:
    """The scaled picture, or the photo itself and what scales it then."""
    told = resizer_words()
    as_shown(RESIZER, {str(value): words for value, words in told.items()})
    resizer: Resizer = bound(
        st.selectbox,
        section("shift_sweep", "resizer"),
        list(RESIZERS),
        format_func=lambda one: told[one],
        key=RESIZER,
        help=section("shift_sweep", "resizer help"),
    )
    return resizer if can_move(image, reach, resizer) else "none"


def can_move(image: RGBImage, reach: int, resizer: Resizer) -> bool:
    """Whether the picture is large enough to be moved so; says so where it is not."""
    least = least_side(reach)
    fits = resizer == "none" or min(image.height, image.width) >= least
    if not fits:
        st.info(section("shift_sweep", "resizer too small", least=least, reach=reach))
    return fits


def at_the_edge() -> Boundary:
    told: dict[str, str] = {
        "crop": section("shift_sweep", "crop"),
        "circular": section("shift_sweep", "circular"),
        "reflect": section("shift_sweep", "reflect"),
    }
    as_shown("shift-boundary", told)
    boundary: Boundary = bound(
        st.segmented_control,
        section("shift_sweep", "edge"),
        list(BOUNDARIES),
        format_func=lambda one: told[one],
        default=Params.boundary,
        required=True,
        key="shift-boundary",
        help=section("shift_sweep", "boundary"),
    )
    return boundary


def as_shown(key: str, told: Mapping[str, str]) -> None:
    """Spell what the address says of `key` as its control shows it, and begin the page anew: `told` has the words for
    each value."""
    values = st.query_params.get_all(key)
    spelt = [told.get(value, value) for value in values]
    if spelt != values:
        with suppress(StreamlitAPIException):  # laid out before: then the control itself wrote it there
            st.query_params[key] = spelt
            st.rerun()


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
