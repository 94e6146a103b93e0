"""How much of the noise that is asked for arrives at photographs, once values are clipped to [0, 1]?

The levels are those of Dai et al. (NeurIPS 2022, §4).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.base.prose import section
from core.base.records import read_one
from core.base.worker import Progress, ignore
from core.pictures import noise

RECORD = "arrived.json"
DECIMALS = 3  # of a table
SEED = 0  # of the first photograph's noise; the next ones count on
Columns = dict[str, list[str | float]]


@dataclass(frozen=True, eq=False)
class Kind:
    """What arrived of one kind of noise at V `levels` on N photographs: `deviation` and `shift` (V, N) as
    core.pictures.noise.Arrived has them."""

    levels: tuple[float, ...]
    deviation: np.ndarray
    shift: np.ndarray


@dataclass(frozen=True, eq=False)
class Measured:
    """By kind of noise, on `images` photographs of `side` px; `seed`, and where the numbers come from."""

    kinds: dict[str, Kind]
    images: int
    side: int
    seed: int
    data: str
    command: str
    date: str
    commit: str


def run(pictures: Iterable[np.ndarray], count: int, seed: int = SEED, progress: Progress = ignore) -> dict[str, Kind]:
    """Of `count` photographs, uint8 (H, W, 3) one by one, under every noise and level; the i-th one's noise follows
    `seed` + i. `progress(photographs done, count)` may raise to stop."""
    found: dict[str, list[list[noise.Arrived]]] = {kind: [] for kind in noise.KINDS}
    for i, pixels in enumerate(pictures):
        [clean] = noise.unit(pixels[None])
        for kind, about in noise.KINDS.items():
            noisy = (noise.add(clean[None], kind, level, [seed + i])[0] for level in about.levels)
            found[kind].append([noise.arrived(clean, one) for one in noisy])
        progress(i + 1, count)
    return {
        kind: Kind(
            noise.KINDS[kind].levels,
            np.array([[one.deviation for one in row] for row in rows]).T,
            np.array([[one.shift for one in row] for row in rows]).T,
        )
        for kind, rows in found.items()
    }


def measured(folder: Path) -> Measured | None:
    """What `receptive measure noise-arrived` wrote into FOLDER, None without it. Raises Damaged, OSError."""
    return read_one(folder / RECORD, Measured)


def table(found: Measured, kind: str) -> Columns:
    """A row a level: what was asked, then the mean over photographs, the lowest and the highest, of what arrived."""
    about, rows = noise.KINDS[kind], found.kinds[kind]
    came, moved = section("sparse_codes", "column deviation"), section("sparse_codes", "column shift")
    columns: Columns = {section("sparse_codes", "column asked"): [about.label(level) for level in rows.levels]}
    for name, values in ((came, rows.deviation), (moved, rows.shift)):
        spread = (
            (section("sparse_codes", "column mean", of=name), values.mean(1)),
            (section("sparse_codes", "column lowest", of=name), values.min(1)),
            (section("sparse_codes", "column highest", of=name), values.max(1)),
        )
        columns |= {title: (some.round(DECIMALS) + 0.0).tolist() for title, some in spread}  # no -0
    return columns
