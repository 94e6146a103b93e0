"""Figures of random features (Xue & Roshan, arXiv 1806.05789): accuracy against their number."""

from __future__ import annotations

from collections.abc import Sequence

from core.base.heavy import go
from core.base.prose import section
from core.figures import kit, palette, theme
from core.figures.blocks import Plot
from core.studies.random.features import Result, finding, table

HEIGHT = 380
END_GAP = 0.09  # of the heights' range, between words at the lines' ends


def styled(fig: go.Figure, counts: Sequence[int], height: int) -> None:
    """The axes and the title of accuracies in % against numbers of features, on a logarithmic axis."""
    fig.update_xaxes(
        type="log",
        title=section("random_features", "axis features"),
        tickvals=counts,
        ticktext=[f"{k:,}" for k in counts],
        tickangle=0,
    )
    fig.update_yaxes(title=section("random_features", "axis right"))
    fig.update_layout(height=height, title=section("random_features", "curve figure"))
    palette.style(fig)


def add_level(fig: go.Figure, share: float, words: str, dash: str = "dash") -> None:
    """A dashed line at a share that no number of features changes; without `words` none stand at it."""
    fig.add_hline(
        y=100 * share,
        line={"color": palette.network_colours([None])[0], "dash": dash, "width": 1.5},
        annotation={"text": words, "font": {"color": palette.MUTED}},
        annotation_position="bottom right",
    )


def curve(result: Result) -> Plot:
    """Top-1 and top-2 accuracy against the number of features, on a logarithmic axis; raw pixels as dashed lines."""
    fig = go.Figure()
    x = [int(k) for k in result.counts]
    ends: list[tuple[float, str, str]] = []
    grey = palette.network_colours([None])[0]
    for top, colour in enumerate(palette.network_colours([7, 2])):
        y, dash = (100 * result.hits[:, top]).tolist(), ("dash", "dot")[top]
        fig.add_scatter(
            x=x,
            y=y,
            mode="lines+markers",
            line={"color": colour, "width": 2.5},
            marker={"size": 8, "symbol": ("circle", "diamond")[top]},
            name=f"top-{top + 1}",
            hovertemplate=f"%{{x:,}} · %{{y:.1f}} %<extra>top-{top + 1}</extra>",
            showlegend=False,
        )
        add_level(fig, float(result.pixel_hits[top]), "", dash)
        raw = section("random_features", "level pixels", top=top + 1)
        ends += [(y[-1], f"top-{top + 1}", colour), (100 * float(result.pixel_hits[top]), raw, grey)]
    heights = [*(100 * result.hits[:, :2]).ravel().tolist(), *(100 * result.pixel_hits[:2]).tolist()]
    low, high = min(heights), max(heights)
    room = max(high - low, 1.0)
    styled(fig, x, HEIGHT)
    kit.end_labels(fig, ends, room * END_GAP, x=1, xref="paper", xshift=8, font={"size": theme.size(13)})
    fig.update_yaxes(range=[low - room * 0.1, high + room * 0.25])
    fig.update_layout(margin={"r": 150})
    return Plot(fig, f"Accuracy against the number of random features. {finding(result)}", lambda: table(result))
