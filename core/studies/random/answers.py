"""What the trained network beside the random features of Xue & Roshan (arXiv 1806.05789) answers to one picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.base.settings import check, setting
from core.base.worker import Progress, ignore
from core.networks.card import Card, Network
from core.pictures.image import RGBImage
from core.pictures.preprocess import seen
from core.studies import first_look
from core.studies.random.background import probability

BEST, LOOK = 4, "random_answers"


@dataclass(frozen=True)
class Params:
    """How many classes are told. Raises ValueError for more than are known."""

    best: int = setting(BEST, "Classes told.", limits=(1, BEST))

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class Said:
    """The `best` classes as (label, probability in 0..1), the most probable first."""

    best: tuple[tuple[str, float], ...]


def run(image: RGBImage, network: Network, progress: Progress = ignore) -> Said:
    """Of a photograph, scaled and cropped as the network wants it, in the light that it knows."""
    return told(seen(image, network.preprocessing)[None], network, progress)


def told(pictures: np.ndarray, network: Network, progress: Progress = ignore) -> Said:
    """Of uint8 (1, H, W, C), as the network's data set holds it."""
    [row] = probability(pictures, network)
    progress(1, 1)
    return Said(tuple((network.labels[i], float(row[i])) for i in np.argsort(-row, kind="stable")[:BEST]))


def packaged(card: Card, picture: str) -> Said | None:
    """What comes along of exactly this picture (its digest) and network."""
    return first_look.find(LOOK, Said, [card], picture, Params())
