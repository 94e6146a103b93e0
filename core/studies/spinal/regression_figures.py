"""The regression experiment of Kabir et al. (arXiv 2007.03347) in figures, tables and words, and what they report."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from core.base.heavy import go, subplots
from core.base.intervals import mean_interval, verdict, with_interval
from core.figures import kit
from core.figures.blocks import Plot
from core.figures.palette import MUTED, network_colours, style, text_colour, translucent
from core.studies.spinal.figures import MATCHED
from core.studies.spinal.heads import judged
from core.studies.spinal.regression import FUNCTIONS, MILLI, SHORT, Lesson, Network, Result, Target, gain

Cells = dict[str, list[str | int | float]]
# (target, epochs) -> feed-forward and spinal, MSE in thousandths: the lowest loss of any training batch, no test set
PAPER: dict[tuple[Target, int], tuple[float, float]] = {
    ("sum", 100): (1.178, 1.007),
    ("sum", 200): (0.887, 0.855),
    ("product", 100): (3.875, 3.966),
    ("product", 200): (3.875, 2.217),
}
DASHES: dict[Network, str] = {"fc": "dot", "spinal": "solid", "published": "dashdot", "fc-matched": "dash"}
MARKERS: dict[Network, str] = {"fc": "square", "spinal": "circle", "published": "circle-open", "fc-matched": "diamond"}
RIVAL_WORDS: dict[Network, str] = {
    "fc": "FC",
    "fc-matched": "FC of as many parameters",
    "published": "its published form",
}
TICKS: dict[Network, str] = {**SHORT, "published": "spinal<br>published", "fc-matched": "FC<br>matched"}
SEEDS = (-0.27, 0.03)  # of a column's width: where its seeds lie
COLUMNS, PANEL = 2, 270  # px high
LESSON_HEIGHT = 380
LOG_TICKS = [5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000]
ERROR = "held-out MSE, × 10⁻³"


def colour_of(network: Network) -> str:
    """Grey for the plain network, blue for the spinal one and, paler, as it was published, orange for the matched."""
    [plain], [ours, published] = network_colours([None]), network_colours([4, 1])
    return {"fc": plain, "spinal": ours, "published": published, "fc-matched": MATCHED}[network]


def title_of(target: Target) -> str:
    function = FUNCTIONS[target]
    return f"{function.title} ({function.whose})"


def grid(targets: Sequence[Target]) -> go.Figure:
    """An empty panel for each target."""
    return subplots.make_subplots(
        rows=-(-len(targets) // COLUMNS),
        cols=min(COLUMNS, len(targets)),
        subplot_titles=[title_of(t) for t in targets],
        vertical_spacing=0.2,
        horizontal_spacing=0.12,
    )


def panels(result: Result) -> Plot:
    """One panel a target: held-out error after the last epoch by network, each seed, their mean and its 95 % interval,
    and the noise floor as a line."""
    params = result.params
    fig = grid(params.targets)
    for t in range(len(params.targets)):
        at = {"row": t // COLUMNS + 1, "col": t % COLUMNS + 1}
        for n, network in enumerate(params.networks):
            colour, symbol = colour_of(network), MARKERS[network]
            kit.seeds_with_interval(
                fig, n, MILLI * result.last[t, n], SHORT[network], (colour, symbol), unit="", seeds=SEEDS, mean_at=0.2,
                mark={"color": translucent(colour, 0.5), "size": 5}, mean_mark={"line": {"width": 2, "color": colour}},
                **at,
            )  # fmt: skip
        add_floor(fig, MILLI * float(result.floor[t].mean()), at)
    names = [TICKS[n] for n in params.networks]
    fig.update_xaxes(tickvals=list(range(len(names))), ticktext=names, range=[-0.6, len(names) - 0.4])
    return finished(fig, result, "after the last epoch")


def add_floor(fig: go.Figure, floor: float, at: dict[str, int], *, log: bool = False) -> None:
    """What the true function gets on the same noisy points."""
    fig.add_hline(y=floor, line={"color": MUTED, "dash": "dash", "width": 1.5}, **at)
    fig.add_annotation(
        text=f"noise floor {floor:.2f}", font={"color": MUTED, "size": 12}, showarrow=False,
        x=1, xref="x domain", xanchor="right", yanchor="top",
        y=math.log10(floor) if log else floor,  # on a log axis a note stands at the exponent, a line at the value
        **at,
    )  # fmt: skip


def log_range(values: np.ndarray, floor: float) -> list[float]:
    """The exponents between which a log axis shows all values (of any shape) and leaves room for the floor's name."""
    return [math.log10(0.6 * floor), math.log10(1.2 * max(float(values.max()), floor))]


def by_epoch(result: Result) -> Plot:
    """One panel a target: mean held-out error by epoch, on a log axis, and the noise floor."""
    params = result.params
    fig = grid(params.targets)
    for t in range(len(params.targets)):
        at = {"row": t // COLUMNS + 1, "col": t % COLUMNS + 1}
        for n, network in enumerate(params.networks):
            fig.add_scatter(
                x=result.looks, y=MILLI * result.mse[t, n].mean(0), mode="lines", name=SHORT[network],
                line={"color": colour_of(network), "dash": DASHES[network], "width": 2.5},
                legendgroup=network, showlegend=t == 0,
                hovertemplate=f"{SHORT[network]}, epoch %{{x}}: %{{y:.2f}}<extra></extra>", **at,
            )  # fmt: skip
        floor = MILLI * float(result.floor[t].mean())
        add_floor(fig, floor, at, log=True)
        fig.update_yaxes(range=log_range(MILLI * result.mse[t].mean(1), floor), **at)
    fig.update_yaxes(type="log", tickvals=LOG_TICKS)
    fig.update_xaxes(title="epoch", nticks=6)
    return finished(fig, result, "by epoch")


def finished(fig: go.Figure, result: Result, when: str) -> Plot:
    """The same figure in the house's look, as high as its panels ask."""
    style(fig)
    rows = -(-len(result.params.targets) // COLUMNS)
    fig.update_yaxes(title="MSE, × 10⁻³", col=1)
    fig.update_annotations(font_color=text_colour(), selector={"yanchor": "bottom", "xanchor": "center"})
    fig.update_layout(height=80 + PANEL * rows, margin={"t": 40, "b": 72}, hovermode="closest")
    alt = f"Held-out error of each network on each target, {when}, with the noise floor. {finding(result)}"
    return Plot(fig, alt, lambda: table(result))


def learned(lessons: Sequence[Lesson]) -> Plot:
    """Left: what each network has learned along the line on which all inputs are equal, and the truth; right: held-out
    error by epoch and the noise floor."""
    first = lessons[0]
    titles = [f"{FUNCTIONS[first.target].title}, all eight inputs equal", ERROR]
    fig = subplots.make_subplots(cols=2, subplot_titles=titles, horizontal_spacing=0.1)
    fig.add_scatter(
        x=first.inputs, y=first.truth, mode="lines", name="the true function",
        line={"color": translucent(text_colour(), 0.3), "width": 8}, row=1, col=1,
        hovertemplate="the true function: %{y:.3f}<extra></extra>",
    )  # fmt: skip
    for one in lessons:
        look: dict[str, Any] = {
            "mode": "lines",
            "name": SHORT[one.network],
            "legendgroup": one.network,
            "line": {"color": colour_of(one.network), "dash": DASHES[one.network], "width": 2.5},
        }
        fig.add_scatter(
            x=one.inputs, y=one.learned, hovertemplate=f"{SHORT[one.network]}: %{{y:.3f}}<extra></extra>",
            row=1, col=1, **look,
        )  # fmt: skip
        fig.add_scatter(
            x=one.looks, y=MILLI * one.mse, showlegend=False, row=1, col=2,
            hovertemplate=f"{SHORT[one.network]}, epoch %{{x}}: %{{y:.2f}}<extra></extra>", **look,
        )  # fmt: skip
    add_floor(fig, MILLI * first.floor, {"row": 1, "col": 2}, log=True)
    style(fig)
    fig.update_xaxes(title="value of every input", col=1)
    fig.update_xaxes(title="epoch", col=2)
    errors = MILLI * np.stack([one.mse for one in lessons])
    fig.update_yaxes(type="log", tickvals=LOG_TICKS, range=log_range(errors, MILLI * first.floor), col=2)
    fig.update_annotations(font_size=14, selector={"yanchor": "bottom", "xanchor": "center"})
    fig.update_layout(height=LESSON_HEIGHT, margin={"t": 40, "b": 96}, hovermode="closest")
    function = FUNCTIONS[first.target].title
    alt = f"What each network has learned of the {function}, beside the truth, and its held-out error by epoch"
    return Plot(fig, alt, lambda: lesson_table(lessons))


def table(result: Result) -> Cells:
    """One row a target and network; errors in thousandths, mean and 95 % interval over seeds."""
    params = result.params
    rows = [(t, n) for t in range(len(params.targets)) for n in range(len(params.networks))]

    def cells(values: np.ndarray) -> list[str | int | float]:
        return [with_interval(*mean_interval(MILLI * values[t, n])) for t, n in rows]

    half_way = int(np.searchsorted(result.looks, params.epochs / 2))
    columns: Cells = {
        "target": [title_of(params.targets[t]) for t, _ in rows],
        "network": [SHORT[params.networks[n]] for _, n in rows],
        "parameters": [int(result.parameters[n]) for _, n in rows],
        "with effect": [int(result.live[n]) for _, n in rows],
        ERROR: cells(result.last),
        "against the noise-free target": cells(result.clean[..., -1]),
        f"held out, epoch {result.looks[half_way]}": cells(result.mse[..., half_way]),
        "lowest training batch": cells(result.lowest[..., -1]),
        "noise floor": [round(MILLI * float(result.floor[t].mean()), 2) for t, _ in rows],
        "a constant's error": [round(MILLI * float(result.constant[t].mean()), 1) for t, _ in rows],
    }
    if _spinal(result):
        rivals = [(params.targets[t], params.networks[n]) for t, n in rows]
        columns["spinal errs less by"] = ["" if n == "spinal" else judged(gain(result, t, n)) for t, n in rivals]
    return columns


def lesson_table(lessons: Sequence[Lesson]) -> Cells:
    """One row a network: its errors after the last epoch, in thousandths."""
    return {
        "network": [SHORT[one.network] for one in lessons],
        ERROR: [round(MILLI * float(one.mse[-1]), 2) for one in lessons],
        "against the noise-free target": [round(MILLI * float(one.clean[-1]), 2) for one in lessons],
        "noise floor": [round(MILLI * one.floor, 2) for one in lessons],
    }


def paper_table() -> dict[str, list[str]]:
    """Columns: target, epochs, and the lowest training loss of each network that the paper reports, in thousandths."""
    return {
        "target (the paper's)": [FUNCTIONS[target].title for target, _ in PAPER],
        "epochs": [str(epochs) for _, epochs in PAPER],
        "feed-forward, × 10⁻³": [f"{plain:.3f}" for plain, _ in PAPER.values()],
        "spinal, × 10⁻³": [f"{spinal:.3f}" for _, spinal in PAPER.values()],
    }


def finding(result: Result) -> str:
    """Where the spinal network errs less than each other one and where more, by the paired interval."""
    params = result.params
    begin = (
        f"After {params.epochs} epochs on {params.train:,} noisy points, {params.seeds} seeds, tested on "
        f"{params.test:,} held-out ones"
    )
    rivals = [network for network in RIVAL_WORDS if network in params.networks]
    if not _spinal(result) or not rivals:
        scores = (f"{SHORT[n]} {MILLI * result.last[:, i].mean():.2f}" for i, n in enumerate(params.networks))
        return f"{begin}: a mean square error of {', '.join(scores)} × 10⁻³ over all targets."
    return f"{begin}. {' '.join(against(result, rival) for rival in rivals)}"


def against(result: Result, rival: Network) -> str:
    """Spinal against one other network: which targets each verdict holds for."""
    words: dict[str, list[str]] = {}
    for target in result.params.targets:
        words.setdefault(verdict(*gain(result, target, rival)), []).append(FUNCTIONS[target].title)
    judged = "; ".join(f"{word} on {_and(targets)}" for word, targets in words.items())
    return f"Spinal against {RIVAL_WORDS[rival]}: {judged}."


def floor_words(result: Result) -> str:
    """How low a network can be expected to come."""
    low, high = MILLI * result.floor.min(), MILLI * result.floor.max()
    return (
        f"The noise's variance is {MILLI * result.params.sigma**2:.2f} × 10⁻³; the true function itself gets {low:.2f} "
        f"to {high:.2f} on these test points."
    )


def lowest_words(result: Result) -> str:
    """What the measure that the paper reports, the lowest loss of a training batch, says here."""
    lowest = MILLI * result.lowest[..., -1].mean(axis=2)  # (T, N)
    below = int((lowest < MILLI * result.params.sigma**2).sum())
    return (
        f"The lowest loss of a training batch, which is what the paper reports, ends at {lowest.min():.2f} to "
        f"{lowest.max():.2f} × 10⁻³ here: below the noise's variance in {below} of {lowest.size} pairs of a network "
        "and a target. It rewards a lucky batch and learning the noise by heart, so held-out points decide."
    )


def dead_words(result: Result) -> str:
    """How many parameters the network has, as it was published, that nothing depends on; '' where it was not run."""
    if "published" not in result.params.networks:
        return ""
    n = result.params.networks.index("published")
    total, live = int(result.parameters[n]), int(result.live[n])
    return (
        f"As published, the third and fourth layer run again in place of the fifth and sixth: of {total:,} parameters "
        f"{live:,} have an effect, and {total - live:,} in two layers have none (counted by the gradients that reach "
        "them)."
    )


def _spinal(result: Result) -> bool:
    return "spinal" in result.params.networks


def _and(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
