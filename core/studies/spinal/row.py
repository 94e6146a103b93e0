"""What a batch writes of one picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.networks import families
from core.networks.card import Network
from core.pictures.image import RGBImage
from core.studies.spinal import answers
from core.studies.study import ANSWER, Row, Table


@dataclass(frozen=True)
class NoParams:
    """The heads answer; there is nothing to set."""


def row(network: Network, image: RGBImage, params: NoParams) -> Row:
    """What one head answers to the picture in MNIST's form (Kabir et al., arXiv 2007.03347)."""
    from core.models.spinal import SpinalHead

    known = {name: head for head, name in families.HEADED.items()}
    is_spinal = isinstance(answers.headed(network).head, SpinalHead)
    head: Any = known.get(network.card.name, "spinal" if is_spinal else "fc")
    result = answers.run([network], image, answers.Params((head,)))
    return {
        "head": head,
        "label": result.labels[result.top1[0]],
        "probability": float(result.probability[0].max()),
    }


TABLE = Table(NoParams(), tuple(families.HEADED.values()), (("head", "text"), *ANSWER), row)
