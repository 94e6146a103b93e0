"""Figures of the construction (Kabir et al., arXiv 2007.03347, §II): two outputs that are one curve, and what each
layer is there for.
"""

from __future__ import annotations

import math

import numpy as np

from core.base.heavy import go
from core.base.prose import section
from core.figures import palette
from core.figures.blocks import Plot
from core.studies.spinal.diagram import LETTERS
from core.studies.spinal.why import Twins

LARGE, SMALL = 20, 7  # px of a layer's mark, where columns are few and where they are many
PER_COLUMN = 200  # px that the marks of a row take together, at most
CURVE_HEIGHT, ROW = 380, 30  # px
Cell = str | int | float | None


def curves(twins: Twins) -> Plot:
    """Both outputs over one another, the function that was fitted, and where hidden units bend the curve."""
    grey, blue = palette.network_colours([None, 3])
    fig = go.Figure()
    fig.add_scatter(
        x=twins.t, y=twins.goal, mode="lines", name=section("spinal_heads", "fig goal"), hoverinfo="skip",
        line={"color": palette.MUTED, "width": 1.5, "dash": "dot"},
    )  # fmt: skip
    fig.add_scatter(
        x=twins.t, y=twins.plain, mode="lines", name=section("spinal_heads", "plain"), hoverinfo="skip",
        line={"color": palette.translucent(grey, 0.55), "width": 9},
    )  # fmt: skip
    fig.add_scatter(
        x=twins.t, y=twins.spinal, mode="lines", name=section("spinal_heads", "fig by hand"),
        line={"color": blue, "width": 2.5}, customdata=twins.spinal - twins.plain,
        hovertemplate="t = %{x:.2f}<br>spinal %{y:.4f}<br>spinal − plain %{customdata:.1e}<extra></extra>",
    )  # fmt: skip
    fig.add_scatter(
        x=twins.bends, y=twins.bend_heights, mode="markers", name=section("spinal_heads", "fig bends"),
        hoverinfo="skip",
        marker={"symbol": "circle-open", "size": 8, "color": palette.text_colour(), "line": {"width": 1.5}},
    )  # fmt: skip
    palette.style(fig)
    fig.update_layout(title_text=f"<b>{section('spinal_heads', 'fig two')}</b>", height=CURVE_HEIGHT)
    fig.update_xaxes(title_text=section("spinal_heads", "fig along"))
    fig.update_yaxes(title_text=section("spinal_heads", "fig output"))
    return Plot(
        fig,
        f"The output of a plain network of {twins.toy.units} hidden units along a line, and of a spinal network set to "
        f"equal it: they lie on one another, at most {twins.difference:.1g} apart",
        lambda: curve_table(twins),
    )


def wiring(twins: Twins) -> Plot:
    """A mark a layer: rows are parts, and a column is a group of layers that compute some hidden units together."""
    split = twins.toy.split
    group, holds = np.arange(twins.layers) // split + 1, twins.held > 0
    groups = int(group[-1])
    size = min(LARGE, max(SMALL, PER_COLUMN / groups))
    blue = palette.network_colours([3])[0]
    fig = go.Figure()
    for column in range(1, groups + 1):
        mine = np.flatnonzero(group == column)
        chain = [i for i in mine if twins.linked[i]]
        for i in chain:
            fig.add_shape(
                type="line", layer="below", x0=column, x1=column, y0=twins.part[i - 1], y1=twins.part[i],
                line={"color": palette.MUTED, "width": 1.5},
            )  # fmt: skip
    words = described(twins)
    for chosen, name, symbol, colour in (
        (~holds, section("spinal_heads", "fig carries"), "square", palette.MUTED),
        (holds, section("spinal_heads", "fig holds"), "circle", blue),
    ):
        at = np.flatnonzero(chosen)
        fig.add_scatter(
            x=group[at], y=twins.part[at], mode="markers", name=name, text=[words[i] for i in at],
            marker={"symbol": symbol, "size": size, "color": colour}, hovertemplate="%{text}<extra></extra>",
            showlegend=True,
        )  # fmt: skip
    palette.style(fig)
    fig.update_layout(
        title_text=f"<b>{section('spinal_heads', 'fig columns', layers=twins.layers)}</b>", height=CURVE_HEIGHT
    )
    fig.update_xaxes(
        title_text=section("spinal_heads", "fig group"), range=[0.4, groups + 0.6], tick0=1, dtick=math.ceil(groups / 8)
    )
    fig.update_yaxes(
        title_text=section("spinal_heads", "fig sees"), range=[split - 0.5, -0.5], showgrid=False,
        tickvals=list(range(split)), ticktext=list(LETTERS[:split]),
    )  # fmt: skip
    return Plot(
        fig,
        f"The {twins.layers} layers of the spinal network: those that see the last part hold hidden units, the "
        "others carry sums on",
        lambda: wiring_table(twins),
    )


def described(twins: Twins) -> list[str]:
    """What each layer is there for, in words."""
    words = []
    for i, (part, carried, held) in enumerate(zip(twins.part, twins.carried, twins.held, strict=True)):
        task = f"holds hidden units: {held}" if held else f"carries sums: {carried}, as two numbers each"
        words.append(f"<b>h{i + 1}</b> sees part {LETTERS[part]}<br>{task}")
    return words


def curve_table(twins: Twins) -> dict[str, list[float]]:
    """Both outputs at every tenth point."""
    every = slice(None, None, 10)
    return {
        "t": twins.t[every].round(2).tolist(),
        "to be fitted": twins.goal[every].round(4).tolist(),
        "plain": twins.plain[every].round(4).tolist(),
        "spinal": twins.spinal[every].round(4).tolist(),
        "spinal − plain": (twins.spinal - twins.plain)[every].tolist(),
    }


def wiring_table(twins: Twins) -> dict[str, list[Cell]]:
    """One row a layer."""
    return {
        "layer": [f"h{i + 1}" for i in range(twins.layers)],
        "sees part": [LETTERS[part] for part in twins.part],
        "takes from the layer before": ["yes" if linked else "no" for linked in twins.linked],
        "sums carried on": twins.carried.tolist(),
        "hidden units held": twins.held.tolist(),
    }
