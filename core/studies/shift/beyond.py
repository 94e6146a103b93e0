"""What a blur does to one picture's answers, and to those of a whole data set: the same two networks compared.

The second from our own records (core/studies/shift/photographs.py, dataset.py, pairs.py);
Zhang, ICML 2019.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.base.files import ASSETS
from core.base.records import kept
from core.claims import numbers
from core.networks.card import Card
from core.studies.shift import dataset, pairs, photographs
from core.studies.shift.sweep import Result, flips, sureness

RESULTS = ASSETS / "results"
HARDLY = 0.01  # of the shifts: a smaller difference is called none
Kind = Literal["never", "steadier", "alike", "less steady", "one", "several"]


@dataclass(frozen=True)
class Here:
    """What the sweep of one picture shows: at how many of `shifts` the answer changes, by network in `changes`; where
    a plain network and a blurred one of its kind are compared, their places among the networks in `pair`. `sank`: of
    the network whose own answer at rest loses most, its place, and the answer's probability at rest and at worst."""

    kind: Kind
    shifts: int
    changes: tuple[int, ...]
    pair: tuple[int, int] | None
    sank: tuple[int, float, float]


@dataclass(frozen=True)
class Beyond:
    """How much more often, in points, `pairs` of random shifts of each of `images` pictures agree with the blur than
    without it, from `low` to `high` (95 %); where there are networks of several seeds, over all of them."""

    images: int
    pairs: int
    more: float
    low: float
    high: float


def kin(arch: str) -> str:
    """An architecture without its blur."""
    return re.sub(r"_blur\d$", "", arch)


def pair(cards: Sequence[Card]) -> tuple[int, int] | None:
    """The places of the first plain network that has a blurred one of its kind beside it, and of the one of these
    with the widest blur; None where there are no such two."""
    for i, plain in enumerate(cards):
        if plain.blur is None:
            alike = [j for j, card in enumerate(cards) if card.blur and kin(card.arch) == plain.arch]
            trained = [j for j in alike if (cards[j].kind == "untrained") == (plain.kind == "untrained")]
            if trained:
                return i, max(trained, key=lambda j: cards[j].blur or 0)
    return None


def here(result: Result, cards: Sequence[Card]) -> Here:
    """What one picture shows of the networks in a Result, in its order."""
    changes, shifts = tuple(int(n) for n in flips(result)), len(result.offsets)
    both = pair(cards)
    return Here(_kind(changes, shifts, both), shifts, changes, both, sank(result))


def _kind(changes: tuple[int, ...], shifts: int, both: tuple[int, int] | None) -> Kind:
    if not any(changes):
        return "never"
    if both is None:
        return "one" if len(changes) == 1 else "several"
    before, after = (changes[i] for i in both)
    if abs(before - after) <= HARDLY * shifts:
        return "alike"
    return "steadier" if after < before else "less steady"


def sank(result: Result) -> tuple[int, float, float]:
    """The place of the network whose top probability sinks most from the unshifted picture's, that, and the least."""
    rest, least = sureness(result)
    m = int((rest - least).argmax())
    return m, float(rest[m]), float(least[m])


def beyond(plain: str, blurred: str, results: Path = RESULTS) -> Beyond | None:
    """What was measured of two networks, by name; None where one of them was not. Paired picture by picture where the
    records tell, else from the two intervals, which is wider."""
    answered = kept(photographs.measured, results / "imagenet")
    if plain in answered and blurred in answered:
        return _on_photographs(answered[plain], answered[blurred])
    if found := pairs.find(plain, blurred, results):
        row = found[0]
        return Beyond(row.images, row.pairs, *row.gains["consistency"].estimate)
    measured = kept(dataset.measured, results / "shift_sweep")
    if plain not in measured or blurred not in measured:
        return None
    before, after = (measured[name].summary for name in (plain, blurred))
    gain = numbers.minus(*(numbers.percent(s.consistency, s.consistency_interval) for s in (after, before)))
    return Beyond(before.images, before.draws, *gain)


def _on_photographs(plain: photographs.Answered, blurred: photographs.Answered) -> Beyond | None:
    """The two on the same photographs, at the same shifts; None where one was not asked for pairs."""
    if not plain.pairs or plain.pairs != blurred.pairs or plain.images != blurred.images:
        return None
    gain = numbers.paired(blurred.agree / blurred.pairs, plain.agree / plain.pairs)
    return Beyond(plain.images, plain.pairs, *gain)
