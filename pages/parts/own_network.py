"""Bring a network of your own: a weights file, a name of torchvision's, or one that an installed package offers."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core import cache, networks
from core import own_networks as bring
from core.models import list_classifiers
from core.networks import Network
from core.own_networks import Guess
from core.preprocess import Preprocessing
from core.weights import WeightsError
from pages.parts import at_hand
from pages.parts.words import note, plain

FILE, TORCHVISION, PACKAGE = "a weights file", "torchvision", "a package"
NUMBERS = "numbers of my own"
LARGEST_FILE = 500  # MB
Chosen = Callable[[Network], None]
PACKAGE_HELP = """No installed package offers one. A package does by an entry point, and `pip install` is all it takes:

```toml
[project.entry-points."receptive.models"]
my-net = "my_package.nets:my_net"  # () -> core.own_networks.Plug(net, preprocessing, labels, provenance)
```"""


def show(key: str, chosen: Chosen) -> None:
    """Three ways to bring a network; `chosen` hears of it once it is open. `key` tells this place from others."""
    st.markdown("**A network of your own**: it stays on this machine, and nothing in a file is run as code.")
    way = st.segmented_control("From", [FILE, TORCHVISION, PACKAGE], default=FILE, required=True, key=f"{key} own way")
    {FILE: from_file, TORCHVISION: from_torchvision, PACKAGE: from_package}[way](key, chosen)
    if problem := st.session_state.get("own problem"):
        st.error(plain(problem), icon=":material/error:")


def from_file(key: str, chosen: Chosen) -> None:
    """The file first; then what it seems to be, to be corrected where the guess is wrong."""
    file = st.file_uploader(
        "A safetensors file or a torch state dict", key=f"{key} own weights", max_upload_size=LARGEST_FILE
    )
    if file is None:
        st.session_state.pop("own problem", None)
        return
    guess = guessed(file.file_id, file.getvalue())
    if isinstance(guess, str):
        st.error(plain(guess), icon=":material/error:")
        return
    archs = list_classifiers()
    arch = st.selectbox(
        "Architecture", archs, archs.index(guess.arch), key=f"{key} own arch {file.file_id}",
        help="The one that the file's tensors fit; type to search for another.",
    )  # fmt: skip
    prep = preprocessing(f"{key} {file.file_id}", guess)
    told = st.text_area(
        plain(f"Labels, one a line: {guess.classes} classes"),
        "\n".join(first_labels(guess)),
        key=f"{key} own labels {file.file_id}",
    )
    labels = tuple(line.strip() for line in told.splitlines() if line.strip())
    st.button(
        "Open it", type="primary", key=f"{key} own open", on_click=open_file,
        args=(file.getvalue(), arch, guess.family, file.name, labels, prep, chosen),
    )  # fmt: skip


@st.cache_data(max_entries=4, show_spinner="Looking which architecture has such tensors")
def guessed(file_id: str, _data: bytes) -> Guess | str:
    """What the file seems to be, or what is wrong with it."""
    cache.wait_until_warm()
    try:
        return bring.guess(_data)
    except WeightsError as error:
        return str(error)


def first_labels(guess: Guess) -> tuple[str, ...]:
    known = guess.labels or at_hand.known_labels(guess.family)
    return known if len(known) == guess.classes else tuple(f"class {i}" for i in range(guess.classes))


def preprocessing(key: str, guess: Guess) -> Preprocessing:
    """Input size, mean and deviation: as the file tells, as a family's, or typed in."""
    titles = {title: family for title, family in at_hand.families().items() if family in networks.FAMILIES.values()}
    options = [*(["as the file tells"] if guess.preprocessing else []), *titles, NUMBERS]
    usual = next(title for title, family in titles.items() if family == guess.family)
    how = st.selectbox(
        "Preprocessing", options, 0 if guess.preprocessing else options.index(usual), key=f"{key} own prep",
        help="The side of the square that the network was trained on, and the mean and deviation of its colours.",
    )  # fmt: skip
    if guess.preprocessing and how == options[0]:
        return guess.preprocessing
    start = at_hand.preprocessing_of(titles.get(how, guess.family))
    if how != NUMBERS:
        return start
    size = st.number_input("Side, px", 1, 1024, start.size, key=f"{key} own size")
    columns = st.columns(2)
    mean = tuple(
        columns[0].number_input(plain(f"Mean {i + 1}"), value=value, format="%.4f", key=f"{key} own mean {i}")
        for i, value in enumerate(start.mean)
    )
    std = tuple(
        columns[1].number_input(plain(f"Deviation {i + 1}"), 1e-4, value=value, format="%.4f", key=f"{key} own std {i}")
        for i, value in enumerate(start.std)
    )
    return Preprocessing(int(size), mean, std, start.bright_on_dark)


def open_file(
    data: bytes, arch: str, family: str, title: str, labels: tuple[str, ...], prep: Preprocessing, chosen: Chosen
) -> None:
    attempt(lambda: networks.user_network(data, arch, family, title, labels, prep), chosen)


def from_torchvision(key: str, chosen: Chosen) -> None:
    cache.wait_until_warm()
    arch = st.selectbox(
        "Classification network, ImageNet weights", bring.torchvision_names(), key=f"{key} own torchvision",
        help="Weights are downloaded once, from PyTorch's server, when you ask for them.",
    )  # fmt: skip
    card = networks.find(f"{networks.TORCHVISION}{arch}")
    if not networks.is_here(card):
        at_hand.offer_download([card])
        return
    st.button("Open it", type="primary", key=f"{key} own open tv", on_click=open_card, args=(card, chosen))


def from_package(key: str, chosen: Chosen) -> None:
    offered = bring.plugged()
    if not offered:
        st.markdown(PACKAGE_HELP)
        return
    name = st.selectbox("Network of an installed package", list(offered), key=f"{key} own package")
    note(offered[name].provenance)
    st.button("Open it", type="primary", key=f"{key} own open plug", on_click=open_card, args=(offered[name], chosen))


def open_card(card: networks.Card, chosen: Chosen) -> None:
    attempt(lambda: cache.network(card), chosen)


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
