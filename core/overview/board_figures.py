"""The scoreboard at a glance: how many claims of each paper hold, in a sentence and in a bar a study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from core.base.heavy import go
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


def finding(rows: Sequence[Row]) -> str:
    """'Of 84 claims of five papers, 61 were measured here: 42 are reproduced in miniature, …'."""
    counted = Counter(verdict for _, _, verdict in rows)
    measured = len(rows) - counted["not tested here"]
    papers = len({claim.study for claim, _, _ in rows})
    if not measured:
        return f"Of {len(rows)} claims of {papers} papers, none is measured on this machine yet."
    said = [f"{counted[v]} {'is' if counted[v] == 1 else 'are'} {v}" for v in VERDICTS[:3]]
    return (
        f"Of {len(rows)} claims of {papers} papers, {measured} were measured by this project: {said[0]}, "
        f"{said[1]}, {said[2]}."
    )


def counts(rows: Sequence[Row]) -> dict[Verdict, list[int]]:
    """How many claims of each study have a verdict, in the order of STUDIES."""
    counted = Counter((claim.study, verdict) for claim, _, verdict in rows)
    return {v: [counted[study.slug, v] for study in STUDIES] for v in VERDICTS}


def table(rows: Sequence[Row]) -> dict[str, Sequence[str | int]]:
    """`counts` as a table, one row a study."""
    return {"study": [study.title for study in STUDIES]} | {str(v): n for v, n in counts(rows).items()}


def bars(rows: Sequence[Row]) -> Plot:
    """A bar a study, cut by verdict, each piece with its mark and number."""
    fig = go.Figure()
    for verdict, numbers in counts(rows).items():
        mark, colour, pattern = LOOKS[verdict]
        fig.add_bar(
            x=numbers,
            y=[study.title for study in STUDIES],
            orientation="h",
            name=f"{mark} {verdict}",
            text=["" if not n else f"{n}" if n < WIDE else f"{mark} {n}" for n in numbers],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            constraintext="none",
            textfont={"color": "#000000" if verdict != "not tested here" else text_colour(), "size": 14},
            marker={
                "color": colour,
                "pattern": {"shape": pattern, "fgcolor": "rgba(0,0,0,0.35)", "size": 6},
                "line": {"width": 1, "color": "#0e1117" if theme.dark() else "#ffffff"},
            },
            hovertemplate=f"%{{y}}: %{{x}} {verdict}<extra></extra>",
        )
    style(fig)
    fig.update_layout(
        barmode="stack",
        height=BAR * len(STUDIES) + 90,
        margin={"l": 130, "r": 16, "t": 56, "b": 34},
        legend={"y": 1, "yanchor": "top", "traceorder": "normal"},
        bargap=0.3,
    )
    fig.update_yaxes(autorange="reversed", nticks=0, showgrid=False)
    fig.update_xaxes(title_text="claims")
    return Plot(fig, f"Verdicts on the claims of each paper, one bar a study. {finding(rows)}", lambda: table(rows))
