"""Named, seeded sets of pictures -> arrays and labels."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from core.base.files import cache_folder
from core.base.heavy import sk_datasets, sk_selection, torchvision
from core.base.refuse import DataError
from core.base.worker import Progress, each, ignore, part
from core.data.idx import IDX_FILES, SPLITS, find_folder, holds, read_split
from core.data.sets import DATASETS, DIGITS, DataSet
from core.data.split import Pictures, Split
from core.pictures.image import ImageError, decode


def read_folder(folder: Path, size: int, progress: Progress = ignore) -> Split:
    """All of FOLDER/CLASS/*.{jpg,png} of one square size, classes in alphabetical order.

    Raises DataError if there is no class folder, no picture, or a picture of another size.
    """
    if not folder.is_dir():
        raise DataError(f"expected a folder of class folders at {folder}, found none: check the path")
    classes = tuple(sorted(entry.name for entry in os.scandir(folder) if entry.is_dir()))
    files = [(path, label) for label, name in enumerate(classes) for path in sorted((folder / name).iterdir())]
    if not files:
        raise DataError(f"expected FOLDER/CLASS/picture files in {folder}, found no picture")
    pixels = np.empty((len(files), size, size, 3), np.uint8)
    for i, (path, _) in enumerate(each(files, progress)):
        try:
            picture = decode(path.read_bytes()).pixels
        except ImageError as error:
            raise DataError(f"{path}: {error}") from error
        if picture.shape != (size, size, 3):
            raise DataError(f"{path}: expected {size}x{size} pixels, got {picture.shape[1]}x{picture.shape[0]}")
        pixels[i] = picture
    return Split(pixels, np.array([label for _, label in files]), classes)


def load(name: str, root: Path | None = None, split: str = "train", progress: Progress = ignore) -> Split:
    """The train or test split of a data set in DATASETS.

    `digits` comes with scikit-learn. ROOT holds train/CLASS/ and test/CLASS/ pictures; for MNIST and the sets like it
    the two idx files of the split (itself, in raw/, or in torchvision's folder, such as MNIST/raw/). Without ROOT, what
    torchvision once downloaded is read, or downloaded now (CIFAR-10's original pixels, not the JPEG copy; for EMNIST
    all of it, 560 MB packed).
    Raises DataError with what to do.
    """
    about = DATASETS[name]
    if name == "digits":
        return _digits(split)
    if name in IDX_FILES:
        return _idx_split(about, root, split)
    if root is not None:
        found = read_folder(Path(root) / split, about.size, progress)
        if len(found.classes) != len(about.classes):
            raise DataError(f"expected {len(about.classes)} class folders in {root}, found {len(found.classes)}")
        return Split(found.pixels, found.labels, about.classes)
    if name != "cifar10":
        raise DataError(f"expected --data FOLDER for {about.title}: it has no public download here")
    source = _torchvision(about, "CIFAR10", train=split == "train")
    return Split(np.asarray(source.data), np.asarray(source.targets), about.classes)


def downloads() -> Path:
    """Where downloads are kept, and where a copy may be put."""
    return cache_folder() / "datasets"


def both(name: str, root: Path | None = None, progress: Progress = ignore) -> Pictures:
    """The two halves of a data set in DATASETS. Raises as `load` does."""
    train, test = (load(name, root, split, part(progress, i, 2)) for i, split in enumerate(SPLITS))
    return Pictures(DATASETS[name].title, train, test)


def on_this_machine(name: str) -> bool:
    """Whether `load` reads both splits of this data set without a folder and without a download."""
    if name in IDX_FILES:
        return holds(_idx_downloads(name), IDX_FILES[name], *SPLITS)
    if name == "cifar10":
        return all((downloads() / "cifar-10-batches-py" / file).is_file() for file in CIFAR10_FILES)
    return name == "digits"


CIFAR10_FILES = (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch", "batches.meta")


def _digits(split: str) -> Split:
    pictures, labels = sk_datasets.load_digits(return_X_y=True)
    white = 16  # they count the ink pixels of 4x4 blocks
    pixels = np.rint(pictures * (255 / white)).astype(np.uint8).reshape(-1, 8, 8, 1)
    train, test = sk_selection.train_test_split(np.arange(len(labels)), test_size=500, stratify=labels, random_state=0)
    which = np.sort(train if split == "train" else test)
    return Split(pixels[which], labels[which].astype(np.int64), DIGITS)


def _torchvision(about: DataSet, kind: str, **options: Any) -> Any:
    """torchvision's data set of this class name, downloaded if it is not here. Raises DataError."""
    try:
        return getattr(torchvision.datasets, kind)(str(downloads()), download=True, **options)
    except (OSError, RuntimeError) as error:
        why = " ".join(str(error).split())  # some have several lines
        raise DataError(
            f"{about.title} could not be downloaded ({why}): check the connection, or give the folder of a copy "
            "(--data FOLDER)"
        ) from error


def _idx_downloads(name: str) -> Path:
    return downloads() / IDX_FILES[name].folder / "raw"


def _idx_split(about: DataSet, root: Path | None, split: str) -> Split:
    files = IDX_FILES[about.name]
    if root is not None:
        folder = find_folder(Path(root), files, split, about.title)
    else:
        folder = _idx_downloads(about.name)
        if not holds(folder, files, split):
            options = {"split": files.subset} if files.subset else {}
            _torchvision(about, files.folder, train=split == "train", **options)
    pixels, labels = read_split(folder, files, split)
    first, top = files.first_label, len(about.classes) - 1
    fits = pixels.shape == (len(labels), about.size, about.size) and len(labels) > 0
    if not fits or labels.min() < 0 or labels.max() > top:
        count, height, width = pixels.shape
        spread = f" from {first + labels.min()} to {first + labels.max()}" if len(labels) else ""
        raise DataError(
            f"expected {about.size}x{about.size} pictures, each with a label from {first} to {first + top}, in "
            f"{folder}, got {count:,} pictures of {width}x{height} and {len(labels):,} labels{spread}: choose the "
            f"folder of {about.title}"
        )
    return Split(pixels[..., None], labels, about.classes)
