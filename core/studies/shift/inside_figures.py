"""The figures, and the tables, of `shift_inside` (after Zhang, ICML 2019)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.base.heavy import go, subplots
from core.figures import theme
from core.figures.blocks import Plot
from core.figures.palette import ACCENT, PROBABILITY_SCALE, USER, style, text_colour, verbatim
from core.studies.shift.figures import LEGEND, looks
from core.studies.shift.inside import BlurResponse, FilterSmoothness, InternalDistance, Toy

Table = dict[str, list[Any]]
PANEL_HEIGHT, PANEL_GAP = 150, 36  # px of one row of maps, and for the names above it


def internal_maps(results: Sequence[InternalDistance], titles: Sequence[str]) -> Plot:
    """One row a network, one map over the input shifts a layer, one scale from 0 for all.

    Raises ValueError if there is nothing to draw or a title is missing.
    """
    if not results or len(results) != len(titles):
        raise ValueError(f"expected one title a network, got {len(titles)} for {len(results)}: give each its own")
    columns = max(len(r.layers) for r in results)
    panels = [
        f"{verbatim(r.layers[i])}<br>{r.distance[i].mean():.3f}" if i < len(r.layers) else ""
        for r in results
        for i in range(columns)
    ]
    fig = subplots.make_subplots(
        len(results),
        columns,
        subplot_titles=panels,
        horizontal_spacing=0.12 / columns,
        vertical_spacing=PANEL_GAP / (PANEL_HEIGHT * len(results)),
    )
    shown = [verbatim(title) for title in titles]
    for row, (result, title) in enumerate(zip(results, shown, strict=True), 1):
        for column, (layer, distance) in enumerate(zip(map(verbatim, result.layers), result.distance, strict=True), 1):
            said = f"{title}, {layer}<br>moved down %{{y}} px, right %{{x}} px<br>distance %{{z:.4f}}<extra></extra>"
            fig.add_heatmap(z=distance, coloraxis="coloraxis", hovertemplate=said, row=row, col=column)
    top = max(float(r.distance.max()) for r in results)
    style(fig)
    fig.update_annotations(font={"size": theme.size(12), "color": text_colour()})
    small = {"size": theme.size(12)}
    fig.update_xaxes(showticklabels=False, constrain="domain")
    fig.update_yaxes(showticklabels=False, showgrid=False, autorange="reversed", constrain="domain")
    for axis in fig.select_yaxes():
        axis.scaleanchor = axis.anchor  # a pixel down is as long as a pixel across
    for row, title in enumerate(shown, 1):
        name = {"text": f"{title}<br>dy (px)", "font": small}
        fig.update_yaxes(row=row, col=1, title=name, showticklabels=True, nticks=4)
    fig.update_xaxes(row=len(results), title={"text": "dx (px)", "font": small}, showticklabels=True, nticks=4)
    fig.update_layout(
        title_text="Dark: the layer moves with the picture (number: mean)",
        height=144 + PANEL_HEIGHT * len(results),
        margin={"t": 96},
        coloraxis={
            "colorscale": PROBABILITY_SCALE,
            "cmin": 0,
            "cmax": top or 1.0,
            "colorbar": {"title": {"text": "cosine<br>distance"}, "thickness": 12},
        },
    )
    return Plot(
        fig,
        "Cosine distance between shifted features and features of the shifted picture, by layer and shift",
        lambda: tables(results, titles),
    )


def smoothness(results: Sequence[FilterSmoothness], titles: Sequence[str]) -> Plot:
    """Normalised total variation by layer, one line a network."""
    fig = go.Figure()
    every = zip(results, map(verbatim, titles), looks([r.blur for r in results]), strict=True)
    for result, title, (colour, dash, symbol) in every:
        fig.add_scatter(
            x=[verbatim(layer) for layer in result.layers],
            y=result.variation,
            name=title,
            mode="lines+markers",
            line={"color": colour, "width": 1.5, "dash": dash},
            marker={"color": colour, "size": 9, "symbol": symbol},
            hovertemplate=f"{title}, %{{x}}: %{{y:.3f}}<extra></extra>",
        )
    style(fig)
    room = theme.size(LEGEND * len(titles))
    fig.update_layout(title_text="Lower: smoother learned filters", height=340 + room, margin={"b": 84 + room})
    fig.update_xaxes(title_text="convolution, from the picture to the answer")
    fig.update_yaxes(title_text="normalised total variation")
    return Plot(
        fig,
        "Normalised total variation of the learned filters by layer, one line a network",
        lambda: tables(results, titles),
    )


def blur_figure(result: BlurResponse) -> Plot:
    """The kernel, and what it leaves of each frequency; beyond pi/2 it would alias."""
    size = len(result.taps)
    left, right = ({"row": 1, "col": column} for column in (1, 2))
    fig = subplots.make_subplots(1, 2, column_widths=[0.3, 0.7], subplot_titles=("kernel", "frequency response"))
    fig.add_heatmap(
        z=result.kernel,
        texttemplate="%{z:.3f}" if size < 5 else None,
        colorscale="Blues",
        zmin=0,
        showscale=False,
        hovertemplate="row %{y}, column %{x}: %{z:.4f}<extra></extra>",
        **left,
    )
    fig.add_scatter(
        x=result.frequencies,
        y=result.magnitude,
        mode="lines",
        line={"color": ACCENT, "width": 2.5},
        showlegend=False,
        hovertemplate="%{x:.2f} rad/sample: %{y:.3f}<extra></extra>",
        **right,
    )
    style(fig)
    fig.add_vline(np.pi / 2, line={"color": USER, "dash": "dash"}, **right)
    fig.add_vrect(np.pi / 2, np.pi, fillcolor=USER, opacity=0.08, line_width=0, **right)
    fig.update_xaxes(showticklabels=False, title_text=f"{size} × {size} taps", constrain="domain", **left)
    fig.update_yaxes(showticklabels=False, autorange="reversed", scaleanchor="x", constrain="domain", **left)
    ticks = {"tickvals": [0, np.pi / 2, np.pi], "ticktext": ["0", "π/2", "π"]}
    fig.update_xaxes(ticks, title_text="frequency (radians per sample)", **right)
    fig.update_yaxes(title_text="magnitude", range=[0, 1.05], **right)
    said = f"A {size}-tap blur lets {result.energy_above:.1%} of its energy through above π/2, where it aliases"
    fig.update_layout(title_text=said, height=340)
    return Plot(
        fig,
        f"The {size}-tap kernel and its frequency response; beyond pi/2 a signal would alias",
        lambda: table(result),
    )


def table(result: InternalDistance | FilterSmoothness | BlurResponse | Toy) -> Table:
    """The numbers as columns of equal length, for a table or a CSV; of a Toy at several shifts."""
    match result:
        case InternalDistance():
            layer, dy, dx = (i.ravel() for i in np.indices(result.distance.shape))
            return {
                "layer": [result.layers[i] for i in layer],
                "stride (px)": result.strides[layer].tolist(),
                "dy (px)": dy.tolist(),
                "dx (px)": dx.tolist(),
                "cosine distance": result.distance.ravel().tolist(),
            }
        case FilterSmoothness():
            columns: Table = {"layer": list(result.layers), "path": list(result.paths)}
            return columns | {"normalised total variation": result.variation.tolist()}
        case BlurResponse():
            return {"frequency (rad/sample)": result.frequencies.tolist(), "magnitude": result.magnitude.tolist()}
        case Toy():
            means = {"max-pooling, mean": result.plain, "with blur, mean": result.smooth}
            return {"shift (samples)": np.asarray(result.shift).tolist()} | {
                k: v.mean(1).tolist() for k, v in means.items()
            }


def tables(results: Sequence[InternalDistance | FilterSmoothness], titles: Sequence[str]) -> Table:
    """The tables of several networks below each other, with a first column "network"."""
    joined: Table = {}
    for result, title in zip(results, titles, strict=True):
        columns = table(result)
        columns = {"network": [title] * len(columns["layer"])} | columns
        for name, values in columns.items():
            joined.setdefault(name, []).extend(values)
    return joined
