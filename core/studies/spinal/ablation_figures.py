"""Figures and tables of what the sizes of the spinal head of Kabir et al. (arXiv 2007.03347) do."""

from __future__ import annotations

import math

import numpy as np

from core.base.heavy import go
from core.base.intervals import mean_interval
from core.figures import palette
from core.figures.blocks import Columns, Plot
from core.models.heads import SHORT
from core.studies.spinal.ablation import PAPER, VARIED, Result, Setting, Vary, difference, finding
from core.studies.spinal.figures import by_seed
from core.studies.spinal.heads import judged

HEIGHT = 420  # px
TICKS = [1000 * 2**n for n in range(8)]  # parameters
OFFSET = 0.01  # of the axis: between two seeds' dots
PLAIN = Setting("fc", PAPER)


def sizes(result: Result, vary: Vary) -> Plot:
    """Accuracy against the head's parameters, mean and 95 % interval over seeds; for the order against the order,
    which changes no parameter."""
    by_size = vary != "order"
    fig = go.Figure()
    for i, (setting, name) in enumerate(named(result, vary)):
        add(fig, result, setting, name, result.count(setting) if by_size else i, by_size)
    fig.update_layout(height=HEIGHT, title=f"Accuracy by the {VARIED[vary]}")
    fig = palette.style(fig)
    if by_size:
        fig.update_xaxes(type="log", title="parameters of the head", tickvals=TICKS, ticktext=[f"{n:,}" for n in TICKS])
    else:
        fig.update_xaxes(showticklabels=False, range=[-0.6, len(result.params.order) + 0.6])
    fig.update_yaxes(title="test pictures right, %")
    return Plot(
        fig,
        f"Accuracy of spinal heads by the {VARIED[vary]}, with 95 % intervals. {finding(result, vary)}",
        lambda: table(result, vary),
    )


def named(result: Result, vary: Vary) -> list[tuple[Setting, str]]:
    """The settings that the figure shows, the plain head last, and what each is called there."""
    own = [(Setting("spinal", shape), str(getattr(shape, vary))) for shape in result.params.shapes(vary)]
    return [*own, (PLAIN, f"{SHORT['fc']} head")]


def add(fig: go.Figure, result: Result, setting: Setting, name: str, place: float, log: bool) -> None:
    """A setting's seeds, mean, interval and name at `place` of a logarithmic axis or a plain one."""
    grey, blue = palette.network_colours([None, 3])
    plain, paper = setting == PLAIN, setting == Setting("spinal", PAPER)
    colour, symbol = (grey, "square") if plain else (blue, "diamond" if paper else "circle")
    values = result.row(setting)
    mean, half = mean_interval(values)
    steps = OFFSET * (np.arange(len(values)) - (len(values) - 1) / 2)
    fig.add_scatter(
        x=place * (1 + steps) if log else place + 3 * steps, y=values, mode="markers", showlegend=False,
        hoverinfo="skip", marker={"color": palette.translucent(colour, 0.35), "size": 5, "symbol": symbol},
    )  # fmt: skip
    half = 0 if math.isnan(half) else half
    fig.add_scatter(
        x=[place], y=[mean], mode="markers", showlegend=False,
        marker={"color": colour, "size": 13 if paper else 10, "symbol": symbol},
        error_y={"array": [half], "thickness": 2, "width": 6, "color": colour},
        hovertemplate=f"{name}, {result.count(setting):,} parameters: {mean:.2f} %<extra></extra>",
    )  # fmt: skip
    fig.add_annotation(
        x=math.log10(place) if log else place,
        y=min(mean - half, values.min()) if plain else max(mean + half, values.max()),
        text=f"{name}, the paper's" if paper else name, showarrow=False, font={"color": colour},
        yanchor="top" if plain else "bottom", yshift=-4 if plain else 4,  # a neighbour's name is on the other side
    )  # fmt: skip


def table(result: Result, vary: Vary) -> Columns:
    """A row a value, and the plain head: size, mean and interval, difference to the paper's value, every seed in %."""
    settings, names = zip(*named(result, vary), strict=True)
    spinal = [s.shape for s in settings[:-1]]
    changes = ["" if shape == PAPER else judged(difference(result, shape)) for shape in spinal]
    return {
        VARIED[vary]: names,
        "head's parameters": [result.count(s) for s in settings],
        **by_seed(np.stack([result.row(s) for s in settings]), "minus the paper's", [*changes, ""]),
    }
