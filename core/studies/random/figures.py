"""Figures of random features (Xue & Roshan, arXiv 1806.05789): accuracy against their number."""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.base.heavy import go
from core.figures import palette
from core.figures.blocks import Plot
from core.studies.random.features import Result, finding, table

HEIGHT = 380


def styled(fig: go.Figure, counts: Sequence[int], height: int) -> None:
    """The axes and the title of accuracies in % against numbers of features, on a logarithmic axis."""
    fig.update_xaxes(type="log", title="random features k", tickvals=counts, ticktext=[f"{k:,}" for k in counts])
    fig.update_yaxes(title="test pictures right, %")
    fig.update_layout(height=height, title="More features, none of them learned")
    palette.style(fig)


def add_level(fig: go.Figure, share: float, words: str) -> None:
    """A dashed line at a share that no number of features changes."""
    fig.add_hline(
        y=100 * share,
        line={"color": palette.network_colours([None])[0], "dash": "dash", "width": 1.5},
        annotation={"text": words, "font": {"color": palette.MUTED}},
        annotation_position="bottom right",
    )


def curve(result: Result) -> Plot:
    """Top-1 and top-2 accuracy against the number of features, on a logarithmic axis; raw pixels as dashed lines."""
    fig = go.Figure()
    x = [int(k) for k in result.counts]
    for top, colour in enumerate(palette.network_colours([7, 2])):
        y = (100 * result.hits[:, top]).tolist()
        fig.add_scatter(
            x=x,
            y=y,
            mode="lines+markers",
            line={"color": colour, "width": 2.5},
            marker={"size": 8, "symbol": ("circle", "diamond")[top]},
            name=f"top-{top + 1}",
            hovertemplate=f"%{{x:,}} features<br>top-{top + 1} %{{y:.1f}} %<extra></extra>",
            showlegend=False,
        )
        if x:
            fig.add_annotation(
                x=math.log10(x[-1]), y=y[-1], text=f"top-{top + 1}", showarrow=False, xanchor="left", xshift=10,
                font={"color": colour},
            )  # fmt: skip
        add_level(fig, float(result.pixel_hits[top]), f"raw pixels, top-{top + 1}")
    styled(fig, x, HEIGHT)
    fig.update_layout(margin={"r": 64})
    return Plot(fig, f"Accuracy against the number of random features. {finding(result)}", lambda: table(result))
