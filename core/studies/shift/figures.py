"""Figures of the shift sweep: the maps, the line through them, and the whole-data-set charts.

After Zhang (ICML 2019).
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np

from core.base.heavy import go, plotly_colors, subplots
from core.base.prose import section
from core.figures import kit, theme
from core.figures.blocks import Plot
from core.figures.palette import PROBABILITY_SCALE, USER, network_colours, style, text_colour, verbatim
from core.studies.shift.dataset import Summary
from core.studies.shift.sweep import Line, Result, along, finding, flip_points, flips, worst_shift

DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "star", "pentagon")
NARROW = 13  # letters in a line above a map
HEAD = 26  # letters in a line above a panel
ROW, LEGEND = 34, 20  # px of a network's row, and of its name in a legend
Look = tuple[str, str, str]  # colour, dash, symbol
Interval = tuple[float, float, float]  # a value and both ends of its interval
Row = tuple[str, Look, Sequence[Interval]]  # title, look, what stands in each panel


def looks(blurs: Sequence[int | None]) -> list[Look]:
    """One look a network: its colour tells its blur, and where that is the same its dash and its mark are others."""
    colours = network_colours(blurs)
    nth = [colours[:i].count(colour) for i, colour in enumerate(colours)]
    return [
        (colour, DASHES[n % len(DASHES)], SYMBOLS[n % len(SYMBOLS)]) for colour, n in zip(colours, nth, strict=True)
    ]


def broken(words: str) -> str:
    """Words in lines that fit above a small map, as a figure shows them."""
    lines = [line for part in words.split(" · ") for line in textwrap.wrap(part, NARROW)]
    return "<br>".join(map(verbatim, lines))


def painted(result: Result) -> np.ndarray:
    """uint8 (M, 2R+1, 2R+1, 3): the maps of the probability, 0..1, in the colours of the scale."""
    stops = plotly_colors.get_colorscale(PROBABILITY_SCALE)
    rgb = np.array([plotly_colors.hex_to_rgb(colour) for _, colour in stops])
    at = [position for position, _ in stops]
    values = result.probability.reshape(-1, result.side, result.side)
    return np.stack([np.interp(values, at, rgb[:, c]) for c in range(3)], -1).round().astype(np.uint8)


def maps(
    result: Result,
    titles: Sequence[str],
    *,
    chosen: tuple[int, int] | None = None,
    line: Line | None = None,
) -> Plot:
    """One dy x dx map a network of the target's probability, 0..1; contours enclose shifts where top-1 differs.

    The last trace of each map is `add_click_layer`'s.
    """
    m, side, r = len(result.models), result.side, result.max_shift
    counts = flips(result)
    said = [section("shift_sweep", "differ", n=n, shifts=side**2) for n in counts]
    heads = [f"<b>{broken(title)}</b><br>{broken(words)}" for title, words in zip(titles, said, strict=True)]
    fig = subplots.make_subplots(1, m, subplot_titles=heads, horizontal_spacing=0.06 if m < 4 else 0.03)
    axis = np.arange(-r, r + 1, dtype=np.int8)  # what is sent is as small as it can be
    for i, worst in enumerate(worst_shift(result)):
        place = {"row": 1, "col": i + 1}
        add_map(fig, result, i, axis, place)
        if line is not None:
            dy, dx = result.offsets[along(result, line)].T
            dotted = {"color": "white", "width": 1, "dash": "dot"}
            fig.add_scatter(x=dx, y=dy, mode="lines", line=dotted, hoverinfo="skip", **place)
        add_mark(fig, result.offsets[worst], "x", "worst shift", place)
        if chosen is not None:
            add_mark(fig, chosen, "circle-open", "chosen shift", place)
        add_click_layer(fig, result, i, place)
    lay_out_maps(fig, result, m, max(head.count("<br>") + 1 for head in heads))
    return Plot(
        fig,
        f"Probability of {result.labels[result.target]} at every shift, one map a network. {finding(result, titles)}",
        lambda: sweep_table(result),
    )


def lay_out_maps(fig: go.Figure, result: Result, m: int, lines: int) -> None:
    """Sizes, axes in pixels of shift, and the one scale of probability of m maps with so many lines above them."""
    r = result.max_shift
    style(fig)
    fig.update_layout(
        coloraxis={
            "colorscale": PROBABILITY_SCALE,
            "cmin": 0,
            "cmax": 1,
            "colorbar": {
                "title": {"text": f"P({verbatim(result.labels[result.target])})", "side": "top"},
                "orientation": "h",
                "thickness": 10,
                "len": 0.5,
                "y": -0.16,
                "yanchor": "top",
            },
        },
        showlegend=False,
        dragmode=False,
        height=500,
        margin={"l": 56, "r": 8, "t": theme.size(34 + 17 * lines), "b": 110},
    )
    fig.update_xaxes(
        title_text="dx, px", tickangle=0, nticks=4, constrain="domain", range=[-r - 0.5, r + 0.5], showgrid=False
    )
    fig.update_yaxes(range=[r + 0.5, -r - 0.5], constrain="domain", constraintoward="top", showgrid=False)
    fig.update_yaxes(title_text="dy, px", col=1)
    for i in range(m):
        fig.update_yaxes(scaleanchor=f"x{i + 1 if i else ''}", row=1, col=i + 1)
    fig.update_annotations(font={"size": theme.size(13), "color": text_colour()})


def add_map(fig: go.Figure, result: Result, i: int, axis: np.ndarray, place: dict[str, int]) -> None:
    """Network i's probabilities over `axis` (2R+1,) both ways, outlined where the top-1 differs."""
    side, grid = result.side, {"x": axis, "y": axis, "hoverinfo": "skip", **place}
    fig.add_heatmap(z=result.probability[i].astype(np.float32).reshape(side, side), coloraxis="coloraxis", **grid)
    differs = (result.top1[i] != result.top1[i, result.centre]).reshape(side, side)
    if differs.any():
        fig.add_contour(
            z=differs.astype(np.int8),
            autocontour=False,
            contours={"start": 0.5, "end": 0.5, "size": 1, "coloring": "none"},
            line={"color": "white", "width": 1.5, "smoothing": 0},
            showscale=False,
            **grid,
        )


def add_mark(fig: go.Figure, shift: Sequence[int] | np.ndarray, symbol: str, name: str, place: dict[str, int]) -> None:
    """A symbol at one shift (2,), (dy, dx) px."""
    fig.add_scatter(
        x=[int(shift[1])],
        y=[int(shift[0])],
        mode="markers",
        name=name,
        hoverinfo="skip",
        marker={"symbol": symbol, "size": 12, "color": USER, "line": {"width": 2.5, "color": USER}},
        **place,
    )


def add_click_layer(fig: go.Figure, result: Result, i: int, place: dict[str, int]) -> None:
    """Invisible points, one a shift: Plotly reports clicks on points, not on heat maps."""
    said = [verbatim(result.labels[c]) for c in result.top1[i]]
    fig.add_scatter(
        x=result.offsets[:, 1].astype(np.int8),
        y=result.offsets[:, 0].astype(np.int8),
        mode="markers",
        opacity=0,
        marker={"symbol": "square", "size": max(6, 300 // result.side)},
        customdata=np.stack([result.probability[i], result.top1_probability[i]], 1).astype(np.float32),
        text=said,
        hovertemplate="dy %{y}, dx %{x} px<br>P(" + verbatim(result.labels[result.target]) + ") = %{customdata[0]:.3f}"
        "<br>says %{text} (%{customdata[1]:.2f})<extra></extra>",
        **place,
    )


def line_plot(result: Result, titles: Sequence[str], blurs: Sequence[int | None], line: Line) -> Plot:
    """Probability along a line of shifts (the paper's Figure 1), one curve a network, crosses where top-1 flips."""
    t = np.arange(-result.max_shift, result.max_shift + 1)
    points = along(result, line)
    turns = flip_points(result, line)
    fig = go.Figure()
    for i, (colour, dash, _) in enumerate(looks(blurs)):
        p = result.probability[i, points]
        said = [verbatim(result.labels[c]) for c in result.top1[i, points]]
        fig.add_scatter(
            x=t,
            y=p,
            mode="lines",
            name=verbatim(titles[i]),
            text=said,
            line={"color": colour, "width": 2.5, "dash": dash},
            hovertemplate="%{x} px: %{y:.3f}, %{text}<extra>" + verbatim(titles[i]) + "</extra>",
        )
        fig.add_scatter(
            x=t[turns[i]],
            y=p[turns[i]],
            mode="markers",
            showlegend=False,
            hoverinfo="skip",
            marker={"symbol": "x", "size": 9, "color": colour},
        )
    style(fig)
    room = theme.size(LEGEND * len(titles))  # on a phone every name takes a line of its own
    fig.update_layout(
        title=section("shift_sweep", "crosses"),
        height=300 + room,
        margin={"b": 56 + room},
    )
    fig.update_xaxes(title_text=section("shift_sweep", "along"), tickangle=0)
    fig.update_yaxes(title_text=f"P({verbatim(result.labels[result.target])})", range=[-0.02, 1.02])
    return Plot(
        fig,
        f"Probability of {result.labels[result.target]} along the {line}, one curve a network",
        lambda: sweep_table(result, line),
    )


def sweep_table(result: Result, line: Line | None = None) -> dict[str, list[object]]:
    """Columns of the sweep's numbers: every shift, or those on a line."""
    which = np.arange(len(result.offsets)) if line is None else along(result, line)
    columns: dict[str, list[object]] = {
        "dy": result.offsets[which, 0].tolist(),
        "dx": result.offsets[which, 1].tolist(),
    }
    for i, name in enumerate(result.models):
        columns[f"P({result.labels[result.target]}) {name}"] = result.probability[i, which].round(5).tolist()
        columns[f"top-1 {name}"] = [result.labels[c] for c in result.top1[i, which]]
    return columns


def scatter(summaries: Sequence[Summary], titles: Sequence[str], blurs: Sequence[int | None]) -> Plot:
    """Consistency and accuracy, a row a network with 95 % intervals, the steadiest above."""
    rows: list[Row] = []
    for s, title, look in zip(summaries, titles, looks(blurs), strict=True):
        if s.accuracy is not None and s.accuracy_interval is not None:
            steady, right = (s.consistency, *s.consistency_interval), (s.accuracy, *s.accuracy_interval)
            rows.append((title, look, (percents(steady), percents(right))))
    fig = dots(rows, (section("shift_sweep", "pairs agree"), section("shift_sweep", "right answers")))
    return Plot(fig, "Consistency and accuracy of every packaged network", lambda: table(summaries, titles))


def percents(values: Sequence[float]) -> tuple[float, float, float]:
    """A value and both ends of its interval, in percent."""
    value, low, high = (100 * v for v in values)
    return value, low, high


def dots(rows: Sequence[Row], heads: Sequence[str]) -> go.Figure:
    """Panels, headed so, with a row a network, the highest of the first panel above: so no name lies on another,
    whatever the values are."""
    heads = ["<br>".join(map(verbatim, textwrap.wrap(head, HEAD))) for head in heads]
    fig = subplots.make_subplots(1, len(heads), shared_yaxes=True, subplot_titles=heads, horizontal_spacing=0.06)
    for title, (colour, _, symbol), panels in sorted(rows, key=lambda row: row[2][0][0]):
        name = verbatim(title)
        for column, (value, low, high) in enumerate(panels, 1):
            across = (np.array([v]) for v in (value, low, high))
            fig.add_scatter(
                x=[value],
                y=[name],
                mode="markers",
                error_x=kit.whiskers(*across, color=colour, thickness=2, width=0),
                marker={"size": 11, "color": colour, "symbol": symbol},
                showlegend=False,
                hovertemplate=f"{name}: %{{x:.2f}} %<extra></extra>",
                row=1,
                col=column,
            )
    style(fig)
    high = theme.size(ROW) * max(len(rows), 1)
    fig.update_layout(height=high + 116, margin={"l": 8, "t": 68, "b": 48})
    fig.update_xaxes(title_text="%", showgrid=True, tickangle=0, nticks=4)
    fig.update_yaxes(automargin=True, showgrid=True, dtick=1)  # every name
    fig.update_annotations(font={"size": theme.size(13), "color": text_colour()})
    return fig


def corruption_plot(
    summaries: Sequence[Summary], titles: Sequence[str], blurs: Sequence[int | None], *, flips: bool
) -> Plot:
    """Accuracy (or the share of answers that change, `flips`) against corruption strength, one panel a kind; the
    networks' names stand in the panel that is left."""
    kinds = list(summaries[0].corruptions)
    down = -(-(len(kinds) + 1) // 2)
    fig = subplots.make_subplots(
        down, 2, shared_yaxes="all", subplot_titles=kinds, horizontal_spacing=0.08, vertical_spacing=0.36 / down
    )
    for s, title, (colour, dash, symbol) in zip(summaries, map(verbatim, titles), looks(blurs), strict=True):
        for panel, kind in enumerate(kinds):
            values = [entry[1 if flips else 0] for entry in s.corruptions[kind]]
            start = 0.0 if flips else s.accuracy
            y = [None if v is None else 100 * v for v in (start, *values)]
            fig.add_scatter(
                x=[0, 1, 2, 3],
                y=y,
                mode="lines+markers",
                name=title,
                legendgroup=title,
                showlegend=panel == 0,
                line={"color": colour, "width": 2, "dash": dash},
                marker={"size": 7, "symbol": symbol},
                hovertemplate="%{x}: %{y:.1f} %<extra>" + title + "</extra>",
                row=panel // 2 + 1,
                col=panel % 2 + 1,
            )
    style(fig)
    what = section("shift_sweep", "answers that change") if flips else section("shift_sweep", "still right")
    low = (1 / down) * (1 - 0.1)  # the panel that is left
    fig.update_layout(
        title={"text": what, "y": 0.98},
        height=down * 210,
        margin={"t": 84, "b": 48},
        legend={"orientation": "v", "x": 0.53, "xanchor": "left", "yref": "paper", "y": low, "yanchor": "top"},
    )
    fig.update_xaxes(title_text=section("shift_sweep", "strength"), dtick=1, tickangle=0)
    fig.update_yaxes(title_text="%", col=1)
    for axis in ("xaxis", "yaxis"):
        fig.update_layout({f"{axis}{2 * down}": {"visible": False}})
    fig.update_annotations(font={"size": theme.size(13), "color": text_colour()})
    return Plot(
        fig,
        "Accuracy or answer flips under five corruptions at three strengths",
        lambda: corruption_table(summaries, titles),
    )


def table(summaries: Sequence[Summary], titles: Sequence[str]) -> dict[str, list[object]]:
    """A row a network: accuracy and consistency in %; None where no class is known."""

    def percent(value: float | None) -> float | None:
        return None if value is None else round(100 * value, 2)

    return {
        "network": list(titles),
        "accuracy, %": [percent(s.accuracy) for s in summaries],
        "consistency, %": [percent(s.consistency) for s in summaries],
        "sd over draws": [percent(s.consistency_sd) for s in summaries],
        "right at every small shift, %": [percent(s.worst_accuracy) for s in summaries],
        "pictures": [s.images for s in summaries],
    }


def corruption_table(summaries: Sequence[Summary], titles: Sequence[str]) -> dict[str, list[object]]:
    """A row a network, corruption and strength: accuracy, and the share of answers that change."""
    rows = [
        (title, kind, i + 1, accuracy, changed)
        for s, title in zip(summaries, titles, strict=True)
        for kind, values in s.corruptions.items()
        for i, (accuracy, changed) in enumerate(values)
    ]
    names = ("network", "corruption", "strength", "accuracy", "answers that change")
    return {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}
