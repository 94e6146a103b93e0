"""Figures of the attack on SDNets (Dai et al., NeurIPS 2022): accuracy against the radius, its convergence, and one
picture before and after.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from core.base.heavy import go, subplots
from core.figures import kit
from core.figures.blocks import Plot, enlarged
from core.figures.palette import USER, accent, network_colours, paint, style, text_colour, translucent, verbatim
from core.studies.sparse.attack import NORM_WORDS, NORMS, Look, Norm
from core.studies.sparse.attack_dataset import Measured, finding, radius
from core.studies.sparse.figures import line

Table = dict[str, list[object]]
DASHES, SYMBOLS = ("solid", "dash", "dot"), ("circle", "diamond", "square")
GAIN = 10  # by which a difference is enlarged
SIDE = 288  # px of a picture on the screen


def looks(found: Measured) -> list[tuple[str, str, str]]:
    """(colour, dash, symbol) a subject: blue as trained, vermilion for a raised lambda, grey for the plain twin."""
    coded = iter((accent(), USER, text_colour()))
    grey = network_colours([None])[0]
    colours = [grey if lam is None else next(coded) for lam in found.lams]
    return [(colour, DASHES[i % 3], SYMBOLS[i % 3]) for i, colour in enumerate(colours)]


def curves(found: Measured) -> Plot:
    """One panel a norm: accuracy against eps, 0 being the untouched pictures; bands are 95 % intervals (Wilson)."""
    heads = [f"{NORM_WORDS[norm]} ball" for norm in NORMS]
    findings = " ".join(finding(found, norm) for norm in NORMS)
    fig = subplots.make_subplots(1, len(NORMS), shared_yaxes=True, subplot_titles=heads, horizontal_spacing=0.05)
    for column, norm in enumerate(NORMS, 1):
        eps, accuracy = from_zero(found, norm)
        words = [radius(norm, e) for e in eps]
        add_lines(fig, found, np.array(eps), accuracy, words, 1, column)
        title = "eps, pixels in [0, 1]" if norm == "l2" else "eps"
        fig.update_xaxes(title_text=title, tickvals=eps, ticktext=words, col=column)
    finish(fig, "What an attack through the solver leaves right", 430, "accuracy under attack")
    fig.update_yaxes(range=[-0.02, 1.0])
    alt = f"Accuracy under attack against the radius, one line a network and lambda. {findings}"
    return Plot(fig, alt, lambda: curve_table(found))


def from_zero(found: Measured, norm: Norm) -> tuple[list[float], np.ndarray]:
    """The radii, 0 first, and the accuracy (M, radii) of every subject there."""
    shown = found.curves[norm]
    return [0.0, *shown.eps.tolist()], np.concatenate([found.clean[:, None], shown.accuracy], 1)


def finish(fig: go.Figure, title: str, height: int, told: str) -> None:
    """What both figures of accuracies share; `told`: what stands along y."""
    style(fig)
    fig.update_layout(title=title, height=height, margin={"b": 96, "t": 84})
    fig.update_yaxes(tickformat=".0%")
    fig.update_yaxes(title_text=told, col=1)
    fig.update_annotations(font={"size": 13, "color": text_colour()})


def add_lines(
    fig: go.Figure, found: Measured, x: np.ndarray, accuracy: np.ndarray, words: list[str], row: int, col: int
) -> None:
    """The accuracies (M, E) of the subjects against x (E,), which reads `words`, in their bands; a legend in the first
    panel."""
    for title, (colour, dash, symbol), values in zip(found.titles, looks(found), accuracy, strict=True):
        panel: dict[str, Any] = {"legendgroup": title, "row": row, "col": col}
        low, high = found.interval(values).T
        kit.band(fig, x, low, high, translucent(colour, 0.16), **panel)
        panel["showlegend"], mark = row == col == 1, {"size": 8, "symbol": symbol}
        hover = f"{title}, %{{customdata}}: %{{y:.1%}}<extra></extra>"
        line(fig, x, values, title, colour, dash, mark=mark, customdata=words, hovertemplate=hover, **panel)


def curve_table(found: Measured) -> Table:
    """A row a norm and radius, with a column a subject: accuracy and its interval."""
    table: Table = {"norm": [], "eps": [], **{title: [] for title in found.titles}}
    for norm in NORMS:
        radii, accuracy = from_zero(found, norm)
        table["norm"] += [NORM_WORDS[norm]] * len(radii)
        table["eps"] += [radius(norm, eps) for eps in radii]
        for title, values, bands in zip(found.titles, accuracy, found.interval(accuracy), strict=True):
            table[title] += [f"{a:.1%} ({b[0]:.1%} to {b[1]:.1%})" for a, b in zip(values, bands, strict=True)]
    return table


def convergence(found: Measured) -> Plot:
    """One row a norm, at one radius each: accuracy against steps (left) and random starts (right)."""
    heads = []
    for norm in NORMS:
        run = found.convergence[norm]
        heads += [f"{NORM_WORDS[norm]} {radius(norm, run.eps)}, one start", f"the same, {run.steps_each} steps a start"]
    fig = subplots.make_subplots(len(NORMS), 2, shared_yaxes=True, subplot_titles=heads, vertical_spacing=0.24)
    for row, norm in enumerate(NORMS, 1):
        run = found.convergence[norm]
        sides = ((run.steps, run.by_steps, "steps"), (run.restarts, run.by_restarts, "random starts"))
        for column, (x, accuracy, name) in enumerate(sides, 1):
            add_lines(fig, found, x, accuracy, [f"{n} {name}" for n in x], row, column)
            fig.update_xaxes(title_text=name, type="log", tickvals=x, ticktext=[str(n) for n in x], row=row, col=column)
    finish(fig, "Has the attack converged? Flat to the right", 620, "accuracy")
    fig.update_yaxes(rangemode="tozero")
    alt = "Accuracy under attack against the number of steps and of random starts"
    return Plot(fig, alt, lambda: convergence_table(found))


def convergence_table(found: Measured) -> Table:
    """A row a norm, subject and number of steps or of starts."""
    rows = []
    for norm, run in found.convergence.items():
        for m, title in enumerate(found.titles):
            told = [(int(s), 1, a) for s, a in zip(run.steps, run.by_steps[m], strict=True)]
            told += [(run.steps_each, int(r), a) for r, a in zip(run.restarts, run.by_restarts[m], strict=True)]
            rows += [(NORM_WORDS[norm], radius(norm, run.eps), title, s, r, f"{a:.1%}") for s, r, a in told]
    heads = ("norm", "eps", "network", "steps", "random starts", "accuracy")
    return dict(zip(heads, map(list, zip(*rows, strict=True)), strict=True))


def before_and_after(look: Look) -> Plot:
    """The picture, the attacked one, and the difference (mean of the channels, times GAIN, zero-centred)."""
    said = [f"{look.labels[p.argmax()]} ({p.max():.2f})" for p in (look.before, look.after)]
    heads = [f"<b>{when}</b><br>{verbatim(words)}" for when, words in zip(("Before", "Attacked"), said, strict=True)]
    heads.append(f"<b>Difference × {GAIN}</b><br>blue darker, red lighter")
    fig = subplots.make_subplots(1, 3, subplot_titles=heads, horizontal_spacing=0.02)
    views = [(p * 255).round().astype(np.uint8) for p in (look.clean, look.adversarial)]
    views.append(paint(GAIN * look.difference.mean(2), 1.0))
    for column, view in enumerate(views, 1):
        fig.add_image(z=enlarged(view, SIDE), hoverinfo="skip", row=1, col=column)
    style(fig)
    fig.update_xaxes(visible=False, constrain="domain")
    fig.update_yaxes(visible=False, constrain="domain")
    fig.update_annotations(font={"size": 13, "color": text_colour()}, yshift=4)
    fig.update_layout(height=330, margin={"l": 8, "r": 8, "t": 60, "b": 8})
    alt = "The picture, the attacked picture and their difference enlarged ten times"
    return Plot(fig, alt, lambda: look_table(look))


def look_table(look: Look) -> Table:
    """The five most probable classes before, with their probabilities before and after."""
    best = np.argsort(-look.before, kind="stable")[:5]
    best = np.concatenate([best, np.setdiff1d(look.after.argmax(), best)])
    return {
        "class": [look.labels[i] for i in best],
        "before": look.before[best].round(4).tolist(),
        "after": look.after[best].round(4).tolist(),
    }
