"""Named, seeded sets of pictures -> arrays and labels."""

from __future__ import annotations

import lzma
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath

import numpy as np

from core.image import ImageError, RGBImage, decode
from core.worker import Progress, ignore


class DataError(ValueError):
    """A data set that cannot be read: what was expected, what came, what to do."""


@dataclass(frozen=True, eq=False)
class Split:
    """`pixels` uint8 (N, H, W, 3), `labels` int64 (N,) into `classes`."""

    pixels: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class DataSet:
    """What a recipe may ask for. `folder` is what its directory holds: train/CLASS/*.jpg and test/CLASS/*.jpg."""

    name: str
    title: str
    size: int
    classes: tuple[str, ...]
    form: str


CIFAR10_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
TINY20 = {
    "n01443537": "goldfish",
    "n01641577": "bullfrog",
    "n01910747": "jellyfish",
    "n02056570": "king penguin",
    "n02099601": "golden retriever",
    "n02123045": "tabby cat",
    "n02129165": "lion",
    "n02165456": "ladybug",
    "n02279972": "monarch",
    "n02481823": "chimpanzee",
    "n02504458": "African elephant",
    "n03393912": "freight car",
    "n04146614": "school bus",
    "n04285008": "sports car",
    "n04398044": "teapot",
    "n04486054": "triumphal arch",
    "n04507155": "umbrella",
    "n07753592": "banana",
    "n07873807": "pizza",
    "n09193705": "alp",
}
DATASETS = {
    "cifar10": DataSet("cifar10", "CIFAR-10", 32, CIFAR10_CLASSES, "JPEG copy, 32x32, 50,000 / 10,000 pictures"),
    "tiny-imagenet-20": DataSet(
        "tiny-imagenet-20",
        "tiny-imagenet-20",
        64,
        tuple(TINY20.values()),
        "20 classes of Tiny ImageNet, 64x64, 10,000 / 1,000 photographs",
    ),
}


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
    for i, (path, _) in enumerate(files):
        try:
            picture = decode(path.read_bytes()).pixels
        except ImageError as error:
            raise DataError(f"{path}: {error}") from error
        if picture.shape != (size, size, 3):
            raise DataError(f"{path}: expected {size}x{size} pixels, got {picture.shape[1]}x{picture.shape[0]}")
        pixels[i] = picture
        if i % 500 == 0:
            progress(i, len(files))
    progress(len(files), len(files))
    return Split(pixels, np.array([label for _, label in files]), classes)


def load(name: str, root: Path | None = None, split: str = "train", progress: Progress = ignore) -> Split:
    """The train or test split of a data set in DATASETS, from ROOT/train and ROOT/test.

    Without ROOT, CIFAR-10 is downloaded by torchvision (the original pixels, not the JPEG copy).
    Raises DataError with what to do.
    """
    about = DATASETS[name]
    if root is not None:
        found = read_folder(Path(root) / split, about.size, progress)
        if len(found.classes) != len(about.classes):
            raise DataError(f"expected {len(about.classes)} class folders in {root}, found {len(found.classes)}")
        return Split(found.pixels, found.labels, about.classes)
    if name != "cifar10":
        raise DataError(f"expected --data FOLDER for {about.title}: it has no public download here")
    from torchvision.datasets import CIFAR10

    from core.weights import cache_folder

    try:
        source = CIFAR10(str(cache_folder() / "datasets"), train=split == "train", download=True)
    except (OSError, RuntimeError) as error:
        raise DataError(f"CIFAR-10 could not be downloaded ({error}): give --data FOLDER instead") from error
    return Split(np.asarray(source.data), np.asarray(source.targets), about.classes)


SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif"}
MAX_PICTURES = 20_000
MAX_PICTURE_BYTES = 50_000_000
# what decode and the members of a damaged, encrypted or exotic zip raise
UNREADABLE = (
    *(ImageError, OSError, EOFError, RuntimeError, NotImplementedError),
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError),
)


@dataclass(frozen=True)
class Found:
    """A picture file of the user's: `folder` is the name of the folder it lies in, its class where that is one."""

    name: str
    folder: str
    size: int
    read: Callable[[], bytes]


def find_pictures(source: Path | bytes) -> list[Found]:
    """The picture files below a folder, or in the bytes of a zip, sorted by name; nothing is unpacked to disk.

    Raises DataError: no such folder, not a zip, no picture, or more than 20,000.
    """
    found = _in_zip(source) if isinstance(source, bytes) else _in_folder(source)
    if not found:
        raise DataError(f"expected picture files ({', '.join(sorted(SUFFIXES))}), found none: choose another folder")
    if len(found) > MAX_PICTURES:
        raise DataError(f"expected at most {MAX_PICTURES:,} pictures, found {len(found):,}: choose a smaller folder")
    return sorted(found, key=lambda f: f.name)


def _in_folder(folder: Path) -> list[Found]:
    if not folder.is_dir():
        raise DataError(f"expected a folder, found none at {folder}: check the path")
    paths = [p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file()]
    return [Found(str(p.relative_to(folder)), p.parent.name, p.stat().st_size, p.read_bytes) for p in paths]


def _in_zip(data: bytes) -> list[Found]:
    try:
        archive = zipfile.ZipFile(BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise DataError(f"expected a zip of pictures, got something else ({error}): zip the folder again") from error

    def reader(member: zipfile.ZipInfo) -> Callable[[], bytes]:
        # the declared size may lie: never take more than was declared
        return lambda: archive.open(member).read(member.file_size + 1)

    files = [m for m in archive.infolist() if not m.is_dir() and PurePosixPath(m.filename).suffix.lower() in SUFFIXES]
    return [Found(m.filename, PurePosixPath(m.filename).parent.name, m.file_size, reader(m)) for m in files]


def open_pictures(
    found: Sequence[Found], classes: Sequence[str], chunk: int, broken: list[str]
) -> Iterator[tuple[list[RGBImage], list[int]]]:
    """Chunks of decoded pictures and their classes (-1: the folder's name is no class).

    What cannot be read is left out; its name and the reason are appended to `broken`.
    """
    index = {name.lower(): i for i, name in reversed(list(enumerate(classes)))}
    for start in range(0, len(found), chunk):
        images, truth = [], []
        for file in found[start : start + chunk]:
            try:
                if file.size > MAX_PICTURE_BYTES:
                    raise ImageError(f"expected at most {MAX_PICTURE_BYTES // 10**6} MB, got {file.size / 1e6:.0f} MB")
                images.append(decode(file.read()))
            except UNREADABLE as error:
                broken.append(f"{file.name}: {error}")
            else:
                truth.append(index.get(file.folder.lower(), -1))
        if images:
            yield images, truth
