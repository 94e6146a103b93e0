"""What a report's page is laid out from: figures, pictures, tables, and the parts that hold them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.base.files import csv_text
from core.base.heavy import go

WIDTH = 700  # px: what is left of a sheet of A4, upright, between margins of 12 mm
MOST_CSV = 1_000_000  # bytes; larger tables are what the commands write
SMALL = 12  # px, of words on a figure
GAP = 12  # px of white between pictures side by side
Columns = Mapping[str, Sequence[Any]]  # a table: columns of one length by name


@dataclass(frozen=True, eq=False)
class Plot:
    """A Plotly figure, what it shows in words, and its numbers: the same on a page, on home and in a report.

    `table` makes the columns of its numbers when they are asked for, None where the figure has none of its own. On a
    report, where the figure has a fixed size: its `heading`, and `still`, what readers without scripts see, as an
    address, "" for nothing.
    """

    figure: go.Figure
    alt: str
    table: Callable[[], Columns] | None = None
    heading: str = ""
    still: str = ""

    def telling(self, sentence: str) -> Plot:
        """The same figure, its words followed by a sentence on what it shows."""
        return replace(self, alt=f"{self.alt}. {sentence}")


@dataclass(frozen=True)
class Picture:
    """A picture as a data address, shown `width` px wide with hard pixels."""

    address: str
    alt: str
    caption: str
    width: int


@dataclass(frozen=True)
class Pictures:
    """What a cell of a table may hold instead of a word: small pictures, each with its word below."""

    shown: tuple[tuple[str, str], ...]  # (address, word)


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of words, numbers or Pictures, all of one length."""

    caption: str
    columns: Columns

    @property
    def rows(self) -> list[tuple[object, ...]]:
        return list(zip(*self.columns.values(), strict=True))


def toolbar(name: str, *tools: Sequence[str]) -> dict[str, Any]:
    """Plotly's settings of a figure: groups of its tools, and a camera that saves a PNG of this name."""
    return {
        "displayModeBar": True,
        "displaylogo": False,
        "modeBarButtons": [*tools, ["toImage"]],
        "toImageButtonOptions": {"format": "png", "filename": name, "scale": 2},
        "scrollZoom": False,
        "doubleClick": False,
    }


def csv_address(columns: Columns) -> str:
    """A study's table as a CSV file's data address; "" beyond MOST_CSV bytes."""
    data = csv_text(columns).encode()
    return "data:text/csv;charset=utf-8;base64," + b64encode(data).decode() if len(data) <= MOST_CSV else ""


def printed(fig: go.Figure, width: int = WIDTH, height: int | None = None) -> go.Figure:
    """`fig` itself at a fixed size, the words around its axes no larger than those on them."""
    fig.update_layout(width=width, height=height or fig.layout.height, title_font_size=14)
    fig.update_layout(coloraxis_colorbar_title_font_size=SMALL)
    fig.update_xaxes(title_font_size=SMALL)
    fig.update_yaxes(title_font_size=SMALL)
    return fig


def beside(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """uint8 (H, W, 3) pictures of one height in a row, white between them."""
    white = np.full((len(pictures[0]), GAP, 3), 255, np.uint8)
    return np.concatenate([piece for picture in pictures for piece in (picture, white)][:-1], 1)


def enlarged(pixels: np.ndarray, side: int) -> np.ndarray:
    """uint8 (H, W, 3), repeated by the whole factor that brings it nearest below `side` px."""
    factor = max(1, side // max(pixels.shape[:2]))
    return pixels.repeat(factor, 0).repeat(factor, 1)
