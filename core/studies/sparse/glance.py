"""Sparse codes at a glance: any picture with noise, what one lambda keeps of it, and what is answered from both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.base.prose import section
from core.base.softmax import softmax
from core.base.worker import Progress, ignore
from core.compute import coded
from core.figures.palette import photo_uri
from core.networks import families
from core.networks.card import Network
from core.pictures.image import RGBImage
from core.studies.sparse import codes
from core.studies.study import Glance, Tile

PARAMS = codes.Params(level=0.2)


@dataclass(frozen=True)
class Found:
    """The `noisy` picture and what is `rebuilt` of it, as data addresses; the share of codes that is not zero; what the
    plain network says to the noisy one and the coded one to what is left, each with its probability."""

    noisy: str
    rebuilt: str
    nonzero: float
    plain: tuple[str, float]
    coded: tuple[str, float]


FOUND = Found


def networks(image: RGBImage) -> tuple[str, ...]:
    """The ImageNet network with a coded stem, and the plain one."""
    return families.DEFAULT_SDNETS


def run(networks: Sequence[Network], image: RGBImage, progress: Progress = ignore) -> Found:
    """Code the noisy picture with the first network, and ask both."""
    mine, twin = networks
    _, noisy = codes.pictures(image, PARAMS, mine.preprocessing)
    along = coded.along_lambda(mine, noisy, np.array([PARAMS.lam]), PARAMS.steps, PARAMS.solver)
    progress(1, 2)
    plain, after = softmax(coded.answer(twin, noisy)), softmax(along.logits[0])
    progress(2, 2)
    return Found(
        address(noisy),
        address(along.reconstructions[0]),
        float(along.nonzero[0]),
        (twin.labels[plain.argmax()], float(plain.max())),
        (mine.labels[after.argmax()], float(after.max())),
    )


def address(pixels: np.ndarray) -> str:
    """float (H, W, 3) in [0, 1] as an address."""
    return photo_uri((pixels.clip(0, 1) * 255).round().astype(np.uint8))


def shown(found: Found, image: RGBImage) -> Glance:
    """The noisy picture beside the rebuilt one, each with what is answered."""
    said = section(
        "home", "sparse look", off=1 - found.nonzero, plain=found.plain[0], plain_sure=found.plain[1],
        coded=found.coded[0], coded_sure=found.coded[1],
    )  # fmt: skip
    noisy = Tile(section("home", "sparse noisy"), found.noisy, section("home", "sparse noisy alt"))
    rebuilt = Tile(section("home", "sparse rebuilt"), found.rebuilt, section("home", "sparse rebuilt alt"))
    return Glance(said, (noisy, rebuilt))
