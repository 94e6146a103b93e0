"""`receptive claims`: what the five papers claim, what was measured here, and the verdicts."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Annotated, Any

import typer

from core.base.files import write_json
from core.claims import claim as claims_claim
from core.claims.claim import NO_NUMBER, NOT_PACKAGED, VERDICTS
from core.overview import board as scoreboard
from core.overview.board import Row
from core.studies import STUDIES

app = typer.Typer()
WIDTH, INDENT = 110, "    "


@app.command("claims")
def claims(
    study: Annotated[str, typer.Option(help="Only this study's, such as shift-sweep.")] = "",
    verdict: Annotated[str, typer.Option(help="Only this verdict's, such as contradicted.")] = "",
    out: Annotated[Path | None, typer.Option("--json", help="Where to write the rows.")] = None,
) -> None:
    """What the papers claim, what this project measured, and whether the two agree."""
    slug = chosen(study.replace("-", "_"), [s.slug for s in STUDIES], "a study")
    wanted = chosen(verdict, list(claims_claim.VERDICTS), "a verdict")
    rows = [r for r in scoreboard.board() if slug in ("", r[0].study) and wanted in ("", r[2])]
    if out is not None:
        rule = {"version": claims_claim.RULE_VERSION, "date": claims_claim.RULE_DATE, "words": claims_claim.RULE}
        write_json(out, {"rule": rule, "claims": [as_dict(row) for row in rows]})
    for row in rows:
        typer.echo("\n".join(lines(row)))
    typer.echo(tally(rows))
    typer.echo(textwrap.fill(claims_claim.RULE, WIDTH))


def chosen(name: str, known: Sequence[str], what: str) -> str:
    """`name`, or "" for all. Raises ValueError for one that is not known."""
    if name and name not in known:
        raise ValueError(f"expected {what} of {', '.join(known)}, got {name!r}: choose one of them")
    return name


def lines(row: Row) -> list[str]:
    """One claim as it is printed."""
    claim, ours, verdict = row
    if ours is None:
        measured = claim.why_not or NOT_PACKAGED
    else:
        measured = f"{ours.shown} [{', '.join(word for word in (ours.data, ours.date) if word)}]"
    source = f"{claim.paper or NO_NUMBER} [{claim.source}]"
    said = {
        "said": claim.source if claim.source == claims_claim.OURS else source,
        "tested": f"{claim.quantity}; true if {claim.true_where}" if claim.quantity else "",
        "less": claim.less,
        "here": measured,
        "before": "; ".join(one.told for one in claims_claim.former(claim, ours, scoreboard.RESULTS)),
        "again": claim.command,
    }
    body = [
        textwrap.fill(f"{name:7}{words}", WIDTH, initial_indent=INDENT, subsequent_indent=INDENT + " " * 7)
        for name, words in said.items()
        if words
    ]
    return [textwrap.fill(f"{claim.name} · {verdict}", WIDTH), textwrap.indent(claim.sentence, INDENT), *body, ""]


def tally(rows: Sequence[Row]) -> str:
    """'3 claims: 2 reproduced in miniature, 1 contradicted.'"""
    counted = Counter(verdict for _, _, verdict in rows)
    said = ", ".join(f"{counted[verdict]} {verdict}" for verdict in VERDICTS if counted[verdict])
    return f"{len(rows)} claims: {said}." if rows else "0 claims."


def as_dict(row: Row) -> dict[str, Any]:
    """Plain values for JSON; an open end of the range is null."""
    claim, ours, verdict = row
    names = ("name", "study", "sentence", "paper", "source", "quantity", "command", "why_not")
    return {
        **{name: getattr(claim, name) for name in names},
        "holds": [edge if isfinite(edge) else None for edge in claim.holds],
        "settings": dict(claim.settings),
        "ours": None if ours is None else asdict(ours),
        "earlier": [asdict(one) for one in claims_claim.former(claim, ours, scoreboard.RESULTS)],
        "verdict": verdict,
    }
