"""Facts that follow from a definition: computed from the code itself, on pictures that come along, in about a minute.

Nothing here needs a data set. `fact` reads what core.reproduce.facts wrote down of them, so that a page that shows
them imports no torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.base.records import kept, raw
from core.claims.claim import Ours
from core.pictures.samples import DEFAULT_SAMPLE

PICTURE = f"the sample picture {DEFAULT_SAMPLE}"
DEFINITION = "computed from the definition; no data"
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Fact:
    """A quantity as its claim names it; `low` and `high` are the value's own where it is exact."""

    value: float
    shown: str
    data: str = DEFINITION
    low: float | None = None
    high: float | None = None


def fact(name: str, results: Path) -> Ours | None:
    """What was written down of the fact `name`, None if nothing was."""
    record = exact(results)
    found = record.get("facts", {}).get(name)
    return None if found is None else Ours(**found, date=record["date"])


def tiny(value: float) -> str:
    """'2 × 10⁻⁷', '0'."""
    if value == 0:
        return "0"
    mantissa, power = f"{value:.0e}".split("e")
    return f"{mantissa} × 10{str(int(power)).translate(RAISED)}"


EXACT = "claims/exact.json"


def exact(results: Path) -> dict[str, Any]:
    """What core.reproduce.facts wrote: {"facts": {name: fields of Ours but the date}, "date", "commit"}, or {}."""
    return kept(raw, results / EXACT)
