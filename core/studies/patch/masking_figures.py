"""Figures of the masking: one curve a method, the maps that ranked the cells, and their numbers as tables.

After the deletion curves of Brendel & Bethge (ICLR 2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.base.heavy import go, subplots
from core.base.prose import section
from core.compute.attributions import EVIDENCE, RANDOM
from core.figures import kit, theme
from core.figures.blocks import Plot
from core.figures.palette import ACCENT, MUTED, accent, network_colours, paint, style, text_colour, verbatim
from core.studies.patch.masking import MODES, Result
from core.studies.patch.masking_dataset import Summary

Table = dict[str, list[Any]]
CLIP = 99  # percentile of |attribution| at which a map's colours end
# Okabe-Ito without the blue (the evidence) and the vermilion (the reader's own); dashes, so colour is not the only cue
LINES = {
    "saliency": ("#E69F00", "solid"),
    "integrated gradients": ("#009E73", "dash"),
    "Grad-CAM": ("#CC79A7", "solid"),
    "occlusion": ("#56B4E9", "dashdot"),
    "DeepLIFT": (None, "dot"),  # Okabe-Ito black, which the theme's text colour stands for
}
OCCLUSION_ON_DARK = "#F0E442"  # Okabe-Ito yellow, not to resemble the accent, which is lighter there
BAND = "rgba(140,140,140,0.25)"
LEGEND_ROW = 22  # px


def line_of(method: str) -> dict[str, object]:
    """Colour, width and dash of a method's curve; chance is grey and dashed, the BagNet's evidence the accent."""
    if method == EVIDENCE:
        return {"color": accent(), "width": 3.5}
    if method == RANDOM:
        return {"color": MUTED, "width": 2, "dash": "dash"}
    colour, dash = LINES[method]
    if method == "occlusion" and theme.dark():
        colour = OCCLUSION_ON_DARK
    return {"color": colour or text_colour(), "width": 1.8, "dash": dash}


def curves(result: Result, titles: Sequence[str], *, k: int | None = None) -> Plot:
    """One panel a network: the target's probability against the number of cells, one line a method with its area in
    the legend under the panel, the best first; the band is one standard deviation of the random orders. `k` is marked.
    """
    n = len(result.models)
    fig = subplots.make_subplots(
        1, n, subplot_titles=[verbatim(title) for title in titles], shared_yaxes=True, horizontal_spacing=0.06
    )
    for i in range(n):
        ranked = np.argsort(result.auc[i], kind="stable")
        for m in ranked if result.mode == "deletion" else ranked[::-1]:
            add_curve(fig, result, i, int(m))
        if k is not None:
            fig.add_vline(k, line={"color": MUTED, "width": 1, "dash": "dot"}, row=1, col=i + 1)
    style(fig)
    room = LEGEND_ROW * len(result.methods) + 60
    deletion = result.mode == "deletion"
    best = section("patch_evidence", "figure lowest") if deletion else section("patch_evidence", "figure highest")
    fig.update_layout(
        title={"text": best, "y": 0.98, "yanchor": "top"},
        height=360 + room,
        margin={"b": room, "t": 76},
    )
    for i in range(n):
        left = fig.layout[f"xaxis{i + 1 if i else ''}"].domain[0]
        place = {"orientation": "v", "x": left, "xanchor": "left", "yref": "container", "y": 0, "yanchor": "bottom"}
        fig.update_layout({f"legend{i + 1 if i else ''}": place})
    what = "masked" if result.mode == "deletion" else "shown"
    cells = section("patch_evidence", "figure masked") if deletion else section("patch_evidence", "figure shown")
    fig.update_xaxes(title_text=cells, range=[0, result.cells])
    fig.update_yaxes(range=[-0.02, 1.02])
    fig.update_yaxes(title_text=f"P({verbatim(result.labels[result.target])})", col=1)
    fig.update_annotations(font={"size": 13, "color": text_colour()})
    return Plot(
        fig,
        f"Probability of {result.labels[result.target]} by cells {what}, one line a method",
        lambda: curve_table(result, titles),
    )


def add_curve(fig: go.Figure, result: Result, i: int, m: int) -> None:
    """Method m's curve in network i's panel; chance with its spread over draws."""
    method, p, spread = result.methods[m], result.probability[i, m], result.spread[i, m]
    axis = np.arange(result.cells + 1)
    if method == RANDOM:
        kit.band(fig, axis, p - spread, p + spread, BAND, row=1, col=i + 1)
    fig.add_scatter(
        x=axis,
        y=p,
        mode="lines",
        name=f"{method}: {auc_text(result, i, m)}",
        legend=f"legend{i + 1 if i else ''}",
        line=line_of(method),
        hovertemplate="%{x} cells: %{y:.3f}<extra>" + method + "</extra>",
        row=1,
        col=i + 1,
    )


def auc_text(result: Result, i: int, m: int) -> str:
    if result.methods[m] == RANDOM and result.draws > 1:
        return f"{result.auc[i, m]:.3f} ± {result.auc_spread[i, m]:.3f}"
    return f"{result.auc[i, m]:.3f}"


def strip(result: Result, titles: Sequence[str]) -> Plot:
    """The attribution maps side by side, one row a network, each zero-centred on a scale of its own (their units
    differ) that ends at the 99th percentile of its absolute values. The evidence is the BagNet's, so it is shown once.
    """
    shown = [m for m, method in enumerate(result.methods) if method != RANDOM]
    n = len(result.models)
    height, width = result.maps.shape[2:]
    fig = subplots.make_subplots(
        n, len(shown), column_titles=[result.methods[m] for m in shown], horizontal_spacing=0.01, vertical_spacing=0.02
    )
    for i in range(n):
        for column, m in enumerate(shown):
            if i and result.methods[m] == EVIDENCE:
                continue
            found = result.maps[i, m]
            limit = float(np.percentile(np.abs(found), CLIP)) or 1.0
            fig.add_image(z=paint(found, limit), hoverinfo="skip", row=i + 1, col=column + 1)
    style(fig)
    fig.update_layout(height=60 + 165 * n, margin={"l": 32, "r": 4, "t": 36, "b": 8})
    fig.update_xaxes(visible=False, constrain="domain", range=[-0.5, width - 0.5])
    fig.update_yaxes(showticklabels=False, showgrid=False, constrain="domain", range=[height - 0.5, -0.5])
    for i, title in enumerate(titles):
        middle = (n - i - 0.5) / n
        place = {"x": -0.005, "xanchor": "right", "y": middle, "yanchor": "middle", "xref": "paper", "yref": "paper"}
        fig.add_annotation(text=verbatim(title), textangle=-90, showarrow=False, **place)
    fig.update_annotations(font={"size": 12, "color": text_colour()})
    return Plot(fig, f"The attribution maps that ranked the cells, one row a network: {', '.join(result.methods)}")


def auc_table(result: Result, titles: Sequence[str]) -> Table:
    """The area under each curve: methods down, networks across."""
    columns: Table = {"ranked by": list(result.methods)}
    for i, title in enumerate(titles):
        columns[title] = [auc_text(result, i, m) for m in range(len(result.methods))]
    return columns


def curve_table(result: Result, titles: Sequence[str]) -> Table:
    """The probability at every k, one column a network and method."""
    columns: Table = {"cells": list(range(result.cells + 1))}
    for i, title in enumerate(titles):
        for m, method in enumerate(result.methods):
            columns[f"{title}, {method}"] = result.probability[i, m].round(5).tolist()
            if method == RANDOM:
                columns[f"{title}, {method} ±"] = result.spread[i, m].round(5).tolist()
    return columns


def figure(found: Summary) -> Plot:
    """Both areas by method with 95 % intervals, the baseline grey: left is better for deletion, right for insertion."""
    heads = ("deletion: further left is better", "insertion: further right is better")
    fig = subplots.make_subplots(1, 2, shared_yaxes=True, subplot_titles=heads, horizontal_spacing=0.04)
    looks = ((ACCENT, "circle"), (network_colours([None])[0], "square"))
    for column, mode in enumerate(MODES):
        means, halves = found.of(mode)
        for n, (title, (colour, symbol)) in enumerate(zip(map(verbatim, found.titles), looks, strict=True)):
            fig.add_scatter(
                x=means[n],
                y=found.methods,
                mode="markers",
                name=title,
                legendgroup=title,
                showlegend=column == 0,
                marker={"size": 10, "color": colour, "symbol": symbol},
                error_x={"type": "data", "array": halves[n], "color": colour, "thickness": 1.5, "width": 0},
                hovertemplate=f"{title}, %{{y}}: %{{x:.3f}}<extra></extra>",
                row=1,
                col=column + 1,
            )
    style(fig)
    fig.update_layout(title="Whose order finds what matters?", height=430, margin={"l": 150, "b": 92})
    fig.update_xaxes(title_text="mean area under the curve")
    fig.update_yaxes(autorange="reversed", nticks=0, showgrid=True)
    return Plot(
        fig,
        "Mean area under the deletion and insertion curves by method, for the BagNet and the baseline",
        lambda: table(found),
    )


def table(found: Summary) -> Table:
    """A row a network and method: both mean areas with their intervals."""
    columns: Table = {
        "network": [title for title in found.titles for _ in found.methods],
        "method": [*found.methods] * len(found.titles),
    }
    for mode in MODES:
        areas = zip(*(values.ravel() for values in found.of(mode)), strict=True)
        columns[f"{mode}, mean area ± 95 %"] = [f"{mean:.3f} ± {half:.3f}" for mean, half in areas]
    return columns
