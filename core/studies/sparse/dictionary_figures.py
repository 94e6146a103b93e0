"""Figures of the dictionary: the wall of atoms, one atom's codes and contribution, what the strongest rebuild.

Of the first layer of an SDNet (Dai et al., NeurIPS 2022, §3).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np

from core.base.heavy import go, sk_measure
from core.base.prose import section
from core.figures import kit, theme
from core.figures.blocks import Plot
from core.figures.palette import ACCENT, MUTED, USER, add_picture, style, text_colour
from core.studies.sparse.dictionary import Result, atom_pixels, signed_pixels
from core.studies.sparse.figures import add_signed, enlarged, line, panels, signed_axis, to_bytes

COLUMNS = 8  # atoms a row of the wall
ROW, ATOM = 1.5, 0.84  # height of a row and side of an atom, in widths of a column
THIN = "\u2009"  # space: on a phone an atom has 42 px
SQUARE = 76  # px of an atom's place that can be clicked
MAP_CELLS = 2**16  # a map holds at most so many cells: more than a screen shows, and slow to send
HOVERED = 2**14  # and as many that are only told when a pointer is over them
FADED = 0.35  # of the picture's contrast, under the codes
CODE_INK = {False: (0, 62, 110), True: (120, 200, 255)}  # the paper's blue, deep on white and light on black
COLOURS = ("red", "green", "blue")


def wall(result: Result, chosen: int) -> Plot:
    """The atoms by falling strength, number and usage under each, a frame around the chosen one.

    The last trace is a layer of invisible points, one an atom, whose customdata is the atom's number.
    """
    count = len(result.order)
    columns, rows = np.arange(count) % COLUMNS, ROW * (np.arange(count) // COLUMNS)
    fig = go.Figure()
    place = {"xref": "x", "yref": "y", "xanchor": "center", "yanchor": "middle", "sizing": "stretch"}
    for k, x, y in zip(result.order, columns, rows, strict=True):
        fig.add_layout_image(source=enlarged(atom_pixels(result, int(k))), x=x, y=y, sizex=ATOM, sizey=ATOM, **place)
    ink = text_colour()
    labels = [f"<b>{k}</b>{THIN}·{THIN}{share_text(result.usage[k])}" for k in result.order]
    look = {"textfont": {"size": 12, "color": ink}, "unselected": {"textfont": {"color": ink}}, "hoverinfo": "skip"}
    below = rows + ATOM / 2 + 0.1  # the frame
    fig.add_scatter(x=columns, y=below, mode="text", text=labels, textposition="bottom center", **look)
    at = result.rank(chosen) - 1
    kit.frame(fig, columns[at], rows[at], ATOM + 0.1, {"color": USER, "width": 3})
    said = [f"strength {np.sqrt(result.energy[k]):.4f}, {share_text(result.usage[k])} not zero" for k in result.order]
    unseen = {"mode": "markers", "opacity": 0, "marker": {"symbol": "square", "size": SQUARE}}
    hover = "atom %{customdata}<br>%{text}<extra></extra>"
    fig.add_scatter(x=columns, y=rows, customdata=result.order.tolist(), text=said, hovertemplate=hover, **unseen)
    style(fig)
    lay_out_wall(fig, -(-count // COLUMNS))
    return Plot(
        fig,
        f"The {count} atoms of the dictionary, the strongest first; atom {chosen} is framed",
        lambda: wall_table(result),
    )


def lay_out_wall(fig: go.Figure, lines: int) -> None:
    """Axes, in columns of atoms, and height of a wall of so many lines."""
    fig.update_xaxes(visible=False, range=[-0.6, COLUMNS - 0.4], fixedrange=True)
    fig.update_yaxes(
        visible=False, range=[ROW * lines - 0.75, -0.6], fixedrange=True, scaleanchor="x", constrain="domain"
    )
    fig.update_layout(
        title_text=section("sparse_codes", "head wall"),
        height=round(56 + 128 * lines),
        margin={"l": 8, "r": 8, "t": 48, "b": 8},
        showlegend=False,
        dragmode=False,
    )


def share_text(share: float) -> str:
    return "<1%" if 0 < share < 0.01 else f"{100 * share:.0f}%"


def curve(result: Result, n: int) -> Plot:
    """PSNR of the picture rebuilt from the n strongest atoms against n, the chosen n marked."""
    fig = go.Figure()
    numbers = np.arange(len(result.psnr))
    lines = [("the coded picture", result.psnr, ACCENT, "solid")]
    if len(result.psnr_clean):
        lines.append(("the clean picture", result.psnr_clean, MUTED, "dash"))
    for name, values, colour, dash in lines:  # a picture that is rebuilt exactly has no finite PSNR
        hover = f"%{{x}} atoms: %{{y:.2f}} dB from {name}<extra></extra>"
        line(fig, numbers, values, f"against {name}", colour, dash, mark={"size": 6}, hovertemplate=hover)
    if np.isfinite(result.psnr[n]):
        mark = {"color": USER, "size": 13, "symbol": "circle-open", "line": {"width": 3}}
        hover = "chosen: %{x} atoms, %{y:.2f} dB<extra></extra>"
        at = {"x": [n], "y": [result.psnr[n]]}
        fig.add_scatter(**at, mode="markers", showlegend=False, marker=mark, hovertemplate=hover)
    style(fig)
    fig.update_layout(
        title_text=section("sparse_codes", "head strongest"),
        height=340,
        showlegend=len(lines) > 1,
        margin={"t": 48, "b": 84 if len(lines) > 1 else 48},
    )
    fig.update_xaxes(title_text=section("sparse_codes", "axis strongest"), range=[-0.4, len(numbers) - 0.6])
    fig.update_yaxes(title_text="PSNR, dB")
    return Plot(
        fig,
        f"PSNR of the picture rebuilt from the n strongest atoms against n; {n} are chosen",
        lambda: curve_table(result),
    )


def code_map(result: Result, pixels: np.ndarray, atom: int) -> Plot:
    """The size of one channel's codes over the faded picture (H, W, 3) in [0, 1]; where the code is zero, it shows."""
    fig = go.Figure()
    add_picture(fig, 0, enlarged(faded(pixels)), *pixels.shape[:2])
    sizes = np.abs(result.codes[atom])
    add_map(fig, sizes, np.nanmax, result.stride, "code")  # the largest, so that a lone code is not lost
    style(fig)
    kit.pixel_panels(fig, *result.size, 1)
    r, g, b = CODE_INK[theme.dark()]
    fig.update_layout(
        coloraxis={
            "colorscale": [(0.0, f"rgba({r},{g},{b},0)"), (1.0, f"rgba({r},{g},{b},1)")],
            "cmin": 0,
            "cmax": float(sizes.max()) or 1.0,
            "colorbar": {"title": {"text": "code", "side": "right"}, "thickness": 10, "outlinewidth": 1},
        },
        title_text=section("sparse_codes", "head used", atom=atom),
        height=tall(result.size, 1, 420),
        margin={"l": 8, "r": 8, "t": 48, "b": 8},
    )
    return Plot(fig, f"Where atom {atom} is used: the size of its codes over the picture")


def contribution_maps(result: Result, contributed: np.ndarray, atom: int) -> Plot:
    """D_k * z_k, (H, W, 3): its colours around mid grey, and its three channels on one zero-centred scale."""
    limit = contribution_limit(contributed)
    fig = panels([section("sparse_codes", "head colours"), *COLOURS], *result.size, horizontal_spacing=0.02)
    add_picture(fig, 0, enlarged(signed_pixels(contributed, limit)), *contributed.shape[:2])
    for c, name in enumerate(COLOURS):
        add_signed_map(fig, contributed[..., c], limit, name, c + 1)
    fig.update_layout(
        coloraxis=signed_axis(limit),
        showlegend=False,
        title_text=section("sparse_codes", "head adds", atom=atom),
        height=tall(result.size, 4, 900) + 24,
        margin={"l": 8, "r": 8, "t": 72, "b": 8},
    )
    return Plot(fig, f"What atom {atom} contributes to the reconstruction: its colours, and red, green and blue apart")


def contribution_limit(contributed: np.ndarray) -> float:
    """Where the scale of a contribution (H, W, 3) ends: the 99th percentile of what is not zero, at least 1/255."""
    sizes = np.abs(contributed[contributed != 0])
    return max(float(np.percentile(sizes, 99)) if len(sizes) else 0.0, 1 / 255)


def faded(pixels: np.ndarray) -> np.ndarray:
    """[0, 1] (H, W, 3) -> uint8: grey, drawn near to the page's ground."""
    grey = FADED * pixels.mean(2, keepdims=True)
    return to_bytes(np.repeat(grey if theme.dark() else 1 - FADED + grey, 3, 2))


def in_blocks(values: np.ndarray, how: Callable[..., np.ndarray], most: int) -> tuple[np.ndarray, int]:
    """At most so many cells of (H, W): what `how` makes of each block (np.nanmax, np.nanmean: blocks at the right and
    at the bottom may be smaller), and the side of a block."""
    block = next(n for n in itertools.count(1) if math.prod(-(-side // n) for side in values.shape) <= most)
    return sk_measure.block_reduce(values.astype(np.float32), block, how, np.nan), block


def add_map(fig: go.Figure, values: np.ndarray, how: Callable[..., np.ndarray], stride: int, what: str) -> None:
    """A heat map of `values` (H, W), `stride` pixels of the picture apart, as `in_blocks` has them."""
    shown, block = in_blocks(values, how, MAP_CELLS)
    first, step = stride * (block - 1) / 2, stride * block
    hover = f"row %{{y}}, column %{{x}}<br>{what} %{{z:.3f}}<extra></extra>"
    fig.add_heatmap(z=shown, x0=first, dx=step, y0=first, dy=step, hovertemplate=hover, coloraxis="coloraxis")


def add_signed_map(fig: go.Figure, values: np.ndarray, limit: float, what: str, i: int) -> None:
    """Signed values (H, W), shares of white, as a picture in subplot `i`; an unseen map, of whole thousandths, tells
    what is hovered."""
    seen, cell = in_blocks(values, np.nanmean, MAP_CELLS)
    add_signed(fig, i, seen, limit, cell)
    told, block = in_blocks(values, np.nanmean, HOVERED)
    first, axis = (block - 1) / 2, str(i + 1)
    hover = f"row %{{y:.0f}}, column %{{x:.0f}}<br>{what} %{{z}}/1000<extra></extra>"
    place = {"x0": first, "dx": block, "y0": first, "dy": block, "xaxis": f"x{axis}", "yaxis": f"y{axis}"}
    fig.add_heatmap(z=np.rint(1000 * told).astype(np.int16), opacity=0, showscale=False, hovertemplate=hover, **place)


def tall(size: tuple[int, int], count: int, width: int) -> int:
    """px of a figure of `count` panels side by side that is about `width` px wide."""
    return round(64 + min(420, max(120, width / count * size[0] / size[1])))


def wall_table(result: Result) -> dict[str, list[object]]:
    """The atoms by falling strength, as columns."""
    order = result.order
    return {
        "rank": list(range(1, len(order) + 1)),
        "atom": order.tolist(),
        "codes not zero": result.usage[order].round(5).tolist(),
        "RMS of its contribution": np.sqrt(result.energy[order]).round(6).tolist(),
    }


def curve_table(result: Result) -> dict[str, Sequence[object]]:
    """PSNR against the number of atoms, as columns; None where the picture is rebuilt exactly."""
    columns: dict[str, Sequence[object]] = {"strongest atoms": list(range(len(result.psnr)))}
    for name, values in (("coded", result.psnr), ("clean", result.psnr_clean)):
        if len(values):
            column = [float(v) if np.isfinite(v) else None for v in values.round(3)]
            columns[f"PSNR against the {name} picture, dB"] = column
    return columns
