"""The figures, and the tables, of `patch_dataset`: accuracy by patch size, and who errs alike.

After the comparisons of Brendel & Bethge (ICLR 2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import Any

import numpy as np

from core.base.heavy import go, subplots
from core.figures import kit
from core.figures.blocks import Plot
from core.figures.palette import MUTED, network_colours, signed_scale, style, text_colour
from core.studies.patch.dataset import Scramble, Summary

Table = dict[str, list[Any]]
DASHES = ("dot", "dash", "solid")  # by rising patch: colour is not the only cue
OUTLIERS = 4  # classes named beside their points, at most
NAME_BOX = (45, 9)  # percent across and up that a name takes in a panel


def colours(patches: Sequence[int | None]) -> list[str]:
    """Grey for the baseline (None), one blue for each BagNet, deeper for larger patches of 9 to 33 px."""
    depths = [None if q is None else round(1 + 6 * min(1.0, max(0.0, log(q / 9) / log(33 / 9)))) for q in patches]
    return network_colours(depths)


def guide(fig: go.Figure, x: Sequence[float], y: Sequence[float], dash: str = "dot", **place: Any) -> None:
    """A thin grey line that leads the eye."""
    line = {"color": MUTED, "width": 1, "dash": dash}
    fig.add_scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip", showlegend=False, **place)


def accuracy_plot(found: Summary) -> Plot:
    """Top-1 accuracy against the patch's side with 95 % intervals; each baseline is a level grey line in its band."""
    fig = go.Figure()
    percent, bounds, patches = 100 * found.accuracy, 100 * found.accuracy_interval, found.patches
    order = sorted((q, i) for i, q in enumerate(patches) if q is not None)
    for i, (title, q, colour) in enumerate(zip(found.titles, patches, colours(patches), strict=True)):
        if q is None:
            fig.add_hrect(*bounds[i], fillcolor=colour, opacity=0.18, line_width=0)
            said = f"{title}: {percent[i]:.1f} %"
            fig.add_hline(percent[i], line={"color": colour, "width": 2}, annotation_text=said)
    sides = [q for q, _ in order]
    guide(fig, sides, [percent[i] for _, i in order], "solid")
    for q, i in order:
        colour, (low, high) = colours([q])[0], bounds[i]
        fig.add_scatter(
            x=[q],
            y=[percent[i]],
            mode="markers+text",
            text=[f"  q = {q}: {percent[i]:.1f} %"],
            textposition="middle right",
            marker={"size": 11, "color": colour},
            error_y=kit.whiskers(percent[i : i + 1], low, high, color=colour, thickness=1, width=0),
            showlegend=False,
            hovertemplate=f"{found.titles[i]}: %{{y:.1f}} % ({low:.1f} to {high:.1f})<br>"
            f"n = {found.images:,}<extra></extra>",
        )
    style(fig)
    fig.update_layout(title="Accuracy by patch size; grey: the baseline", height=400)
    fig.update_xaxes(title_text="side q of the patches, px", tickvals=sides)
    if sides:
        fig.update_xaxes(range=[min(sides) - 4, max(sides) + 14])
    fig.update_yaxes(title_text="accuracy, %")
    return Plot(
        fig,
        "Accuracy of the BagNets against their patch size, the baseline as a level line",
        lambda: accuracy_table(found),
    )


def correlation_map(found: Summary, *, pictures: bool = False) -> Plot:
    """Heat map -1..1 of who errs alike: by class (Pearson) or, `pictures`, picture by picture (Cohen's kappa)."""
    values = found.kappa if pictures else found.correlation
    bounds = found.kappa_interval if pictures else found.correlation_interval
    cells = [
        [cell(v, b, diagonal=i == j) for j, (v, b) in enumerate(zip(row, limits, strict=True))]
        for i, (row, limits) in enumerate(zip(values, bounds, strict=True))
    ]
    names = [title.replace(" ", "<br>") for title in found.titles]
    fig = go.Figure(
        go.Heatmap(
            z=values,
            x=names,
            y=names,
            text=cells,
            texttemplate="%{text}",
            colorscale=signed_scale(),
            zmin=-1,
            zmax=1,
            hoverinfo="skip",
            textfont={"size": 12},
            showscale=False,  # every cell carries its number
        )
    )
    style(fig)
    what = "The same pictures wrong? Cohen's κ" if pictures else "The same classes hard? Correlation r"
    fig.update_layout(title=what, height=460, margin={"l": 72})
    fig.update_xaxes(showgrid=False, constrain="domain", side="bottom", tickangle=0)
    fig.update_yaxes(showgrid=False, autorange="reversed", scaleanchor="x", constrain="domain")
    return Plot(
        fig, f"How alike each two networks err, over {'pictures' if pictures else 'classes'}", lambda: pair_table(found)
    )


def cell(value: float, bounds: Sequence[float], *, diagonal: bool = False) -> str:
    """A number and, off the diagonal, its interval; a dash where it is undefined."""
    if np.isnan(value):
        return "–"
    return f"{value:.2f}" if diagonal else f"{value:.2f}<br>({bounds[0]:.2f} to<br>{bounds[1]:.2f})"


def class_scatter(found: Summary) -> Plot:
    """Each class's error rate, a panel a BagNet against the baseline; the furthest from the diagonal are named.

    Raises ValueError without a baseline or without a BagNet.
    """
    patches = found.patches
    bagnets = [i for i, q in enumerate(patches) if q is not None]
    if None not in patches or not bagnets:
        raise ValueError(f"expected BagNets and a baseline, got {', '.join(found.networks)}: measure them together")
    base = patches.index(None)
    heads = [f"{found.titles[i]}<br>r = {found.correlation[base, i]:.2f}" for i in bagnets]
    fig = subplots.make_subplots(1, len(bagnets), shared_yaxes=True, subplot_titles=heads, horizontal_spacing=0.03)
    x, top = 100 * found.class_error[base], 100 * found.class_error.max() + 5
    for column, i in enumerate(bagnets, 1):
        y = 100 * found.class_error[i]
        named = outliers(x, y)
        guide(fig, [0, top], [0, top], row=1, col=column)
        fig.add_scatter(
            x=x,
            y=y,
            mode="markers+text",
            text=[label if k in named else "" for k, label in enumerate(found.labels)],
            textposition=["top left" if value > top / 2 else "top right" for value in x],
            textfont={"size": 11},
            customdata=found.labels,
            marker={"size": 9, "color": colours([patches[i]])[0]},
            hovertemplate="%{customdata}: %{x:.0f} % → %{y:.0f} %<extra></extra>",
            row=1,
            col=column,
        )
    style(fig)
    title = "One dot a class; above the dotted line the BagNet errs more"
    fig.update_layout(title={"text": title, "y": 0.98}, height=400, margin={"t": 92}, showlegend=False)
    fig.update_xaxes(range=[-2, top], title_text=f"{found.titles[base]} wrong, %")
    fig.update_yaxes(range=[-2, top])
    fig.update_yaxes(title_text="BagNet wrong, %", col=1)
    fig.update_annotations(font={"size": 13, "color": text_colour()})
    return Plot(fig, "Error rate of each class: every BagNet against the baseline", lambda: class_table(found))


def outliers(x: np.ndarray, y: np.ndarray) -> list[int]:
    """Indices of up to OUTLIERS points x, y (K,) furthest from the diagonal whose names would not overlap."""
    named: list[int] = []
    for k in np.argsort(-np.abs(y - x), kind="stable").tolist():
        free = all(abs(x[k] - x[i]) >= NAME_BOX[0] or abs(y[k] - y[i]) >= NAME_BOX[1] for i in named)
        if free and len(named) < OUTLIERS:
            named.append(k)
    return named


def scramble_plot(scramble: Scramble, found: Summary) -> Plot:
    """Accuracy against the number of shuffled tiles a side, one line a network, all measured on the same pictures."""
    fig, patches = go.Figure(), found.patches
    dashes = {q: DASHES[i % len(DASHES)] for i, q in enumerate(sorted(q for q in patches if q is not None))}
    for title, q, colour, y in zip(found.titles, patches, colours(patches), scramble.accuracy, strict=True):
        fig.add_scatter(
            x=[str(t) for t in scramble.tiles],
            y=100 * y,
            name=title,
            mode="lines+markers",
            line={"color": colour, "width": 2.5, "dash": "solid" if q is None else dashes[q]},
            marker={"size": 8, "symbol": "square" if q is None else "circle"},
            hovertemplate=f"{title}, %{{x}} tiles a side: %{{y:.1f}} %<extra></extra>",
        )
    style(fig)
    fig.update_layout(title="Steeper: the arrangement mattered more", height=400, margin={"b": 92})
    fig.update_xaxes(title_text="shuffled tiles a side (1: the picture as it is)", type="category")
    fig.update_yaxes(title_text="accuracy, %", rangemode="tozero")
    return Plot(
        fig, "Accuracy on scrambled pictures against the number of tiles", lambda: scramble_table(scramble, found)
    )


def accuracy_table(found: Summary) -> Table:
    """Columns of accuracy in percent, its interval, and top-5."""

    def interval(bounds: np.ndarray) -> list[str]:
        return [f"{100 * low:.1f} to {100 * high:.1f}" for low, high in bounds]

    return {
        "network": found.titles,
        "n": [found.images] * len(found.titles),
        "top-1, %": (100 * found.accuracy).round(2).tolist(),
        "top-1, 95 % interval": interval(found.accuracy_interval),
        "top-5, %": (100 * found.top5).round(2).tolist(),
        "top-5, 95 % interval": interval(found.top5_interval),
    }


def class_table(found: Summary) -> Table:
    """A row a class: its pictures, and the share that each network gets wrong in percent."""
    columns: Table = {"class": list(found.labels), "pictures": found.class_images.tolist()}
    errors = zip(found.titles, found.class_error, strict=True)
    return columns | {f"{title} wrong, %": (100 * row).round(1).tolist() for title, row in errors}


def pair_table(found: Summary) -> Table:
    """A row for each two networks: both measures of erring alike with their intervals."""
    m = len(found.networks)
    rows: list[tuple[Any, ...]] = [
        (
            f"{found.titles[i]} and {found.titles[j]}",
            *(found.correlation[i, j].round(3), *found.correlation_interval[i, j].round(3)),
            *(found.kappa[i, j].round(3), *found.kappa_interval[i, j].round(3)),
        )
        for i in range(m)
        for j in range(i + 1, m)
    ]
    names = ("networks", "classes: r", "r from", "r to", "pictures: κ", "κ from", "κ to")
    return {name: [row[k] for row in rows] for k, name in enumerate(names)}


def scramble_table(scramble: Scramble, found: Summary) -> Table:
    """A row a number of tiles: accuracy in percent."""
    columns: Table = {"tiles a side": list(scramble.tiles)}
    rows = zip(found.titles, scramble.accuracy, strict=True)
    return columns | {f"{title}, %": (100 * row).round(2).tolist() for title, row in rows}
