"""On which picture can a claim be seen? What each comes to on single pictures, as `receptive measure live` wrote it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from core.base.records import kept
from core.base.records import read as read_record
from core.claims.claim import Settings, Verdict

if TYPE_CHECKING:
    from core.networks.card import Network
    from core.pictures.image import RGBImage

RECORD = "claims/live.json"


@dataclass(frozen=True)
class Probe:
    """What a claim comes to on one picture: `measure(networks, picture)` of the packaged `networks` of these names, and
    what that is (`quantity`, with its unit). The picture shows the claim where it is above `least`.

    `settings`: what the page is opened with beside the claim's own, so that it shows the same. `measure` gives NaN for
    a picture that cannot tell.
    """

    networks: tuple[str, ...]
    quantity: str
    measure: Callable[[Sequence[Network], RGBImage], float]
    least: float = 0.0
    settings: Settings = field(default_factory=dict)


@dataclass(frozen=True)
class Live:
    """A claim on the sample pictures: their `names`, what it came to on each (`values`, NaN where one cannot tell), and
    above which value it holds. `settings`: pairs of a setting and its value, for the page."""

    quantity: str
    least: float
    names: tuple[str, ...]
    values: tuple[float, ...]
    settings: tuple[tuple[str, str], ...] = ()

    @property
    def held(self) -> int:
        """On how many pictures it holds."""
        return sum(value > self.least for value in self.values)

    @property
    def told(self) -> int:
        """How many pictures can tell."""
        return sum(not math.isnan(value) for value in self.values)

    def shows(self, verdict: Verdict) -> tuple[str, float] | None:
        """The picture that shows a verdict most clearly, and what the claim comes to there: where it holds, or where it
        does not if it is contradicted; None if no picture shows that."""
        against = verdict == "contradicted"
        known = [(v, n) for n, v in zip(self.names, self.values, strict=True) if not math.isnan(v)]
        if not known:
            return None
        value, name = min(known) if against else max(known)
        return (name, value) if (value <= self.least) == against else None


@dataclass(frozen=True)
class Lives:
    """What was measured, by the claim's name; `data`: of which pictures."""

    claims: Mapping[str, Live]
    data: str


def lives(results: Path) -> Mapping[str, Live]:
    """The record below a results folder, nothing without one. Raises Damaged, OSError."""
    found = kept(_read, results / RECORD)
    return {} if found is None else found.claims


def _read(path: Path) -> Lives | None:
    found = read_record(path, Lives)
    return None if found is None else found[0]
