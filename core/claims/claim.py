"""A claim of a paper, what this project measured, and the one rule by which they are compared."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

from core.base import quote

Verdict = Literal["reproduced in miniature", "not reproduced", "contradicted", "not tested here"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
Measure = Callable[[Path], "Ours | None"]
Settings = Mapping[str, str | tuple[str, ...]]
ABOVE_0 = (0.0, math.inf)
OPEN = "true"  # of a folded part of a page: its name is the setting
RULE_VERSION, RULE_DATE = 2, "2026-11-22"  # 1 had no word about an experiment that has less
FIRST_RULE = "the first rule, under which falling short also contradicted where our experiment has less"
RULE = (
    "Each claim names a quantity and the range in which the claim would be true. Reproduced in miniature: the 95 % "
    "interval of what we measured lies inside that range. Contradicted: it lies wholly outside. Not reproduced: it "
    "reaches over the edge, so our data cannot tell, or it falls short where our experiment has less of what the claim "
    "rests on, which the row then says. Not tested here: nothing was measured."
)
DEFINED = "follows from the definition"  # how the source of such a number begins
OURS = "ours"  # the source of a claim that no paper makes
REEVALUATED = "an independent re-evaluation"
NO_NUMBER = "no number at hand"
NOT_PACKAGED = "its record is not packaged"


@dataclass(frozen=True)
class Ours:
    """What this project measured: a quantity with its 95 % interval in the unit of `Claim.quantity`.

    `low` equals `high` for what is exact; `shown`: in words, with intervals; `data` says what the interval is over;
    `date`: "" where it was computed just now. Raises ValueError unless low <= value <= high.
    """

    value: float
    low: float
    high: float
    shown: str
    data: str
    date: str

    def __post_init__(self) -> None:
        if not self.low <= self.value <= self.high:
            raise ValueError(
                f"expected a value within its interval, got {self.value} in [{self.low}, {self.high}]: measure it again"
            )


@dataclass(frozen=True)
class Earlier:
    """How a row was answered `until` a date (YYYY-MM-DD), before its rule was changed although the answer was known:
    `how`, in words, and the measure, which is computed beside the new one from the records of today."""

    until: str
    how: str
    measure: Measure


@dataclass(frozen=True)
class Claim:
    """One sentence of a paper that a measurement can bear out.

    `name`: slug; `study`: slug in STUDIES; `paper`: its number in words, "" where none is at hand; `source`: where the
    number was read; `quantity`: what is measured, with its unit; `holds`: the range of it in which the claim is true;
    `measure`: from the records below a results folder, None where nothing was measured here and `why_not` says why;
    `measurement`: keys of what writes these records (core.reproduce.table);
    `settings`: query parameters that open the study at this claim; `less`: what our experiment has less of than the
    paper's, where that alone lowers the quantity; `earlier`: the rules that it was answered by before.

    Raises ValueError unless there is either a measurement or a reason why there is none.
    """

    name: str
    study: str
    sentence: str
    paper: str
    source: str
    quantity: str
    holds: tuple[float, float]
    measure: Measure | None
    measurement: tuple[str, ...]
    settings: Settings
    why_not: str = ""
    less: str = ""
    earlier: tuple[Earlier, ...] = ()

    def __post_init__(self) -> None:
        if (self.measure is None) != bool(self.why_not) or (self.measure is None) == bool(self.measurement):
            raise ValueError(f"expected a measurement or a reason why there is none: see the claim {self.name}")

    @property
    def command(self) -> str:
        """What measures it again in a terminal, "" where nothing does."""
        return quote.command("receptive", "reproduce", self.name) if self.measurement else ""

    @property
    def whose(self) -> str:
        """Who says the number in `paper`, or the sentence where it is OURS."""
        if self.source == OURS:
            return "This project"
        if self.source.startswith(DEFINED):
            return "By definition"
        return "A third party" if self.source.startswith(REEVALUATED) else "The paper"

    @property
    def true_where(self) -> str:
        """`holds` in words: 'above 0', 'from −1 to 1', 'exactly 8,480'; "" for what is not measured."""
        low, high = (plain(value) for value in self.holds)
        if self.measure is None:
            return ""
        if self.holds[0] == self.holds[1]:
            return f"exactly {low}"
        if math.isinf(self.holds[1]):
            return f"above {low}"
        return f"from {low} to {high}"


def plain(value: float) -> str:
    """Without an exponent or needless zeros, with a true minus sign."""
    text = f"{value:,.6f}".rstrip("0").rstrip(".")
    return text.replace("-", "−")


def untested(name: str, study: str, sentence: str, paper: str, source: str, why_not: str, settings: Settings) -> Claim:
    """A claim about which nothing was measured here."""
    return Claim(name, study, sentence, paper, source, "", (-math.inf, math.inf), None, (), settings, why_not)


def verdict(claim: Claim, ours: Ours | None) -> Verdict:
    """RULE, applied."""
    if ours is None:
        return "not tested here"
    low, high = claim.holds
    if low <= ours.low and ours.high <= high:
        return "reproduced in miniature"
    if ours.low > high or (ours.high < low and not claim.less):
        return "contradicted"
    return "not reproduced"


@dataclass(frozen=True)
class Former:
    """What an earlier rule says of the records of today: the row's own, changed with its answer known, or the verdict's
    FIRST_RULE, also of rows that came after it."""

    until: str
    how: str
    ours: Ours
    verdict: Verdict

    @property
    def told(self) -> str:
        """'until 2026-12-01, by ...: +3.35 points (...), not reproduced'."""
        if self.how == FIRST_RULE:  # no row's history: it is told of rows that were filed later as well
            return f"by {self.how} (given up on {self.until}): {self.ours.shown}, {self.verdict}"
        return f"until {self.until}, by {self.how}: {self.ours.shown}, {self.verdict}"


def former(claim: Claim, ours: Ours | None, results: Path) -> list[Former]:
    """What a row's earlier rules say, the earliest first: another way to measure, or the first rule of the verdict
    where that differs. Raises what the measures raise."""
    found = [(one, one.measure(results)) for one in claim.earlier]
    told = [Former(one.until, one.how, then, verdict(claim, then)) for one, then in found if then is not None]
    by_first = verdict(replace(claim, less=""), ours)
    if ours is not None and by_first != verdict(claim, ours):
        told.append(Former(RULE_DATE, FIRST_RULE, ours, by_first))
    return told
