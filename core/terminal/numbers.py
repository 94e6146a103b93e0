"""`receptive numbers`: the pages of a checkout that hold numbers or lists, written from what they are lists of."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import typer

from core.base.files import APP_FOLDER, ROOT, write_text
from core.claims.claim import NOT_PACKAGED, RULE, RULE_DATE, RULE_VERSION, Claim, Ours, former
from core.overview.board import RESULTS, Row, board
from core.studies import STUDIES

app = typer.Typer()
FLOORS = (  # a file imports only from its own floor and from those before it
    *("base", "figures", "pictures", "data", "models", "networks", "compute", "claims", "training", "studies"),
    *("overview", "batch", "report", "reproduce", "terminal"),
)
MADE = "written by `receptive numbers`, not by hand"
BETWEEN = re.compile(r"(?<=<!-- numbers -->\n).*?(?=<!-- /numbers -->\n)", re.DOTALL)  # what README.md leaves to it


@app.command("numbers")
def numbers() -> None:
    """Write README's headline results, assets/results/README.md and core/README.md from the records and the code."""
    for path, text in pages().items():
        write_text(path, text)
        typer.echo(str(path))


def pages() -> dict[Path, str]:
    """The pages of this checkout as they should be, by path. Raises ValueError outside of a checkout."""
    if APP_FOLDER != ROOT:
        raise ValueError(f"expected a checkout, got an installed wheel in {ROOT}: run this where the code is written")
    readme = ROOT / "README.md"
    rows = board()
    return {
        readme: BETWEEN.sub(lambda _: headlines(rows), readme.read_text(encoding="utf-8")),
        RESULTS / "README.md": results(rows),
        ROOT / "core" / "README.md": modules(),
    }


def headlines(rows: Sequence[Row]) -> str:
    """How the claims stand, and one of them a study, as Markdown."""
    by_name = {row[0].name: row for row in rows}
    lines = [f"{tally(rows)} One a study:", ""]
    for study in STUDIES:
        claim, ours, verdict = by_name[study.part("numbers").HEADLINE]
        here = ours.shown if ours is not None else claim.why_not or NOT_PACKAGED
        lines.append(f"- **{study.title}**: {claim.sentence} Here: {here}. *{verdict.capitalize()}.*")
    return "\n".join(lines) + "\n"


def tally(rows: Sequence[Row]) -> str:
    """'Of 84 claims of the papers 62 were measured here: 43 reproduced in miniature, ...'"""
    counts = Counter(verdict for _, ours, verdict in rows if ours is not None)
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
    return f"Of {len(rows)} claims of {len(STUDIES)} papers {sum(counts.values())} were measured here: {told}."


def results(rows: Sequence[Row]) -> str:
    """What was measured: every claim beside what was found, and every record as tables."""
    parts = [
        f"# What is measured\n\n{tally(rows)} {RULE} This is rule {RULE_VERSION}, of "
        f"{RULE_DATE}; where a row's rule was changed with the answer known, the earlier answer stands below it.",
        f"This page is {MADE}; every record beside it holds its command, date and commit. `receptive reproduce CLAIM` "
        "measures a claim again, and what limits a number stands on its study's page.",
    ]
    for study in STUDIES:
        own = [row for row in rows if row[0].study == study.slug]
        parts += [f"## {study.title}", f"{study.question} {study.paper}.", markdown(claims(own))]
        for told, table in study.part("numbers").tables(RESULTS).items():
            parts.append(f"{told}{':' if table else ''}")
            parts += [markdown(table)] if table else []
    return "\n\n".join(parts) + "\n"


def claims(rows: Sequence[Row]) -> dict[str, list[object]]:
    """A row a claim."""
    return {
        "claim": [claim.sentence for claim, _, _ in rows],
        "the paper": [claim.paper for claim, _, _ in rows],
        "here": [here(claim, ours) for claim, ours, _ in rows],
        "verdict": [verdict for _, _, verdict in rows],
        "name": [f"`{claim.name}`" for claim, _, _ in rows],
    }


def here(claim: Claim, ours: Ours | None) -> str:
    """What was measured, and what the row's earlier rules say of it."""
    now = claim.why_not or NOT_PACKAGED if ours is None else ours.shown
    return "<br>".join([now, *(f"*{one.told}*" for one in former(claim, ours, RESULTS))])


def markdown(table: Mapping[str, Sequence[object]]) -> str:
    """Columns of one length as a table."""
    body = [list(table), ["---"] * len(table), *zip(*table.values(), strict=True)]
    return "\n".join(f"| {' | '.join(map(cell, row))} |" for row in body)


def cell(value: object) -> str:
    """A cell: numbers without needless digits, nothing for None."""
    text = "" if value is None else value if isinstance(value, str) else format(value, ",.6g")
    return text.replace("|", r"\|")


def modules() -> str:
    """Every module of core with its docstring's first line, from the ground floor up."""
    parts = [
        "# The house",
        f"A file imports only from its own package or from one further up in this list; pages and `app.py` stand on "
        f"top. This page is {MADE}.",
    ]
    core = ROOT / "core"
    parts += [f"## {floor}\n\n{listing(sorted((core / floor).rglob('*.py')), core)}" for floor in FLOORS]
    parts.append(f"## On top\n\n{listing(sorted(core.glob('*.py')), core)}")
    return "\n\n".join(parts) + "\n"


def listing(paths: Sequence[Path], core: Path) -> str:
    told = {path: ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) for path in paths}
    return "\n".join(f"- `{path.relative_to(core)}`: {said.splitlines()[0]}" for path, said in told.items() if said)
