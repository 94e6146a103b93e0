"""Photographs of ImageNet's classes in a folder with a list: imagenet-like-1000, imagenet-samples-public."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from core.base.refuse import DataError
from core.pictures.image import ImageError, RGBImage, decode

CLASSES = 1_000
DATA = "imagenet-like-1000"  # photographs that no network here has learned from
Labelled = Sequence[tuple[Path, int]]  # pictures and their classes


def labelled(folder: Path) -> Labelled:
    """The pictures that FOLDER/labels.csv lists (columns file, index) with their ImageNet classes.

    Raises DataError where there is no such list, or it names another class or a file that is not there.
    """
    path = folder / "labels.csv"
    if not path.is_file():
        raise DataError(f"expected {path} with the columns file and index, found none: put that data set there")
    with path.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    try:
        found = [(folder / row["file"], int(row["index"])) for row in rows]
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"expected the columns file and index, a class's number, in {path}, got {error}") from error
    wrong = next((f"class {k}" for _, k in found if not 0 <= k < CLASSES), None)
    lost = next((str(file) for file, _ in found if not file.is_file()), None)
    if not found or wrong or lost:
        raise DataError(f"expected pictures of classes 0 to {CLASSES - 1} in {folder}, got {wrong or lost or 'none'}")
    return found


def said(pictures: Labelled) -> str:
    """What photographs of DATA are, in words."""
    kinds = len({truth for _, truth in pictures})
    return (
        f"{DATA}: {len(pictures):,} photographs of {kinds} of ImageNet's 1,000 classes, cropped to what they show, "
        "that no network here has learned from"
    )


def opened(path: Path) -> RGBImage:
    """The picture in a file. Raises DataError where it cannot be read."""
    try:
        return decode(path.read_bytes())
    except (ImageError, OSError) as error:
        raise DataError(f"{path}: {error}") from error
