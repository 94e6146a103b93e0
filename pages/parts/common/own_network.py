"""Bring a network of your own: a weights file, a name of torchvision's or timm's, or one of an installed package."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import streamlit as st

from core import cache, networks
from core.base.prose import section
from core.base.refuse import MAX_UPLOAD_MB
from core.models import list_classifiers
from core.networks import brought as bring
from core.networks import card as networks_card
from core.networks import families, packaged, timm_networks
from core.networks.brought import Guess
from core.networks.card import Network
from core.networks.checkpoints import ITSELF
from core.networks.download import WeightsError
from core.networks.own_options import LEAST_DEVIATION, SIDES, FileOptions
from pages.parts.common import at_hand
from pages.parts.common.words import note, plain

FILE, TORCHVISION, TIMM, PACKAGE = "a weights file", "torchvision", "timm", "a package"
NUMBERS = "numbers of my own"
Chosen = Callable[[Network], None]


def show(key: str, chosen: Chosen) -> None:
    """Four ways to bring a network; `chosen` hears of it once it is open. `key` tells this place from others."""
    st.markdown("**A network of your own**: it stays on this machine, and nothing in a file is run as code.")
    way = st.segmented_control(
        "From", [FILE, TORCHVISION, TIMM, PACKAGE], default=FILE, required=True, key=f"{key} own way"
    )
    {FILE: from_file, TORCHVISION: from_torchvision, TIMM: from_timm, PACKAGE: from_package}[way](key, chosen)
    if problem := st.session_state.get("own problem"):
        st.error(plain(problem), icon=":material/error:")


def from_file(key: str, chosen: Chosen) -> None:
    """The file first; then what it seems to be, to be corrected where the guess is wrong."""
    file = st.file_uploader(
        "A safetensors file or a torch state dict", key=f"{key} own weights", max_upload_size=MAX_UPLOAD_MB
    )
    if file is None:
        st.session_state.pop("own problem", None)
        return
    found = guessed(file.file_id, file.getvalue())
    if isinstance(found, str):
        st.error(plain(found), icon=":material/error:")
        return
    guess = one_of(found, f"{key} own part {file.file_id}")
    if guess is None:
        return
    this = f"{key} {file.file_id} {guess.part}"
    archs = list_classifiers()
    arch = st.selectbox(
        "Architecture", archs, archs.index(guess.arch), key=f"{this} own arch",
        help="The one that the file's tensors fit; type to search for another.",
    )  # fmt: skip
    if said := "; ".join(filter(None, [guess.said, guess.unfit])):
        st.text(f"Of this file: {said}.")  # names from the file are in it, so no Markdown
    options = preprocessing(this, guess)
    told = st.text_area(
        plain(f"Labels, one a line: {guess.classes} classes"), "\n".join(first_labels(guess)), key=f"{this} own labels"
    )
    labels = tuple(line.strip() for line in told.splitlines() if line.strip())
    if labels != first_labels(guess) or options.like:
        options = replace(options, labels=labels)
    options = replace(options, arch=arch if arch != guess.arch else "", part=guess.part)
    open_it(f"{key} own open", partial(bring.open_file, file.getvalue(), file.name, options), chosen)


def one_of(found: tuple[Guess, ...], key: str) -> Guess | None:
    """The only network in a file, which needs no name, or the one that the reader chooses; None until then."""
    if len(found) == 1:
        return replace(found[0], part="")
    names = [guess.part for guess in found]
    name = st.selectbox(
        f"{len(found)} networks lie in this file: which one?", names, None, key=key, placeholder="Choose one",
        format_func=lambda part: "the file itself" if part == ITSELF else part,
    )  # fmt: skip
    return None if name is None else found[names.index(name)]


@st.cache_data(max_entries=4, show_spinner="Looking which architecture has such tensors")
def guessed(file_id: str, _data: bytes) -> tuple[Guess, ...] | str:
    """What the networks in the file seem to be, or what is wrong with it."""
    cache.wait_until_warm()
    try:
        return bring.guesses(_data)
    except WeightsError as error:
        return str(error)


def first_labels(guess: Guess) -> tuple[str, ...]:
    known = guess.labels or at_hand.known_labels(guess.family)
    return known if len(known) == guess.classes else tuple(f"class {i}" for i in range(guess.classes))


def preprocessing(key: str, guess: Guess) -> FileOptions:
    """What is said of input size, mean and deviation: nothing, that they are a family's, or numbers typed in."""
    titles = {title: family for title, family in at_hand.families().items() if family in families.FAMILIES.values()}
    options = [*(["as the file tells"] if guess.preprocessing else []), *titles, NUMBERS]
    usual = next(title for title, family in titles.items() if family == guess.family)
    how = st.selectbox(
        "Preprocessing", options, 0 if guess.preprocessing else options.index(usual), key=f"{key} own prep",
        help="The side of the square that the network was trained on, and the mean and deviation of its colours.",
    )  # fmt: skip
    if how == (options[0] if guess.preprocessing else usual):
        return FileOptions()
    if how != NUMBERS:
        return FileOptions(like=titles[how])
    start = guess.preprocessing or packaged.usual_preprocessing(guess.arch, guess.family)
    size = st.number_input("Side, px", *SIDES, start.size, key=f"{key} own size")
    columns = st.columns(2)
    mean = tuple(
        columns[0].number_input(plain(f"Mean {i + 1}"), 0.0, 1.0, value, format="%.4f", key=f"{key} own mean {i}")
        for i, value in enumerate(start.mean)
    )
    std = tuple(
        columns[1].number_input(
            plain(f"Deviation {i + 1}"), LEAST_DEVIATION, value=value, format="%.4f", key=f"{key} own std {i}"
        )
        for i, value in enumerate(start.std)
    )
    return FileOptions(mean=mean, std=std, size=int(size))


def from_torchvision(key: str, chosen: Chosen) -> None:
    cache.wait_until_warm()
    arch = st.selectbox(
        "Classification network, ImageNet weights", networks_card.torchvision_names(), key=f"{key} own torchvision",
        help="Weights are downloaded once, from PyTorch's server, when you ask for them.",
    )  # fmt: skip
    card = networks.find(f"{networks_card.TORCHVISION}{arch}")
    if not packaged.is_here(card):
        at_hand.offer_download([card])
        return
    open_it(f"{key} own open tv", partial(cache.network, card), chosen)


def from_timm(key: str, chosen: Chosen) -> None:
    cache.wait_until_warm()
    try:
        timm_networks.check()
    except WeightsError as error:
        st.markdown(plain(error))
        return
    name = st.selectbox(
        "Network and weights, ImageNet's classes", timm_networks.names(), key=f"{key} own timm",
        help="Weights are downloaded once, from the Hugging Face hub, when you ask for them.",
    )  # fmt: skip
    card = networks.find(f"{networks_card.TIMM}{name}")
    note(card.provenance)
    if not packaged.is_here(card):
        at_hand.offer_download([card])
        return
    open_it(f"{key} own open timm", partial(cache.network, card), chosen)


def from_package(key: str, chosen: Chosen) -> None:
    offered = bring.plugged()
    if not offered:
        st.markdown(section("networks", "from a package"))
        return
    name = st.selectbox("Network of an installed package", list(offered), key=f"{key} own package")
    note(offered[name].provenance)
    open_it(f"{key} own open plug", partial(cache.network, offered[name]), chosen)


def open_it(key: str, work: Callable[[], Network], chosen: Chosen) -> None:
    st.button("Open it", type="primary", key=key, on_click=attempt, args=(work, chosen))


def attempt(work: Callable[[], Network], chosen: Chosen) -> None:
    """Keep the network among the reader's own and tell of it; what is wrong is said at the next run."""
    cache.wait_until_warm()
    try:
        network = work()
    except WeightsError as error:
        st.session_state["own problem"] = str(error)
        return
    st.session_state.pop("own problem", None)
    at_hand.own_networks()[network.card.name] = network
    chosen(network)
