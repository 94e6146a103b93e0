"""Figures of the attack on SDNets (Dai et al., NeurIPS 2022): accuracy against the radius, its convergence, and one
picture before and after.
"""

from __future__ import annotations

import numpy as np

from core.base.heavy import go, subplots
from core.figures import kit
from core.figures.blocks import Plot, enlarged
from core.figures.palette import USER, accent, network_colours, paint, style, text_colour, translucent, verbatim
from core.studies.sparse.attack import NORM_WORDS, NORMS, Look
from core.studies.sparse.attack_dataset import Measured, finding, radius

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
        shown = found.curves[norm]
        eps = np.concatenate([[0.0], shown.eps])
        for m, (title, look) in enumerate(zip(found.titles, looks(found), strict=True)):
            accuracy = np.concatenate([found.clean[m : m + 1], shown.accuracy[m]])
            words = [radius(norm, float(e)) for e in eps]
            add_line(fig, eps, accuracy, words, found.interval(accuracy), title, look, (1, column), column == 1)
        fig.update_xaxes(
            title_text="eps, pixels in [0, 1]" if norm == "l2" else "eps",
            tickvals=eps,
            ticktext=[radius(norm, float(e)) for e in eps],
            col=column,
        )
    style(fig)
    fig.update_layout(title="What an attack through the solver leaves right", height=430, margin={"b": 96, "t": 84})
    fig.update_yaxes(range=[-0.02, 1.0], tickformat=".0%")
    fig.update_yaxes(title_text="accuracy under attack", col=1)
    fig.update_annotations(font={"size": 13, "color": text_colour()})
    return Plot(
        fig,
        f"Accuracy under attack against the radius, one line a network and lambda. {findings}",
        lambda: curve_table(found),
    )


def add_line(
    fig: go.Figure,
    x: np.ndarray,
    accuracy: np.ndarray,
    words: list[str],
    band: np.ndarray,
    title: str,
    look: tuple[str, str, str],
    place: tuple[int, int],
    first: bool,
) -> None:
    """Accuracy (E,) against x (E,) with its band (E, 2); `look`: colour, dash and symbol; `place`: row and column."""
    colour, dash, symbol = look
    row, col = place
    kit.band(fig, x, band[:, 0], band[:, 1], translucent(colour, 0.16), legendgroup=title, row=row, col=col)
    fig.add_scatter(
        x=x,
        y=accuracy,
        mode="lines+markers",
        name=title,
        legendgroup=title,
        showlegend=first,
        line={"color": colour, "width": 2.5, "dash": dash},
        marker={"size": 8, "symbol": symbol, "color": colour},
        customdata=words,
        hovertemplate=f"{title}, %{{customdata}}: %{{y:.1%}}<extra></extra>",
        row=row,
        col=col,
    )


def curve_table(found: Measured) -> Table:
    """A row a norm and radius, with a column a subject: accuracy and its interval."""
    table: Table = {"norm": [], "eps": [], **{title: [] for title in found.titles}}
    for norm in NORMS:
        shown = found.curves[norm]
        columns = np.concatenate([found.clean[:, None], shown.accuracy], 1)
        bands = found.interval(columns)
        for e, eps in enumerate([0.0, *shown.eps]):
            table["norm"].append(NORM_WORDS[norm])
            table["eps"].append(radius(norm, float(eps)))
            for m, title in enumerate(found.titles):
                low, high = bands[m, e]
                table[title].append(f"{columns[m, e]:.1%} ({low:.1%} to {high:.1%})")
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
            for m, (title, look) in enumerate(zip(found.titles, looks(found), strict=True)):
                words = [f"{n} {name}" for n in x]
                band, first = found.interval(accuracy[m]), row == column == 1
                add_line(fig, x, accuracy[m], words, band, title, look, (row, column), first)
            fig.update_xaxes(title_text=name, type="log", tickvals=x, ticktext=[str(n) for n in x], row=row, col=column)
    style(fig)
    fig.update_layout(title="Has the attack converged? Flat to the right", height=620, margin={"b": 96, "t": 84})
    fig.update_yaxes(rangemode="tozero", tickformat=".0%")
    fig.update_yaxes(title_text="accuracy", col=1)
    fig.update_annotations(font={"size": 13, "color": text_colour()})
    return Plot(
        fig, "Accuracy under attack against the number of steps and of random starts", lambda: convergence_table(found)
    )


def convergence_table(found: Measured) -> Table:
    """A row a norm, subject and number of steps or of starts."""
    table: Table = {"norm": [], "eps": [], "network": [], "steps": [], "random starts": [], "accuracy": []}
    for norm in NORMS:
        run = found.convergence[norm]
        for m, title in enumerate(found.titles):
            rows = [(int(s), 1, a) for s, a in zip(run.steps, run.by_steps[m], strict=True)]
            rows += [(run.steps_each, int(r), a) for r, a in zip(run.restarts, run.by_restarts[m], strict=True)]
            for steps, starts, accuracy in rows:
                entries = (NORM_WORDS[norm], radius(norm, run.eps), title, steps, starts, f"{accuracy:.1%}")
                for column, entry in zip(table, entries, strict=True):
                    table[column].append(entry)
    return table


def before_and_after(look: Look) -> Plot:
    """The picture, the attacked one, and the difference (mean of the channels, times GAIN, zero-centred)."""
    heads = [
        f"<b>Before</b><br>{verbatim(answer(look, look.before))}",
        f"<b>Attacked</b><br>{verbatim(answer(look, look.after))}",
        f"<b>Difference × {GAIN}</b><br>blue darker, red lighter",
    ]
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


def answer(look: Look, probability: np.ndarray) -> str:
    """The class of the largest of the probabilities (K,), in words."""
    best = int(probability.argmax())
    return f"{look.labels[best]} ({probability[best]:.2f})"


def look_table(look: Look) -> Table:
    """The five most probable classes before, with their probabilities before and after."""
    best = np.argsort(-look.before, kind="stable")[:5]
    best = np.concatenate([best, np.setdiff1d(look.after.argmax(), best)])
    return {
        "class": [look.labels[i] for i in best],
        "before": look.before[best].round(4).tolist(),
        "after": look.after[best].round(4).tolist(),
    }
