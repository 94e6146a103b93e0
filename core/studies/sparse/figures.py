"""Figures of the sparse codes: the three pictures, what lambda does to code and answer, and the solver's objective.

Of the first layer of an SDNet (Dai et al., NeurIPS 2022).
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from core.base.heavy import go, subplots
from core.base.prose import section
from core.figures import blocks, kit, theme
from core.figures.blocks import Plot
from core.figures.palette import (
    ACCENT,
    MUTED,
    USER,
    add_picture,
    paint,
    signed_scale,
    style,
    text_colour,
    uri,
    verbatim,
)
from core.studies.sparse.codes import SOLVER_NAMES, Params, Result, decibels, finding, psnr

LOSSLESS = 64  # px: up to this side every pixel counts
QUALITY = 65  # of the WebP pictures beyond: some 10 kB each
SHADES = 65  # of signed values: no eye tells two neighbours apart
SCREEN_SIDE = 320  # px to which small pictures are enlarged by whole factors
TRUE = "#CC79A7"  # Okabe-Ito purple: how true the code rebuilds
LOOKS = ((ACCENT, "solid"), (USER, "dash"), (MUTED, "dot"))  # colour and dash of up to three lines
SOLVER_TITLES = {"textbook": "FISTA, textbook", "paper": "FISTA, the paper's form", "ista": "ISTA"}


def to_bytes(pixels: np.ndarray) -> np.ndarray:
    """[0, 1] -> uint8 of the same shape, clipped."""
    return np.asarray((pixels.clip(0, 1) * 255).round().astype(np.uint8))


def address(pixels: np.ndarray) -> str:
    """uint8 (H, W, 3) as a data address: small pictures to the last bit, larger ones as a browser needs them."""
    if max(pixels.shape[:2]) <= LOSSLESS:
        return uri(pixels)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "WEBP", quality=QUALITY, method=4)
    return "data:image/webp;base64," + base64.b64encode(stream.getvalue()).decode()


def enlarged(pixels: np.ndarray) -> str:
    """uint8 (H, W, 3) as a data address; a small picture enlarged by a whole factor with hard pixels."""
    return address(pixels) if max(pixels.shape[:2]) > LOSSLESS else uri(blocks.enlarged(pixels, SCREEN_SIDE))


def line(
    fig: go.Figure,
    x: np.ndarray,
    y: np.ndarray,
    name: str,
    colour: str,
    dash: str = "solid",
    *,
    width: float = 2.5,
    mark: Mapping[str, object] | None = None,
    **more: Any,
) -> None:
    """The values (N,) that are finite along x (N,); `mark`: their markers, for which there are none by default."""
    known = np.isfinite(y)
    marks = {"mode": "lines+markers", "marker": {"color": colour, **mark}} if mark else {"mode": "lines"}
    look = {"color": colour, "width": width, "dash": dash}
    fig.add_scatter(x=x[known], y=y[known], name=name, line=look, **marks, **more)


def panels(heads: Sequence[str], height: int, width: int, rows: int = 1, **gaps: float) -> go.Figure:
    """Axes of pictures of `height` x `width` px side by side, as many in each row, with a head each."""
    columns = -(-len(heads) // rows)
    fig = subplots.make_subplots(rows, columns, subplot_titles=heads, **gaps)
    style(fig)
    kit.pixel_panels(fig, height, width, rows * columns)
    fig.update_annotations(font={"size": theme.size(13), "color": text_colour()})
    return fig


def signed_axis(limit: float, **bar: float) -> dict[str, object]:
    """The colour axis of signed pixel values that ends at -limit and +limit."""
    looks = {
        "title": {"text": section("sparse_codes", "share of white"), "side": "right"},
        "thickness": 10,
        "outlinewidth": 0,
        **bar,
    }
    return {"colorscale": signed_scale(), "cmin": -limit, "cmax": limit, "colorbar": looks}


def signed_address(values: np.ndarray, limit: float) -> str:
    """Signed values (H, W) as a data address, in SHADES colours of `signed_axis`: a tenth of what the numbers weigh."""
    each = np.linspace(-limit, limit, SHADES)
    nearest = np.rint((values.clip(-limit, limit) / limit + 1) * (SHADES - 1) / 2).astype(np.uint8)
    image = Image.fromarray(blocks.enlarged(nearest, SCREEN_SIDE), "P")
    image.putpalette(paint(each, limit).tobytes())
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()


def add_signed(fig: go.Figure, i: int, values: np.ndarray, limit: float, cell: int = 1) -> None:
    """Signed `values` (H, W) as a picture in subplot `i`, each over `cell` x `cell` pixels. An unseen point brings the
    scale of the colours."""
    add_picture(fig, i, signed_address(values, limit), *(side * cell for side in values.shape))
    axis = str(i + 1 if i else "")
    unseen = {"color": [0.0], "coloraxis": "coloraxis", "opacity": 0}
    fig.add_scatter(x=[0], y=[0], mode="markers", marker=unseen, hoverinfo="skip", xaxis=f"x{axis}", yaxis=f"y{axis}")


def pictures(result: Result, titles: Sequence[str]) -> Plot:
    """Noisy picture, reconstruction and residual side by side; the residual (mean of the channels) is zero-centred."""
    height, width = result.clean.shape[:2]
    before, after = (decibels(psnr(result.clean, pixels)) for pixels in (result.noisy, result.reconstruction))
    short = section("sparse_codes", "head difference").replace(" − ", "<br>− ")
    heads = [  # short lines: on a phone a picture has 110 px
        f"<b>{section('sparse_codes', 'head noisy')}</b><br>{before}",
        f"<b>{section('sparse_codes', 'head rebuilt')}</b><br>λ = {result.lam:g}<br>{after}",
        f"<b>{section('sparse_codes', 'head residual')}</b><br>{short}",
    ]
    fig = panels(heads, height, width, horizontal_spacing=0.03)
    for i, pixels in enumerate((result.noisy, result.reconstruction)):
        add_picture(fig, i, enlarged(to_bytes(pixels)), height, width)
    residual = result.residual.mean(2)
    limit = max(float(np.percentile(np.abs(residual), 99)), 1 / 255)
    add_signed(fig, 2, residual, limit)
    fig.update_annotations(yshift=4)
    fig.update_layout(
        coloraxis=signed_axis(limit, len=0.9), height=396, showlegend=False, margin={"l": 8, "r": 8, "t": 72, "b": 8}
    )
    return Plot(fig, f"Noisy picture, reconstruction and residual side by side. {finding(result, titles)}")


def shown_classes(result: Result) -> list[int]:
    """The classes whose curves are drawn: the most probable one at any lambda first."""
    chosen = result.probability[result.at(result.lam)]
    best = result.probability.max(0)
    order = sorted(range(len(best)), key=lambda c: (c != chosen.argmax(), -best[c]))
    return order[: len(LOOKS)]


def along_lambda(result: Result) -> Plot:
    """Above: the answer's probability against lambda; below: how many codes are not zero, and how true they rebuild."""
    heads = (section("sparse_codes", "head answers"), section("sparse_codes", "head sparse"))
    fig = subplots.make_subplots(
        2,
        1,
        shared_xaxes=True,
        vertical_spacing=0.1,
        row_heights=[0.52, 0.48],
        specs=[[{}], [{"secondary_y": True}]],
        subplot_titles=[f"<b>{head}</b>" for head in heads],
    )
    for c, look in zip(shown_classes(result), LOOKS, strict=False):
        line(fig, result.lams, result.probability[:, c], verbatim(result.labels[c]), *look, row=1, col=1)
    line(
        fig, result.lams, result.nonzero, section("sparse_codes", "codes line"), text_colour(), "longdash", row=2, col=1
    )
    line(fig, result.lams, result.psnr, "PSNR, dB", TRUE, "dashdot", row=2, col=1, secondary_y=True)
    style(fig)
    marks = [(result.lam, "", "solid"), (result.training_lam, section("sparse_codes", "mark trained"), "dot")]
    if not math.isnan(result.estimated_lam):
        marks.append((result.estimated_lam, section("sparse_codes", "mark estimated"), "dash"))
    for lam, name, dash in marks:
        fig.add_vline(lam, line={"color": text_colour(), "width": 1, "dash": dash}, row="all")
        fig.add_annotation(x=lam, y=1, yref="y domain", text=name, showarrow=False, xshift=4, xanchor="left",
                           yanchor="top", font={"size": theme.size(12), "color": text_colour()})  # fmt: skip
    fig.update_xaxes(title_text=section("sparse_codes", "axis lambda"), row=2, col=1)
    fig.update_yaxes(title_text=section("sparse_codes", "axis probability"), range=[0, 1.02], row=1, col=1)
    fig.update_yaxes(
        title_text=section("sparse_codes", "axis share"), rangemode="tozero", row=2, col=1, secondary_y=False
    )
    fig.update_yaxes(title_text="PSNR, dB", tickformat=".1f", row=2, col=1, secondary_y=True, showgrid=False)
    fig.update_annotations(selector={"yref": "paper"}, x=0, xanchor="left", font={"size": theme.size(14)})
    fig.update_layout(height=440, margin={"l": 56, "r": 56, "t": 36, "b": 76})
    return Plot(
        fig, "Probability of the answer, share of non-zero codes and PSNR against lambda", lambda: table(result)
    )


def objective(values: np.ndarray, params: Params) -> Plot:
    """The objective (S, T) of `codes.descend`, S solvers after each of T steps, the chosen number of steps marked."""
    fig = go.Figure()
    steps = np.arange(1, values.shape[1] + 1)
    for solver, found, look in zip(SOLVER_NAMES, values, LOOKS, strict=True):
        line(fig, steps, found, SOLVER_TITLES[solver], *look)
    row = values[SOLVER_NAMES.index(params.solver)]
    at = min(params.steps, len(row))
    mark = {"color": text_colour(), "size": 11, "symbol": "circle-open", "line": {"width": 2.5}}
    chosen = {"mode": "markers", "marker": mark, "name": section("sparse_codes", "mark chosen"), "showlegend": False}
    fig.add_scatter(x=[at], y=[row[at - 1]], hovertemplate="%{x} steps: %{y:.1f}<extra></extra>", **chosen)
    style(fig)
    fig.update_layout(title_text=f"<b>{section('sparse_codes', 'head objective')}</b>", height=320)
    fig.update_xaxes(title_text=section("sparse_codes", "axis steps"), type="log", tickvals=[1, 2, 5, 10, 20, 50])
    fig.update_yaxes(title_text="½‖x − D∗z‖² + λ‖z‖₁")
    return Plot(fig, f"The objective after 1 to {len(steps)} steps of three solvers", lambda: objective_table(values))


def table(result: Result) -> dict[str, list[object]]:
    """The curves over lambda as columns."""
    p = result.probability
    return {
        "lambda": result.lams.round(4).tolist(),
        "non-zero codes": result.nonzero.round(5).tolist(),
        "PSNR, dB": result.psnr.round(3).tolist(),
        "answer": [result.labels[i] for i in p.argmax(1)],
        "probability": p.max(1).round(5).tolist(),
    }


def objective_table(values: np.ndarray) -> dict[str, Sequence[object]]:
    """A row a step, a column a solver: of the objective (S, T) after it."""
    return {"steps": list(range(1, values.shape[1] + 1))} | {
        SOLVER_TITLES[solver]: found.round(4).tolist() for solver, found in zip(SOLVER_NAMES, values, strict=True)
    }
