"""The spinal heads page's controls: which data, which heads, how long, how often, and the spinal head's sizes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.base.files import at_home
from core.base.prose import section
from core.data import own as own_data
from core.data.named import on_this_machine
from core.data.sets import DATASETS
from core.models.heads import BACKBONES, HEADS, LAYER_LIMITS, SHORT, Head, Order
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
    """One row: data, backbone, and the rest folded. The data are None while the reader's own are not given."""
    columns = st.columns([1.4, 1.4, 1], vertical_alignment="bottom", gap="medium")
    below = st.container()
    with columns[0]:
        chosen = data(below)
    with columns[1]:
        name = backbone(chosen)
    with columns[2], st.popover(section("spinal_heads", "more"), icon=":material/tune:"):
        heads = bound(
            st.pills, section("spinal_heads", "heads"), list(HEAD_NAMES), selection_mode="multi",
            default=list(HEAD_NAMES), key="spinal-heads",
            help="; ".join(plain(f"{SHORT[head]}: {words}") for head, words in HEADS.items()),
        )  # fmt: skip
        seeds = bound(
            st.slider, section("spinal_heads", "seeds"), *SEEDS, 5, key="spinal-seeds",
            help=section("spinal_heads", "seeds help"),
        )  # fmt: skip
        epochs = bound(
            st.slider, section("spinal_heads", "epochs"), *EPOCHS, 15, key="spinal-epochs",
            help=section("spinal_heads", "epochs help"),
        )  # fmt: skip
    wanted = tuple(head for short, head in HEAD_NAMES.items() if short in heads)
    return chosen, {"backbone": name, "heads": wanted, "seeds": seeds, "epochs": epochs}


def data(below: st.delta_generator.DeltaGenerator) -> Data | None:
    """The chosen data set, None while there is no path to the reader's own, or nothing downloaded to read.

    What takes more room than a column is put `below`.
    """
    title = bound(
        st.selectbox, section("spinal_heads", "data"), [*NAMED, OWN, TORCHVISION], key="spinal-data",
        help=section("spinal_heads", "data help"),
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
            st, plain(section("spinal_heads", "folder of", title=title)), f"spinal folder {name}",
            persist_state="session", help=section("spinal_heads", "folder help"),
        )  # fmt: skip
    return Data(name, title, about.channels, len(about.classes), str(at_home(folder)) if folder else "")


def own() -> Data | None:
    """The reader's folder or zip, with what of it will be left out; None if there are no pictures in it."""
    path = folder_field(st, section("spinal_heads", "own folder"), "spinal own path", persist_state="session")
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
        st.selectbox, section("spinal_heads", "backbone"), titles,
        key=f"spinal-{'grey' if grey else 'colour'}-backbone", help=section("spinal_heads", "backbone help"),
    )  # fmt: skip
    return BACKBONE_NAMES[title]


def shape(backbone: str) -> dict[str, object]:
    """The spinal head's sizes, as `Params` takes them; they begin as the paper's for this backbone."""
    own, key = BACKBONES[backbone].shape, f"spinal-{backbone}"
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    layers = bound(
        row.slider, section("spinal_heads", "layers"), 1, LAYER_LIMITS[1] // 2, own.layers, key=f"{key}-layers",
        width=320, help=section("spinal_heads", "sizes help"),
    )  # fmt: skip
    with row.popover(section("spinal_heads", "more"), icon=":material/tune:"):
        width = bound(
            st.select_slider, section("spinal_heads", "width"), WIDTHS, own.width, key=f"{key}-width",
            help=section("spinal_heads", "width help"),
        )  # fmt: skip
        parts = bound(
            st.select_slider, section("spinal_heads", "parts"), PARTS, own.split, key=f"{key}-parts",
            help=section("spinal_heads", "parts help"),
        )  # fmt: skip
        named: dict[Order, str] = {
            "alternating": section("spinal_heads", "order alternating"),
            "blocks": section("spinal_heads", "order blocks"),
        }
        order = bound(
            st.selectbox, section("spinal_heads", "order"), list(named), key=f"{key}-order",
            format_func=named.__getitem__, help=section("spinal_heads", "order help"),
        )  # fmt: skip
    if layers < parts:
        st.caption(section("spinal_heads", "parts need", parts=parts))
    return {"width": width, "layers": max(layers, parts), "split": parts, "order": order}


def params(race: dict[str, object], shape: dict[str, object]) -> Params | None:
    """None while no head is chosen."""
    return Params(**{**race, **shape}) if race["heads"] else None  # type: ignore[arg-type]
