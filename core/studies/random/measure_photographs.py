"""Turn a folder of photographs into the numbers that come along: a map of each space, and what places a newcomer."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core import networks
from core.base.files import today
from core.base.refuse import DataError
from core.base.worker import Progress, ignore, part
from core.compute import embedding, gallery, spaces
from core.compute.gallery import Gallery
from core.pictures.files import find_pictures, open_pictures
from core.pictures.listing import HALVES, Found
from core.pictures.preprocess import square
from core.studies.random.maps import agreement
from core.training.measurement import Asked, Measurement, Part, Quick, command, share, there

DATA, KEY = "caltech101-60", "random:photographs"
RECORD = f"{gallery.PATH.parent.name}/{gallery.PATH.name}"
CHUNK = 32  # photographs that are in memory at a time
SEED, PERPLEXITY = 0, 30
QUICK = 60  # photographs whose features the quick check computes again


def listed(root: Path) -> tuple[list[Found], tuple[str, ...], int]:
    """The photographs of ROOT/train/CLASS and ROOT/test/CLASS in order, the classes, and how many are to learn from.

    Raises DataError unless both halves have the same classes.
    """
    halves = [find_pictures(root / half) for half in HALVES]
    first, second = (tuple(sorted({file.folder for file in half})) for half in halves)
    if first != second:
        raise DataError(f"expected the same class folders in {root / 'train'} and {root / 'test'}, got others")
    return [file for half in halves for file in half], first, len(halves[0])


def measure(root: Path, path: Path, progress: Progress = ignore) -> Path:
    """Read every photograph, draw the three maps and write PATH. Raises DataError, also for a broken picture."""
    found, classes, train = listed(root)
    network = networks.load(networks.find(gallery.NETWORK))
    watch = [part(progress, i, 5) for i in range(5)]
    broken: list[str] = []
    little, features, labels = [], [], []
    for images, truth in open_pictures(found, classes, CHUNK, broken):
        if broken:
            raise DataError(f"expected pictures that can be read, got {broken[0]}: take it out of the folder")
        little += [square(image, gallery.SIDE) for image in images]
        features.append(gallery.features_of(network, images))
        labels += truth
        watch[0](len(labels), len(found))
    codes, scale = gallery.coded(np.concatenate(features))
    squares, truth_of = np.stack(little), np.array(labels)
    vectors = {
        spaces.PIXELS: spaces.pixels(squares),
        spaces.RANDOM: spaces.random(squares, gallery.SPEC, watch[1]),
        spaces.TRAINED: np.asarray(codes * scale, np.float32),
    }
    maps = {
        space: embedding.fit(values, PERPLEXITY, seed=SEED, progress=watch[2 + i])
        for i, (space, values) in enumerate(vectors.items())
    }
    about = {
        "data": f"{DATA}: {len(found):,} photographs of {len(classes)} categories of Caltech-101 (CC BY 4.0)",
        "network": network.digest,
        "command": command(KEY, DATA),
        **today(),
    }
    shares = {space: agreement(values, truth_of) for space, values in vectors.items()}
    gallery.write(path, Gallery(classes, train, truth_of, codes, scale, maps, shares, about))
    return path


def run(asked: Asked) -> Path:
    return measure(asked.data.given(DATA), asked.results / RECORD, asked.progress)


def check(asked: Asked) -> list[Part]:
    """Some of the photographs through the network again: how many have their nearest other one in their class."""
    packaged = there(gallery.read(asked.packaged / RECORD))
    found, classes, _ = listed(asked.data.given(DATA))
    which = np.sort(np.random.default_rng(asked.seed).permutation(len(found))[:QUICK])
    network, broken = networks.load(networks.find(gallery.NETWORK)), list[str]()
    read = open_pictures([found[i] for i in which], classes, CHUNK, broken)
    now = np.concatenate([gallery.features_of(network, images) for images, _ in read])
    right = []
    for row, values in zip(which, now, strict=True):
        away = np.square(packaged.features - values).sum(1)
        away[row] = np.inf
        right.append(packaged.labels[away.argmin()] == packaged.labels[row])
    return [share("nearest photograph of the same class", packaged.agreement[spaces.TRAINED], np.mean(right), QUICK)]


PHOTOGRAPHS = Measurement(
    KEY, RECORD, (DATA,), (gallery.NETWORK,), 5, run, Quick(f"{QUICK} of the photographs", 2, check)
)
