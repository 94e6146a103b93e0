"""How bright is it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.base.settings import check, setting
from core.pictures.image import RGBImage

GAIN_LIMITS = (1, 9)


@dataclass(frozen=True)
class Params:
    """Raises ValueError for a gain that does not exist."""

    gain: int = setting(2, "What light is taken times.", limits=GAIN_LIMITS, unit="as the gain")

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class Result:
    """The mean of the picture's numbers in [0, 1], times the gain."""

    light: float


def run(networks: Sequence[Any], image: RGBImage, params: Params) -> Result:
    return Result(params.gain * float(image.pixels.mean()) / 255)


def finding(result: Result) -> str:
    return f"The toy sees a light of {result.light:.2f}."
