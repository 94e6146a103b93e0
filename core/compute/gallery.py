"""A set of photographs in numbers: what a newcomer is compared with where the pictures themselves are not at hand.

Of every photograph there are its class, the 1,280 features that lite0's last layer sees, each in one byte, and its
place among the 50 strongest principal components of its pixels and of its random features; no pixels.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from core.base.files import ASSETS, whole
from core.base.heavy import safetensors_numpy
from core.base.records import REINSTALL, Damaged, kept
from core.compute import spaces
from core.compute.embedding import Map, Projection
from core.compute.sign_counts import Spec
from core.networks.card import Network
from core.pictures.image import RGBImage
from core.pictures.preprocess import seen, square

PATH = ASSETS / "results" / "random_features" / "photographs.safetensors"
NETWORK = "lite0"
SIDE = 32  # px of the centre squares that pixels and random features are of
SPEC = Spec(features=1000, kernel_size=5, depth=1)
LEVELS = 255
PLANES = ("pixels", "random")  # the spaces of which principal components are kept


@dataclass(frozen=True, eq=False)
class Gallery:
    """N photographs of `classes`, `train` of them to learn from, then those to test with, in order of class and file.

    `labels` (N,); `codes` uint8 (N, 1280), each feature over its `scale` (1280,); `maps`: by space where every
    photograph lies on a map, with what places a newcomer there; `agreement` by space: the share of photographs whose
    nearest other one is of their class. `about`: the data, the network's digest, command, date and commit.
    """

    classes: tuple[str, ...]
    train: int
    labels: np.ndarray
    codes: np.ndarray
    scale: np.ndarray
    maps: dict[str, Map]
    agreement: dict[str, float]
    about: dict[str, str]
    digest: str = ""  # of the file, what results are remembered under

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def names(self) -> tuple[str, ...]:
        """The classes as people read them."""
        return tuple(name.replace("_", " ") for name in self.classes)

    @cached_property
    def features(self) -> np.ndarray:
        """float32 (N, D), D = 1280: what lite0's last layer sees of every photograph."""
        return np.asarray(self.codes * self.scale, np.float32)


def coded(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Features (N, D) of 0 or more -> uint8 (N, D) and the scale (D,) that gives them back to within half of it."""
    scale = features.max(0) / LEVELS
    scale = np.where(scale > 0, scale, 1).astype(np.float32)
    return np.rint(features / scale).astype(np.uint8), scale


def features_of(network: Network, images: list[RGBImage]) -> np.ndarray:
    """float32 (n, D): what the network's last linear layer sees of photographs, scaled and cropped as it wants them."""
    return spaces.trained(np.stack([seen(image, network.preprocessing) for image in images]), network)


def vector(image: RGBImage, space: str, network: Network | None = None) -> np.ndarray:
    """float32 (1, D): a photograph in one of the three spaces. Raises ValueError for "trained" without a network."""
    if space == spaces.TRAINED:
        if network is None:
            raise ValueError("expected a trained network for its space, got none: ask for the other two")
        return features_of(network, [image])
    little = square(image, SIDE)[None]
    return spaces.pixels(little) if space == spaces.PIXELS else spaces.random(little, SPEC)


def write(path: Path, gallery: Gallery) -> None:
    """One safetensors file, whole or not at all. Raises OSError."""
    arrays: dict[str, np.ndarray] = {
        "labels": gallery.labels.astype(np.int16),
        "codes": gallery.codes,
        "scale": gallery.scale,
    }
    for space, found in gallery.maps.items():
        arrays[f"{space}.positions"] = found.positions.astype(np.float16)
        assert found.projection is not None
        arrays[f"{space}.mean"] = found.projection.mean
        arrays[f"{space}.axes"] = found.projection.axes.astype(np.float16)
        if space in PLANES:
            arrays[f"{space}.vectors"] = found.vectors.astype(np.float16)
    told = {
        "classes": json.dumps(gallery.classes),
        "train": str(gallery.train),
        "agreement": json.dumps(gallery.agreement),
        "perplexity": json.dumps({space: found.perplexity for space, found in gallery.maps.items()}),
        **gallery.about,
    }
    data = safetensors_numpy.save({k: np.ascontiguousarray(v) for k, v in arrays.items()}, told)
    whole(path, lambda fresh: fresh.write_bytes(data))


def there() -> Gallery:
    """The one that comes along. Raises Damaged where it is missing or damaged, OSError."""
    found = read()
    if found is None:
        raise Damaged(f"expected {PATH.name} with photographs in numbers, found none: {REINSTALL}")
    return found


def read(path: Path = PATH) -> Gallery | None:
    """What `write` wrote, remembered until the file changes; None without it. Raises Damaged, OSError."""
    return kept(_read, path) if path.is_file() else None


def _read(path: Path) -> Gallery:
    data = path.read_bytes()
    told: dict[str, Any] = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
    arrays = safetensors_numpy.load(data)
    perplexity = json.loads(told.pop("perplexity"))
    codes, scale = arrays["codes"], arrays["scale"]
    maps = {}
    for space in spaces.SPACES:
        projection = Projection(arrays[f"{space}.mean"], arrays[f"{space}.axes"].astype(np.float32))
        packed = arrays.get(f"{space}.vectors")
        near = projection(codes * scale) if packed is None else packed.astype(np.float32)
        maps[space] = Map(arrays[f"{space}.positions"].astype(np.float32), near, projection, perplexity[space])
    classes, train = tuple(json.loads(told.pop("classes"))), int(told.pop("train"))
    agreement = {str(k): float(v) for k, v in json.loads(told.pop("agreement")).items()}
    labels, digest = arrays["labels"].astype(np.int64), sha256(data).hexdigest()
    return Gallery(classes, train, labels, codes, scale, maps, agreement, told, digest)
