"""What the page's networks answer to the reader's picture, with bars."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.base.prose import section
from core.figures import palette
from core.networks.card import Card, Network
from core.pictures.image import RGBImage
from core.studies.random import answers
from core.studies.random.answers import Said
from pages.parts.common import stage, waiting


def ask(image: RGBImage | np.ndarray, network: Network, at: str) -> Said | None:
    """The answers to a photograph, or to a picture (1, H, W, C) in a data set's form."""
    what = section("random_features", "asking")
    if isinstance(image, np.ndarray):
        return waiting.ask(answers.told, image, network, what=what, at=at)
    return waiting.ask(answers.run, image, network, what=what, at=at)


def show(found: Sequence[tuple[Card, Said]]) -> None:
    stage.answers([stage.Answers(card.title, palette.network_colours([None])[0], said.best) for card, said in found])
