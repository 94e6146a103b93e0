"""What a blur gains, by networks that differ in nothing else: the same seeds, schedule, pictures and shifts.

Of Zhang (ICML 2019): accuracy, consistency under pairs of random shifts (§4.3), and what is right at every shift of one
pixel. Two things are drawn by chance, the training (its seed) and the pictures; an interval holds both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.base.intervals import FEWEST, mean_interval
from core.base.records import kept, read_one
from core.base.worker import Progress, ignore, part
from core.claims import numbers
from core.claims.numbers import Estimate
from core.data.split import Split, chunks
from core.networks.card import Network
from core.studies.shift import dataset

PAIRS = "claims/shift_pairs.json"
RULE, RULED = 3, "2026-12-01"  # how two networks are compared: 1 apart, 2 picture by picture, 3 seed by seed as well
QUANTITIES = ("consistency", "accuracy", "worst")


@dataclass(frozen=True)
class Gain:
    """One of QUANTITIES: the share of each of S plain and S blurred networks, in [0, 1]; in points, blurred minus plain
    with the half width of its 95 % interval over seeds and pictures, and of the first seed's over pictures alone."""

    plain: tuple[float, ...]
    blurred: tuple[float, ...]
    difference: float
    half: float
    first_difference: float
    first_half: float

    @property
    def estimate(self) -> Estimate:
        return numbers.within(self.difference, self.half)

    @property
    def first(self) -> Estimate:
        return numbers.within(self.first_difference, self.first_half)


@dataclass(frozen=True)
class Pair:
    """Networks by name, the seeds in the same order; `pairs` of random shifts of each of `images` pictures."""

    plain: tuple[str, ...]
    blurred: tuple[str, ...]
    images: int
    pairs: int
    data: str
    gains: dict[str, Gain]

    def has(self, plain: str, blurred: str) -> bool:
        """Whether these are its two networks of one seed."""
        return (plain, blurred) in zip(self.plain, self.blurred, strict=True)


@dataclass(frozen=True)
class Pairs:
    """What `receptive measure shift-pairs` wrote. `rule` and `ruled`: version and date of how two are compared."""

    rows: tuple[Pair, ...]
    rule: int
    ruled: str
    command: str
    date: str
    commit: str


def quantities(
    network: Network, test: Split, params: dataset.Params, progress: Progress = ignore
) -> dict[str, np.ndarray]:
    """(N,) in [0, 1] of each of QUANTITIES: the share of a picture's pairs of shifts that get the same top-1, whether
    it is right, and whether it is right at every shift within `params.worst_reach`."""
    names, columns, done = dataset.variants(params), [], 0
    for images, _ in chunks(test):  # not dataset.run, which gives back what is done: half of a comparison is none
        columns.append(dataset.answer_chunk(network, images, done, params, names))
        done += len(images)
        progress(done, len(test))
    row = dict(zip(names, np.concatenate(columns, axis=1), strict=True))
    agree = np.mean([row[f"pair {i}a"] == row[f"pair {i}b"] for i in range(params.pairs)], axis=0)
    still = [answers for name, answers in row.items() if name == "untouched" or name.startswith("shift ")]
    right, always = row["untouched"] == test.labels, (np.stack(still) == test.labels).all(0)
    return {"consistency": agree, "accuracy": right.astype(float), "worst": always.astype(float)}


def gain(plain: np.ndarray, blurred: np.ndarray) -> Gain:
    """Of one quantity, (S, N) each: S seeds, the same N pictures. Raises ValueError for two seeds, or fewer
    than three pictures: their spread says next to nothing."""
    points = numbers.PERCENT * (blurred - plain)
    both = numbers.crossed(points)
    if math.isnan(both.low):
        raise ValueError(f"expected one seed or {FEWEST} and more, and {FEWEST} pictures, got {points.shape}: add some")
    first, half = mean_interval(points[0])
    shares = [tuple(float(share) for share in values.mean(1)) for values in (plain, blurred)]
    return Gain(shares[0], shares[1], both.value, both.high - both.value, first, half)


def compare(
    plain: Sequence[Network], blurred: Sequence[Network], test: Split, params: dataset.Params, progress: Progress
) -> dict[str, Gain]:
    """Every one of QUANTITIES of networks by seed, the two of a seed at the same place."""
    nets, found = [*plain, *blurred], []
    for i, network in enumerate(nets):
        found.append(quantities(network, test, params, part(progress, i, len(nets))))
    n = len(plain)
    stacked = {name: np.stack([one[name] for one in found]) for name in QUANTITIES}
    return {name: gain(values[:n], values[n:]) for name, values in stacked.items()}


def find(plain: str, blurred: str, results: Path) -> tuple[Pair, str] | None:
    """Of these two networks, and when it was measured; None where it was not. Raises Damaged, OSError."""
    record = kept(_read, results / PAIRS)
    row = next((row for row in record.rows if row.has(plain, blurred)), None) if record else None
    return None if record is None or row is None else (row, record.date)


def _read(path: Path) -> Pairs | None:
    return read_one(path, Pairs)
