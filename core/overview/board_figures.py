"""The scoreboard at a glance: how many claims of each paper hold, in a sentence and in a bar a study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from core.base.heavy import go
from core.base.prose import section
from core.claims.claim import VERDICTS, Verdict
from core.figures import theme
from core.figures.blocks import Plot
from core.figures.palette import style, text_colour
from core.overview.board import Row
from core.studies import STUDIES

LOOKS: dict[Verdict, tuple[str, str, str]] = {  # a mark, a colour of Okabe and Ito's, and a pattern tell the same
    "reproduced in miniature": ("✓", "#009E73", ""),
    "not reproduced": ("?", "#E69F00", ""),
    "contradicted": ("✗", "#D55E00", "x"),
    "not tested here": ("–", "rgba(140,140,140,0.25)", "/"),
}
BAR = 44  # px a study
WIDE = 2  # claims of a piece that has room for more than their number


def said(verdict: Verdict) -> str:
    """A verdict in the reader's language."""
    words: dict[Verdict, str] = {
        "reproduced in miniature": section("claims", "reproduced"),
        "not reproduced": section("claims", "not reproduced"),
        "contradicted": section("claims", "contradicted"),
        "not tested here": section("claims", "not tested"),
    }
    return words[verdict]


def finding(rows: Sequence[Row]) -> str:
    """'Of 84 claims of five papers, 61 were measured by this project: 42 reproduced in miniature, …'."""
    counted = Counter(verdict for _, _, verdict in rows)
    measured = len(rows) - counted["not tested here"]
    papers = len({claim.study for claim, _, _ in rows})
    if not measured:
        return section("claims", "finding, nothing", claims=len(rows), papers=papers)
    reproduced, failed, against = (counted[v] for v in VERDICTS[:3])
    words = section(
        "claims", "finding", claims=len(rows), papers=papers, measured=measured, reproduced=reproduced,
        not_reproduced=failed, contradicted=against,
    )  # fmt: skip
    return " ".join(words.split())


def counts(rows: Sequence[Row]) -> dict[Verdict, list[int]]:
    """How many claims of each study have a verdict, in the order of STUDIES."""
    counted = Counter((claim.study, verdict) for claim, _, verdict in rows)
    return {v: [counted[study.slug, v] for study in STUDIES] for v in VERDICTS}


def table(rows: Sequence[Row]) -> dict[str, Sequence[str | int]]:
    """`counts` as a table, one row a study."""
    return {section("claims", "study"): [s.title for s in STUDIES]} | {said(v): n for v, n in counts(rows).items()}


def bars(rows: Sequence[Row]) -> Plot:
    """A bar a study, cut by verdict, each piece with its mark and number."""
    fig = go.Figure()
    for verdict, numbers in counts(rows).items():
        mark, colour, pattern = LOOKS[verdict]
        fig.add_bar(
            x=numbers,
            y=[study.title for study in STUDIES],
            orientation="h",
            name=f"{mark} {said(verdict)}",
            text=["" if not n else f"{n}" if n < WIDE else f"{mark} {n}" for n in numbers],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            constraintext="none",
            textfont={"color": "#000000" if verdict != "not tested here" else text_colour(), "size": theme.size(14)},
            marker={
                "color": colour,
                "pattern": {"shape": pattern, "fgcolor": "rgba(0,0,0,0.35)", "size": 6},
                "line": {"width": 1, "color": "#0e1117" if theme.dark() else "#ffffff"},
            },
            hovertemplate=f"%{{y}}: %{{x}} {said(verdict)}<extra></extra>",
        )
    style(fig)
    fig.update_layout(
        barmode="stack",
        height=BAR * len(STUDIES) + 90,
        margin={"l": 8, "r": 16, "t": 40, "b": 34},
        legend={"y": 1, "yanchor": "top", "traceorder": "normal"},
        bargap=0.3,
    )
    fig.update_yaxes(autorange="reversed", nticks=0, showgrid=False, automargin=True)
    fig.update_xaxes(title_text=section("claims", "bars"))
    return Plot(fig, section("claims", "bars alt", finding=finding(rows)), lambda: table(rows))
