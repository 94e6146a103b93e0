"""Every claim of the five papers, as code: what would make it true, what was measured, and the verdict.

CLAIMS in the order of the studies; `board()` computes all verdicts from the records below a results folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core.base.files import ASSETS
from core.base.records import in_words
from core.claims.claim import Claim, Ours, Verdict, verdict
from core.studies import STUDIES
from core.studies.study import Study


def gathered(studies: Sequence[Study]) -> tuple[Claim, ...]:
    """Every claim of the studies, in their order. Raises ValueError for one that names another study."""
    for study in studies:
        if other := {claim.study for claim in study.claims} - {study.slug}:
            raise ValueError(
                f"expected claims of {study.slug}, got {', '.join(sorted(other))}: see core.studies.STUDIES"
            )
    return tuple(claim for study in studies for claim in study.claims)


CLAIMS = gathered(STUDIES)
RESULTS = ASSETS / "results"
Row = tuple[Claim, Ours | None, Verdict]


def board(results: Path = RESULTS) -> list[Row]:
    """Every claim with what was measured, None where no record is there, and its verdict.

    A claim whose record is damaged becomes one that was not measured, with that as the reason.
    """
    rows: list[Row] = []
    for claim in CLAIMS:
        ours = None
        try:
            ours = None if claim.measure is None else claim.measure(results)
        except (ValueError, LookupError, TypeError, OSError) as error:
            claim = replace(claim, measure=None, measurement=(), why_not=in_words(error))
        rows.append((claim, ours, verdict(claim, ours)))
    return rows
