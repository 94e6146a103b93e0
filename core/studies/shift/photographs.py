"""lite0 and its copies on photographs that none of them has seen: how many are right, and how steady the answers are.

Each picture is answered in the middle, in pairs of random windows of 224 px out of 256 (the protocol of Zhang, ICML
2019, §4.3), and moved by one pixel of the photograph's own, before it is scaled. All is kept picture by picture, so
that two networks are compared on the same pictures at the same shifts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from core.base.intervals import mean_interval, wilson
from core.base.records import read_all
from core.base.worker import Progress, ignore
from core.data.labelled import Labelled, opened
from core.networks import engine
from core.networks.card import Network, blur_of
from core.pictures.image import RGBImage, from_pixels
from core.pictures.preprocess import field_of_view, seen, to_tensor

NAMES = ("lite0", "lite0_blur3", "lite0_blur5", "lite0_same", "lite0_sparse", "lite0_local")
PLAIN = "lite0_same"
PAIRS, SEED, BEST = 10, 0, 5
STEADY, STILL = "consistency", "under one pixel"  # the two measures of steadiness
SIDES = ((0, 1), (2, 1), (1, 0), (1, 2))  # top and left of a picture that has moved by one pixel, of (1, 1) at rest


@dataclass(frozen=True, eq=False)
class Answered:
    """N pictures, in the order of their list: whether the first answer is `right`, whether the class is among the best
    `five`, how many of the `pairs` of windows `agree`, and in how many of the four directions the answer stays when the
    picture moves by one of its own pixels (`still`), each (N,) int; without `pairs` the last two were not asked for.
    `step`: every so many of the set's pictures were asked about.
    """

    network: str
    right: np.ndarray
    five: np.ndarray
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
        return len(self.right)

    @property
    def quantities(self) -> dict[str, np.ndarray]:
        """(N,) in [0, 1] by the words for it."""
        found = {"top-1": self.right, f"top-{BEST}": self.five}
        if self.pairs:
            found |= {STEADY: self.agree / self.pairs, STILL: self.still / len(SIDES)}
        return found


def windows(image: RGBImage, network: Network, dice: np.random.Generator, pairs: int = PAIRS) -> Iterator[np.ndarray]:
    """All that the network is asked of a picture, uint8 (size, size, 3): the middle; where there are pairs, two windows
    a pair, and those of the photograph that has lost a pixel of its rim all round, or all of it at one side.

    A network that is shown all of a picture at once gets windows of one that is as much larger as 256 is than 224."""
    prep = network.preprocessing
    yield seen(image, prep)
    if not pairs:
        return
    spare = 2 * round(prep.size / 14) if prep.resize is None else prep.spare
    view = field_of_view(image, prep, spare // 2, "crop")
    for top, left in dice.integers(0, spare + 1, (2 * pairs, 2)):
        yield view[top : top + prep.size, left : left + prep.size]
    height, width = image.pixels.shape[:2]
    for top, left in ((1, 1), *SIDES):
        yield seen(from_pixels(image.pixels[top : top + height - 2, left : left + width - 2]), prep)


def answer(
    network: Network, pictures: Labelled, progress: Progress = ignore, pairs: int = PAIRS
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Answered's four arrays (N,). Raises DataError for a picture that cannot be read; `progress` may raise to stop."""
    rows: list[tuple[int, int, int, int]] = []
    for i, (path, truth) in enumerate(pictures):
        asked = np.stack(list(windows(opened(path), network, np.random.default_rng((SEED, i)), pairs)))
        inputs = lambda which, asked=asked: to_tensor(asked[which], network.preprocessing)  # noqa: E731
        answers = engine.logits(network.engine, inputs, len(asked))
        first = answers.top1
        five = truth in np.argsort(answers.logits[0])[-BEST:]
        rows.append((int(first[0] == truth), int(five), *steady(first, pairs)))
        progress(i + 1, len(pictures))
    right, best, agree, stays = np.array(rows).T
    return right, best, agree, stays


def steady(first: np.ndarray, pairs: int) -> tuple[int, int]:
    """Of the answers (n,) to a picture's `windows`, how many of `pairs` agree, and in how many directions the answer
    stays."""
    if not pairs:
        return 0, 0
    a, b = first[1 : 1 + 2 * pairs].reshape(pairs, 2).T
    return int((a == b).sum()), int((first[-len(SIDES) :] == first[-len(SIDES) - 1]).sum())


@dataclass(frozen=True)
class Share:
    """A share of all pictures in %, its 95 % interval; and how much more than the first network's on the same pictures,
    in points, with the half width of that interval: NaN for the first network itself."""

    value: float
    low: float
    high: float
    more: float
    half: float


class Kept(Protocol):
    """What was kept of one network, picture by picture."""

    @property
    def network(self) -> str: ...

    @property
    def step(self) -> int: ...

    @property
    def quantities(self) -> Mapping[str, np.ndarray]: ...


def shares(records: Sequence[Kept]) -> dict[str, dict[str, Share]]:
    """By quantity, the Share of every network that was asked for it, compared with the first of them, which was asked
    about all pictures that the others were asked about."""
    table: dict[str, dict[str, Share]] = {}
    for record in records:
        for name, values in record.quantities.items():
            mean, half = mean_interval(values)
            low, high = wilson(mean, len(values)) if set(np.unique(values)) <= {0, 1} else (mean - half, mean + half)
            difference = values - records[0].quantities[name][:: record.step // records[0].step]
            more, apart = mean_interval(difference) if record is not records[0] else (np.nan, np.nan)
            table.setdefault(name, {})[record.network] = Share(*(100 * v for v in (mean, low, high, more, apart)))
    return table


def blurs_own(records: Sequence[Answered], quantity: str) -> dict[str, Share]:
    """Of every copy with a blur its Share of a `quantity`, compared with the plain copy that was taught alike; {} where
    that was not measured."""
    plain = [record for record in records if record.network == PLAIN]
    blurred = [record for record in records if blur_of(record.network)]
    found = shares([*plain, *blurred])[quantity] if plain and blurred else {}
    return {name: share for name, share in found.items() if name != PLAIN}


def measured(folder: Path) -> dict[str, Answered]:
    """What `receptive measure` wrote into FOLDER, by network's name, lite0 first and in the order of NAMES."""
    found = read_all(folder.glob(f"{NAMES[0]}*.json"), Answered)
    return {name: found[name] for name in NAMES if name in found}
