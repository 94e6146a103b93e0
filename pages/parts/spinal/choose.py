"""The spinal heads page's controls: which data, which heads, how long, how often, and the spinal head's sizes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.base.files import at_home
from core.data import own as own_data
from core.data.named import on_this_machine
from core.data.sets import DATASETS
from core.models.heads import BACKBONES, HEADS, LAYER_LIMITS, ORDERS, SHORT, Head
from core.pictures.listing import left_out, summary
from core.studies.spinal.heads import Params
from pages.parts.common import own_pictures, torchvision_choose
from pages.parts.common.address import bound
from pages.parts.common.doors import folder_field
from pages.parts.common.torchvision_choose import TORCHVISION
from pages.parts.common.words import note, plain

GREY_NAMES = (
    "digits",
    "mnist",
    "fashion-mnist",
    "kmnist",
    "qmnist",
    "emnist-digits",
    "emnist-letters",
    "emnist-balanced",
)
NAMED = {DATASETS[name].title: name for name in (*GREY_NAMES, "cifar10")}
OWN = "my own folder or zip"
ONLY_GREY = ("small_cnn", "vgg5")
BACKBONE_NAMES = {backbone.title: name for name, backbone in BACKBONES.items()}
HEAD_NAMES: dict[str, Head] = {short: head for head, short in SHORT.items()}
EPOCHS, SEEDS = (1, 60), (1, 10)
WIDTHS = (2, 4, 8, 16, 32, 64, 128, 256)
PARTS = (1, 2, 3, 4, 6, 8)
SIDE = BACKBONES["cifar_vgg11"].side  # of the only backbone that takes colour
ORDER_NAMES = {words: order for order, words in ORDERS.items()}


@dataclass(frozen=True)
class Data:
    """What a training is told to read: a name in DATASETS, torchvision:NAME or a path, and the folder of the first
    where it has one."""

    name: str
    title: str
    channels: int
    classes: int | None
    folder: str = ""

    @property
    def arguments(self) -> list[str]:
        return ["--data", self.name, *(["--folder", self.folder] if self.folder else [])]


def controls() -> tuple[Data | None, dict[str, object]]:
    """One row: data, backbone, heads, seeds, epochs. The data are None while the reader's own are not given."""
    columns = st.columns([1.4, 1.5, 2, 1.2, 1.2], vertical_alignment="top", gap="medium")
    below = st.container()
    with columns[0]:
        chosen = data(below)
    with columns[1]:
        name = backbone(chosen)
    with columns[2]:
        heads = bound(
            st.pills, "Heads", list(HEAD_NAMES), selection_mode="multi", default=list(HEAD_NAMES), key="spinal-heads",
            help="; ".join(plain(f"{SHORT[head]}: {words}") for head, words in HEADS.items()),
        )  # fmt: skip
    seeds = bound(
        columns[3].slider, "Seeds", *SEEDS, 5, key="spinal-seeds",
        help="How often each head is trained from the start. An interval needs three.",
    )  # fmt: skip
    epochs = bound(
        columns[4].slider, "Epochs", *EPOCHS, 15, key="spinal-epochs", help="Passes over the training pictures."
    )
    wanted = tuple(head for short, head in HEAD_NAMES.items() if short in heads)
    return chosen, {"backbone": name, "heads": wanted, "seeds": seeds, "epochs": epochs}


def data(below: st.delta_generator.DeltaGenerator) -> Data | None:
    """The chosen data set, None while there is no path to the reader's own, or nothing downloaded to read.

    What takes more room than a column is put `below`.
    """
    title = bound(
        st.selectbox, "Data", [*NAMED, OWN, TORCHVISION], key="spinal-data",
        help="digits come along. The others are read from this machine: from a folder, or once downloaded.",
    )  # fmt: skip
    if title == OWN:
        with below:
            return own()
    if title == TORCHVISION:
        with below:
            public = torchvision_choose.choose("spinal-data")
        return None if public is None else Data(public.word, public.title, 3, public.classes)
    name = NAMED[title]
    about = DATASETS[name]
    folder = ""
    if not on_this_machine(name):
        folder = folder_field(
            st, plain(f"Folder of {title}"), f"spinal folder {name}", persist_state="session",
            help="Where its idx files lie (or train/CLASS/ and test/CLASS/ pictures for CIFAR-10). Left empty, "
            "training begins with a download from the owners.",
        )  # fmt: skip
    return Data(name, title, about.channels, len(about.classes), str(at_home(folder)) if folder else "")


def own() -> Data | None:
    """The reader's folder or zip, with what of it will be left out; None if there are no pictures in it."""
    path = folder_field(st, "Folder or zip with one folder a class", "spinal own path", persist_state="session")
    if not path:
        return None
    chosen = own_pictures.listed("spinal own", path, lambda: at_home(path))
    if chosen is None:
        return None
    found = own_data.as_data_set(chosen.listing, SIDE)
    classes = len({file.category.lower() for file in found.found})
    if found.counts:
        own_pictures.show_left_out(summary(found), left_out(found))
    else:
        note(summary(found))
    return Data(str(at_home(path)), Path(path).stem, 3, classes)


def backbone(chosen: Data | None) -> str:
    grey = chosen is not None and chosen.channels == 1
    titles = [title for title, name in BACKBONE_NAMES.items() if (name in ONLY_GREY) == grey]
    title = bound(
        st.selectbox, "Backbone", titles, key=f"spinal-{'grey' if grey else 'colour'}-backbone",
        help="What stands below the heads; the same for all of them.",
    )  # fmt: skip
    return BACKBONE_NAMES[title]


def shape(backbone: str) -> dict[str, object]:
    """The spinal head's sizes, as `Params` takes them; they begin as the paper's for this backbone."""
    own, key = BACKBONES[backbone].shape, f"spinal-{backbone}"
    row = st.columns(4, vertical_alignment="bottom", gap="medium")
    width = bound(
        row[0].select_slider, "Width", WIDTHS, own.width, key=f"{key}-width", help="Units of each spinal layer."
    )
    parts = bound(
        row[1].select_slider, "Parts", PARTS, own.split, key=f"{key}-parts",
        help="How many pieces the features are cut into.",
    )  # fmt: skip
    layers = bound(
        row[2].slider, "Layers", 1, LAYER_LIMITS[1] // 2, own.layers, key=f"{key}-layers",
        help="Each sees one part and what the layer before it said. Every part needs a layer.",
    )  # fmt: skip
    order = bound(row[3].selectbox, "Order", list(ORDER_NAMES), key=f"{key}-order", help="Which part comes when.")
    if layers < parts:
        note(f"{parts} parts need {parts} layers: that many are used.")
    return {"width": width, "layers": max(layers, parts), "split": parts, "order": ORDER_NAMES[order]}


def params(race: dict[str, object], shape: dict[str, object]) -> Params | None:
    """None while no head is chosen."""
    return Params(**{**race, **shape}) if race["heads"] else None  # type: ignore[arg-type]
