"""Bring a network of your own: a weights file, a name of torchvision's or timm's, or one of an installed package."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import streamlit as st

from core import cache, networks
from core.base.prose import section
from core.base.refuse import MAX_UPLOAD_MB
from core.figures import palette
from core.models import list_classifiers
from core.networks import brought as bring
from core.networks import card as networks_card
from core.networks import families, packaged, timm_networks
from core.networks.brought import Guess
from core.networks.card import Network
from core.networks.checkpoints import ITSELF
from core.networks.download import WeightsError
from core.networks.own_options import LEAST_DEVIATION, SIDES, FileOptions
from core.overview import said
from pages.parts.common import at_hand, stage, tray, waiting, ways
from pages.parts.common.words import note, plain

FILE, TORCHVISION, TIMM, PACKAGE = "a weights file", "torchvision", "timm", "a package"
AS_TOLD, NUMBERS = "as the file tells", "numbers of my own"
CAME = "own network came"  # the session's key of what came of the last click: the network's name, or why not
Chosen = Callable[[Network], None]


def show(key: str, chosen: Chosen) -> None:
    """Four ways to bring a network; `chosen` hears of it once it is open. `key` tells this place from others."""
    st.markdown(section("networks", "own"))
    words = {FILE: section("networks", "a weights file"), PACKAGE: section("networks", "a package")}
    way = st.segmented_control(
        section("networks", "from"), [FILE, TORCHVISION, TIMM, PACKAGE], default=FILE, required=True,
        key=f"{key} own way", format_func=lambda way: words.get(way, way),
    )  # fmt: skip
    {FILE: from_file, TORCHVISION: from_torchvision, TIMM: from_timm, PACKAGE: from_package}[way](key, chosen)


def from_file(key: str, chosen: Chosen) -> None:
    """The file first; then what it seems to be, to be corrected where the guess is wrong."""
    file = st.file_uploader(section("networks", "weights"), key=f"{key} own weights", max_upload_size=MAX_UPLOAD_MB)
    if file is None:
        return
    with st.spinner(section("networks", "looking")):
        found = guessed(file.file_id, file.getvalue(), file.name)
    if isinstance(found, str):
        st.error(plain(found), icon=":material/error:")
        return
    guess = one_of(found, f"{key} own part {file.file_id}")
    if guess is None:
        return
    this = f"{key} {file.file_id} {guess.part}"
    what = layout(this, guess) if guess.layouts else architecture(this, guess)
    if about := "; ".join(filter(None, [guess.said, guess.unfit])):
        st.text(section("networks", "of this file", said=about))  # names from the file are in it, so no Markdown
    options = preprocessing(this, guess)
    told = st.text_area(
        section("networks", "labels", classes=guess.classes), "\n".join(first_labels(guess)), key=f"{this} own labels"
    )
    labels = tuple(line.strip() for line in told.splitlines() if line.strip())
    if labels != first_labels(guess) or options.like:
        options = replace(options, labels=labels)
    options = replace(options, part=guess.part, **what)
    work = partial(bring.open_file, file.getvalue(), file.name, options)
    open_it(f"{this} own open", f"{key} own open", work, chosen)


def architecture(key: str, guess: Guess) -> dict[str, str]:
    """The architecture that the reader chooses, as FileOptions take it: nothing for the one that is guessed."""
    archs = list_classifiers()
    arch = st.selectbox(
        section("networks", "architecture"), archs, archs.index(guess.arch), key=f"{key} own arch",
        help=section("networks", "architecture help"),
    )  # fmt: skip
    return {"arch": arch} if arch != guess.arch else {}


def layout(key: str, guess: Guess) -> dict[str, str]:
    """The layout of an ONNX file's input, likewise; asked for where the file leaves it open."""
    if len(guess.layouts) == 1:
        return {}
    said = st.selectbox(
        section("networks", "layout"), guess.layouts, key=f"{key} own layout", help=section("networks", "layout help")
    )
    return {"layout": said} if said != guess.layouts[0] else {}


def one_of(found: tuple[Guess, ...], key: str) -> Guess | None:
    """The only network in a file, which needs no name, or the one that the reader chooses; None until then."""
    if len(found) == 1:
        return replace(found[0], part="")
    names = [guess.part for guess in found]
    name = st.selectbox(
        section("networks", "which network", count=len(found)), names, None, key=key,
        placeholder=section("networks", "choose one"),
        format_func=lambda part: section("networks", "file itself") if part == ITSELF else part,
    )  # fmt: skip
    return None if name is None else found[names.index(name)]


@st.cache_data(max_entries=4, show_spinner=False)
def guessed(file_id: str, _data: bytes, title: str) -> tuple[Guess, ...] | str:
    """What the networks in the file seem to be, or what is wrong with it."""
    cache.wait_until_warm()
    try:
        return bring.guesses(_data, title)
    except WeightsError as error:
        return str(error)


def first_labels(guess: Guess) -> tuple[str, ...]:
    known = guess.labels or at_hand.known_labels(guess.family)
    return known if len(known) == guess.classes else tuple(f"class {i}" for i in range(guess.classes))


def preprocessing(key: str, guess: Guess) -> FileOptions:
    """What is said of input size, mean and deviation: nothing, that they are a family's, or numbers typed in."""
    titles = {title: family for title, family in at_hand.families().items() if family in families.FAMILIES.values()}
    told = guess.preprocessing is not None and not guess.any_size
    options = [*([AS_TOLD] if told else []), *titles, NUMBERS]
    words = {
        AS_TOLD: section("networks", "as guessed") if guess.layouts else section("networks", "as the file tells"),
        NUMBERS: section("networks", "own numbers"),
    }
    usual = next(title for title, family in titles.items() if family == guess.family)
    first = AS_TOLD if told else NUMBERS if guess.any_size else usual
    how = st.selectbox(
        section("networks", "preprocessing"), options, options.index(first), key=f"{key} own prep",
        help=section("networks", "preprocessing help"),
        format_func=lambda how: words.get(how, how),
    )  # fmt: skip
    if how == first != NUMBERS:
        return FileOptions()
    if how != NUMBERS:
        return FileOptions(like=titles[how])
    start = guess.preprocessing or packaged.usual_preprocessing(guess.arch, guess.family)
    fixed = bool(guess.layouts) and not guess.any_size
    size = st.number_input(section("networks", "side"), *SIDES, start.size, key=f"{key} own size", disabled=fixed)
    left, right = st.columns(2)
    mean, std = [], []
    for i, (middle, spread) in enumerate(zip(start.mean, start.std, strict=True)):
        label = section("networks", "mean", number=i + 1)
        mean.append(left.number_input(label, 0.0, 1.0, middle, format="%.4f", key=f"{key} own mean {i}"))
        label = section("networks", "deviation", number=i + 1)
        own_std = f"{key} own std {i}"
        std.append(right.number_input(label, LEAST_DEVIATION, value=spread, format="%.4f", key=own_std))
    return FileOptions(mean=tuple(mean), std=tuple(std), size=int(size))


def from_torchvision(key: str, chosen: Chosen) -> None:
    cache.wait_until_warm()
    arch = st.selectbox(
        section("networks", "torchvision"), networks_card.torchvision_names(), key=f"{key} own torchvision",
        help=section("networks", "torchvision help"),
    )  # fmt: skip
    card = networks.find(f"{networks_card.TORCHVISION}{arch}")
    if not packaged.is_here(card):
        at_hand.offer_download([card])
        return
    open_it(f"{key} {arch}", f"{key} own open tv", partial(cache.network, card), chosen)


def from_timm(key: str, chosen: Chosen) -> None:
    cache.wait_until_warm()
    try:
        timm_networks.check()
    except WeightsError as error:
        st.markdown(plain(error))
        return
    name = st.selectbox(
        section("networks", "timm"), timm_networks.names(), key=f"{key} own timm",
        help=section("networks", "timm help"),
    )  # fmt: skip
    card = networks.find(f"{networks_card.TIMM}{name}")
    note(card.provenance)
    if not packaged.is_here(card):
        at_hand.offer_download([card])
        return
    open_it(f"{key} {name}", f"{key} own open timm", partial(cache.network, card), chosen)


def from_package(key: str, chosen: Chosen) -> None:
    offered = bring.plugged()
    if not offered:
        st.markdown(section("networks", "from a package"))
        return
    name = st.selectbox(section("networks", "package network"), list(offered), key=f"{key} own package")
    note(offered[name].provenance)
    open_it(f"{key} {name}", f"{key} own open plug", partial(cache.network, offered[name]), chosen)


def open_it(asked: str, key: str, work: Callable[[], Network], chosen: Chosen) -> None:
    """The button `key`, and beside it what came of it; `asked` tells what it opens from what it opened before."""
    with st.container(horizontal=True, vertical_alignment="center"):
        args = (asked, work, chosen)
        st.button(section("networks", "open"), type="primary", key=key, on_click=attempt, args=args)
        came = st.session_state.get(CAME, {}).get(asked)
        network = at_hand.own_networks().get(came) if isinstance(came, str) else None
        if network is not None:
            tell(network, key)
        elif isinstance(came, WeightsError):
            st.error(plain(came), icon=":material/error:")
    if network is not None:
        ways.show(network, key)


def tell(network: Network, key: str) -> None:
    """That a network is open, what it is, and what it says of the picture."""
    card, picture = network.card, tray.chosen()
    with st.container():
        said_of = section("networks", "opened", title=plain(card.title), about=plain(card.provenance))
        st.success(said_of, icon=":material/check_circle:")
        what = section("networks", "asking it")
        found = waiting.ask(said.of_network, network, picture.image, what=what, at=f"{key} said")
        if found is not None:
            title = section("networks", "it says", title=card.title, picture=picture.title)
            stage.answers([stage.Answers(title, palette.USER, found.best)])


def attempt(asked: str, work: Callable[[], Network], chosen: Chosen) -> None:
    """Keep the network among the reader's own and tell of it; what is wrong is said at the next run."""
    cache.wait_until_warm()
    came = st.session_state[CAME] = {}  # of the last click alone
    try:
        network = work()
    except WeightsError as error:
        came[asked] = error
        return
    came[asked] = network.card.name
    at_hand.own_networks()[network.card.name] = network
    ways.remember(network)
    chosen(network)
