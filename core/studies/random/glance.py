"""Random features at a glance: what is nearest to any picture, before a network has learned anything and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.base.heavy import torch
from core.base.prose import listed, section
from core.base.worker import Progress, ignore
from core.compute import gallery, spaces
from core.compute.neighbours import nearest
from core.compute.sign_counts import Spec, build
from core.data import named
from core.figures.palette import uri
from core.networks.card import Network
from core.pictures.digit_form import in_form_of
from core.pictures.drawn import sort_of
from core.pictures.image import RGBImage
from core.pictures.preprocess import square
from core.studies.study import Glance, Tile

NEAR = 4
DIGITS = Spec(features=1000, kernel_size=3, depth=1, in_channels=1)
DIGIT, ENLARGED = 8, 5  # px of a digit's side, and how much larger it is shown
TOGETHER = 64  # pictures that go through the network at a time


@dataclass(frozen=True)
class Found:
    """The nearest of `count` pictures by each of `spaces`: their classes, and their pictures, "" where there is none.

    `kind`: photographs or digits.
    """

    kind: str
    count: int
    spaces: tuple[str, ...]
    names: tuple[tuple[str, ...], ...]
    pictures: tuple[tuple[str, ...], ...]


FOUND = Found


def networks(image: RGBImage) -> tuple[str, ...]:
    """lite0 for a photograph; a digit is compared by random features and pixels alone."""
    return () if sort_of(image) == "drawing" else (gallery.NETWORK,)


def run(networks: Sequence[Network], image: RGBImage, progress: Progress = ignore) -> Found:
    """The picture among the photographs that come along, or among scikit-learn's digits. Raises Damaged, OSError."""
    return among_photographs(networks[0], image, progress) if networks else among_digits(image, progress)


def among_photographs(network: Network, image: RGBImage, progress: Progress) -> Found:
    """By random features and by lite0's, in the space itself."""
    found = gallery.there()
    names = []
    for i, space in enumerate((spaces.RANDOM, spaces.TRAINED)):
        others, at = found.features, found.maps[space]
        if space == spaces.TRAINED or at.projection is None:
            mine = gallery.vector(image, space, network)
        else:
            mine, others = at.projection(by_chance(square(image, gallery.SIDE)[None], gallery.SPEC)), at.vectors
        [near], _ = nearest(mine.astype(np.float32), others, NEAR)
        names.append(tuple(found.names[k] for k in found.labels[near]))
        progress(i + 1, 2)
    return Found("photographs", len(found), (spaces.RANDOM, spaces.TRAINED), tuple(names), (("",) * NEAR,) * 2)


def among_digits(image: RGBImage, progress: Progress) -> Found:
    """By pixels and by random features."""
    known, query = named.load("digits", split="train"), in_form_of(image, DIGIT, 1, bright_on_dark=True)
    names, pictures = [], []
    for i, space in enumerate((spaces.PIXELS, spaces.RANDOM)):
        mine, others = (
            (spaces.pixels(p) if space == spaces.PIXELS else by_chance(p, DIGITS)).astype(np.float32)
            for p in (query, known.pixels)
        )
        [near], _ = nearest(mine, others, NEAR)
        names.append(tuple(known.classes[k] for k in known.labels[near]))
        pictures.append(tuple(uri(enlarged(known.pixels[k])) for k in near))
        progress(i + 1, 2)
    return Found("digits", len(known), (spaces.PIXELS, spaces.RANDOM), tuple(names), tuple(pictures))


def by_chance(pictures: np.ndarray, spec: Spec) -> np.ndarray:
    """uint8 (N, H, W, C) -> float32 (N, k): what spaces.random gives, which is made for many pictures and compiles
    first, for seconds."""
    net, x = build(spec), torch.from_numpy(np.array(pictures)).movedim(-1, 1).float() / 255
    with torch.inference_mode():
        return np.concatenate([net(x[i : i + TOGETHER]).numpy() for i in range(0, len(x), TOGETHER)])


def enlarged(digit: np.ndarray) -> np.ndarray:
    """uint8 (8, 8, 1) -> (40, 40, 3), hard pixels."""
    return digit.repeat(ENLARGED, 0).repeat(ENLARGED, 1).repeat(3, 2)


def shown(found: Found, image: RGBImage) -> Glance:
    """The nearest in each space, the nearest first."""
    titles = {
        spaces.PIXELS: section("home", "random by pixels"),
        spaces.RANDOM: section("home", "random by chance"),
        spaces.TRAINED: section("home", "random by learning"),
    }
    tiles = (
        Tile(titles[space], words=tuple((name, None, picture) for name, picture in zip(names, pictures, strict=True)))
        for space, names, pictures in zip(found.spaces, found.names, found.pictures, strict=True)
    )
    first, last = (listed(tuple(dict.fromkeys(names))) for names in (found.names[0], found.names[-1]))
    said = (
        section("home", "random look", count=found.count, first=first, last=last)
        if found.kind == "photographs"
        else section("home", "random look, digits", count=found.count, first=first, last=last)
    )
    return Glance(said, tuple(tiles))
