"""Figures of the depths: the picture that each stands for, and how sparse and how true its layers code.

Of SDNets whose layers are all coded (Dai et al., NeurIPS 2022).
"""

from __future__ import annotations

import numpy as np

from core.base.heavy import go
from core.base.prose import section
from core.figures import theme
from core.figures.blocks import Plot
from core.figures.palette import ACCENT, MUTED, add_picture, style
from core.studies.sparse.depths import Result, finding
from core.studies.sparse.figures import enlarged, panels, to_bytes

COLUMNS = 5
ROW = 24  # px a layer


def pictures(result: Result) -> Plot:
    """The coded picture, then what the stem and every block keep of it; r and the size of the maps above each."""
    heads = [f"<b>{section('sparse_codes', 'head coded')}</b><br> "]
    for name, r, (height, width) in zip(result.depths, result.correlation, result.sides, strict=True):
        heads.append(f"<b>{name}</b><br>r = {r:.2f} · {height} × {width}")
    shown = [result.coded, *result.pictures]
    rows = -(-len(shown) // COLUMNS)
    height, width = result.coded.shape[:2]
    blank = [""] * (rows * COLUMNS - len(heads))
    fig = panels([*heads, *blank], height, width, rows, horizontal_spacing=0.02, vertical_spacing=0.28 / rows)
    for i, pixels in enumerate(shown):
        add_picture(fig, i, enlarged(to_bytes(pixels)), height, width)
    fig.update_annotations(font={"size": theme.size(12)})
    each = min(240, max(90, 170 * height / width))
    fig.update_layout(
        title_text=section("sparse_codes", "head depths"),
        height=round(90 + rows * (each + 52)),
        margin={"l": 8, "r": 8, "t": 96, "b": 8},
    )
    return Plot(fig, f"The picture that each depth stands for. {finding(result)}", lambda: depth_table(result))


def curves(result: Result) -> Plot:
    """Relative residual and share of non-zero codes by layer."""
    fig = go.Figure()
    lines = (
        (section("sparse_codes", "residual line"), result.residual, ACCENT, "solid", "circle"),
        (section("sparse_codes", "share line"), result.nonzero, MUTED, "dash", "square"),
    )
    for name, values, colour, dash, symbol in lines:
        known = np.isfinite(values)
        said = [layer for layer, there in zip(result.layers, known, strict=True) if there]
        fig.add_scatter(
            x=values[known],
            y=np.arange(len(values))[known],
            name=name,
            mode="lines+markers",
            line={"color": colour, "width": 2.5, "dash": dash},
            marker={"color": colour, "size": 9, "symbol": symbol},
            text=said,
            hovertemplate=f"%{{text}}: %{{x:.3f}}<extra>{name}</extra>",
        )
    style(fig)
    height = 150 + ROW * len(result.layers)
    fig.update_layout(title_text=section("sparse_codes", "head layers"), height=height, margin={"l": 130, "b": 92})
    names = {"tickvals": list(range(len(result.layers))), "ticktext": list(result.layers), "nticks": 0}
    fig.update_yaxes(**names, range=[len(result.layers) - 0.5, -0.5], tickfont={"size": theme.size(12)})  # stem on top
    fig.update_xaxes(title_text=section("sparse_codes", "axis of shares"), range=[0, 1.04], showgrid=True)
    return Plot(
        fig,
        "Relative residual and share of non-zero codes of every coded layer, from the picture to the answer",
        lambda: table(result),
    )


def table(result: Result) -> dict[str, list[object]]:
    """The layers as columns; None where a layer's input is all zero."""
    return {
        "layer": list(result.layers),
        "relative residual": [float(v) if np.isfinite(v) else None for v in result.residual.round(5)],
        "codes not zero": result.nonzero.round(5).tolist(),
    }


def depth_table(result: Result) -> dict[str, list[object]]:
    """The depths as columns."""
    return {
        "depth": list(result.depths),
        "correlation with the picture": result.correlation.round(5).tolist(),
        "height of the maps": result.sides[:, 0].tolist(),
        "width of the maps": result.sides[:, 1].tolist(),
    }
