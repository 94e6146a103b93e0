"""Figures of one digit's answers: every head's probabilities, and what each spinal layer adds to the logits.

The heads are those of Kabir et al. (arXiv 2007.03347).
"""

from __future__ import annotations

import numpy as np

from core.base.heavy import go, subplots
from core.base.prose import section
from core.figures.blocks import Plot
from core.figures.palette import signed_scale, style, text_colour, verbatim
from core.models.heads import SHORT
from core.studies.spinal.answers import Result, finding, layer_table, layers_finding, row_names, table
from core.studies.spinal.figures import colour_of

ROW, TOP, BOTTOM = 96, 56, 44  # px: a head's bars, the title above them, the digits below
CELL = 34  # px, height of a layer's row
WORTH_SAYING = 0.05  # the least probability that is written above its bar


def answers(result: Result) -> Plot:
    """One row of bars a head, with its answer beside its name; probabilities end at 1."""
    count = len(result.heads)
    said = [
        f"<b>{SHORT[head]}</b> says {verbatim(result.labels[best])}, {result.probability[h, best]:.2f}"
        for h, (head, best) in enumerate(zip(result.heads, result.top1, strict=True))
    ]
    fig = subplots.make_subplots(count, 1, shared_xaxes=True, vertical_spacing=0.3 / max(count, 2), subplot_titles=said)
    for h, head in enumerate(result.heads):
        values = result.probability[h]
        fig.add_bar(
            x=[verbatim(label) for label in result.labels],
            y=values,
            marker={"color": colour_of(head), "line": {"width": 0}},
            text=[f"{p:.2f}" if p >= WORTH_SAYING else "" for p in values],
            textposition="outside",
            cliponaxis=False,
            name=SHORT[head],
            hovertemplate=f"{SHORT[head]}: P(%{{x}}) = %{{y:.4f}}<extra></extra>",
            row=h + 1,
            col=1,
        )
    style(fig)
    fig.update_layout(
        title="Probability of each digit",
        height=count * (ROW + 24) + TOP + BOTTOM,
        margin={"t": TOP + 16, "b": BOTTOM},
        showlegend=False,
        bargap=0.3,
    )
    fig.update_annotations(x=0, xanchor="left", font={"size": 13, "color": text_colour()})
    fig.update_xaxes(type="category", title=None)
    fig.update_yaxes(range=[0, 1.12], tickvals=[0, 0.5, 1])
    return Plot(fig, f"Probability of each digit, one row of bars a head. {finding(result)}", lambda: table(result))


def contributions(result: Result) -> Plot:
    """Layers by classes, the bias below, their sum, the logits, at the bottom; one scale with zero in its middle."""
    rows = np.concatenate([result.contributions, result.bias[None], result.total[None]])
    limit = float(np.abs(rows).max()) or 1.0
    fig = go.Figure()
    fig.add_heatmap(
        z=rows,
        x=[verbatim(label) for label in result.labels],
        y=row_names(result),
        zmin=-limit,
        zmax=limit,
        colorscale=signed_scale(),
        texttemplate="%{z:.1f}",
        xgap=1,
        ygap=1,
        colorbar={"title": {"text": "logits", "side": "right"}, "thickness": 10},
        hovertemplate="%{y}, digit %{x}: %{z:+.3f}<extra></extra>",
    )
    best = int(result.total.argmax())
    ink = text_colour()
    fig.add_shape(
        type="rect", x0=best - 0.5, x1=best + 0.5, y0=-0.5, y1=len(rows) - 0.5, line={"color": ink, "width": 2}
    )
    fig.add_shape(
        type="line", x0=-0.5, x1=len(result.labels) - 0.5, y0=len(rows) - 1.5, y1=len(rows) - 1.5,
        line={"color": ink, "width": 2},
    )  # fmt: skip
    style(fig)
    fig.update_layout(
        title=section("spinal_heads", "fig adds", label=verbatim(result.labels[best])),
        height=CELL * len(rows) + TOP + BOTTOM + 24,
        margin={"t": TOP, "b": BOTTOM + 12, "l": 120},
        dragmode=False,
    )
    fig.update_xaxes(type="category", title=section("spinal_heads", "fig digit"))
    fig.update_yaxes(autorange="reversed", nticks=None, tickmode="linear", showgrid=False)
    return Plot(
        fig,
        f"What each spinal layer adds to the logit of each digit, and their sum. {layers_finding(result)}",
        lambda: layer_table(result),
    )
