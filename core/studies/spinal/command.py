"""What a terminal asks of this study, and what it says of the answer."""

from __future__ import annotations

from collections.abc import Iterator

from core.data.sets import DATASETS, TORCHVISION
from core.data.split import Pictures
from core.models.heads import BACKBONES
from core.studies.spinal import heads
from core.studies.study import OfData


def name(word: str, data: Pictures) -> str:
    """What the data set is called: by its word where that says all of it."""
    return word if word in DATASETS or word.lower().startswith(TORCHVISION) else data.title


def side(params: heads.Params) -> int:
    """px that the backbone takes."""
    return BACKBONES[params.backbone].side


def lines(result: heads.Result) -> Iterator[str]:
    yield heads.finding(result)


COMMAND = OfData(
    "Trains the heads side by side and compares them seed by seed.",
    heads.Params(),
    "digits",
    side,
    lambda word, data, params, progress, keep: heads.run(
        name(word, data), data.train, data.test, params, progress, keep
    ),
    lines,
    "Where to write the Result, as it grows.",
)
