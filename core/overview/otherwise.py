"""lite0 asked otherwise than it was taught: what another preprocessing, padding, eps or other batch statistics cost.

Every way is asked about the same photographs, so that what one loses to another is known picture by picture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.base import records
from core.claims import numbers
from core.claims.numbers import Estimate

PREPROCESSING, STATISTICS = "preprocessing", "batch_statistics"  # the records, below results/imagenet
OWN = "own"  # the first way: as it was taught


@dataclass(frozen=True, eq=False)
class Otherwise:
    """`right` (W, N), 0 or 1: whether the first answer to each of N photographs is, in each of W `ways`, of which the
    first is OWN. `data`: what the photographs are; `estimated`: what other batch statistics come from, "" for none."""

    ways: tuple[str, ...]
    right: np.ndarray
    data: str
    estimated: str

    @property
    def images(self) -> int:
        return int(self.right.shape[1])


@dataclass(frozen=True)
class Row:
    """A way: how many photographs are right, in %; how many points more than asked as it was taught, both with their
    95 % intervals, the second over pairs of answers to the same picture; and how many photographs it `lost` and
    `gained`."""

    way: str
    right: Estimate
    more: Estimate
    lost: int
    gained: int


def rows(asked: Otherwise) -> list[Row]:
    """One a way, in their order."""
    own, count = asked.right[0], asked.images
    return [
        Row(
            way,
            numbers.share(float(right.mean()), count),
            numbers.paired(right, own) if i else Estimate(0, 0, 0),  # its own differs from itself in nothing
            int(((right == 0) & (own == 1)).sum()),
            int(((right == 1) & (own == 0)).sum()),
        )
        for i, (way, right) in enumerate(zip(asked.ways, asked.right, strict=True))
    ]


def costs(asked: Otherwise) -> dict[str, str]:
    """By the way: how many points fewer than asked as it was taught, with the interval, in words."""
    lost = {row.way: Estimate(-row.more.value, -row.more.high, -row.more.low) for row in rows(asked)}
    return {way: numbers.interval(cost, digits=1) for way, cost in lost.items()}


def measured(path: Path) -> tuple[Otherwise, dict[str, object]] | None:
    """What `receptive measure` wrote, and with which command, when; None without a record. Raises Damaged, OSError."""
    return records.read(path, Otherwise)


def table(asked: Otherwise, words: Callable[[str], str], heads: Sequence[str]) -> dict[str, list[object]]:
    """A row a way, named by `words`, under the five `heads`: way, difference in points, right in %, lost, gained."""
    found = rows(asked)
    columns: list[list[object]] = [
        [words(row.way) for row in found],
        ["–" if row.way == OWN else numbers.interval(row.more, digits=1) for row in found],
        [numbers.interval(row.right, digits=1) for row in found],
        [row.lost for row in found],
        [row.gained for row in found],
    ]
    return dict(zip(heads, columns, strict=True))
