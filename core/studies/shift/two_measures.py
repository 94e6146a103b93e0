"""Two measures of steadiness, which need not rank networks alike: one pixel of the photograph, and two crops of it.

A photograph that moves by one of its own pixels asks whether the smallest step shows; two random crops ask whether it
matters what is seen of it (Zhang, ICML 2019, §4.3). A network of small patches may be steady in the first and not in
the second, as every crop shows it other patches.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.base.records import read_all
from core.base.worker import Progress, ignore
from core.claims import numbers
from core.claims.numbers import PERCENT
from core.data.labelled import Labelled, opened
from core.networks import engine
from core.networks.card import Network
from core.pictures.preprocess import to_tensor
from core.studies.shift import photographs
from core.studies.shift.photographs import SEED, SIDES, STEADY, STILL, Kept, steady, windows

NAMES = (
    "photo_resnet",
    "photo_resnet_blur3",
    "photo_resnet_blur5",
    "photo_bagnet33",
    "photo_bagnet17",
    "photo_bagnet9",
)
PAIRS = 4
FOLDER = "two_measures"  # below a results folder


@dataclass(frozen=True, eq=False)
class Steady:
    """N photographs: how many of the `pairs` of windows `agree`, and in how many of the four directions the answer
    stays when the photograph moves by one of its own pixels (`still`), each (N,) int. `step`: every so many of the
    set's photographs were asked about."""

    network: str
    agree: np.ndarray
    still: np.ndarray
    pairs: int
    step: int
    data: str
    command: str
    date: str
    commit: str

    @property
    def images(self) -> int:
        return len(self.agree)

    @property
    def quantities(self) -> Mapping[str, np.ndarray]:
        """(N,) in [0, 1] by the words for it."""
        return {STILL: self.still / len(SIDES), STEADY: self.agree / self.pairs}


@dataclass(frozen=True)
class Turned:
    """Two networks that the measures rank differently, each beyond chance: `one` keeps more answers under one pixel,
    `other` agrees with itself on more pairs of crops; the shares in percent, as (one's, other's)."""

    one: str
    other: str
    still: tuple[float, float]
    agree: tuple[float, float]


def answer(
    network: Network, pictures: Labelled, progress: Progress = ignore, pairs: int = PAIRS
) -> tuple[np.ndarray, np.ndarray]:
    """Steady's two arrays (N,). Raises DataError for a picture that cannot be read; `progress` may raise to stop."""
    rows = []
    for i, (path, _) in enumerate(pictures):
        asked = np.stack(list(windows(opened(path), network, np.random.default_rng((SEED, i)), pairs)))
        inputs = lambda which, asked=asked: to_tensor(asked[which], network.preprocessing)  # noqa: E731
        rows.append(steady(engine.logits(network.engine, inputs, len(asked)).top1, pairs))
        progress(i + 1, len(pictures))
    agree, still = np.array(rows).T
    return agree, still


def turned(records: Sequence[Kept]) -> Turned | None:
    """The two networks whose order the measures turn round the most, None where there are none whose 95 % intervals,
    picture by picture, leave no doubt of either order. All were asked about the same pictures."""
    asked = [record for record in records if STEADY in record.quantities]
    found = []
    for one, other in itertools.permutations(asked, 2):
        still, agree = (numbers.paired(one.quantities[name], other.quantities[name]) for name in (STILL, STEADY))
        if still.low > 0 > agree.high:
            found.append((min(still.value, -agree.value), one, other))
    if not found:
        return None
    _, one, other = max(found, key=lambda row: row[0])
    shares = [[PERCENT * float(r.quantities[q].mean()) for r in (one, other)] for q in (STILL, STEADY)]
    return Turned(one.network, other.network, *((first, second) for first, second in shares))


def measured(folder: Path) -> dict[str, Steady]:
    """What `receptive measure two-measures` wrote into FOLDER, by network's name, in the order of NAMES."""
    found = read_all(folder.glob("*.json"), Steady)
    return {name: found[name] for name in NAMES if name in found}


def of_family(family: str, results: Path) -> list[Kept]:
    """Every network of a family that was asked both ways, on the photographs of ImageNet's kinds."""
    if family == "imagenet":
        return [record for record in photographs.measured(results / "imagenet").values() if record.pairs]
    return list(measured(results / FOLDER).values()) if family == "tiny-imagenet-20" else []
