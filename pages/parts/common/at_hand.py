"""Networks at hand: packaged, downloaded when asked for, or opened from the reader's own weights file."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from core import cache
from core import networks as core_networks
from core.base.prose import section
from core.networks import brought as bring
from core.networks import card as networks_card
from core.networks import families as networks_families
from core.networks import lite
from core.networks import packaged as networks
from core.networks.card import Card, Network
from core.networks.download import WeightsError
from core.networks.own_options import Opened
from core.pictures.drawn import sort_of
from core.pictures.image import RGBImage
from pages.parts.common.address import bound
from pages.parts.common.words import plain

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

OWN = "own networks"
BROKEN = ":material/heart_broken:"


def opened() -> dict[str, Opened]:
    """How the reader's own networks came out of their files, by name, for commands to say."""
    return bring.opened(network.card for network in own_networks().values())


def own_networks() -> dict[str, Network]:
    """The networks that the reader opened in this session, by name."""
    kept: dict[str, Network] = st.session_state.setdefault(OWN, {})
    return kept


def families() -> dict[str, str]:
    """The families of networks by the name that pages show, the reader's own last."""
    own = {network.card.family for network in own_networks().values()} - set(networks_families.FAMILIES.values())
    return networks_families.FAMILIES | {networks_card.title_of(family): family for family in sorted(own)}


def first_family(image: RGBImage, among: Container[str]) -> str:
    """The family, of some, that a picture opens: photograph networks for a photograph, digit networks for a drawing;
    without the ImageNet network those that this project trained."""
    wanted = (networks_families.OPENING[sort_of(image)], "imagenet", networks_families.SCRATCH)
    lacking = () if lite.NAME in networks.cards() else ("imagenet",)
    return next(name for name in wanted if name in among and name not in lacking)


def family_chooser(place: DeltaGenerator, known: Mapping[str, str], first: str, key: str, about: str) -> str:
    """A chooser over `known` (families by title) that begins with `first` and follows it to another one, as when the
    next picture is a drawing, until the reader chooses."""
    title = next(title for title, family in known.items() if family == first)
    return known[following(place, section("common", "trained on"), list(known), title, key, about)]


def following(place: DeltaGenerator, label: str, options: Sequence[str], first: str, key: str, about: str) -> str:
    """A select box that begins with `first`, and goes along with it when that changes, until the reader chooses."""
    before = f"{key} began with"
    if st.session_state.get(before, first) != first and st.session_state.get(key) == st.session_state[before]:
        del st.session_state[key]
    st.session_state[before] = first
    return bound(place.selectbox, plain(label), options, options.index(first), key=key, help=plain(about))


def from_scratch(key: str, choice: str, about: str) -> None:
    """One click from the ImageNet networks to those that this project trained from scratch: sets the chooser `key`."""
    st.button(
        section("common", "from scratch"),
        icon=":material/potted_plant:",
        key=f"{key} scratch",
        type="tertiary",
        help=plain(about),
        on_click=st.session_state.update,
        args=({key: choice},),
    )


def family_from_scratch(family: str, key: str) -> None:
    """The same for a chooser of families, while ImageNet is chosen."""
    if family == "imagenet":
        about = section("common", "from scratch help")
        from_scratch(key, family_title(networks_families.SCRATCH), about)


def family_title(family: str) -> str:
    return next(title for title, name in families().items() if name == family)


def known_labels(family: str) -> tuple[str, ...]:
    """The family's labels; where two classes share a name the second carries its number."""
    own = (network.labels for network in own_networks().values() if network.card.family == family)
    with st.spinner(section("common", "looking up classes")):
        labels = _labels(family) if family in networks_families.FAMILIES.values() else next(own, ())
    seen: dict[str, int] = {}
    return tuple(name if seen.setdefault(name, i) == i else f"{name} ({i})" for i, name in enumerate(labels))


@st.cache_data(max_entries=8, show_spinner=False)
def _labels(family: str) -> tuple[str, ...]:
    return networks_families.family_labels(family)


def every_card() -> dict[str, Card]:
    """Every network that a reader can choose: the reader's own first, then packaged, untrained and published ones."""
    own = bring.plugged() | {name: network.card for name, network in own_networks().items()}
    packaged = {name: card for name, card in networks.cards().items() if card.kind in networks_card.COME_ALONG}
    archs = dict.fromkeys([card.arch for card in packaged.values()] + ["cifar_vgg", "resnet18"])
    untrained = {f"untrained:{arch}": core_networks.find(f"untrained:{arch}") for arch in archs}
    return own | packaged | untrained | networks.cards()


def any_card(label: str, key: str, first: str) -> Card:
    """A chooser over every network."""
    cards = every_card()
    if st.session_state.get(key) not in cards:
        st.session_state.pop(key, None)
    names = list(cards)
    name = bound(
        st.selectbox, plain(label), names, names.index(first) if first in cards else 0, key=key,
        help=section("common", "every network"),
    )  # fmt: skip
    return cards[name]


def any_network(label: str, key: str, first: str) -> Network | None:
    """The network that `any_card` chooses; None while it is not on this machine, which is said."""
    return one(any_card(label, key, first))


def intact(names: Sequence[str]) -> list[Card]:
    """The cards of packaged networks; those that are damaged are said, if pages/parts/common/frame.py has not done
    so."""
    return bring.intact(
        names, lambda said: said in networks.left_out().values() or st.warning(plain(said), icon=BROKEN)
    )


def loaded(cards: Sequence[Card]) -> list[Network]:
    """The chosen networks that can be run now; the others are said, with what to do."""
    ready = []
    missing = [card for card in cards if card.name not in own_networks() and not networks.is_here(card)]
    if missing:
        offer_download(missing)
    for card in cards:
        if card in missing:
            continue
        try:
            ready.append(own_networks().get(card.name) or cache.network(card))
        except WeightsError as error:
            st.error(plain(f"{card.title}: {error}"), icon=":material/error:")
    same = [n for n in ready if n.labels == ready[0].labels]
    for other in ready:
        if other not in same:
            other_title, title = plain(other.card.title), plain(ready[0].card.title)
            st.warning(section("common", "other classes", other=other_title, title=title))
    return same


def one(card: Card) -> Network | None:
    """The chosen network; None if it cannot be run now, which is said."""
    return next(iter(loaded([card])), None)


def offer_download(missing: Sequence[Card]) -> None:
    names = ", ".join(card.title for card in missing)
    st.info(section("common", "not here yet", names=plain(names)), icon=":material/cloud_download:")
    if st.button(section("common", "download it", title=plain(names)), key=f"download {names}"):
        for card in missing:
            download(card)


def download(card: Card) -> None:
    bar = st.progress(0.0, section("common", "connecting", title=plain(card.title)))

    def watch(done: int, total: int | None) -> None:
        said = section("common", "megabytes", title=plain(card.title), size=done / 1e6)
        bar.progress(done / total if total else 0.0, said)

    try:
        networks.fetch(card, watch)
    except WeightsError as error:
        bar.empty()
        st.error(plain(error), icon=":material/cloud_off:")
    else:
        st.rerun()
