"""What Home shows of this study."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.studies.toy import light

from core.base.worker import Progress, ignore
from core.pictures.image import RGBImage
from core.studies.study import Glance, Tile

FOUND = light.Result


def networks(image: RGBImage) -> tuple[str, ...]:
    return ()


def run(networks: Sequence[Any], image: RGBImage, progress: Progress = ignore) -> light.Result:
    return light.run(networks, image, light.Params())


def shown(found: light.Result, image: RGBImage) -> Glance:
    return Glance(light.finding(found), (Tile("light", words=(("light", found.light / 9, ""),)),))
