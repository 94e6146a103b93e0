"""Which data set the random features are asked about: a packaged one, one on this machine, or the reader's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import streamlit as st

from core import cache
from core import data as core_data
from core.base.files import at_home
from core.base.records import in_words
from core.base.refuse import DataError
from core.base.worker import Progress, part
from core.cache import Call
from core.data import own as own_data
from core.data import split as data_split
from core.data.named import load, on_this_machine
from core.data.sets import DATASETS
from core.data.split import Split, digest
from pages.parts.common import own_pictures, torchvision_choose, waiting
from pages.parts.common.address import bound
from pages.parts.common.doors import folder_field
from pages.parts.common.own_pictures import Chosen
from pages.parts.common.torchvision_choose import TORCHVISION
from pages.parts.common.words import note, plain

DATA, SIZE = "random-data", "random-data-size"
NAMED = {DATASETS[name].title: name for name in ("digits", "fashion-mnist", "mnist", "cifar10")}
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
DATA_HELP = "digits come along. The others are read from this machine: from a folder, or once downloaded."


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


def choose() -> Data | None:
    """The chooser and what is chosen; None while there is nothing to show, with a sentence that says what to do."""
    left, right = st.columns([1, 2])
    title = bound(left.selectbox, "Data set", [*NAMED, OWN, TORCHVISION], key=DATA, help=DATA_HELP)
    with right:
        if title == OWN:
            return own()
        return public() if title == TORCHVISION else named(NAMED[title])


def named(name: str) -> Data | None:
    if on_this_machine(name):
        return ask(Call(read, name, None), f"Reading {DATASETS[name].title}")
    title = DATASETS[name].title
    path = folder_field(st, f"Folder of {title}", f"{DATA} folder {name}", help=FOLDER_HELP[name])
    if path:
        return ask(Call(read, name, at_home(path)), f"Reading {title}")
    st.markdown(f"{title} is not on this machine: give the folder of a copy, or download it once.")
    if st.button(f"Download {title} ({MEGABYTES[name]} MB)", key=f"{DATA} download {name}", icon=":material/download:"):
        return ask(Call(read, name, None), f"Downloading {title}")
    return None


def own() -> Data | None:
    chosen = own_pictures.listing("random data")
    size = side()
    if chosen is None:
        st.caption("One folder for each class, named like it, or train and test folders of such. Nothing is copied.")
        return None
    return scaled(Call(read_own, chosen, size), f"Reading {len(chosen):,} pictures")


def public() -> Data | None:
    about = torchvision_choose.choose(DATA)
    size = side()
    if about is None:
        return None
    return scaled(Call(read_public, about.word, size), f"Reading {about.title}")


def side() -> int:
    return int(bound(st.select_slider, "Side, px", SIZES, OWN_SIZE, key=SIZE))


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


def read(name: str, root: Path | None, progress: Progress) -> Data:
    about = DATASETS[name]
    train, test = (load(name, root, split, part(progress, i, 2)) for i, split in enumerate(("train", "test")))
    return Data(
        name,
        about.title,
        train,
        test,
        digest(train, test),
        about.channels,
        about.size,
        about.bright_on_dark,
    )


def read_own(chosen: Chosen, size: int, progress: Progress) -> Data:
    return from_pictures("own", own_data.read(chosen.listing, size, progress=progress))


def read_public(word: str, size: int, progress: Progress) -> Data:
    return from_pictures(word, core_data.open_data(word, None, size, progress))


def from_pictures(name: str, read: data_split.Pictures) -> Data:
    _, size, _, channels = read.train.pixels.shape
    about = digest(read.train, read.test)
    return Data(
        name, read.title, read.train, read.test, about, channels, size, summary=read.summary, left_out=read.left_out
    )
