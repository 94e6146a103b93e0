"""The sweep as it moves in the browser: the photo, the frame that the network sees on it, and the answers at every
shift (Zhang, ICML 2019, Figure 1). All is worked out here, so that nothing is asked of the server while it plays.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from core.data.sets import DATASETS
from core.figures.palette import photo_uri, uri
from core.networks.card import Card
from core.pictures.image import RGBImage, from_pixels
from core.pictures.preprocess import MOST_OBLONG, at_most, border_is_brighter, field_of_view
from core.studies.shift.figures import painted
from core.studies.shift.sweep import Line, Params, Result, along

PIXELS = 640 * 480  # of the photo that is sent
HARD = 64  # px: smaller pictures are enlarged with hard pixels
PER_MILLE = 1000  # probabilities go as whole numbers


@dataclass(frozen=True)
class Scene:
    """The photo as data address `picture`, `width` x `height` px, and on it the network's frame: a square of `side`,
    at rest at (`left`, `top`), which a shift of (dy, dx) moves to (left - dx step, top - dy step), all in its pixels.
    `view`: everything that the network sees at some shift, in the network's own pixels; `size`: of these the
    network sees so many across. `share` in [0, 1]: how much of the photo lies in the frame. `own`: the photo moves by
    its own pixels and is scaled afterwards; the view is then the photo itself."""

    picture: str
    width: int
    height: int
    left: float
    top: float
    side: float
    step: float
    view: str
    size: float
    share: float
    own: bool = False


def lit(image: RGBImage, card: Card) -> RGBImage:
    """The picture in the light and the colours that networks of the card's family know: drawn digits are grey, and
    bright on dark."""
    data = DATASETS.get(card.family)
    if data is None or data.channels == 3:
        return image
    inverted = data.bright_on_dark and border_is_brighter(image.pixels)
    grey = np.rint(image.pixels.mean(-1, keepdims=True)).astype(np.uint8).repeat(3, -1)
    return from_pixels(255 - grey if inverted else grey)


def scene(image: RGBImage, card: Card, params: Params) -> Scene:
    """The photo with the frame of a card's networks. Only a true crop moves over the photo itself; where the picture
    wraps round or is mirrored, its frame is continued so, and that is shown."""
    shown = lit(image, card)
    if params.resizer != "none":
        return own_scene(shown, card, params.max_shift)
    view, size = field_of_view(shown, card, params.max_shift, params.boundary), card.size
    seen = uri(view) if size <= HARD else photo_uri(view)
    across = size + 2 * params.max_shift
    short = across if card.resize is None else max(across, card.resize)
    share = (size / short) ** 2 * min(image.height, image.width) / max(image.height, image.width)
    if params.boundary != "crop":
        r = float(params.max_shift)
        rest = size if card.resize is None else card.resize
        share = (size / rest) ** 2 * min(image.height, image.width) / max(image.height, image.width)
        return Scene(seen, across, across, r, r, float(size), 1.0, seen, size, share)
    pixels = at_most(from_pixels(_middle(shown.pixels)), PIXELS)
    height, width = pixels.shape[:2]
    step = min(height, width) / short
    left, top = ((length - size * step) / 2 for length in (width, height))
    return Scene(_address(pixels), width, height, left, top, size * step, step, seen, size, share)


def own_scene(shown: RGBImage, card: Card, reach: int) -> Scene:
    """The photo, and on it what is scaled to a network's pixels once it has moved by its own."""
    kept = _middle(shown.pixels)
    pixels = at_most(from_pixels(kept), PIXELS)
    height, width = pixels.shape[:2]
    step = height / kept.shape[0]
    side = (min(kept.shape[:2]) - 2 * reach) * (1.0 if card.resize is None else card.size / card.resize)
    left, top = ((length - side * step) / 2 for length in (width, height))
    address = _address(pixels)
    share = side**2 / (shown.height * shown.width)
    return Scene(address, width, height, left, top, side * step, step, address, side * step, share, own=True)


def _middle(pixels: np.ndarray) -> np.ndarray:
    """A picture's middle where it is more than MOST_OBLONG times as long as it is short."""
    height, width = pixels.shape[:2]
    most = MOST_OBLONG * min(height, width)
    top, left = max(0, height - most) // 2, max(0, width - most) // 2
    return pixels[top : height - top, left : width - left]


def _address(pixels: np.ndarray) -> str:
    """uint8 (H, W, 3) as a data address: a JPEG of photographs, a PNG of small pictures with hard pixels."""
    if min(pixels.shape[:2]) < HARD:
        return uri(pixels)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=88)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()


def played(result: Result, titles: Sequence[str], colours: Sequence[str], line: Line) -> dict[str, Any]:
    """The answers at every shift as plain numbers, strings and lists: by network its title, colour, map as a PNG, and
    by shift the answer's place in `labels`, its probability and that of the class asked for, in thousandths; `path`:
    the shifts of a line, in its order."""
    known = sorted({result.target, *result.top1.ravel().tolist()})
    place = {label: i for i, label in enumerate(known)}
    thousandths = [
        np.rint(PER_MILLE * values).astype(int).tolist() for values in (result.top1_probability, result.probability)
    ]
    networks = [
        {
            "title": title,
            "colour": colour,
            "map": uri(heat),
            "says": [place[label] for label in said],
            "sure": sure,
            "asked": asked,
        }
        for title, colour, heat, said, sure, asked in zip(
            titles, colours, painted(result), result.top1.tolist(), *thousandths, strict=True
        )
    ]
    return {
        "labels": [result.labels[label] for label in known],
        "target": place[result.target],
        "reach": result.max_shift,
        "path": result.offsets[along(result, line)].tolist(),
        "networks": networks,
    }
