"""The reader's own pictures as a data set, and the reader's photograph as a data set's pictures are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.base.refuse import DataError
from core.base.worker import Progress, each, ignore
from core.data.split import MAX_BYTES, Pictures, Split, halves, part
from core.pictures.files import open_pictures
from core.pictures.listing import (
    HALVES,
    NO_CLASS,
    NO_HALF,
    UNLABELLED,
    Found,
    Listing,
    counted,
    left_out,
    left_out_lines,
    summary,
)
from core.pictures.preprocess import square

TITLE = "your pictures"
FEWEST_CLASSES = 2
FEWEST_PICTURES = 10


def read(listing: Listing, size: int, title: str = TITLE, progress: Progress = ignore) -> Pictures:
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
    filed = [file for file in found if file.category]
    broken += [f"{file.name}: {NO_CLASS.why}" for file in found if not file.category]
    names = sorted({file.category.lower(): file.category for file in filed}.values())
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
    for file in each(filed, progress):
        for [image], _ in open_pictures([file], (), 1, broken):
            pixels[len(labels)] = square(image, size)
            labels.append(index[file.category.lower()])
            is_test.append(file.half == "test")
    kept, inverse = np.unique(np.array(labels, np.int64), return_inverse=True)
    if len(kept) < FEWEST_CLASSES or len(labels) < FEWEST_PICTURES:
        reasons = [f"{len(broken):,} broken, such as {broken[0]}"] if broken else []
        reasons += [f"left out: {left}"] if left else []
        why = f" ({'; '.join(reasons)})" if reasons else ""
        raise DataError(
            f"expected at least {FEWEST_CLASSES} folders, named like their classes, with {FEWEST_PICTURES} pictures "
            f"in all, got {len(labels)} readable pictures in {len(kept)}{why}: choose another folder"
        )
    split = Split(pixels[: len(labels)], inverse.astype(np.int64), tuple(names[i] for i in kept))
    return split, np.array(is_test, bool)
