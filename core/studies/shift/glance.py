"""The sweep at a glance: nine by nine shifts of any picture, a plain network beside a blurred one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.base.prose import section
from core.base.worker import Progress, ignore
from core.figures.palette import ACCENT, USER, uri
from core.networks import families
from core.networks.card import Network, title_of
from core.pictures.drawn import sort_of
from core.pictures.image import RGBImage
from core.studies.shift import sweep
from core.studies.study import Glance, Tile

FOUND = sweep.Result
PARAMS = sweep.Params(max_shift=4)
PAIR = families.DEFAULT_NETWORKS[0], families.DEFAULT_NETWORKS[-1]
CELL, GAP, STROKE = 22, 2, 2  # px of a shift's square, between two, and of the cross on one that differs


def networks(image: RGBImage) -> tuple[str, ...]:
    """The plain and the most blurred network of photographs; for a drawing, two networks of digits."""
    return families.COMPARED["mnist"][:2] if sort_of(image) == "drawing" else PAIR


def run(networks: Sequence[Network], image: RGBImage, progress: Progress = ignore) -> sweep.Result:
    """Both networks at every shift of up to four pixels."""
    return sweep.run(networks, image, PARAMS, progress)


def shown(found: sweep.Result, image: RGBImage) -> Glance:
    """A square a shift: filled where the answer stays, crossed where it is another one."""
    titles, counts = [title_of(name) for name in found.models], sweep.flips(found)
    others = len(found.offsets) - 1
    tiles = (
        Tile(
            title,
            uri(squares((row != row[found.centre]).reshape(found.side, found.side))),
            section("home", "shift alt", title=title, count=count, of=others),
        )
        for title, count, row in zip(titles, counts.tolist(), found.top1, strict=True)
    )
    return Glance(said(found, titles, counts), tuple(tiles))


def said(found: sweep.Result, titles: Sequence[str], counts: np.ndarray) -> str:
    """At how many shifts the answer is another one, `counts` (M,); where it is at none, how far the answers sink."""
    reach, of, (first, *_, second) = found.max_shift, len(found.offsets) - 1, titles
    if counts.any():
        one, other = int(counts[0]), int(counts[-1])
        return section("home", "shift look", reach=reach, of=of, first=first, one=one, second=second, other=other)
    sure, low = sweep.sureness(found)
    return section(
        "home", "shift look, steady", reach=reach, of=of, first=first, sure=sure[0], low=low[0], second=second,
        sure2=sure[-1], low2=low[-1],
    )  # fmt: skip


def squares(differs: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 4): a square for each of bool (n, n), another colour and a cross where it is true."""
    n, pitch = len(differs), CELL + GAP
    canvas = np.zeros((n * pitch - GAP, n * pitch - GAP, 4), np.uint8)
    row, column = np.indices((CELL, CELL))
    arm = np.minimum(abs(row - column), abs(row + column - CELL + 1)) < STROKE
    cross = arm & (np.minimum(row, column) > 3) & (np.maximum(row, column) < CELL - 4)
    for i, j in np.ndindex(n, n):
        square = np.full((CELL, CELL, 4), [*rgb(USER if differs[i, j] else ACCENT), 255], np.uint8)
        if differs[i, j]:
            square[cross] = 255
        canvas[i * pitch : i * pitch + CELL, j * pitch : j * pitch + CELL] = square
    return canvas


def rgb(colour: str) -> list[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
