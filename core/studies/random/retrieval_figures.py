"""Figures of retrieval (after Xue & Roshan, §4): precision against k in three spaces, and rows of nearest pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.base.heavy import go
from core.base.prose import section
from core.claims.numbers import Z
from core.compute.spaces import PIXELS, RANDOM, SPACES, TRAINED, WORDS, Metric
from core.figures import kit, theme
from core.figures.blocks import Plot
from core.figures.palette import MUTED, USER, accent, network_colours, style, text_colour, translucent, uri, verbatim
from core.studies.random.retrieval import Result, answer
from core.studies.random.retrieval_dataset import AT, Measured, Ranking, finding

Table = dict[str, list[Any]]
CHANCE = "chance"
NAMED_AT = 2  # k at which a line's name stands
GROUND = {False: "#ffffff", True: "#171614"}  # of the page
TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
QUERY_AT = -1.25  # columns: left of the first
PICTURE = 0.92  # side of a picture, in widths of a column
ROW = 1.85  # height of a row with its words, in widths of a column
ROW_PIXELS = 160
LONGEST_NAME = 9  # letters under a picture


def looks() -> dict[str, dict[str, Any]]:
    """Each space's line: grey the trained network, the accent random features, dots for pixels."""
    return {
        PIXELS: {"color": text_colour(), "width": 2, "dash": "dot"},
        RANDOM: {"color": accent(), "width": 3},
        TRAINED: {"color": network_colours([None])[0], "width": 2.5, "dash": "dash"},
    }


def curves(found: Measured, metric: Metric = "euclidean") -> Plot:
    """Precision against k = 1..N-1 (logarithmic), a line a space; the band of the random features goes from the least
    to the most of the seeds. The dotted level is chance."""
    fig = go.Figure()
    for space in SPACES:
        add_curve(fig, found.of(space, metric), WORDS[space], looks()[space])
    fig.add_hline(found.chance, line={"color": MUTED, "width": 1, "dash": "dot"})
    fig.add_annotation(
        x=0, xref="paper", y=found.chance, text=CHANCE, showarrow=False, yanchor="bottom", font={"color": MUTED}
    )
    style(fig)
    fig.update_layout(title=section("random_features", "figure retrieval"), height=420)
    top = len(found.rankings[0].precision)
    ticks = [k for k in TICKS if k <= top]
    fig.update_xaxes(
        title_text=section("random_features", "axis k"), type="log", tickvals=ticks, ticktext=[str(k) for k in ticks]
    )
    fig.update_yaxes(title_text=section("random_features", "axis precision"), tickformat=".0%", range=[0, 1])
    return Plot(
        fig, f"Precision at k against k in three spaces. {finding(found, metric)}", lambda: curve_table(found, metric)
    )


def add_curve(fig: go.Figure, several: Sequence[Ranking], name: str, line: dict[str, Any]) -> None:
    """The mean over seeds, in a band from the least to the most of them, with its name on it."""
    each = np.stack([r.precision for r in several])
    k = np.arange(1, each.shape[1] + 1)
    if len(each) > 1:
        kit.band(fig, k, each.min(0), each.max(0), translucent(line["color"], 0.25))
    middle = each.mean(0)
    fig.add_scatter(
        x=k,
        y=middle,
        mode="lines",
        line=line,
        showlegend=False,
        name=name,
        hovertemplate="k = %{x}: %{y:.1%}<extra>" + name + "</extra>",
    )
    at = min(NAMED_AT, len(middle))  # on its own line, where these lie far apart: beside it, it would lie on another
    place = {"x": float(np.log10(at)), "yanchor": "middle", "bgcolor": GROUND[theme.dark()], "borderpad": 1}
    kit.end_labels(fig, [(middle[at - 1], name, line["color"])], 0, **place)


def table(found: Measured, metric: Metric = "euclidean") -> Table:
    """A row a space: precision at each k of AT and mean average precision in %, with 95 % intervals over queries; of
    several seeds their means, and the range over seeds."""
    names = ["space", *(f"precision at {k}, %" for k in AT), "mean average precision, %", "range over seeds at 1, %"]
    rows = []
    for space in SPACES:
        several = found.of(space, metric)
        seeds = f", {len(several)} seeds" if len(several) > 1 else ""
        pairs = [[(r.precision[k - 1], r.error[k - 1]) for r in several] for k in AT]
        means = [np.mean(pair, 0) for pair in [*pairs, [(r.average, r.average_error) for r in several]]]
        said = [f"{100 * value:.1f} ± {100 * Z * error:.1f}" for value, error in means]
        ends = [100 * r.precision[AT[0] - 1] for r in several]
        rows.append([WORDS[space] + seeds, *said, f"{min(ends):.1f} to {max(ends):.1f}" if seeds else "–"])
    return {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


def curve_table(found: Measured, metric: Metric = "euclidean") -> Table:
    """A row a k: precision in %, of random features the mean over seeds with the least and the most."""
    columns: Table = {"k": list(range(1, len(found.rankings[0].precision) + 1))}
    for space in SPACES:
        each = 100 * np.stack([r.precision for r in found.of(space, metric)])
        columns[f"{WORDS[space]}, %"] = each.mean(0).round(2).tolist()
        if len(each) > 1:
            columns["least of the seeds, %"] = each.min(0).round(2).tolist()
            columns["most of the seeds, %"] = each.max(0).round(2).tolist()
    return columns


def neighbours(result: Result) -> Plot:
    """The query, and a row of nearest pictures for each space, nearest first: the file's folder, its distance in
    mean distances. A picture that every space has found wears a frame."""
    fig, (rows, count) = go.Figure(), result.indices.shape
    everywhere = set.intersection(*[{int(i) for i in row} for row in result.indices])
    for s in range(rows):
        for j in range(count):
            add_thumbnail(fig, result.thumbnails[s, j], j, ROW * s)
            if int(result.indices[s, j]) in everywhere:
                kit.frame(fig, j, ROW * s, PICTURE + 0.04, {"color": USER, "width": 3})
    add_thumbnail(fig, result.query, QUERY_AT, ROW * (rows - 1) / 2)
    add_words(fig, result)
    style(fig)
    fig.update_layout(
        title=section("random_features", "figure nearest"),
        height=96 + ROW_PIXELS * rows,
        margin={"l": 8, "b": 8, "r": 8},
    )
    fig.update_xaxes(visible=False, range=[QUERY_AT - 0.6, count - 0.45], fixedrange=True)
    fig.update_yaxes(visible=False, range=[ROW * (rows - 1) + 1.1, -0.85], fixedrange=True, scaleanchor="x")
    return Plot(
        fig,
        f"Three rows of nearest pictures, by pixels, random features and the trained network. {answer(result)}",
        lambda: neighbour_table(result),
    )


def add_thumbnail(fig: go.Figure, pixels: np.ndarray, x: float, y: float, side: float = PICTURE) -> None:
    """A picture uint8 (H, W, 3) around a place of the figure's grid."""
    place = {"xref": "x", "yref": "y", "xanchor": "center", "yanchor": "middle"}
    fig.add_layout_image(source=uri(pixels), x=x, y=y, sizex=side, sizey=side, **place)


def add_words(fig: go.Figure, result: Result) -> None:
    """Folder and distance under each picture, the space above each row."""
    words, hover = ["<b>the query</b>"], ["the query"]
    places = [(QUERY_AT, ROW * (len(result.indices) - 1) / 2)]
    for (s, j), share in np.ndenumerate(result.shares):
        i = result.indices[s, j]
        places.append((j, ROW * s))
        words.append(f"{verbatim(short(result.folders[i]))}<br>{share:.2f}")
        hover.append(f"{verbatim(result.names[i])}: {share:.2f} of the mean distance")
    fig.add_scatter(
        x=[x for x, _ in places],
        y=[y + PICTURE / 2 + 0.06 for _, y in places],
        mode="text",
        text=words,
        textposition="bottom center",
        textfont={"size": 11, "color": text_colour()},
        hovertext=hover,
        hoverinfo="text",
        showlegend=False,
    )
    for s, space in enumerate(result.spaces):
        fig.add_annotation(
            x=-PICTURE / 2,
            y=ROW * s - PICTURE / 2,
            text=WORDS[space],
            showarrow=False,
            xanchor="left",
            yanchor="bottom",
            font={"color": looks()[space]["color"]},
        )


def short(name: str) -> str:
    """A folder's name, at most LONGEST_NAME letters."""
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def neighbour_table(result: Result) -> Table:
    """A row a rank: the file that each space has found, and its distance in mean distances to the gallery."""
    columns: Table = {"rank": list(range(1, result.indices.shape[1] + 1))}
    for s, space in enumerate(result.spaces):
        columns[WORDS[space]] = [result.names[i] for i in result.indices[s]]
        columns[f"distance, {WORDS[space]}"] = result.shares[s].round(4).tolist()
    return columns
