"""What a measurement is: what it reads and writes, how it runs in full, and how it is re-checked within seconds.

Each room's measure.py describes its own, one row each. Where packaged networks are tested, the quick check measures a
seeded subset of the test pictures with the same code. Where training is what was measured, fewer epochs or pictures
would be another experiment: the check does one part of it exactly as it was done, and compares its numbers with those
of the record; the seed chooses the part.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from core.base import quote
from core.base.files import ASSETS
from core.base.heavy import torch
from core.base.refuse import DataError
from core.base.worker import Progress, ignore
from core.data import named
from core.data.split import Split

T = TypeVar("T")
ERRORS = 4  # standard errors that a share of a subset may be off
POINT = 0.01  # of a share
RELATIVE = 0.02  # of a loss: training that began the same drifts apart on another machine
UNSETTLED = 0.1  # of a share after the first epoch: in one thread and in two, at the same loss, it was 0.05 apart


@dataclass(frozen=True)
class Part:
    """One number of the packaged record, and the same measured now; they agree within `tolerance`. `of`: names of the
    claims that it bears on; by default all of the measurement."""

    what: str
    packaged: float
    now: float
    tolerance: float
    of: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        return abs(self.now - self.packaged) <= self.tolerance  # a NaN agrees with nothing


@dataclass(frozen=True)
class Asked:
    """Where the data are, where records are written (`results`), and where what long measurements have finished of
    themselves is kept (`work`). A quick check compares with the `packaged` records; `seed` is that of what it draws."""

    data: Data
    results: Path
    work: Path
    progress: Progress = ignore
    packaged: Path = ASSETS / "results"
    seed: int = 0

    def test(self, name: str, count: int) -> Split:
        """`count` test pictures of a data set."""
        return stratified(self.data.split(name, "test"), count, self.seed)


def stratified(split: Split, count: int, seed: int) -> Split:
    """About `count` pictures, as many of each class, drawn without replacement; the whole of a smaller split."""
    dice = np.random.default_rng(seed)
    each = max(1, count // len(split.classes))
    drawn = [dice.permutation(np.flatnonzero(split.labels == k))[:each] for k in range(len(split.classes))]
    which = np.sort(np.concatenate(drawn))
    return Split(split.pixels[which], split.labels[which], split.classes)


def share(what: str, packaged: float, now: float, pictures: int, of: tuple[str, ...] = ()) -> Part:
    """A share of a subset of `pictures`, which may be ERRORS standard errors off."""
    return Part(what, packaged, now, ERRORS * math.sqrt(max(packaged * (1 - packaged), 1 / pictures) / pictures), of)


def there(record: T | None) -> T:
    """Raises ValueError for a record that is not there."""
    if record is None:
        raise ValueError("expected a packaged record, found none: measure it first")
    return record


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread, in which the packaged networks were trained too: their sums round alike, and on a busy machine two
    threads that wait for each other take up to four times as long."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


CIFAR, PHOTOGRAPHS, COREL, CATS_DOGS = "cifar10", "tiny-imagenet-20", "corel", "cats-dogs"


@dataclass(frozen=True)
class Data:
    """Where data sets lie: ROOT/NAME, or else where torchvision once downloaded them to. Nothing is downloaded.

    Raises DataError if there is no such folder as `root`.
    """

    root: Path | None = None

    def __post_init__(self) -> None:
        if self.root is not None and not self.root.is_dir():
            raise DataError(f"expected a folder with one folder a data set, found none at {self.root}")

    def folder(self, name: str) -> Path | None:
        return self.root / name if self.root is not None and (self.root / name).is_dir() else None

    def given(self, name: str) -> Path:
        """The folder of a data set that is read from a folder only. Raises DataError if it is not there."""
        folder = self.folder(name)
        if folder is None:
            raise DataError(f"expected the folder {name} below --data, found none: put the pictures there")
        return folder

    def missing(self, names: Iterable[str]) -> list[str]:
        """Those of the data sets that are not on this machine."""
        return [name for name in names if self.folder(name) is None and not named.on_this_machine(name)]

    def split(self, name: str, which: str) -> Split:
        """The "train" or "test" pictures. Raises DataError."""
        if self.missing([name]):
            raise DataError(f"expected {name} below --data or downloaded before, found neither")
        return _split(name, self.folder(name), which)

    def both(self, name: str) -> tuple[Split, Split]:
        return self.split(name, "train"), self.split(name, "test")


@functools.lru_cache(maxsize=8)  # the largest takes 150 MB
def _split(name: str, folder: Path | None, which: str) -> Split:
    return named.load(name, folder, which)


@dataclass(frozen=True)
class Quick:
    """`how` a measurement is re-checked, in words; about how many `seconds` it takes on two cores. `run` gives a list
    of Parts, or it `writes` the record, from which the claims can be computed."""

    how: str
    seconds: float
    run: Callable[[Asked], object]
    writes: bool = False


@dataclass(frozen=True)
class Measurement:
    """`record`: the file that it writes, below a results folder, "" if none; `data`: the data sets that it reads;
    `networks`: the packaged ones that decide what is measured; `minutes`: about how long it takes on two cores.

    `run` may raise DataError, WeightsError, ValueError and OSError.
    """

    key: str
    record: str
    data: tuple[str, ...]
    networks: tuple[str, ...]
    minutes: float
    run: Callable[[Asked], object]
    quick: Quick | None = None

    @property
    def command(self) -> str:
        return command(self.key, *self.data)

    def written(self, results: Path) -> bool:
        """Whether its record is there."""
        return not self.record or (results / self.record).is_file()


def command(key: str, *data: str) -> str:
    """What measures it again; `data`: the data sets that it reads, of which scikit-learn's digits lie in no folder."""
    return quote.command("receptive", "measure", key, *(("--data", "FOLDER") if set(data) - {"digits"} else ()))
