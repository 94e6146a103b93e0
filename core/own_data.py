"""The reader's own pictures as a data set, and the reader's photograph as a data set's pictures are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

import numpy as np
from PIL import Image

from core.datasets import DataError, Found, Split, open_pictures
from core.image import RGBImage
from core.preprocess import square
from core.worker import Progress, ignore

FEWEST_CLASSES = 2
FEWEST_PICTURES = 10
MAX_BYTES = 250_000_000  # of the pictures' pixels together: 20,000 of 64 px
RIM = 8  # the border is an eighth of the side
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


def border_is_brighter(pixels: np.ndarray) -> bool:
    """Whether the rim of uint8 (H, W, C) is brighter, on average, than what it surrounds."""
    rim = max(1, len(pixels) // RIM)
    border = np.ones(pixels.shape[:2], bool)
    border[rim:-rim, rim:-rim] = False
    return bool(pixels[border].mean() > pixels[~border].mean())


def stretched(pixels: np.ndarray) -> np.ndarray:
    """uint8 whose darkest value becomes 0 and whose brightest 255; a flat picture stays as it is."""
    low, high = int(pixels.min()), int(pixels.max())
    if low == high:
        return pixels
    return np.rint((pixels - float(low)) * (255 / (high - low))).astype(np.uint8)


def from_pictures(found: Sequence[Found], size: int, broken: list[str], progress: Progress = ignore) -> Split:
    """The pictures as squares of `size` px, uint8 (N, size, size, 3); a picture's class is its folder's name.

    What cannot be read, or lies in no folder, is left out: its name and the reason are appended to `broken`.
    Raises DataError: fewer than two classes or ten pictures, or more pixels than fit in memory.
    """
    filed, names = in_folders(found, broken)
    if len(filed) * size * size * 3 > MAX_BYTES:
        raise DataError(
            f"expected at most {MAX_BYTES // (size * size * 3):,} pictures of {size} px, got {len(filed):,}: "
            "choose a smaller size or fewer pictures"
        )
    pixels = np.empty((len(filed), size, size, 3), np.uint8)
    labels: list[int] = []
    # one at a time: a photograph may unpack to 75 MB
    for images, truth in open_pictures(filed, names, 1, broken):
        pixels[len(labels)] = square(images[0], size)
        labels += truth
        progress(len(labels), len(filed))
    kept, inverse = np.unique(np.array(labels, np.int64), return_inverse=True)
    if len(kept) < FEWEST_CLASSES or len(labels) < FEWEST_PICTURES:
        raise DataError(
            f"expected at least {FEWEST_CLASSES} folders, named like their classes, with {FEWEST_PICTURES} pictures "
            f"in all, got {len(labels)} readable pictures in {len(kept)}: choose another folder"
        )
    return Split(pixels[: len(labels)], inverse.astype(np.int64), tuple(names[i] for i in kept))


def in_folders(found: Sequence[Found], broken: list[str]) -> tuple[list[Found], list[str]]:
    """The pictures that lie in a class folder, and the folders' names; upper and lower case are the same class."""
    filed = []
    for file in found:
        if PurePath(file.name).parent.name in ("", ".", ".."):
            broken.append(f"{file.name}: expected it in a folder named like its class")
        else:
            filed.append(file)
    return filed, sorted({file.folder.lower(): file.folder for file in filed}.values())


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
    return Split(split.pixels[which], split.labels[which], split.classes)


def together(train: Split, test: Split) -> Split:
    """Both halves of a data set as one."""
    return Split(
        np.concatenate([train.pixels, test.pixels]), np.concatenate([train.labels, test.labels]), train.classes
    )
