"""Figures and tables of the transfer measurement (Kabir et al., arXiv 2007.03347)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from core.base.heavy import subplots
from core.base.intervals import mean_interval, verdict, with_interval
from core.figures import kit, palette
from core.figures.blocks import Plot
from core.studies.spinal.figures import MATCHED
from core.studies.spinal.transfer import HEADS, MODES, PAPER, Head, Result, difference, finding

if TYPE_CHECKING:
    pass

Cells = dict[str, list[str | int | float]]
SYMBOLS: dict[Head, str] = {"linear": "square-open", "hidden": "square", "spinal": "circle", "matched": "diamond"}
HEIGHT = 420  # px


def colours() -> dict[Head, str]:
    """Grey for the plain heads, blue for the spinal one, orange for the matched."""
    grey, blue = palette.network_colours([None, 3])
    return {"linear": grey, "hidden": grey, "spinal": blue, "matched": MATCHED}


def races(result: Result) -> Plot:
    """A panel a mode: every seed's accuracy, and mean and 95 % interval over the seeds."""
    titles = [f"{MODES[mode].capitalize()} trained" for mode in result.modes]
    fig = subplots.make_subplots(1, len(titles), subplot_titles=titles, shared_yaxes=True, horizontal_spacing=0.04)
    paint = colours()
    findings = " ".join(finding(result, mode) for mode in result.modes)
    for m in range(len(result.modes)):
        for h, head in enumerate(result.heads):
            values, look = 100 * result.accuracy[m, h], (paint[head], SYMBOLS[head])
            kit.seeds_with_interval(fig, h, values, HEADS[head], look, row=1, col=m + 1)
    fig.update_layout(height=HEIGHT, title="Four heads on one trained network")
    fig = palette.style(fig)
    labels = [HEADS[head].replace(" ", "<br>", 1) for head in result.heads]
    fig.update_xaxes(tickmode="array", tickvals=list(range(len(labels))), ticktext=labels, tickangle=0)
    fig.update_yaxes(title="test photographs right, %", col=1)
    fig.update_layout(margin={"t": 88, "b": 72}, title_y=0.97, title_yanchor="top")
    return Plot(
        fig, f"Accuracy of four heads, {' and '.join(MODES.values())} trained. {findings}", lambda: table(result)
    )


def table(result: Result) -> Cells:
    """A row a mode and head: size, mean and interval, spinal minus it in words, and every seed's accuracy in %."""
    places = [(m, h) for m in range(len(result.modes)) for h in range(len(result.heads))]
    columns: Cells = {"trained": [], "head": [], "head's parameters": [], "right, %": [], "spinal minus it": []}
    for m, h in places:
        mode, head = result.modes[m], result.heads[h]
        mean, half = difference(result, mode, head)
        words = f"{with_interval(mean, half, sign=True)}: {verdict(mean, half)}"
        columns["trained"].append(MODES[mode])
        columns["head"].append(HEADS[head])
        columns["head's parameters"].append(int(result.parameters[h]))
        columns["right, %"].append(with_interval(*mean_interval(100 * result.accuracy[m, h])))
        columns["spinal minus it"].append("" if head == "spinal" else words)
    for seed in range(result.accuracy.shape[2]):
        columns[f"seed {seed}, %"] = [round(100 * float(result.accuracy[m, h, seed]), 2) for m, h in places]
    return columns


def paper_table() -> Cells:
    """What the paper reports, and spinal minus plain in points."""
    return {
        "the paper's": [name for name, _, _ in PAPER],
        "plain, %": [f"{plain:.2f}" for _, plain, _ in PAPER],
        "spinal, %": [f"{spinal:.2f}" for _, _, spinal in PAPER],
        "spinal minus plain": [with_interval(spinal - plain, math.nan, sign=True) for _, plain, spinal in PAPER],
    }
