"""What the page's hero is drawn from: the photo, each map over it, and the strongest patches cut out, as plain data.

A browser lays the maps over the photo (pages/parts/patch/wipe.js), so each is a small picture of its own: its colours
(Brendel & Bethge, ICLR 2019, Figure 2, zero-centred), with places in percent of the photo's sides.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from PIL import Image

from core.figures.palette import paint, signed_scale, uri
from core.networks.card import Network
from core.pictures.image import RGBImage
from core.pictures.object_mask import Box
from core.pictures.preprocess import whole
from core.studies.patch import closer, figures
from core.studies.patch.evidence import Map, Result, in_sight, limit, sides_seen

PHOTO = 560  # px, short side of the photo that is sent
QUALITY = 88  # of its JPEG
FINE = 2  # px between patches of a map that is drawn smoothly
STRONGEST = 5  # patches that are cut out
CROWDED = 4  # patches along the short side; where there are fewer, those cut out overlap
BEST = 5  # classes that are told of a patch of the window
LABEL = 20.0, 9.0  # percent of the picture's sides that a name on it takes, where the picture is small
Place = tuple[float, float, float, float]  # left, top, width, height in percent of the picture


def photo(image: RGBImage) -> str:
    """The picture as a JPEG's data address; a small one is enlarged no further than under other maps."""
    short = min(PHOTO, max(figures.UNDERLAY, image.height, image.width))
    stream = io.BytesIO()
    Image.fromarray(whole(image, short)).save(stream, "JPEG", quality=QUALITY, subsampling=0)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()


def outlines(image: RGBImage) -> str:
    """What is in the picture as lines, a transparent PNG's data address."""
    return uri(figures.edges(whole(image, figures.UNDERLAY)))


def colours(result: Result, m: int) -> str:
    """Network m's map as a PNG's data address, one pixel a patch, on the scale that all maps share."""
    return uri(paint(result.evidence[m], limit(result)))


def stops() -> list[str]:
    """The scale's colours, against to for."""
    return [colour for _, colour in signed_scale()]


def place(left: float, top: float, right: float, bottom: float, height: int, width: int) -> Place:
    """A rectangle of edges in px of a picture of height x width px, in percent; unclipped."""
    return (
        round(100 * left / width, 3),
        round(100 * top / height, 3),
        round(100 * (right - left) / width, 3),
        round(100 * (bottom - top) / height, 3),
    )


def spread(result: Result, m: int) -> Place:
    """Where network m's map lies on the picture: each value covers the px that are nearest to its patch's centre."""
    edges = []
    for axis in (result.x[m], result.y[m]):
        step = figures.spacing(axis)
        low = float(axis[0]) + 0.5 - step / 2
        edges.append((low, low + step * len(axis)))
    (left, right), (top, bottom) = edges
    return place(left, top, right, bottom, result.height, result.width)


def rim(result: Result, m: int) -> list[Place]:
    """What network m does not see: strips at the bottom and the right, which share no pixel; [] where it sees all."""
    bottom, right = sides_seen(result, m)
    height, width = result.height, result.width
    strips = [(0, bottom, width, height), (right, 0, width, bottom)]
    return [place(*at, height, width) for at in strips if at[0] < at[2] and at[1] < at[3]]


def is_fine(result: Result, m: int) -> bool:
    """Whether network m's map has a value for every pixel or two: its cells are then too small to be seen."""
    return figures.spacing(result.x[m]) <= FINE


def framed(y: int, x: int, patch: int, height: int, width: int) -> Place:
    """The part of the patch around a pixel that lies inside the picture of height x width px; at the border a patch
    hangs over, and sees the mean colour there."""
    top, left = y - patch // 2, x - patch // 2
    return place(max(left, 0), max(top, 0), min(left + patch, width), min(top + patch, height), height, width)


def boxed(box: Box) -> Place:
    """An object's box in percent."""
    return place(box.left, box.top, box.right, box.bottom, 1, 1)


def label_at(box: Place, taken: Sequence[Place]) -> str:
    """The corner of an object's box where its name covers least of what is `taken` and of the picture's own names:
    "above left" and so on outside of the box, "top left" and so on inside it."""
    left, top, width, height = box
    across = {"left": left, "right": left + width - LABEL[0]}
    down = {"above": top - LABEL[1], "below": top + height, "top": top, "bottom": top + height - LABEL[1]}
    below = 100 - LABEL[1]
    rest = [*taken, (0, below, *LABEL), (100 - LABEL[0], below, *LABEL)]  # "photo" and "evidence" stand there

    def covered(corner: str) -> float:
        y, x = corner.split()
        mine = (across[x], down[y], *LABEL)
        outside = LABEL[0] * LABEL[1] - shared(mine, (0, 0, 100, 100))
        return outside + sum(shared(mine, one) for one in rest)

    return min((f"{y} {x}" for y in down for x in across), key=covered)


def shared(a: Place, b: Place) -> float:
    """The area that two rectangles share."""
    sides = (min(a[i] + a[i + 2], b[i] + b[i + 2]) - max(a[i], b[i]) for i in (0, 1))
    return prod(max(side, 0.0) for side in sides)


def strongest(result: Result, m: int, count: int = STRONGEST) -> list[tuple[int, int, float]]:
    """Up to `count` places (y, x, evidence) of network m that say most for the class: patches that do not overlap, or,
    in a picture of few of them, lie a quarter of its short side apart."""
    values = in_sight(result, m)
    height, width = values.shape
    found = Map(result.y[m][:height], result.x[m][:width], (result.target,), values[None])
    return closer.spots(found, count, max(1, min(result.patch[m], min(result.height, result.width) // CROWDED)))


def cut_out(pixels: np.ndarray, y: int, x: int, patch: int) -> str:
    """The part of the patch around a pixel that lies inside uint8 (H, W, 3), a PNG's data address."""
    top, left = y - patch // 2, x - patch // 2
    return uri(np.ascontiguousarray(pixels[max(top, 0) : top + patch, max(left, 0) : left + patch]))


def window(found: Map, labels: Sequence[str], network: Network, pixels: np.ndarray) -> dict[str, Any]:
    """What every patch of the network's own grid says alone: the data of the window that a reader drags.

    `found` holds all classes of that grid (core.studies.patch.evidence.coarse); `pixels` uint8 (H, W, 3). `best` and
    `logits`: for each patch in reading order its BEST classes, as places in `labels`, and their logits.
    """
    count = min(BEST, len(found.values))
    ranked = np.argsort(-found.values, axis=0, kind="stable")[:count]  # (count, h, w)
    logits = np.take_along_axis(found.values, ranked, 0)
    known, places = np.unique(ranked, return_inverse=True)
    height, width = pixels.shape[:2]
    patch = network.card.patch or 1
    return {
        "rows": [int(v) for v in found.y],
        "columns": [int(v) for v in found.x],
        "patch": [100 * patch / width, 100 * patch / height],
        "size": [height, width],
        "labels": [labels[c] for c in known],
        "best": places.reshape(ranked.shape).reshape(count, -1).T.tolist(),
        "logits": logits.reshape(count, -1).T.astype(float).round(2).tolist(),
        "highest": round(float(max(found.values.max(), 1e-6)), 2),
    }
