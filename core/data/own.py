"""The reader's own pictures as a data set, and the reader's photograph as a data set's pictures are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from core.base.files import at_home
from core.base.refuse import SIZE_LIMITS, within
from core.base.worker import Progress, ignore
from core.data.named import DATASETS, TORCHVISION, DataError, Found, Split, load, open_pictures
from core.pictures.files import list_pictures
from core.pictures.image import RGBImage
from core.pictures.listing import (
    HALVES,
    NO_CLASS,
    NO_HALF,
    UNLABELLED,
    Listing,
    counted,
    left_out,
    left_out_lines,
    summary,
)
from core.pictures.preprocess import border_is_brighter, square

FEWEST_CLASSES = 2
FEWEST_PICTURES = 10
MAX_BYTES = 250_000_000  # of the pictures' pixels together: 20,000 of 64 px
TEST_SHARE = 0.2


def in_form(image: RGBImage, size: int, channels: int = 3, bright_on_dark: bool = False) -> np.ndarray:
    """The photograph as uint8 (1, size, size, channels): its centre square, scaled, grey for one channel.

    For data sets of bright things on black it is inverted where its border is brighter than what lies within (ink on
    paper), then stretched to 0..255.
    """
    scaled = square(image, size)
    if channels == 1:
        scaled = np.asarray(Image.fromarray(scaled).convert("L"))[..., None]
    if bright_on_dark:
        scaled = stretched(255 - scaled if border_is_brighter(scaled) else scaled)
    return scaled[None]


def stretched(pixels: np.ndarray) -> np.ndarray:
    """uint8 (H, W, C) whose darkest value becomes 0 and whose brightest 255; a flat picture stays as it is."""
    low, high = int(pixels.min()), int(pixels.max())
    if low == high:
        return pixels
    return np.rint((pixels - float(low)) * (255 / (high - low))).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class Pictures:
    """A data set in two halves. `summary` says what was read and left out, `left_out` is a table of it by name and
    reason, and `lines` the same for a terminal."""

    title: str
    train: Split
    test: Split
    summary: str = ""
    left_out: dict[str, list[str]] = field(default_factory=dict)
    lines: tuple[str, ...] = ()


def open_data(name: str, root: Path | None, size: int, progress: Progress = ignore) -> Pictures:
    """A data set in DATASETS, torchvision:NAME (as squares of `size` px), or the reader's own folder or zip.

    `root` is where the named ones lie; what is not on this machine is downloaded. Raises DataError with what to do, and
    ValueError for a size outside of SIZE_LIMITS.
    """
    within(("px a side", size, SIZE_LIMITS))
    if name in DATASETS:
        train, test = (load(name, root, split) for split in ("train", "test"))
        return Pictures(DATASETS[name].title, train, test)
    if name.lower().startswith(TORCHVISION):
        from core.data import public

        return public.load(name, size, root, progress)
    path = at_home(name)
    if not path.exists():
        known = f"{', '.join(DATASETS)}, {TORCHVISION}NAME"
        raise DataError(f"expected one of {known}, or a folder or zip of your own pictures, got {name!r}")
    return read(list_pictures(path), size, path.stem, progress)


def read(listing: Listing, size: int, title: str = "your pictures", progress: Progress = ignore) -> Pictures:
    """The pictures of a folder or zip as squares of `size` px, in the halves that its folders give, or in `halves`.

    Of more than fit in memory a seeded draw is taken that keeps the classes even. Raises DataError as `from_pictures`.
    """
    broken: list[str] = []
    listing = as_data_set(listing, size)
    whole, is_test = _read(listing.found, size, broken, progress, counted(listing.counts))
    given = {*HALVES} <= {file.half for file in listing.found}
    train, test = (part(whole, ~is_test), part(whole, is_test)) if given else halves(whole)
    if not len(train) or not len(test):
        raise DataError(
            f"expected pictures to learn from and others to test with, got {len(train):,} and {len(test):,} that can "
            "be read: fill both folders, or leave out one"
        )
    table = left_out(listing, broken)
    return Pictures(title, train, test, summary(listing, broken), table, tuple(left_out_lines(listing, broken)))


def as_data_set(listing: Listing, size: int) -> Listing:
    """What of a listing makes a data set: in class folders, in the halves where there are such, within memory.

    Of a half that has classes beside one that has none the first alone is left: it is to be halved anew.
    """
    if any(file.half for file in listing.found):
        labelled = {file.half for file in listing.found if file.category}
        listing = listing.without(lambda file: not file.half, NO_HALF)
        listing = listing.without(lambda file: file.half not in labelled, UNLABELLED)
    listing = listing.without(lambda file: not file.category, NO_CLASS)
    return listing.at_most(_most(size))


def _most(size: int) -> int:
    return MAX_BYTES // (size * size * 3)


def from_pictures(found: Sequence[Found], size: int, broken: list[str], progress: Progress = ignore) -> Split:
    """The pictures as squares of `size` px, uint8 (N, size, size, 3); their classes are ImageFolder's.

    What cannot be read, or lies in no class folder, is left out: its name and the reason are appended to `broken`.
    Raises DataError: fewer than two classes or ten pictures, or more pixels than fit in memory.
    """
    return _read(found, size, broken, progress)[0]


def _read(
    found: Sequence[Found], size: int, broken: list[str], progress: Progress, left: str = ""
) -> tuple[Split, np.ndarray]:
    """`from_pictures`, and which of the pictures (N,) lie in the test half's folder; `left` was left out before."""
    filed, names = in_folders(found, broken)
    if len(filed) > _most(size):
        raise DataError(
            f"expected at most {_most(size):,} pictures of {size} px, got {len(filed):,}: "
            "choose a smaller size or fewer pictures"
        )
    pixels = np.empty((len(filed), size, size, 3), np.uint8)
    index = {name.lower(): i for i, name in enumerate(names)}
    labels: list[int] = []
    is_test: list[bool] = []
    # one at a time: a photograph may unpack to 75 MB
    for done, file in enumerate(filed, 1):
        for [image], _ in open_pictures([file], (), 1, broken):
            pixels[len(labels)] = square(image, size)
            labels.append(index[file.category.lower()])
            is_test.append(file.half == "test")
        progress(done, len(filed))
    kept, inverse = np.unique(np.array(labels, np.int64), return_inverse=True)
    if len(kept) < FEWEST_CLASSES or len(labels) < FEWEST_PICTURES:
        raise DataError(
            f"expected at least {FEWEST_CLASSES} folders, named like their classes, with {FEWEST_PICTURES} pictures "
            f"in all, got {len(labels)} readable pictures in {len(kept)}{_first(broken, left)}: choose another folder"
        )
    split = Split(pixels[: len(labels)], inverse.astype(np.int64), tuple(names[i] for i in kept))
    return split, np.array(is_test, bool)


def _first(broken: Sequence[str], left: str) -> str:
    reasons = [f"{len(broken):,} broken, such as {broken[0]}"] if broken else []
    reasons += [f"left out: {left}"] if left else []
    return f" ({'; '.join(reasons)})" if reasons else ""


def in_folders(found: Sequence[Found], broken: list[str]) -> tuple[list[Found], list[str]]:
    """The pictures that lie in a class folder, and the classes; upper and lower case are the same class."""
    filed = []
    for file in found:
        if file.category:
            filed.append(file)
        else:
            broken.append(f"{file.name}: {NO_CLASS.why}")
    return filed, sorted({file.category.lower(): file.category for file in filed}.values())


def halves(split: Split, seed: int = 0) -> tuple[Split, Split]:
    """Four fifths of every class's pictures to learn from, one fifth to test with, by a seeded draw.

    Of a class with fewer than five pictures all but one are learned from; a single one too.
    """
    dice = np.random.default_rng(seed)
    is_test = np.zeros(len(split), bool)
    for label in range(len(split.classes)):
        own = dice.permutation(np.flatnonzero(split.labels == label))
        is_test[own[: max(int(len(own) > 1), round(TEST_SHARE * len(own)))]] = True
    return part(split, ~is_test), part(split, is_test)


def part(split: Split, which: np.ndarray) -> Split:
    """The pictures of a split at `which`, indices (n,) or a mask (N,)."""
    return Split(split.pixels[which], split.labels[which], split.classes)


def together(train: Split, test: Split) -> Split:
    """Both halves of a data set as one."""
    return Split(
        np.concatenate([train.pixels, test.pixels]), np.concatenate([train.labels, test.labels]), train.classes
    )
