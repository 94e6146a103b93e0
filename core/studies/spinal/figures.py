"""Figures of the race of heads: curves by epoch, the last epoch by seed, and the paired differences.

Of the heads of Kabir et al. (arXiv 2007.03347).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from core.base.heavy import go, subplots
from core.base.intervals import mean_interval, with_interval
from core.base.prose import section
from core.figures import kit, theme
from core.figures.blocks import Columns, Plot
from core.figures.palette import network_colours, style, text_colour, translucent
from core.models.heads import SHORT, Head
from core.studies.spinal.heads import Result, difference, finding, judged, table

MATCHED = "#E69F00"  # Okabe-Ito orange
DASHES: dict[Head, str] = {"fc": "dot", "spinal": "solid", "fc-matched": "dash"}
MARKERS: dict[Head, str] = {"fc": "square", "spinal": "circle", "fc-matched": "diamond"}
SEEDS = (-0.16, 0.16)  # of a column's width: where its seeds lie
HEIGHT, ROW = 400, 56


def colour_of(head: Head) -> str:
    """Grey for the plain head, blue for the paper's, orange for the matched one."""
    [plain], [ours] = network_colours([None]), network_colours([3])
    return {"fc": plain, "spinal": ours, "fc-matched": MATCHED}[head]


def curves(result: Result) -> Plot:
    """Left: mean accuracy by epoch, with the range of the seeds; right: each seed after the last epoch that all
    networks have finished, with mean and interval."""
    epochs, common = result.accuracy.shape[2], result.common
    now = result.accuracy[:, :, common - 1] if common else np.full(result.accuracy.shape[:2], np.nan)
    fig = subplots.make_subplots(
        cols=2,
        column_widths=[0.62, 0.38],
        horizontal_spacing=0.1,
        subplot_titles=[
            "<br>".join((section("spinal_heads", "fig accuracy"), section("spinal_heads", "fig by epoch"))),
            section("spinal_heads", "fig after", epoch=common) + "<br>" + section("spinal_heads", "fig by seed"),
        ],
    )
    for h, head in enumerate(result.heads):
        add_curve(fig, result, h, colour_of(head))
        colour = colour_of(head)
        kit.seeds_with_interval(
            fig, h, 100 * now[h], SHORT[head], (colour, MARKERS[head]), seeds=SEEDS, mean_at=0.34,
            mark={"color": translucent(colour, 0.55), "size": 9},
            mean_mark={"symbol": "line-ew-open", "size": 14, "line_width": 3}, legendgroup=head, row=1, col=2,
        )  # fmt: skip
    style(fig)
    fig.update_layout(height=HEIGHT, margin={"t": 64, "b": 64, "r": 24}, hovermode="closest")
    fig.update_annotations(font_size=theme.size(14))
    fig.update_xaxes(title=section("spinal_heads", "fig epoch"), range=[0.5, epochs + 0.5], nticks=8, col=1)
    fig.update_xaxes(
        tickvals=list(range(len(result.heads))),
        ticktext=[SHORT[head].replace("FC ", "<br>FC<br>") for head in result.heads],  # the long one below the others
        tickangle=0,
        range=[-0.6, len(result.heads) - 0.4],
        col=2,
    )
    fig.update_yaxes(range=limits(result.accuracy[:, :, epochs // 4 :]), col=1)
    fig.update_yaxes(range=limits(now), col=2)
    return Plot(
        fig,
        f"Test accuracy of each head by epoch, and of each seed after the last. {finding(result)}",
        lambda: table(result),
    )


def add_curve(fig: go.Figure, result: Result, h: int, colour: str) -> None:
    """Head h's mean accuracy in % by epoch, in a band from the least to the most of the seeds."""
    head = result.heads[h]
    grown = np.flatnonzero(~np.isnan(result.accuracy[h]).all(0))
    values = 100 * result.accuracy[h][:, grown]
    x = grown + 1
    low, high, mean = np.nanmin(values, 0), np.nanmax(values, 0), np.nanmean(values, 0)
    kit.band(fig, x, low, high, translucent(colour, 0.15), legendgroup=head, row=1, col=1)
    fig.add_scatter(
        x=x,
        y=mean,
        mode="lines" if len(x) > 1 else "markers",
        name=SHORT[head],
        legendgroup=head,
        line={"color": colour, "width": 2.5, "dash": DASHES[head]},
        marker={"color": colour, "symbol": MARKERS[head]},
        hovertemplate=f"{SHORT[head]}, epoch %{{x}}: %{{y:.2f}} %<extra></extra>",
        row=1,
        col=1,
    )


def by_seed(rows: np.ndarray, against: str, changes: Sequence[str]) -> Columns:
    """Of accuracies in % (R, S): mean and 95 % interval, the column `against` of `changes`, and a column a seed."""
    seeds = {
        f"seed {s}, %": [None if math.isnan(v) else round(float(v), 2) for v in rows[:, s]]
        for s in range(rows.shape[1])
    }
    return {"right, %": [with_interval(*mean_interval(row)) for row in rows], against: changes, **seeds}


def limits(values: np.ndarray) -> list[float]:
    """A range in % that holds these accuracies, of any shape, and little else; all of it where there are none."""
    known = 100 * values[~np.isnan(values)]
    if not len(known):
        return [0, 101]
    low, high = float(known.min()), float(known.max())
    margin = max(0.08 * (high - low), 0.1)
    return [low - margin, min(high + margin, 100.5)]


def differences(result: Result) -> Plot:
    """Spinal minus each other head, seed by seed: the mean, its 95 % interval, and what it shows."""
    others = [head for head in result.heads if head != "spinal"]
    shown = [judged(difference(result, "spinal", other), ":<br>") for other in others]
    # with what it shows: written at the marks it would lie over the line of equals
    rows = [f"spinal minus {SHORT[other]}<br><b>{said}</b>" for other, said in zip(others, shown, strict=True)]
    fig = go.Figure()
    reach = 0.0
    for row, other in zip(rows, others, strict=True):
        mean, half = difference(result, "spinal", other)
        each = 100 * (result.last[result.heads.index("spinal")] - result.last[result.heads.index(other)])
        known = each[~np.isnan(each)]
        reach = max([reach, abs(mean) + (0 if math.isnan(half) else half), *np.abs(known)])
        fig.add_scatter(
            x=known,
            y=[row] * len(known),
            mode="markers",
            marker={"color": translucent(colour_of(other), 0.55), "symbol": MARKERS[other], "size": 9},
            hovertemplate="one seed: %{x:+.2f} points<extra></extra>",
        )
        fig.add_scatter(
            x=[mean],
            y=[row],
            error_x={"type": "data", "array": [0 if math.isnan(half) else half], "thickness": 2.5, "width": 8},
            mode="markers",
            marker={"color": colour_of("spinal"), "size": 11},
            hoverinfo="skip",
        )
    style(fig)
    fig.add_vline(x=0, line={"color": text_colour(), "width": 1})
    fig.add_annotation(
        x=0,
        y=1,
        yref="paper",
        yanchor="bottom",
        text=section("spinal_heads", "fig equal"),
        showarrow=False,
        font={"size": theme.size(12)},
    )
    fig.update_layout(height=round(100 + 2 * theme.size(ROW)), showlegend=False, margin={"l": 10, "t": 32, "b": 48})
    fig.update_xaxes(title=section("spinal_heads", "fig points"), range=[-1.15 * reach, 1.15 * reach])
    fig.update_yaxes(range=[len(rows) - 0.5, -0.75], showgrid=False, automargin=True)
    return Plot(fig, f"Spinal minus the other heads, seed by seed. {finding(result)}")
