"""Figures of the maps: the points of one space, the classes of a selection, and pictures as sheets of thumbnails.

The spaces are those that Xue & Roshan (arXiv 1806.05789) compare, and a trained network's.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from core.base.heavy import go
from core.base.worker import Progress, ignore
from core.figures import theme
from core.figures.blocks import Plot
from core.figures.palette import MUTED, USER, style, text_colour, uri, verbatim
from core.studies.random.maps import TITLES, Placed, Result, Space, class_mix

OKABE_ITO = ("#E69F00", "#56B4E9", "#009E73", "#CC79A7", "#0072B2", "#D55E00", "#F0E442", MUTED)
# Petroff 2021 (arXiv 2107.02270): ten colours that colour-blind readers tell apart
TEN = ("#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6", "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd")
SYMBOLS = ("circle", "diamond", "cross", "triangle-up", "square", "x", "star")  # one for every round of the colours
LABELLED = 40  # classes whose names still fit on a map
PAPER = {False: "rgba(255,255,255,0.7)", True: "rgba(14,17,23,0.66)"}  # behind names, for points to shine through
HEIGHT, TOOLS, MARGIN = 412, 44, 1.06  # px of a map and of its row of tools, and its side in widths of its points
DOT_AREA = 40_000  # square px that all dots together may fill
DOT_LIMITS = (2.5, 7.0)
SHAPES = 2_000  # points that a browser draws as shapes at ease
FADED = 0.12
MARKER = 18  # px of the placed picture's star
BAR = 26  # px a class
GAP = 4  # px between thumbnails
SHEET_PIXELS = 2**24  # a sheet is scaled down to about so many
LOSSLESS_PIXELS = 2**20  # larger ones go as JPEG
JPEG_QUALITY = 85


def class_colours(count: int) -> list[str]:
    """A colour for each of `count` classes; beyond ten they come again, with another symbol."""
    colours = OKABE_ITO if count <= len(OKABE_ITO) else TEN
    return [colours[i % len(colours)] for i in range(count)]


def class_symbols(count: int) -> list[str]:
    colours = len(OKABE_ITO) if count <= len(OKABE_ITO) else len(TEN)
    return [SYMBOLS[i // colours % len(SYMBOLS)] for i in range(count)]


def told_apart(result: Result, placed: Placed | None) -> dict[int, str]:
    """A colour for each class that stands out on a map, no two alike: all where there are ten at most, else those of
    the `placed` picture's neighbours, or without one the most frequent."""
    counts = np.bincount(result.labels, minlength=len(result.classes))
    shown = np.flatnonzero(counts)
    if len(shown) > len(TEN):
        near = () if placed is None else dict.fromkeys(result.labels[placed.nearest].tolist())
        shown = np.array(list(near or np.argsort(-counts, kind="stable"))[: len(TEN)])
    return dict(zip(shown.tolist(), class_colours(len(shown)), strict=True))


def map_figure(
    result: Result,
    space: Space,
    selected: Sequence[int] | None = None,
    placed: Placed | None = None,
    hover: bool = True,
    shapes: int = SHAPES,
) -> go.Figure:
    """The points of one space, coloured by class. The first trace holds the points in the Result's order.

    Points outside `selected` (rows of the Result) fade; `placed` is marked by a star. Without `hover` the points still
    tell the browser what the pointer is on, but show no label of their own. Up to `shapes` points are drawn as shapes,
    more by WebGL.
    """
    fig, found = go.Figure(), result.of(space)
    add = scattered(fig, len(result), shapes)
    add_points(add, result, found.positions, selected, hover)
    add_names(fig, result, found.positions, selected)
    if placed is not None:
        mark(fig, add, placed)
    style(fig)
    side = float(np.abs(found.positions).max()) * MARGIN
    fig.update_xaxes(visible=False, range=[-side, side])
    fig.update_yaxes(visible=False, range=[-side, side], scaleanchor="x")
    fig.update_layout(
        # below the row of tools
        title={
            "text": f"<b>{TITLES[space]}</b><br>nearest neighbour of the same class: {100 * found.agreement:.1f} %",
            "font": {"size": 14},
            "yref": "container",
            "y": 1 - TOOLS / HEIGHT,
            "yanchor": "top",
        },
        height=HEIGHT,
        margin={"l": 4, "r": 4, "t": 92, "b": 4},
        showlegend=False,
        dragmode=False,
        hovermode="closest",
    )
    return fig


def scattered(fig: go.Figure, points: int, shapes: int = SHAPES) -> Callable[..., go.Figure]:
    """What adds points to a figure: shapes where they are few, as a browser keeps few WebGL contexts."""
    found: Callable[..., go.Figure] = fig.add_scatter if points <= shapes else fig.add_scattergl
    return found


def add_points(
    add: Callable[..., go.Figure],
    result: Result,
    positions: np.ndarray,
    selected: Sequence[int] | None,
    hover: bool,
) -> None:
    """`add` one mark a picture at `positions` (N, 2), coloured and shaped by class; what is not `selected` is faded."""
    count = len(result.classes)
    low, high = DOT_LIMITS
    marker: dict[str, object] = {
        "color": np.array(class_colours(count))[result.labels],
        "size": float(np.clip(np.sqrt(DOT_AREA / len(result)), low, high)),
        "opacity": 0.85,
    }
    symbols = class_symbols(count)
    if len(set(symbols)) > 1:
        marker["symbol"] = np.array(symbols)[result.labels]
    said: dict[str, object] = {"hoverinfo": "none"}
    if hover:
        names = np.array([verbatim(name) for name in result.classes])[result.labels]
        said = {"text": names, "hovertemplate": "%{text}, picture %{customdata}<extra></extra>"}
        said["customdata"] = result.indices
    add(
        x=positions[:, 0],
        y=positions[:, 1],
        mode="markers",
        marker=marker,
        selectedpoints=None if selected is None else list(selected),
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": FADED}},
        **said,
    )


def add_names(fig: go.Figure, result: Result, positions: np.ndarray, selected: Sequence[int] | None = None) -> None:
    """Each class's name at the median of its points (N, 2); of many classes those that are wholly among the `selected`
    rows, and none where these are too many."""
    present = np.unique(result.labels)
    if len(present) > LABELLED:
        counts = np.bincount(result.labels)
        chosen = np.bincount(result.labels[list(selected or ())], minlength=len(counts))
        present = np.flatnonzero((chosen == counts) & (counts > 0))
    if len(present) > LABELLED:
        return
    for label in present:
        x, y = np.median(positions[result.labels == label], 0)
        add_words(fig, float(x), float(y), verbatim(result.classes[label]))


def add_words(fig: go.Figure, x: float, y: float, words: str, **shift: float) -> None:
    """Bold words among the points, which shine through."""
    look = {"bgcolor": PAPER[theme.dark()], "borderpad": 1, "font": {"size": 13, "color": text_colour()}}
    fig.add_annotation(x=x, y=y, text=f"<b>{words}</b>", showarrow=False, **look, **shift)


def mark(fig: go.Figure, add: Callable[..., go.Figure], placed: Placed) -> None:
    """`add` a star, with its words, where the reader's picture lies."""
    x, y = (float(v) for v in placed.position)
    add(  # ordinary traces lie below WebGL's
        x=[x],
        y=[y],
        mode="markers",
        marker={"symbol": "star", "size": MARKER, "color": USER, "line": {"color": text_colour(), "width": 2}},
        unselected={"marker": {"opacity": 1}},
        hoverinfo="skip",
    )
    add_words(fig, x, y, "your picture", yshift=MARKER)


def mix_figure(result: Result, selected: Sequence[int]) -> Plot:
    """How many of the selected points are of each class, the most frequent on top."""
    mix = class_mix(result.labels[list(selected)])
    total, colours = len(selected), class_colours(len(result.classes))
    fig = go.Figure()
    fig.add_bar(
        y=[verbatim(result.classes[label]) for label in mix],
        x=list(mix.values()),
        orientation="h",
        marker_color=[colours[label] for label in mix],
        text=[f"{count:,} · {100 * count / total:.0f} %" for count in mix.values()],
        textposition="outside",
        cliponaxis=False,
        hoverinfo="skip",
    )
    style(fig)
    fig.update_xaxes(visible=False, range=[0, max(mix.values()) * 1.35], fixedrange=True)
    fig.update_yaxes(
        autorange="reversed", type="category", fixedrange=True, nticks=len(mix), ticksuffix=" ", automargin=True
    )
    fig.update_layout(
        title_text=f"Classes of the {total:,} selected",
        height=72 + BAR * len(mix),
        margin={"l": 8, "r": 8, "t": 48, "b": 8},
        dragmode=False,
        showlegend=False,
    )
    return Plot(
        fig, f"How many of the {total:,} selected pictures are of each class", lambda: mix_table(result, selected)
    )


def mix_table(result: Result, selected: Sequence[int]) -> dict[str, list[str] | list[int] | list[float]]:
    """Classes of the `selected` pictures, the most frequent first: how many, and their share."""
    mix = class_mix(result.labels[list(selected)])
    return {
        "class": [result.classes[label] for label in mix],
        "pictures": list(mix.values()),
        "share": [count / len(selected) for count in mix.values()],
    }


def table(result: Result) -> dict[str, np.ndarray]:
    """Columns (N,): every point's picture, class, and place on every map."""
    columns = {"picture": result.indices, "class": np.array(result.classes)[result.labels]}
    for found in result.maps:
        for i, axis in enumerate("xy"):
            columns[f"{found.space} {axis}"] = found.positions[:, i]
    return columns


@dataclass(frozen=True)
class Sheet:
    """Thumbnails side by side in one picture, `columns` a row, each `height` x `width` pixels, as a data address."""

    source: str
    columns: int
    height: int
    width: int


def sheet(pictures: np.ndarray, progress: Progress = ignore) -> Sheet:
    """uint8 (N, H, W, C) on one sheet, about square; scaled down by a whole factor if it would be too large."""
    count, height, width, _ = pictures.shape
    factor = int(np.ceil(np.sqrt(max(1.0, count * height * width / SHEET_PIXELS))))
    factor = min(factor, height, width)
    small = shrunk(colour(pictures), factor)
    progress(1, 2)
    height, width = small.shape[1:3]
    columns = int(np.ceil(np.sqrt(count * height / width)))
    rows = -(-count // columns)
    pixels = np.zeros((rows * columns, height, width, 3), np.uint8)
    pixels[:count] = small
    found = Sheet(address(tiled(pixels, columns)), columns, height, width)
    progress(2, 2)
    return found


def tiled(cells: np.ndarray, columns: int) -> np.ndarray:
    """Pictures (rows * columns, H, W, C) side by side: (rows * H, columns * W, C)."""
    count, height, width, channels = cells.shape
    rows = cells.reshape(-1, columns, height, width, channels).swapaxes(1, 2)
    return rows.reshape(count // columns * height, columns * width, channels)


def thumbnails(pictures: np.ndarray, columns: int, factor: int) -> np.ndarray:
    """uint8 (N, H, W, C) enlarged by a whole factor, `columns` a row, clear gaps between: uint8 (H', W', 4)."""
    large = colour(pictures).repeat(factor, 1).repeat(factor, 2)
    count, height, width = large.shape[:3]
    columns = min(columns, count)
    rows = -(-count // columns)
    cells = np.zeros((rows * columns, height + GAP, width + GAP, 4), np.uint8)
    cells[:count, :height, :width, :3] = large
    cells[:count, :height, :width, 3] = 255
    return tiled(cells, columns)[:-GAP, :-GAP]


def colour(pictures: np.ndarray) -> np.ndarray:
    """uint8 (..., 1) or (..., 3) -> (..., 3)"""
    return np.broadcast_to(pictures, (*pictures.shape[:-1], 3))


def shrunk(pictures: np.ndarray, factor: int) -> np.ndarray:
    """Pictures (N, H, W, 3) whose pixels are means of `factor` x `factor` ones; what is left over is cut off."""
    if factor == 1:
        return pictures
    count, height, width = pictures.shape[0], pictures.shape[1] // factor, pictures.shape[2] // factor
    cells = pictures[:, : height * factor, : width * factor].reshape(count, height, factor, width, factor, 3)
    return np.asarray(cells.sum((2, 4), np.uint32) // factor**2, np.uint8)


def address(pixels: np.ndarray) -> str:
    """uint8 (H, W, 3) as a data address: PNG, or JPEG where that would be megabytes."""
    if pixels.shape[0] * pixels.shape[1] <= LOSSLESS_PIXELS:
        return uri(pixels)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=JPEG_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()
