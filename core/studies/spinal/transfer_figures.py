"""Figures and tables of heads on trained networks (Kabir et al., arXiv 2007.03347)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from core.base.heavy import go, subplots
from core.base.intervals import with_interval
from core.figures import kit, palette
from core.figures.blocks import Columns, Plot
from core.networks.card import title_of
from core.studies.spinal.figures import MATCHED, by_seed
from core.studies.spinal.heads import judged
from core.studies.spinal.transfer import (
    HEADS,
    MODES,
    PAPER,
    Features,
    Head,
    Params,
    Result,
    counts,
    finding,
    finding_on,
    minus,
)

SYMBOLS: dict[Head, str] = {"linear": "square-open", "hidden": "square", "spinal": "circle", "matched": "diamond"}


def colours() -> dict[Head, str]:
    """Grey for the plain heads, blue for the spinal one, orange for the matched."""
    grey, blue = palette.network_colours([None, 3])
    return {"linear": grey, "hidden": grey, "spinal": blue, "matched": MATCHED}


def panels(accuracy: np.ndarray, what: str, title: str, titles: Sequence[str] = ()) -> go.Figure:
    """Of accuracy (M, H, S) a panel each, with its title: every seed by head, and mean and 95 % interval over seeds."""
    count = len(accuracy)
    fig = subplots.make_subplots(1, count, subplot_titles=titles, shared_yaxes=True, horizontal_spacing=0.04)
    paint = colours()
    for m, rows in enumerate(100 * accuracy):
        for h, (head, name) in enumerate(HEADS.items()):
            kit.seeds_with_interval(fig, h, rows[h], name, (paint[head], SYMBOLS[head]), row=1, col=m + 1)
    palette.style(fig)
    labels = [name.replace(" ", "<br>", 1) for name in HEADS.values()]
    fig.update_xaxes(tickmode="array", tickvals=list(range(len(labels))), ticktext=labels, tickangle=0)
    fig.update_yaxes(title=f"{what} right, %", col=1)
    fig.update_layout(height=420, title_text=title, margin={"b": 72})
    return fig


def races(result: Result) -> Plot:
    """A panel a mode."""
    titles = [f"{MODES[mode].capitalize()} trained" for mode in result.modes]
    fig = panels(result.accuracy, "test photographs", "Four heads on one trained network", titles)
    fig.update_layout(margin={"t": 88}, title_y=0.97, title_yanchor="top")
    said = f"Accuracy of four heads, {' and '.join(MODES.values())} trained."
    return Plot(fig, " ".join([said, *(finding(result, mode) for mode in result.modes)]), lambda: table(result))


def race(found: Features, params: Params, accuracy: np.ndarray) -> Plot:
    """Accuracy (H, S) on a network's features."""
    title = title_of(found.network)
    fig = panels(accuracy[None], "test pictures", f"Four heads on the features of {palette.verbatim(title)}")
    alt = f"Accuracy of four heads on the features of {title}. {finding_on(found, accuracy)}"
    return Plot(fig, alt, lambda: table_on(found, params, accuracy))


def table(result: Result) -> Columns:
    """A row a mode and head: size, and what `standing` tells."""
    count = len(result.modes)
    return {
        "trained": [MODES[mode] for mode in result.modes for _ in HEADS],
        "head": list(HEADS.values()) * count,
        "head's parameters": result.parameters.tolist() * count,
        **standing(result.accuracy),
    }


def table_on(found: Features, params: Params, accuracy: np.ndarray) -> Columns:
    """A row a head: its size, and what `standing` tells of accuracy (H, S)."""
    sizes, products = zip(*(counts(found, params, head) for head in HEADS), strict=True)
    return {"head": list(HEADS.values()), "parameters": sizes, "multiplications": products, **standing(accuracy[None])}


def standing(accuracy: np.ndarray) -> Columns:
    """Of accuracy (M, H, S), M H rows: mean and interval, spinal minus it in words, and every seed's accuracy in %."""
    against = ["" if head == "spinal" else judged(minus(rows, head)) for rows in accuracy for head in HEADS]
    return by_seed(100 * np.concatenate(accuracy), "spinal minus it", against)


def paper_table() -> Columns:
    """What the paper reports, and spinal minus plain in points."""
    return {
        "the paper's": [name for name, _, _ in PAPER],
        "plain, %": [f"{plain:.2f}" for _, plain, _ in PAPER],
        "spinal, %": [f"{spinal:.2f}" for _, _, spinal in PAPER],
        "spinal minus plain": [with_interval(spinal - plain, math.nan, sign=True) for _, plain, spinal in PAPER],
    }
