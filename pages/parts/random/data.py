"""Which data set the random features are asked about: a packaged one, one on this machine, or the reader's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core import cache
from core import data as core_data
from core.base.files import at_home
from core.base.prose import section
from core.base.records import in_words
from core.base.refuse import DataError
from core.base.worker import Progress
from core.cache import Call
from core.compute import gallery
from core.data import own as own_data
from core.data import split as data_split
from core.data.named import on_this_machine
from core.data.sets import DATASETS
from core.data.split import Split, digest
from core.networks import lite, packaged
from core.pictures.drawn import sort_of
from core.pictures.image import RGBImage
from pages.parts.common import own_pictures, torchvision_choose, waiting
from pages.parts.common.address import bound
from pages.parts.common.at_hand import following
from pages.parts.common.doors import folder_field
from pages.parts.common.own_pictures import Chosen
from pages.parts.common.torchvision_choose import TORCHVISION
from pages.parts.common.words import note, plain

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

DATA, SIZE = "random-data", "random-data-size"
NAMED = {DATASETS[name].title: name for name in ("digits", "fashion-mnist", "mnist", "cifar10")}
PHOTOGRAPHS = "photographs"
OWN = "my own folder or zip"
SIZES = (16, 32, 64, 96)
OWN_SIZE = 32
TRAIN, TEST = 10_000, 2_000  # pictures of a larger set that are used while the reader waits
MEGABYTES = {"fashion-mnist": 30, "mnist": 12, "cifar10": 170}  # of the downloads
FOLDER_HELP = {
    "fashion-mnist": "The folder of its four idx files, or the one that holds FashionMNIST/raw.",
    "mnist": "The folder of its four idx files, or the one that holds MNIST/raw.",
    "cifar10": "A folder with train/CLASS/ and test/CLASS/ pictures of 32 px.",
}


@dataclass(frozen=True, eq=False)
class Data:
    """A data set in memory: square pictures of `size` px, uint8 (N, size, size, channels), in two halves.

    `digest` tells its pixels and labels from others'; `summary` says what was read, and `left_out` is a table of what
    was not.
    """

    name: str
    title: str
    train: Split
    test: Split
    digest: str
    channels: int
    size: int
    bright_on_dark: bool = False
    summary: str = ""
    left_out: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @cached_property
    def every(self) -> Split:
        """Both halves, the training pictures first; a rerun does not copy them again."""
        return data_split.together(self.train, self.test)

    @cached_property
    def few(self) -> tuple[Split, Split]:
        """As much of both halves as is measured while the reader waits."""
        return data_split.seeded_part(self.train, TRAIN), data_split.seeded_part(self.test, TEST)


def choose(image: RGBImage, place: DeltaGenerator) -> str:
    """The chooser of the data set among which the picture is to be looked at: its name on the page."""
    here = lite.NAME in packaged.cards() and gallery.PATH.is_file()
    first = PHOTOGRAPHS if here and sort_of(image) == "photograph" else next(iter(NAMED))
    label, about = section("random_features", "among"), section("random_features", "among help")
    return following(place, label, [PHOTOGRAPHS, *NAMED, OWN, TORCHVISION], first, DATA, about)


def read_chosen(title: str) -> Data | None:
    """The data set of that name, the digits for photographs, of which only numbers come along; None while there is
    nothing to show, with a sentence that says what to do."""
    if title == OWN:
        return own()
    return public() if title == TORCHVISION else named(NAMED.get(title, "digits"))


def named(name: str) -> Data | None:
    title = DATASETS[name].title
    if on_this_machine(name):
        return ask(Call(read, name, None, OWN_SIZE), f"Reading {title}")
    path = folder_field(
        st, section("random_features", "folder of", title=title), f"{DATA} folder {name}", help=FOLDER_HELP[name]
    )
    if path:
        return ask(Call(read, name, at_home(path), OWN_SIZE), f"Reading {title}")
    st.markdown(section("random_features", "not here", title=plain(title)))
    if st.button(
        section("random_features", "download", title=plain(title), size=MEGABYTES[name]),
        key=f"{DATA} download {name}",
        icon=":material/download:",
    ):
        return ask(Call(read, name, None, OWN_SIZE), f"Downloading {title}")
    return None


def own() -> Data | None:
    chosen = own_pictures.listing("random data")
    size = side()
    if chosen is None:
        st.caption(section("random_features", "own about"))
        return None
    return scaled(Call(read, chosen, None, size), f"Reading {len(chosen):,} pictures")


def public() -> Data | None:
    about = torchvision_choose.choose(DATA)
    size = side()
    return None if about is None else scaled(Call(read, about.word, None, size), f"Reading {about.title}")


def side() -> int:
    return int(bound(st.select_slider, section("random_features", "side"), SIZES, OWN_SIZE, key=SIZE))


def scaled(call: Call[Data], what: str) -> Data | None:
    """Pictures that are scaled on reading; those that this session looked at before are forgotten."""
    before = st.session_state.get(f"{DATA} own", call.key)
    if before != call.key:
        cache.forget([before])  # up to 250 MB
    st.session_state[f"{DATA} own"] = call.key
    data = ask(call, what)
    if data is not None and any(data.left_out.values()):
        own_pictures.show_left_out(data.summary, data.left_out)
    elif data is not None:
        note(data.summary)
    return data


def ask(call: Call[Data], what: str) -> Data | None:
    """The data set from the cache, or read now; what is wrong with it is said in place."""
    cache.wait_until_warm()
    try:
        return waiting.ask_all([call], what, DATA)[0]
    except (DataError, OSError) as error:
        st.error(plain(in_words(error)), icon=":material/folder_off:")
        return None


def read(source: str | Chosen, root: Path | None, size: int, progress: Progress) -> Data:
    """A data set by its name in core.data, or the reader's own; `root` and `size` as core.data.open_data takes them."""
    if isinstance(source, Chosen):
        name, found = "own", own_data.read(source.listing, size, progress=progress)
    else:
        name, found = source, core_data.open_data(source, root, size, progress)
    _, size, _, channels = found.train.pixels.shape
    inverse = name in DATASETS and DATASETS[name].bright_on_dark
    told = digest(found.train, found.test), channels, size, inverse, found.summary, found.left_out
    return Data(name, found.title, found.train, found.test, *told)
