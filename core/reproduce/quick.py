"""Does every packaged claim still hold? A re-check of each within minutes, against the packaged records.

What is measured again is written to a temporary folder, never among the packaged records.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from core.base import records
from core.base.refuse import DataError
from core.base.worker import Progress, ignore
from core.claims.claim import NOT_PACKAGED, Claim, Ours, verdict
from core.claims.numbers import number
from core.overview.board import RESULTS
from core.reproduce.run import lacks
from core.reproduce.table import MEASUREMENTS
from core.training.measurement import Asked, Data, Part, Quick
from core.training.scratch import scratch

State = Literal["holds", "agrees in part", "no longer holds", "not re-checked"]
STATES: tuple[State, ...] = get_args(State)
HOLDS, IN_PART, FAILS, LEFT = STATES
WORDS = dict(zip(STATES, ("hold", "agree in part", "no longer hold", "not re-checked"), strict=True))
WIDER = 3.29 / 1.96  # from a 95 % to a 99.9 % interval of a normal error
EXACT = "exact"  # the measurement whose facts have no error over pictures or seeds
ABSOLUTE, RELATIVE = 1e-5, 1e-3  # that an exact fact may be off: floating-point sums differ between machines
RULE = (
    "A claim holds if the 99.9 % interval of the subset (its 95 % one, 1.68 times as wide) meets the 95 % interval of "
    "the packaged value; an exact fact, if it is the same within 0.1 % and so is its verdict. Where training was "
    "measured, a packaged part is done again and its numbers are compared: the claim then agrees in part."
)


@dataclass(frozen=True)
class Step:
    """A measurement that was re-checked, or `left` out and why. `error`: what was raised by the record or the code."""

    key: str
    seconds: float = 0.0
    parts: tuple[Part, ...] = ()
    left: str = ""
    error: str = ""

    @property
    def failed(self) -> bool:
        return bool(self.error) or not all(part.agrees for part in self.parts)


@dataclass(frozen=True)
class Outcome:
    """What a re-check says of a claim, `why` in words with the numbers."""

    claim: Claim
    state: State
    why: str


@dataclass(frozen=True)
class Settings:
    """`seed` draws the subsets and chooses the parts; `minutes`: no measurement is begun that would take longer;
    `packaged`: the records to compare with.

    Raises ValueError for a seed or minutes that make no sense, and if there is no such folder.
    """

    seed: int = 0
    minutes: float = 10.0
    packaged: Path = field(default=RESULTS)

    def __post_init__(self) -> None:
        if self.seed < 0 or not 0 < self.minutes < math.inf:
            raise ValueError(f"expected a seed of 0 or more and minutes above 0, got {self.seed} and {self.minutes:g}")
        if not self.packaged.is_dir():
            raise ValueError(f"expected a folder of records, found none at {self.packaged}: check the path")


def why_left(key: str, data: Data, packaged: Path) -> str:
    """Why a measurement cannot be re-checked here, "" if it can."""
    if missing := lacks(key, data):
        return f"needs {missing}"
    if MEASUREMENTS[key].quick is None:
        return "it takes as long as in full"
    return "" if MEASUREMENTS[key].written(packaged) else NOT_PACKAGED


def check_of(key: str) -> Quick:
    """How it is re-checked; in no time where `why_left` says that it cannot be."""
    return MEASUREMENTS[key].quick or Quick("", 0, lambda asked: [])


def recheck(
    chosen: Sequence[Claim],
    keys: Sequence[str],
    data: Data,
    settings: Settings,
    watch: Callable[[str, int, int], AbstractContextManager[Progress]] = lambda key, i, n: nullcontext(ignore),
    finished: Callable[[Step], None] = lambda step: None,
) -> list[Outcome]:
    """Re-check the measurements of these keys, short ones first, and say of every chosen claim whether it holds.

    `watch(key, i, n)` gives what is told the progress of the i-th of n; `finished` hears of every step. What the time
    is too short for is left out.
    """
    order = sorted(keys, key=lambda key: check_of(key).seconds)
    steps: dict[str, Step] = {}
    begin, expected = time.monotonic(), 0.0
    with scratch() as fresh:
        for i, key in enumerate(order):
            spent = time.monotonic() - begin
            pace = max(1.0, spent / expected) if expected else 1.0  # of this machine, against the table
            if why := why_left(key, data, settings.packaged):
                step = Step(key, left=why)
            elif spent + pace * check_of(key).seconds > 60 * settings.minutes:
                step = Step(key, left=f"no time left of {settings.minutes:g} minutes")
            else:
                with watch(key, i + 1, len(order)) as progress:
                    step = one(key, Asked(data, fresh, fresh / "work", progress, settings.packaged, settings.seed))
                expected += check_of(key).seconds
            steps[key] = step
            finished(step)
        return [outcome(claim, steps, settings.packaged, fresh) for claim in chosen]


def one(key: str, asked: Asked) -> Step:
    """Re-check one measurement."""
    begin = time.monotonic()
    try:
        found = check_of(key).run(asked)
    except DataError as error:
        return Step(key, time.monotonic() - begin, left=records.in_words(error))
    except (ValueError, KeyError, IndexError, OSError) as error:  # of a record that was changed
        return Step(key, time.monotonic() - begin, error=records.in_words(error))
    return Step(key, time.monotonic() - begin, tuple(found) if isinstance(found, list) else ())


def outcome(claim: Claim, steps: Mapping[str, Step], packaged: Path, fresh: Path) -> Outcome:
    """What the finished steps say of a claim; its fresh records lie below `fresh`."""
    if claim.measure is None:
        return Outcome(claim, LEFT, claim.why_not)
    mine = [steps[key] for key in claim.measurement]
    if left := next((step.left for step in mine if step.left), ""):
        return Outcome(claim, LEFT, left)
    if error := next((step.error for step in mine if step.error), ""):
        return Outcome(claim, FAILS, error)
    parts = [part for step in mine for part in step.parts if not part.of or claim.name in part.of]
    if off := [part for part in parts if not part.agrees]:
        return Outcome(claim, FAILS, "; ".join(map(in_words, off)))
    written = all(check_of(key).writes for key in claim.measurement)
    try:
        before = claim.measure(packaged)
        now = claim.measure(fresh) if written else None
    except (ValueError, KeyError, IndexError) as fault:
        return Outcome(claim, FAILS, records.in_words(fault))
    if before is None:
        return Outcome(claim, LEFT, NOT_PACKAGED)
    if now is not None:
        agrees = same(claim, before, now) if EXACT in claim.measurement else meets(before, now)
        return Outcome(claim, HOLDS if agrees else FAILS, compared(claim, before, now))
    if not written:
        return Outcome(claim, IN_PART, "; ".join(map(in_words, parts)))
    return Outcome(claim, LEFT, "the subset is too small to tell")


def widened(ours: Ours) -> tuple[float, float]:
    """The 99.9 % interval that goes with a 95 % one."""
    return ours.value - WIDER * (ours.value - ours.low), ours.value + WIDER * (ours.high - ours.value)


def meets(before: Ours, now: Ours) -> bool:
    """Whether the widened interval of the subset and the packaged one have a value in common."""
    low, high = widened(now)
    return bool(low <= before.high and before.low <= high)


def same(claim: Claim, before: Ours, now: Ours) -> bool:
    """Whether an exact fact is what it was, to the last rounding."""
    near = abs(now.value - before.value) <= ABSOLUTE + RELATIVE * abs(before.value)
    return bool(near) and verdict(claim, now) == verdict(claim, before)


def compared(claim: Claim, before: Ours, now: Ours) -> str:
    """'packaged 5.65 (4.42 to 6.87), subset 4.80 (-0.30 to 9.90)'."""
    if EXACT in claim.measurement:
        return f"packaged {before.value:.6g}, computed {now.value:.6g}"
    low, high = widened(now)
    was = f"packaged {number(before.value)} ({number(before.low)} to {number(before.high)})"
    return f"{was}, subset {number(now.value)} ({number(low)} to {number(high)} at 99.9 %)"


def in_words(part: Part) -> str:
    return f"{part.what}: packaged {part.packaged:.4f}, now {part.now:.4f} (± {part.tolerance:.4f})"


def told(step: Step) -> str:
    """What was done in a step, and what did not agree."""
    if step.left:
        return f"{step.key}: not re-checked: {step.left}"
    off = step.error or "; ".join(in_words(part) for part in step.parts if not part.agrees)
    agreed = f", {len(step.parts)} numbers agree" if step.parts else ""
    return f"{step.key}: {check_of(step.key).how} ({step.seconds:.0f} s){f': {off}' if off else agreed}"


def tally(outcomes: Sequence[Outcome]) -> str:
    """'3 claims: 2 hold, 1 not re-checked.'"""
    counted = Counter(found.state for found in outcomes)
    said = ", ".join(f"{counted[state]} {WORDS[state]}" for state in STATES if counted[state])
    return f"{len(outcomes)} claims: {said}." if outcomes else "0 claims."
