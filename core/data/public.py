"""Public data sets by their names in torchvision: read from this machine, or downloaded from their owners when asked.

torchvision's own readers are used. One of them, CIFAR-100's, unpickles what was downloaded, after it has compared the
MD5 of every file with the published one. Sets that torchvision would unpickle unverified (LSUN's keys) are not in the
table, nor those without a download, without classes, or of hundreds of gigabytes. MNIST, the sets like it and CIFAR-10
are read by core.data.named, whose idx reader knows no pickles, and keep their own size.
"""

from __future__ import annotations

import difflib
import re
import shutil
import socket
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from PIL import Image

from core.base.heavy import torchvision
from core.base.refuse import DataError
from core.base.worker import Progress, each, ignore, part
from core.data import named as datasets
from core.data.named import downloads
from core.data.sets import DATASETS, TORCHVISION
from core.data.split import MAX_BYTES, Pictures, Split, halves
from core.pictures.image import from_pixels
from core.pictures.listing import MAX_PICTURES
from core.pictures.preprocess import square

SEED = 0  # of the draw where a set has more pictures than are read
PATIENCE = 20.0  # seconds that a server may stay silent
DAMAGED = (
    *(OSError, RuntimeError, ValueError, EOFError, KeyError, IndexError, SyntaxError, zlib.error),
    Image.DecompressionBombError,
)
FAILED = (*DAMAGED, HTTPException, zipfile.BadZipFile, tarfile.TarError)


@dataclass(frozen=True)
class Public:
    """A class of torchvision.datasets: `here` is what lies in its folder once it is whole, `megabytes` the download's
    size. The class is `asked` for its two halves, or for all that there is."""

    name: str
    title: str
    what: str
    classes: int
    megabytes: int
    owner: str
    here: tuple[str, ...]
    asked: Sequence[Mapping[str, object]]

    @property
    def word(self) -> str:
        """What commands call it."""
        return f"{TORCHVISION}{self.name}"

    @property
    def about(self) -> str:
        size = f"{self.megabytes:,} MB" if self.megabytes < 1000 else f"{self.megabytes / 1000:.1f} GB"
        return f"{self.what} in {self.classes} classes, about {size} from {self.owner}"


def _split(train: str = "train", test: str = "test", **other: object) -> Sequence[Mapping[str, object]]:
    return {"split": train, **other}, {"split": test, **other}


WHOLE: Sequence[Mapping[str, object]] = ({},)
TRAIN_OR_NOT = ({"train": True}, {"train": False})
OXFORD = "www.robots.ox.ac.uk"
_ALL = (
    Public("CIFAR100", "CIFAR-100", "60,000 small photographs of 32 px", 100, 169, "www.cs.toronto.edu",
           ("cifar-100-python/train", "cifar-100-python/test", "cifar-100-python/meta"), TRAIN_OR_NOT),
    Public("STL10", "STL-10", "13,000 photographs of 96 px", 10, 2640, "ai.stanford.edu",
           ("stl10_binary/train_X.bin", "stl10_binary/test_X.bin"), _split()),
    Public("SVHN", "SVHN", "99,289 house numbers of 32 px", 10, 246, "ufldl.stanford.edu",
           ("train_32x32.mat", "test_32x32.mat"), _split()),
    Public("Flowers102", "Oxford 102 Flowers", "8,189 photographs of flowers", 102, 345, OXFORD,
           ("flowers-102/jpg", "flowers-102/setid.mat", "flowers-102/imagelabels.mat"), _split()),
    Public("OxfordIIITPet", "Oxford-IIIT Pets", "7,349 cats and dogs", 37, 811, OXFORD,
           ("oxford-iiit-pet/images", "oxford-iiit-pet/annotations/test.txt"), _split("trainval")),
    Public("Food101", "Food-101", "101,000 photographs of dishes", 101, 4996, "data.vision.ee.ethz.ch",
           ("food-101/meta/test.json", "food-101/images"), _split()),
    Public("DTD", "Describable Textures", "5,640 textures", 47, 625, OXFORD,
           ("dtd/dtd/labels/test1.txt", "dtd/dtd/images"), _split()),
    Public("EuroSAT", "EuroSAT", "27,000 satellite pictures of 64 px", 10, 94, "huggingface.co",
           ("eurosat/2750",), WHOLE),
    Public("GTSRB", "GTSRB traffic signs", "39,270 German traffic signs", 43, 276, "sid.erda.dk",
           ("gtsrb/GTSRB/Training", "gtsrb/GTSRB/Final_Test/Images", "gtsrb/GT-final_test.csv"), _split()),
    Public("FGVCAircraft", "FGVC Aircraft", "10,000 photographs of aircraft", 100, 2750, OXFORD,
           ("fgvc-aircraft-2013b/data/images", "fgvc-aircraft-2013b/data/variants.txt"), _split("trainval")),
    Public("Caltech101", "Caltech 101", "8,677 photographs", 101, 137, "data.caltech.edu",
           ("caltech101/101_ObjectCategories",), WHOLE),
    Public("Country211", "Country211", "52,750 photographs by country", 211, 11_000, "openaipublic.azureedge.net",
           ("country211/train", "country211/test"), _split()),
    Public("Imagenette", "Imagenette (160 px)", "13,394 photographs", 10, 99, "s3.amazonaws.com",
           ("imagenette2-160/train", "imagenette2-160/val"), _split("train", "val", size="160px")),
    Public("USPS", "USPS", "9,298 handwritten digits of 16 px", 10, 9, "www.csie.ntu.edu.tw",
           ("usps.bz2", "usps.t.bz2"), TRAIN_OR_NOT),
    Public("SEMEION", "Semeion", "1,593 handwritten digits of 16 px", 10, 3, "archive.ics.uci.edu",
           ("semeion.data",), WHOLE),
)  # fmt: skip
SETS = {about.name: about for about in _ALL}
OWN_READER = {  # torchvision's class -> the data set of core.data.named that holds the same
    "CIFAR10": "cifar10",
    "MNIST": "mnist",
    "FashionMNIST": "fashion-mnist",
    "KMNIST": "kmnist",
    "QMNIST": "qmnist",
    "EMNIST": "emnist-balanced",
}


def named(name: str) -> str:
    """The name in SETS or OWN_READER that torchvision:NAME or NAME means; upper and lower case are the same.

    Raises DataError with the nearest names.
    """
    asked = name.rpartition(":")[2]
    known = {_plain(one): one for one in (*SETS, *OWN_READER)}
    if (plain := _plain(asked)) in known:
        return known[plain]
    near = [known[one] for one in difflib.get_close_matches(plain, known, n=3, cutoff=0.5)]
    advice = f"did you mean {' or '.join(near)}?" if near else f"choose one of {', '.join(sorted(known.values()))}"
    raise DataError(f"expected the name of a torchvision data set that can be read here, got {asked!r}: {advice}")


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def on_this_machine(name: str, root: Path | None = None) -> bool:
    """Whether the whole set lies in `root` (by default core.data.named.downloads); torchvision is not imported."""
    name = named(name)
    if name in OWN_READER:
        return datasets.on_this_machine(OWN_READER[name])
    return all(((root or downloads()) / path).exists() for path in SETS[name].here)


def load(name: str, size: int, root: Path | None = None, progress: Progress = ignore) -> Pictures:
    """The set as squares of `size` px, uint8 (N, size, size, 3), in its own two halves, or in core.data.split.halves.

    It is read from `root`, or from `downloads()`, into which it is downloaded if it is not there. Sets of OWN_READER
    keep their own size and channels. Of more pictures than fit in memory, or than MAX_PICTURES files, a seeded draw is
    taken. Raises DataError: no such set, no connection, a damaged copy.
    """
    name = named(name)
    if name in OWN_READER:
        return datasets.both(OWN_READER[name], root)
    public = SETS[name]
    if root is None and not on_this_machine(name):
        download(name)
    home = root or downloads()
    if not on_this_machine(name, home):
        missing = ", ".join(path for path in public.here if not (home / path).exists())
        raise DataError(
            f"expected {public.title} as torchvision keeps it in {home}, found no {missing}: {_copy(public)}"
        )
    sources = [_source(public, home, options) for options in public.asked]
    broken: list[str] = []
    total = sum(map(len, sources))
    in_memory = all(isinstance(getattr(source, "data", None), np.ndarray) for source in sources)
    most = min(MAX_BYTES // (size * size * 3), total if in_memory else MAX_PICTURES)
    classes = _classes(public, sources[0])
    splits = [
        _squares(
            public,
            source,
            size,
            round(len(source) * min(1.0, most / total)),
            classes,
            broken,
            part(progress, i, len(sources)),
        )
        for i, source in enumerate(sources)
    ]
    train, test = splits if len(splits) == 2 else halves(splits[0])
    table = {"file": [line.partition(": ")[0] for line in broken], "why": [line.partition(": ")[2] for line in broken]}
    return Pictures(public.title, train, test, _said(train, test, total, broken), table, tuple(broken[:10]))


def _said(train: Split, test: Split, total: int, broken: list[str]) -> str:
    read = len(train) + len(test)
    said = f"{read:,} pictures in {len(train.classes):,} classes"
    if (beyond := total - read - len(broken)) > 0:
        said += f"; {beyond:,} more are left out by a draw with seed {SEED}"
    return f"{said}; {len(broken):,} broken." if broken else f"{said}."


def _source(public: Public, home: Path, options: Mapping[str, object], *, fetch: bool = False) -> Any:
    """torchvision's object for one half."""
    kind = getattr(torchvision.datasets, public.name)
    try:
        return kind(str(home), download=fetch, **options)
    except DAMAGED as error:
        if fetch:
            raise
        raise DataError(
            f"expected a whole copy of {public.title} in {home}, got one that torchvision refuses ({_line(error)}): "
            f"remove {public.here[0].partition('/')[0]} there and download it again"
        ) from error


def _classes(public: Public, source: Any) -> tuple[str, ...]:
    """The classes' names where the set has them, else their numbers."""
    names = getattr(source, "classes", None) or getattr(source, "categories", None)
    if names is None:
        return tuple(str(i) for i in range(public.classes))
    return tuple(name if isinstance(name, str) else name[0] for name in names)  # Imagenette has synonyms


def _squares(
    public: Public, source: Any, size: int, count: int, classes: tuple[str, ...], broken: list[str], progress: Progress
) -> Split:
    """`count` of the pictures, drawn with SEED where there are more, in the order of the set."""
    which = np.sort(np.random.default_rng(SEED).permutation(len(source))[:count])
    pixels = np.empty((len(which), size, size, 3), np.uint8)
    labels: list[int] = []
    for i in each(which.tolist(), progress):
        try:
            picture, label = source[i]
            pixels[len(labels)] = square(from_pixels(np.array(picture.convert("RGB"))), size)
        except DAMAGED as error:
            broken.append(f"{public.name} {i}: {_line(error)}")
        else:
            labels.append(int(label))
    if not labels or min(labels) < 0 or max(labels) >= len(classes):
        raise DataError(
            f"expected pictures of {len(classes)} classes in {public.title}, got {len(labels)} that can be read: "
            "remove the copy and download it again"
        )
    return Split(pixels[: len(labels)], np.array(labels, np.int64), classes)


# ---- downloads -----------------------------------------------------------------------------------


def download(name: str) -> Path:
    """Fetch a set from its owner into `downloads()` unless it is there; torchvision verifies the archives' MD5 where it
    knows one (FGVC Aircraft has none). A half download, in `unfinished(name)`, is never used: torchvision would take
    what an interrupted run has unpacked for the whole.

    Raises DataError: no such set, no connection, no room.
    """
    name = named(name)
    if name in OWN_READER:
        datasets.both(OWN_READER[name])
        return downloads()
    public, home, begun = SETS[name], downloads(), unfinished(name)
    try:
        home.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{begun}.lock"), _impatient():
            if not on_this_machine(name):
                clear(name)
                begun.mkdir()
                for options in public.asked:
                    _source(public, begun, options, fetch=True)
                for entry in begun.iterdir():
                    if (home / entry.name).is_dir():
                        shutil.rmtree(home / entry.name)  # an incomplete copy: it was not found to be on this machine
                    entry.replace(home / entry.name)
                clear(name)
    except FAILED as error:
        clear(name)
        raise DataError(
            f"expected {public.title} from {public.owner}, got no download ({_line(error)}): {_copy(public)}"
        ) from error
    return home


def announcement(name: str, root: Path | None = None) -> str:
    """What `load` is about to download, and where to; "" if it downloads nothing."""
    name = named(name)
    if root is not None or on_this_machine(name):
        return ""
    if name in OWN_READER:
        return f"downloading {DATASETS[OWN_READER[name]].title} into {downloads()}"
    return f"downloading {SETS[name].title} ({SETS[name].about}) into {downloads()}"


def unfinished(name: str) -> Path:
    """Where a download lies until it is whole."""
    return downloads() / f".{named(name)}.part"


def clear(name: str) -> None:
    """Remove what a download that was stopped has left."""
    shutil.rmtree(unfinished(name), ignore_errors=True)


@contextmanager
def _impatient() -> Iterator[None]:
    """torchvision waits for a silent server for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(PATIENCE)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _copy(public: Public) -> str:
    tops = " and ".join(dict.fromkeys(path.partition("/")[0] for path in public.here))
    return f"check the connection and try again, or put a copy ({tops}) into {downloads()}"


def _line(error: Exception) -> str:
    said = getattr(error, "reason", error)  # urllib wraps what has happened
    said = getattr(said, "strerror", None) or said
    return " ".join(str(said).split())[:200] or type(error).__name__
