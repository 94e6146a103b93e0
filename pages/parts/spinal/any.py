"""Which head reads a network's features best? Four heads on what any network's last layer sees, trained on request."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core import cache
from core.base.prose import section
from core.base.refuse import DataError
from core.base.worker import Progress, part
from core.cache import Call
from core.data import own as own_data
from core.data.named import load, on_this_machine
from core.data.sets import DATASETS
from core.data.split import Pictures, Split
from core.networks.card import Network
from core.studies.spinal import transfer, transfer_figures
from core.studies.spinal.photographs import PLAN
from core.studies.spinal.transfer import HEADS, Features, Params
from pages.parts.common import at_hand, charts, own_pictures, provenance, waiting
from pages.parts.common.address import bound, folded
from pages.parts.common.own_pictures import Chosen
from pages.parts.common.words import plain

KEY = "spinal-any"
OWN = "my own folder or zip"
FIRST = PLAN
SEEDS, EPOCHS, LAYERS = (1, 10), (1, 60), (2, 12)
if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

Data = tuple[str, Split, Split]  # its title and both halves


def show(first: str) -> None:
    """Folded; `first` is the network whose features are read until the reader chooses another."""
    folded(section("spinal_heads", "any title"), "spinal any")(content)(first)


def content(first: str) -> None:
    left, right = st.columns(2)
    with left:
        network = at_hand.any_network(section("spinal_heads", "network"), f"{KEY}-network", first)
    named = [name for name in DATASETS if on_this_machine(name)]
    title = bound(
        right.selectbox, section("spinal_heads", "data"), [*(DATASETS[name].title for name in named), OWN],
        key=f"{KEY}-data", help=section("spinal_heads", "data help"),
    )  # fmt: skip
    params = controls()
    if network is None:
        return
    provenance.badges([network.card])
    data = own(network) if title == OWN else packaged(title)
    if data is None:
        return
    try:
        answer(network, data, params)
    except ValueError as error:
        st.error(plain(error), icon=":material/error:")


def controls() -> Params:
    """The number of spinal layers, and the rest folded."""
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    with row:
        layers = bound(
            st.slider, section("spinal_heads", "layers"), *LAYERS, FIRST.layers, key=f"{KEY}-layers", width=320,
            help=section("spinal_heads", "layers help"),
        )  # fmt: skip
    return more(KEY, int(layers), row)


def more(key: str, layers: int, row: DeltaGenerator) -> Params:
    """The other settings of heads on features, folded at the end of a `row`."""
    with row, st.popover(section("spinal_heads", "more"), icon=":material/tune:"):
        width = bound(
            st.slider, section("spinal_heads", "width"), 2, 64, FIRST.width, key=f"{key}-width",
            help=section("spinal_heads", "width help"),
        )  # fmt: skip
        epochs = bound(
            st.slider, section("spinal_heads", "epochs"), *EPOCHS, FIRST.epochs, key=f"{key}-epochs",
            help=section("spinal_heads", "epochs help"),
        )  # fmt: skip
        seeds = bound(
            st.slider, section("spinal_heads", "seeds"), *SEEDS, FIRST.seeds, key=f"{key}-seeds",
            help=section("spinal_heads", "seeds help"),
        )  # fmt: skip
    return Params(seeds=seeds, epochs=epochs, width=width, layers=layers)


def packaged(title: str) -> Data | None:
    """A data set of this machine."""
    name = next(name for name in DATASETS if DATASETS[name].title == title)
    return waiting.ask(read, name, what=section("spinal_heads", "reading data", title=title), at=f"{KEY} data")


def read(name: str, progress: Progress) -> Data:
    train, test = (load(name, None, split, part(progress, i, 2)) for i, split in enumerate(("train", "test")))
    return DATASETS[name].title, *transfer.fewer(train, test, transfer.MOST)


def own(network: Network) -> Data | None:
    """The reader's own pictures at the network's size, in two halves; what is wrong with them is said in place."""
    st.caption(section("spinal_heads", "own pictures"))
    chosen = own_pictures.listing("spinal any")
    if chosen is None:
        return None
    size = network.preprocessing.size
    most = min(len(chosen), transfer.most_pictures(size))
    try:
        told = waiting.ask(
            read_own, chosen, most, size, what=section("spinal_heads", "reading pictures", count=most), at=f"{KEY} own"
        )
    except DataError as error:
        st.error(plain(error), icon=":material/folder_off:")
        return None
    if told is None:
        return None
    data, pictures = told
    if any(pictures.left_out.values()):
        own_pictures.show_left_out(pictures.summary, pictures.left_out)
    return data


def read_own(chosen: Chosen, most: int, size: int, progress: Progress) -> tuple[Data, Pictures]:
    read = own_data.read(chosen.listing.at_most(most), size, progress=progress)
    return ("your own", read.train, read.test), read


def answer(network: Network, data: Data, params: Params) -> None:
    """The heads of every seed that is done. Features are kept, whatever the heads."""
    call = Call(transfer.features, *data, network, None)
    [found] = waiting.ask_all(
        [call], section("spinal_heads", "asking features", title=network.card.title), f"{KEY} features"
    )
    if found is None:
        return
    # another number of seeds keeps those that are trained
    calls = [Call(scores, call, replace(params, seeds=FIRST.seeds), seed) for seed in range(params.seeds)]
    answers = waiting.ask_all(
        calls, section("spinal_heads", "training seeds", count=len(HEADS), seeds=params.seeds), f"{KEY} heads"
    )
    if any(answers):
        look(found, params, np.transpose([shares or [np.nan] * len(HEADS) for shares in answers]), network)


def scores(features: Call[Features], params: Params, seed: int, progress: Progress) -> list[float]:
    """A seed's shares by head."""
    return transfer.scores_on(cache.known(features, progress), params, seed, progress)


def look(found: Features, params: Params, accuracy: np.ndarray, network: Network) -> None:
    """Accuracy (H, S) by head and seed, NaN where it is not trained."""
    st.markdown(f"**{plain(transfer.finding_on(found, accuracy))}**")
    charts.show(transfer_figures.race(found, params, accuracy), KEY)
    knows = network.card.kind != "untrained" and network.card.family in DATASETS
    seen = knows and DATASETS[network.card.family].title == found.dataset
    warning = section("spinal_heads", "any, seen", title=plain(network.card.title)) if seen else ""
    commonest = np.bincount(found.test_labels).max() / len(found.test)
    st.caption(
        section(
            "spinal_heads", "any, how to read", train=len(found.train), data=plain(found.dataset),
            test=len(found.test), classes=len(found.classes), commonest=commonest, warning=warning,
            features=found.train.shape[1], epochs=params.epochs, rate=params.head_rate, dropout=params.dropout,
            hidden=params.hidden, layers=params.layers, width=params.width,
        )
    )  # fmt: skip
