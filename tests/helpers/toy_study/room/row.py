"""What a batch writes of one picture."""

from __future__ import annotations

from typing import Any

from core.studies.toy import light

from core.pictures.image import RGBImage
from core.studies.study import Row, Table


def row(network: Any, image: RGBImage, params: light.Params) -> Row:
    return {"light": light.run([network], image, params).light}


TABLE = Table(light.Params(), ("digits_cnn",), (("light", "float"),), row)
