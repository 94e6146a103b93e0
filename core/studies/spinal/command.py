"""What a terminal asks of this study, and what it says of the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from core.base.worker import Progress
from core.data.sets import DATASETS, TORCHVISION
from core.models.heads import BACKBONES
from core.studies.spinal import heads
from core.studies.study import OfData

if TYPE_CHECKING:
    from core.data.split import Pictures


def run(
    word: str, data: Pictures, params: heads.Params, progress: Progress, keep: Callable[[heads.Result], None]
) -> heads.Result:
    """core.studies.spinal.heads.run; a data set that we know goes by its word."""
    name = word if word in DATASETS or word.lower().startswith(TORCHVISION) else data.title
    return heads.run(name, data.train, data.test, params, progress, keep)


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
    run,
    heads.as_dict,
    lines,
    "Where to write the Result, as it grows.",
)
