"""What several figures are drawn with: bands, whiskers, seeds beside their mean, labels at lines' ends, panels of
pixels. Plotly itself is not imported here: each takes the figure that it draws on.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from core.base.heavy import go
from core.base.intervals import mean_interval, with_interval
from core.figures.palette import translucent

SEEDS, MEAN_AT = (-0.22, 0.11), 0.32  # of a place's width: where its seeds lie, and their mean to the right of them


def band(
    fig: go.Figure, x: Sequence[float] | np.ndarray, low: np.ndarray, high: np.ndarray, fill: str, **place: Any
) -> None:
    """The area from `low` to `high` (N,) along `x` (N,), without outline or legend; `place`: row, col, legendgroup."""
    fig.add_scatter(
        x=np.concatenate([x, x[::-1]]), y=np.concatenate([high, low[::-1]]), mode="none", fill="toself",
        fillcolor=fill, hoverinfo="skip", showlegend=False, **place,
    )  # fmt: skip


def whiskers(values: np.ndarray, low: np.ndarray, high: np.ndarray, **look: Any) -> dict[str, Any]:
    """Error bars of `values` (N,) that end at `low` and `high`; `look`: colour, thickness and width of their ends."""
    return {"type": "data", "symmetric": False, "array": high - values, "arrayminus": values - low, **look}


def seeds_with_interval(
    fig: go.Figure,
    place: float,
    values: np.ndarray,
    name: str,
    look: tuple[str, str],
    *,
    unit: str = " %",
    seeds: tuple[float, float] = SEEDS,
    mean_at: float = MEAN_AT,
    mark: dict[str, Any] | None = None,
    mean_mark: dict[str, Any] | None = None,
    **panel: Any,
) -> None:
    """Each seed's value (S,), NaN for one to come, as a pale mark around a place of the x axis, and to the right of
    them their mean with its 95 % interval. `look`: colour and symbol; `mark`, `mean_mark`: what differs from the usual.
    """
    colour, symbol = look
    known = np.flatnonzero(~np.isnan(values))
    at = np.linspace(*seeds, len(values))
    fig.add_scatter(
        x=place + at[known], y=values[known], mode="markers", customdata=known,
        marker={"color": translucent(colour, 0.45), "size": 6, "symbol": symbol} | (mark or {}),
        hovertemplate=f"{name}, seed %{{customdata}}: %{{y:.2f}}{unit}<extra></extra>", showlegend=False, **panel,
    )  # fmt: skip
    mean, half = mean_interval(values)
    if math.isnan(mean):
        return
    fig.add_scatter(
        x=[place + mean_at], y=[mean], mode="markers",
        marker={"color": colour, "size": 11, "symbol": symbol} | (mean_mark or {}),
        error_y={"array": [0 if math.isnan(half) else half], "thickness": 2, "width": 6, "color": colour},
        hovertemplate=f"{name}: {with_interval(mean, half)}{unit}<extra></extra>", showlegend=False, **panel,
    )  # fmt: skip


def end_labels(fig: go.Figure, ends: Sequence[tuple[float, str, str]], gap: float, **place: Any) -> None:
    """(height, words, colour) of each line's end, written there in its colour; moved up where closer than `gap`."""
    for y, (_, words, colour) in zip(apart([end[0] for end in ends], gap), ends, strict=True):
        font = {"color": colour} | place.get("font", {})
        fig.add_annotation(text=words, y=y, xanchor="left", showarrow=False, **(place | {"font": font}))


def apart(values: Sequence[float], gap: float) -> list[float]:
    """The values, in their order, moved up where they would be closer than `gap`."""
    placed = np.array(values, float)
    order = np.argsort(placed, kind="stable")
    for below, above in itertools.pairwise(order):
        placed[above] = max(placed[above], placed[below] + gap)
    return [float(v) for v in placed]


def pixel_panels(fig: go.Figure, height: int, width: int, count: int) -> None:
    """Axes of `count` pictures of `height` x `width` px side by side: square pixels, the origin at top left, unseen."""
    fig.update_xaxes(visible=False, range=[-0.5, width - 0.5], constrain="domain")
    fig.update_yaxes(visible=False, range=[height - 0.5, -0.5], constrain="domain")
    for i in range(count):
        axis = str(i + 1 if i else "")
        fig.update_layout({f"xaxis{axis}": {"anchor": f"y{axis}"}, f"yaxis{axis}": {"scaleanchor": f"x{axis}"}})


def frame(fig: go.Figure, x: float, y: float, side: float, line: dict[str, Any], panel: int = 0) -> None:
    """A square of `side` around a place of a panel (0 is the first)."""
    axis, half = str(panel + 1 if panel else ""), side / 2
    fig.add_shape(
        type="rect", xref=f"x{axis}", yref=f"y{axis}", x0=x - half, x1=x + half, y0=y - half, y1=y + half, line=line
    )
