"""Pictures and labels in idx files: MNIST's format, and the sets that are shaped like it."""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.base.refuse import DataError

SPLITS = ("train", "test")
# by the end of a file's name: the format's code, numpy's type (numbers are big-endian) and what people call it
TYPES = {"ubyte": (8, "u1", "bytes"), "int": (12, ">i4", "32-bit integers")}
MAX_IDX_BYTES = 200_000_000  # EMNIST digits, the largest set here, has 188 MB of training pixels


@dataclass(frozen=True)
class IdxFiles:
    """How the idx files of a data set are called, and where they differ from MNIST's.

    torchvision keeps them in FOLDER/raw, its class is called FOLDER too and takes `subset`, where there is one, as
    `split`. `train` and `test` begin the names. Where `labels` are rows of numbers the first is the class; the first
    class has number `first_label`. `transposed` pictures hold columns where others hold rows.
    """

    folder: str
    train: str = "train"
    test: str = "t10k"
    labels: str = "labels-idx1-ubyte"
    subset: str | None = None
    first_label: int = 0
    transposed: bool = False

    def names(self, split: str) -> tuple[str, str]:
        """The files of the pictures and of the labels, without .gz."""
        begin = {"train": self.train, "test": self.test}[split]
        return f"{begin}-images-idx3-ubyte", f"{begin}-{self.labels}"


def _emnist(subset: str, first_label: int = 0) -> IdxFiles:
    train, test = (f"emnist-{subset}-{split}" for split in SPLITS)
    return IdxFiles("EMNIST", train, test, subset=subset, first_label=first_label, transposed=True)


IDX_FILES = {  # by the name of the data set
    "fashion-mnist": IdxFiles("FashionMNIST"),
    "mnist": IdxFiles("MNIST"),
    "kmnist": IdxFiles("KMNIST"),
    "qmnist": IdxFiles("QMNIST", "qmnist-train", "qmnist-test", labels="labels-idx2-int"),
    "emnist-digits": _emnist("digits"),
    "emnist-letters": _emnist("letters", first_label=1),
    "emnist-balanced": _emnist("balanced"),
}


def read_idx(path: Path, dimensions: int, kind: str = "ubyte") -> np.ndarray:
    """The array of an idx file of a kind in TYPES, plain or compressed (*.gz), e.g. uint8 (N, H, W).

    `dimensions`: how many the file must have. Raises DataError unless it is whole and what its header says.
    """
    code, dtype, words = TYPES[kind]
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            header = stream.read(4 + 4 * dimensions)
            magic, shape = header[:4], struct.unpack(f">{dimensions}I", header[4:])
            if magic != bytes((0, 0, code, dimensions)):
                raise DataError(
                    f"expected an idx file of {words} in {dimensions} dimensions, got {path}, which begins with "
                    f"{magic.hex(' ')}: check the path"
                )
            declared = " x ".join(map(str, shape))
            # a declaration may lie: reserve no memory on its word, nor let a 0 hide another length
            if math.prod(max(n, 1) for n in shape) * np.dtype(dtype).itemsize > MAX_IDX_BYTES:
                raise DataError(
                    f"expected at most {MAX_IDX_BYTES // 10**6} MB, got {path}, whose header says {declared} {words}: "
                    "check the path or fetch it again"
                )
            data = np.empty(math.prod(shape) * np.dtype(dtype).itemsize, np.uint8)
            whole = stream.readinto(data.data) == len(data) and not stream.read(1)
    except (OSError, EOFError, struct.error, zlib.error) as error:
        raise DataError(f"expected a whole idx file, got {path}, which is damaged ({error}): fetch it again") from error
    if not whole:
        raise DataError(
            f"expected {declared} {words} in {path}, as its header says, got another number: fetch it again"
        )
    return data.view(dtype).reshape(shape)


def read_split(folder: Path, files: IdxFiles, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Upright pictures uint8 (N, H, W) and int64 labels (M,), 0 for the first class. Raises DataError.

    The two are as the files have them: the caller checks that they belong together.
    """
    pictures, labels = (_file(folder, name) for name in files.names(split))
    dimensions, kind = (2, "int") if files.labels.endswith("idx2-int") else (1, "ubyte")
    pixels, numbers = read_idx(pictures, 3), read_idx(labels, dimensions, kind)
    if files.transposed:
        pixels = np.ascontiguousarray(pixels.swapaxes(1, 2))
    classes = numbers[:, :1].ravel() if dimensions == 2 else numbers
    return pixels, classes.astype(np.int64) - files.first_label


def find_folder(root: Path, files: IdxFiles, split: str, title: str) -> Path:
    """ROOT, ROOT/raw or ROOT/FOLDER/raw: the first that holds both files of a split; DataError says what is missing."""
    folders = (root, root / "raw", root / files.folder / "raw")
    for folder in folders:
        if holds(folder, files, split):
            return folder
    names = [name for part in SPLITS for name in files.names(part)]
    here = [name for name in names for folder in folders if os.path.isfile(_file(folder, name))]
    raise DataError(
        f"expected the {split} files of {title}, {' and '.join(files.names(split))} (plain or .gz), in {root}, in its "
        f"raw/ or its {files.folder}/raw/, found "
        + (f"only {', '.join(here)}: fetch the missing ones too" if here else "neither: check the path")
    )


def holds(folder: Path, files: IdxFiles, *splits: str) -> bool:
    """Whether the pictures and the labels of these splits lie in a folder."""
    # os.path, because Path.is_file raises for a path that is too long or not ours to look into
    return all(os.path.isfile(_file(folder, name)) for split in splits for name in files.names(split))


def _file(folder: Path, name: str) -> Path:
    plain = folder / name
    return plain if os.path.isfile(plain) else folder / f"{name}.gz"
