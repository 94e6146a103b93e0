"""Figures of what the resizer before a network does to its answers, beside the blur in it (Zhang, ICML 2019)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.base.heavy import go, subplots
from core.figures import theme
from core.figures.blocks import Plot
from core.figures.palette import ACCENT, USER, style, text_colour, verbatim
from core.networks.card import blur_of, title_of
from core.studies.shift.figures import Row, broken, dots, looks
from core.studies.shift.resizers import Kept, table
from core.studies.shift.sweep import Result, flips

SQUARE = 128  # px of a square of shifts, with its count


def squares(results: Sequence[Result], titles: Sequence[str], heads: Sequence[str]) -> Plot:
    """A row a resizer (one Result each, headed so), a column a network: a square a shift of the photo by its own
    pixels, crossed where the answer is another one than at rest. Above each the count."""
    counts = np.stack([flips(result) for result in results])  # (R, M)
    rows, columns = counts.shape
    others = len(results[0].offsets) - 1
    said = [
        f"<b>{broken(titles[j])}</b><br>{counts[i, j]} / {others}" if i == 0 else f"{counts[i, j]} / {others}"
        for i, j in np.ndindex(rows, columns)
    ]
    fig = subplots.make_subplots(
        rows, columns, subplot_titles=said, horizontal_spacing=0.06 / columns, vertical_spacing=0.24 / rows
    )
    for i, j in np.ndindex(rows, columns):
        add_square(fig, results[i], j, {"row": i + 1, "col": j + 1})
    style(fig)
    fig.update_xaxes(visible=False, constrain="domain")
    fig.update_yaxes(showticklabels=False, showgrid=False, zeroline=False, constrain="domain")
    for i, j in np.ndindex(rows, columns):
        nth = i * columns + j
        fig.update_yaxes(scaleanchor=f"x{nth + 1 if nth else ''}", row=i + 1, col=j + 1)
        if j == 0:
            fig.update_yaxes(title={"text": verbatim(heads[i])}, row=i + 1, col=1)
    lines = max(broken(title).count("<br>") + 2 for title in titles)
    top = theme.size(16 + 18 * lines)
    fig.update_annotations(font={"size": theme.size(13), "color": text_colour()})
    fig.update_layout(height=theme.size(SQUARE) * rows + top + 60, margin={"l": 40, "r": 8, "t": top, "b": 8})
    fig.update_layout(showlegend=False, dragmode=False)
    columns_of: dict[str, list[object]] = {
        "network": list(titles),
        **{head: [f"{n} of {others}" for n in counts[i]] for i, head in enumerate(heads)},
    }
    return Plot(
        fig, "Shifts of the photo by its own pixels at which the answer changes, by resizer", lambda: columns_of
    )


def add_square(fig: go.Figure, result: Result, i: int, place: dict[str, int]) -> None:
    """Network i's shifts: filled, another colour and a cross where the answer is another one, and which it is."""
    differs = (result.top1[i] != result.top1[i, result.centre]).reshape(result.side, result.side)
    axis = np.arange(-result.max_shift, result.max_shift + 1)
    answers = np.array([verbatim(result.labels[k]) for k in result.top1[i]]).reshape(differs.shape)
    fig.add_heatmap(
        z=differs.astype(np.int8),
        x=axis,
        y=-axis,
        zmin=0,
        zmax=1,
        colorscale=[[0, ACCENT], [1, USER]],
        showscale=False,
        xgap=2,
        ygap=2,
        text=np.where(differs, "✕", ""),
        texttemplate="%{text}",
        customdata=answers,
        hovertemplate="%{customdata}<extra></extra>",
        **place,
    )


def kept_answers(record: Kept, heads: Sequence[str]) -> Plot:
    """Answers kept over a data set: a panel a resizer, a row a network with 95 % intervals."""
    rows: list[Row] = [
        (title_of(name), look, [record.estimate(name, resizer) for resizer in record.resizers])
        for name, look in zip(record.networks, looks([blur_of(name) for name in record.networks]), strict=True)
    ]
    titles = [title_of(name) for name in record.networks]
    return Plot(dots(rows, heads), "Answers kept by network and resizer", lambda: table(record, titles, heads))
