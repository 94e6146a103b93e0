"""Which data set the random features are asked about: a packaged one, one on this machine, or the reader's own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import streamlit as st

from core import cache, own_data
from core.datasets import DATASETS, DataError, Found, Split, digest, load, on_this_machine
from core.worker import part
from pages.parts import own_pictures, waiting
from pages.parts.waiting import Progress

DATA, SIZE = "random-data", "random-data-size"
NAMED = {DATASETS[name].title: name for name in ("digits", "fashion-mnist", "mnist", "cifar10")}
OWN = "my own folder or zip"
SIZES = (16, 32, 64, 96)
OWN_SIZE = 32
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

    `digest` tells its pixels and labels from others'; `broken` names the files that were left out.
    """

    name: str
    title: str
    train: Split
    test: Split
    digest: str
    channels: int
    size: int
    bright_on_dark: bool = False
    broken: tuple[str, ...] = ()

    @cached_property
    def every(self) -> Split:
        """Both halves, the training pictures first; a rerun does not copy them again."""
        return own_data.together(self.train, self.test)


def choose() -> Data | None:
    """The chooser and what is chosen; None while there is nothing to show, with a sentence that says what to do."""
    left, right = st.columns([1, 2], vertical_alignment="bottom")
    title = left.selectbox("Data set", [*NAMED, OWN], key=DATA, bind="query-params", help=DATA_HELP)
    with right:
        return own() if title == OWN else named(NAMED[title])


def named(name: str) -> Data | None:
    if on_this_machine(name):
        return ask((DATA, name), partial(read, name, None), f"Reading {DATASETS[name].title}")
    title = DATASETS[name].title
    path = st.text_input(f"Folder of {title}", key=f"{DATA} folder {name}", help=FOLDER_HELP[name])
    if path:
        root = Path(path).expanduser()
        return ask((DATA, name, str(root)), partial(read, name, root), f"Reading {title}")
    st.markdown(f"{title} is not on this machine: give the folder of a copy, or download it once.")
    if st.button(f"Download {title} ({MEGABYTES[name]} MB)", key=f"{DATA} download {name}", icon=":material/download:"):
        return ask((DATA, name), partial(read, name, None), f"Downloading {title}")
    return None


def own() -> Data | None:
    chosen = own_pictures.choose("random data")
    size = st.select_slider("Side, px", SIZES, OWN_SIZE, key=SIZE, bind="query-params")
    if chosen is None:
        st.caption("One folder for each class, named like it. Nothing is copied or sent.")
        return None
    found, digest = chosen
    name = (DATA, digest, size)
    before = st.session_state.get(f"{DATA} own", name)
    if before != name:
        cache.forget([before])  # up to 250 MB
    st.session_state[f"{DATA} own"] = name
    data = ask(name, partial(read_own, found, size), f"Reading {len(found):,} pictures")
    if data is not None and data.broken:
        st.warning(f"{len(data.broken):,} files could not be read and were left out.", icon=":material/broken_image:")
        with st.expander("Which ones"):
            st.dataframe({"left out": list(data.broken)}, hide_index=True)
    return data


def ask(name: tuple[object, ...], work: partial[Data], what: str) -> Data | None:
    """The data set from the cache, or read now; what is wrong with it is said in place."""
    cache.wait_until_warm()
    try:
        return waiting.compute([(name, work)], what, DATA)[0]
    except DataError as error:
        st.error(str(error), icon=":material/folder_off:")
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


def read_own(found: list[Found], size: int, progress: Progress) -> Data:
    broken: list[str] = []
    train, test = own_data.halves(own_data.from_pictures(found, size, broken, progress))
    return Data("own", "your pictures", train, test, digest(train, test), 3, size, broken=tuple(broken))
