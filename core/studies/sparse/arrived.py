"""How much of the noise that is asked for arrives at photographs, once values are clipped to [0, 1]?

The levels are those of Dai et al. (NeurIPS 2022, §4).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.base.prose import section
from core.base.records import read
from core.base.worker import Progress, ignore
from core.pictures import noise

RECORD = "arrived.json"
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
    found = read(folder / RECORD, Measured)
    return None if found is None else found[0]


def table(found: Measured, kind: str) -> Columns:
    """A row a level: the mean over photographs, and the lowest and highest."""
    about, rows = noise.KINDS[kind], found.kinds[kind]
    return {
        section("sparse_codes", "column asked"): [about.label(level) for level in rows.levels],
        section("sparse_codes", "column deviation"): [spread(values, ".3f") for values in rows.deviation],
        section("sparse_codes", "column shift"): [spread(values, "+.3f") for values in rows.shift],
    }


def spread(values: np.ndarray, form: str) -> str:
    """Values (N,) as their mean (lowest to highest)."""
    mean, low, high = (
        format(round(float(value), 3) + 0.0, form) for value in (values.mean(), values.min(), values.max())
    )
    return f"{mean} ({low} to {high})"
