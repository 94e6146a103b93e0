"""What the sweep of one picture shows, over many: is the blurred network the steadier one, and does the mean cure it?

On a single picture which of two networks changes its answer more often is near a lottery; so it is counted over many.
The shifts at which an answer flips also carry what puts it right: the mean of the probabilities over all of them is
another answer, whose share of right ones is compared with the plain answer's, and with what a blur gains (the blur is
that of Zhang, ICML 2019; the comparison is ours).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.base.records import kept, read_all
from core.base.worker import Progress, ignore
from core.claims import numbers
from core.claims.numbers import Estimate
from core.networks import engine
from core.networks.card import Network
from core.networks.engine import Answers
from core.pictures.image import RGBImage
from core.pictures.preprocess import field_of_view, to_tensor
from core.studies.shift import sweep
from core.studies.shift.sweep import Params

FOLDER = "many_pictures"  # below a results folder
FIVE = "five crops"
Ask = Callable[[Network, RGBImage], Answers]


@dataclass(frozen=True, eq=False)
class Swept:
    """N pictures asked by M networks at `shifts` places, `way`: a boundary of the sweep, or FIVE; at rest first or in
    the middle. `changes` (M, N) int: at how many of them the answer is another than at rest; `plain` and `mean` (M, N)
    0 or 1: whether the answer at rest is right, and the likeliest class by the mean of the probabilities."""

    way: str
    shifts: int
    changes: np.ndarray
    plain: np.ndarray
    mean: np.ndarray

    @property
    def images(self) -> int:
        return int(self.changes.shape[1])

    @property
    def reach(self) -> int:
        """How far a sweep went, in px."""
        return (math.isqrt(self.shifts) - 1) // 2


@dataclass(frozen=True)
class Many:
    """What was measured of a plain network and a blurred one (`networks`), way by way."""

    networks: tuple[str, str]
    swept: tuple[Swept, ...]
    data: str
    command: str
    date: str
    commit: str

    def by(self, way: str) -> Swept | None:
        return next((one for one in self.swept if one.way == way), None)


@dataclass(frozen=True)
class Lottery:
    """Of `images` pictures, the shares in [0, 1] on which the blurred network's answer changes at fewer, as many, and
    more of the shifts than the plain one's."""

    images: int
    shifts: int
    steadier: float
    alike: float
    less: float


@dataclass(frozen=True)
class Averaged:
    """One network's right answers in percent, at rest (`plain`) and by the `mean`; how many points the mean adds, with
    its interval over the same pictures; and how many pictures it `gained` and `lost`."""

    plain: float
    mean: float
    more: Estimate
    gained: int
    lost: int


def everywhere(params: Params) -> Ask:
    """Every shift of the sweep."""
    return lambda network, image: sweep.answer(network, image, params)


def five_crops(network: Network, image: RGBImage) -> Answers:
    """The middle and the four corners of the scaled picture (5, K). Raises ValueError for a network that is shown all
    of it at once."""
    prep = network.preprocessing
    spare = prep.spare
    if spare == 0:
        raise ValueError(f"expected a network that sees a part of the picture, got {network.card.name}: sweep it")
    middle = spare // 2
    view = field_of_view(image, prep, middle, "crop")
    places = ((middle, middle), (0, 0), (0, spare), (spare, 0), (spare, spare))
    crops = np.stack([view[top : top + prep.size, left : left + prep.size] for top, left in places])
    return engine.logits(network.engine, lambda which: to_tensor(crops[which], prep), len(crops))


def ask(
    networks: Sequence[Network],
    pictures: Iterable[tuple[RGBImage, int]],
    count: int,
    way: str,
    answers_of: Ask,
    progress: Progress = ignore,
) -> Swept:
    """`count` pictures with their classes, asked in one way. `progress` may raise to stop."""
    told, shifts = [], 0
    for i, (image, truth) in enumerate(pictures):
        found = [answers_of(network, image) for network in networks]
        shifts = len(found[0].logits)
        rest = 0 if way == FIVE else shifts // 2
        told.append([compared(answers, rest, truth) for answers in found])
        progress(i + 1, count)
    return Swept(way, shifts, *np.array(told).transpose(2, 1, 0))


def compared(answers: Answers, rest: int, truth: int) -> tuple[int, int, int]:
    """At how many places the answer is not that at rest; whether that is right, and whether the mean's is."""
    top1 = answers.top1
    mean = int(sweep.average(answers).argmax())
    return int((top1 != top1[rest]).sum()), int(top1[rest] == truth), int(mean == truth)


def lottery(swept: Swept) -> Lottery:
    """How often the second network is the steadier one of a picture."""
    plain, blurred = swept.changes
    steadier, alike = float((blurred < plain).mean()), float((blurred == plain).mean())
    return Lottery(swept.images, swept.shifts, steadier, alike, 1 - steadier - alike)


def averaged(swept: Swept, network: int) -> Averaged:
    """What the mean does for the first network or the second (0 or 1)."""
    plain, mean = swept.plain[network], swept.mean[network]
    gained, lost = int((mean > plain).sum()), int((mean < plain).sum())
    before, after = (numbers.PERCENT * float(right.mean()) for right in (plain, mean))
    return Averaged(before, after, numbers.paired(mean, plain), gained, lost)


def blur_gains(swept: Swept) -> Estimate:
    """How many points of right answers at rest the blurred network has more than the plain one, on these pictures."""
    return numbers.paired(swept.plain[1], swept.plain[0])


def measured(folder: Path) -> dict[str, Many]:
    """What `receptive measure many` wrote into FOLDER, by the plain network's name."""
    return read_all(folder.glob("*.json"), Many)


def of_pair(plain: str, blurred: str, results: Path) -> Many | None:
    """What was measured of two networks, by name; None where they were not asked together."""
    found = kept(measured, results / FOLDER).get(plain)
    return found if found is not None and found.networks == (plain, blurred) else None
