"""Pictures with labels in memory, their halves and parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256

import numpy as np

from core.pictures.image import RGBImage, from_pixels

MAX_BYTES = 250_000_000  # of the pictures' pixels together: 20,000 of 64 px
TEST_SHARE = 0.2
CHUNK = 250  # pictures answered together while measuring


@dataclass(frozen=True, eq=False)
class Split:
    """`pixels` uint8 (N, H, W, C), `labels` int64 (N,) into `classes`."""

    pixels: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def digest(self) -> str:
        return digest(self)


def digest(*splits: Split) -> str:
    """SHA-256 of the splits' pixels, labels and classes: what results of them are remembered under."""
    total = sha256()
    for split in splits:
        total.update(repr((split.pixels.shape, split.classes)).encode())
        total.update(np.ascontiguousarray(split.pixels).data)
        total.update(np.ascontiguousarray(split.labels).data)
    return total.hexdigest()


@dataclass(frozen=True, eq=False)
class Pictures:
    """A data set in two halves. `summary` says what was read and left out, `left_out` is a table of it by name and
    reason, and `lines` the same for a terminal."""

    title: str
    train: Split
    test: Split
    summary: str = ""
    left_out: dict[str, list[str]] = field(default_factory=dict)
    lines: tuple[str, ...] = ()


def halves(split: Split, seed: int = 0) -> tuple[Split, Split]:
    """Four fifths of every class's pictures to learn from, one fifth to test with, by a seeded draw.

    Of a class with fewer than five pictures all but one are learned from; a single one too.
    """
    dice = np.random.default_rng(seed)
    is_test = np.zeros(len(split), bool)
    for label in range(len(split.classes)):
        own = dice.permutation(np.flatnonzero(split.labels == label))
        is_test[own[: max(int(len(own) > 1), round(TEST_SHARE * len(own)))]] = True
    return part(split, ~is_test), part(split, is_test)


def part(split: Split, which: np.ndarray) -> Split:
    """The pictures of a split at `which`, indices (n,) or a mask (N,)."""
    return Split(split.pixels[which], split.labels[which], split.classes)


def together(train: Split, test: Split) -> Split:
    """Both halves of a data set as one."""
    return Split(
        np.concatenate([train.pixels, test.pixels]), np.concatenate([train.labels, test.labels]), train.classes
    )


def seeded_part(split: Split, count: int) -> Split:
    """`count` pictures drawn with seed 0; the whole of a smaller split."""
    if len(split) <= count:
        return split
    return part(split, np.sort(np.random.default_rng(0).permutation(len(split))[:count]))


def every(split: Split, count: int) -> Split:
    """`count` pictures of a split at even steps; the whole of a smaller one."""
    return part(split, np.linspace(0, len(split) - 1, min(count, len(split))).round().astype(int))


def chunks(split: Split) -> Iterator[tuple[list[RGBImage], list[int]]]:
    for start in range(0, len(split), CHUNK):
        part = slice(start, start + CHUNK)
        yield [from_pixels(p) for p in split.pixels[part]], split.labels[part].tolist()
