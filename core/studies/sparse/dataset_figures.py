"""The figures, and the tables, of `sparse_dataset`: accuracy over noise and lambda, lambda told from the residual.

After Dai et al. (NeurIPS 2022, §4).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

import numpy as np

from core.base.heavy import go
from core.base.prose import section
from core.figures import kit
from core.figures.blocks import Plot
from core.figures.palette import PROBABILITY_SCALE, accent, network_colours, style, text_colour, translucent
from core.pictures import noise
from core.studies.sparse.dataset import ESTIMATED, FIXED, ORACLE, PLAIN, Fit, Result, estimate
from core.studies.sparse.figures import line

Table = dict[str, list[Any]]


class OfLevels(Protocol):
    """What was found under one kind of noise at V `levels`."""

    @property
    def kind(self) -> str: ...
    @property
    def levels(self) -> np.ndarray: ...


R = TypeVar("R", bound=OfLevels)
WORDS = {FIXED: "λ of the training", ESTIMATED: "λ estimated", ORACLE: "best λ (oracle)", PLAIN: "plain twin"}
SYMBOLS = {"gaussian": "circle", "shot": "square", "speckle": "diamond", "impulse": "triangle-up"}
LABEL_GAP = 5.0  # percent between two labels at the end of lines
ON_MAP = "#ffffff"  # marks on the heat map: its colours are the same in both themes
HALO = "#000000"


def looks() -> dict[str, tuple[str, str, float]]:
    """Each rule's colour, dash and width: blue is the network's own choice, grey the twin; dashes, so that colour is
    not the only cue."""
    return {
        FIXED: (accent(), "dash", 1.8),
        ESTIMATED: (accent(), "solid", 3),
        ORACLE: (text_colour(), "dot", 1.5),
        PLAIN: (network_colours([None])[0], "solid", 2.5),
    }


def surface(results: Sequence[Result]) -> Plot:
    """Heat map of accuracy, 0 to 1, over lambda and noise level: the mean over networks. Marks: the training's lambda
    (line), the mean estimate (diamonds), the oracle (circles).

    Raises ValueError for results that differ in noise, levels or lambdas, and for plain networks.
    """
    first, mean = alike(results)[0], np.mean([r.surface for r in results], axis=0)
    rows, names = np.arange(len(first.levels)), labels(first)
    if first.training is None:
        raise ValueError("expected networks with a sparse coding layer, got a plain one: it has no lambda")
    bar = {"title": {"text": "accuracy", "side": "right"}, "thickness": 14, "tickformat": ".1f"}
    colours = {"zmin": 0, "zmax": 1, "colorscale": PROBABILITY_SCALE, "colorbar": bar}
    said = np.repeat(np.array(names)[:, None], len(first.lams), 1)
    hover = "%{customdata}, λ = %{x:.1f}: %{z:.1%}<extra></extra>"
    fig = go.Figure(go.Heatmap(z=mean, x=first.lams, y=rows, customdata=said, hovertemplate=hover, **colours))
    reach = np.array([-0.5, rows[-1] + 0.5])
    line(fig, np.full(2, first.training), reach, WORDS[FIXED], ON_MAP, "dash", width=2)
    guesses = [r.estimate for r in results if r.estimate is not None]
    if len(guesses) == len(results):
        mark = {"symbol": "diamond", "size": 10, "color": ON_MAP, "line": {"color": HALO, "width": 1.5}}
        fig.add_scatter(x=np.mean(guesses, 0), y=rows, mode="markers", marker=mark, name=f"{WORDS[ESTIMATED]}, mean")
    mark = {"symbol": "circle-open", "size": 15, "color": ON_MAP, "line": {"width": 2.5}}
    fig.add_scatter(x=first.lams[mean.argmax(1)], y=rows, mode="markers", marker=mark, name=WORDS[ORACLE])
    style(fig)
    title = section("sparse_codes", "head surface", kind=first.kind)
    fig.update_layout(title=title, height=460, margin={"l": 110, "b": 92})
    fig.update_layout(legend={"bgcolor": "rgba(90,90,90,0.85)", "font": {"color": ON_MAP}})  # white marks stay visible
    half = (first.lams[1] - first.lams[0]) / 2 if len(first.lams) > 1 else 0.05
    fig.update_xaxes(
        title_text=section("sparse_codes", "axis lambda"), range=[first.lams[0] - half, first.lams[-1] + half]
    )
    fig.update_yaxes(tickvals=rows, ticktext=names, nticks=0, showgrid=False, range=reach)
    return Plot(fig, "Heat map of accuracy over lambda and noise level", lambda: surface_table(results))


def curves(results: Sequence[Result], twins: Sequence[Result] = ()) -> Plot:
    """Accuracy against the noise level, a line for each rule and one for the plain twins: means over networks, in
    bands from the least to the most of them, or of a single network's 95 % interval over pictures.

    Raises ValueError for results that differ in noise or levels.
    """
    fig, ends = go.Figure(), []
    for rule, of in lines(results, twins):
        middle, low, high = (100 * values for values in spread(of, rule))
        (colour, dash, width), axis = looks()[rule], np.arange(len(middle))
        kit.band(fig, axis, low, high, translucent(colour, 0.16))
        look: dict[str, Any] = {"width": width, "mark": {"size": 5}, "customdata": np.stack([low, high], 1)}
        hover = f"%{{y:.1f}} % (%{{customdata[0]:.1f}} to %{{customdata[1]:.1f}})<extra>{WORDS[rule]}</extra>"
        line(fig, axis, middle, WORDS[rule], colour, dash, showlegend=False, hovertemplate=hover, **look)
        ends.append((float(middle[-1]), f" {WORDS[rule]}", colour))
    first = alike([*results, *twins])[0]
    kit.end_labels(fig, ends, LABEL_GAP, x=1.0, xref="paper", yanchor="middle", font={"size": 12})
    style(fig)
    title = section("sparse_codes", "head curves", kind=first.kind)
    fig.update_layout(title=title, height=420, margin={"r": 130}, hovermode="x unified")
    symbol = noise.KINDS[first.kind].symbol if first.kind in noise.KINDS else ""
    ticks = [f"{level:g}" if level else "clean" for level in first.levels]
    fig.update_xaxes(title_text=f"{first.kind} noise, {symbol}", tickvals=list(range(len(ticks))), ticktext=ticks)
    fig.update_yaxes(title_text=section("sparse_codes", "axis accuracy"), rangemode="tozero")
    alt = "Accuracy against the noise level by who chooses lambda, with the plain twin"
    return Plot(fig, alt, lambda: curve_table(results, twins))


def residual_scatter(fits: Sequence[Fit], results: Sequence[Result]) -> Plot:
    """Best lambda against the mean roughness of the residual: filled, the training pictures that each network's line is
    fitted to; open, the best lambdas on test pictures, by kind of noise. A line a network."""
    fig = go.Figure()
    colour = accent()
    for i, fit in enumerate(fits):
        reach = np.concatenate([fit.roughness, *(r.roughness for r in results)])
        x = np.linspace(reach.min(), reach.max(), 60)
        line(fig, x, estimate(fit, x), "λ estimated", colour, width=2, showlegend=i == 0)
        mark = {"size": 9, "color": colour, "symbol": [SYMBOLS.get(kind, "circle") for kind in fit.kinds]}
        told = {"name": "fitted: training pictures", "showlegend": i == 0, "customdata": fit.kinds}
        hover = "%{customdata}, training pictures: λ = %{y:.1f}<extra></extra>"
        fig.add_scatter(x=fit.roughness, y=fit.best, mode="markers", marker=mark, hovertemplate=hover, **told)
    first_of = {r.kind: r for r in reversed(results)}  # which the legend names
    for r in results:
        symbol = f"{SYMBOLS.get(r.kind, 'circle')}-open"
        mark = {"size": 10, "symbol": symbol, "line": {"width": 1.5}, "color": text_colour()}
        told = {"name": f"best on test pictures: {r.kind}", "legendgroup": r.kind, "customdata": labels(r)}
        hover = f"{r.kind} %{{customdata}}: best λ = %{{y:.1f}}<extra></extra>"
        told["showlegend"] = r is first_of[r.kind]
        fig.add_scatter(x=r.roughness, y=r.best, mode="markers", marker=mark, hovertemplate=hover, **told)
    style(fig)
    fig.update_layout(title=section("sparse_codes", "head residual line"), height=480, margin={"b": 120})
    fig.update_xaxes(title_text=section("sparse_codes", "axis roughness"), rangemode="tozero")
    fig.update_yaxes(title_text=section("sparse_codes", "axis best"), range=[0, 1.5])
    return Plot(
        fig, "Best lambda against the roughness of the residual, with the fitted lines", lambda: residual_table(results)
    )


def lines(results: Sequence[Result], twins: Sequence[Result]) -> list[tuple[str, Sequence[Result]]]:
    """Each line's rule and the networks whose mean it is; the estimated one only where all have it."""
    rules = [FIXED, *([ESTIMATED] if all(r.estimated is not None for r in results) else []), ORACLE] if results else []
    return [(rule, results) for rule in rules] + ([(PLAIN, twins)] if twins else [])


def spread(results: Sequence[Result], rule: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, lowest and highest accuracy (V,) over networks; of one network, its 95 % interval over pictures."""
    rule = FIXED if rule == PLAIN else rule
    shares = np.array([r.accuracy(rule) for r in alike(results)])
    if len(results) == 1:
        low, high = results[0].interval(rule).T
        return shares[0], low, high
    return shares.mean(0), shares.min(0), shares.max(0)


def band_words(count: int) -> str:
    """What the bands of `spread` are."""
    if count == 1:
        return "Bands: 95 % intervals over pictures (Wilson); one training run"
    return f"Lines: means of {count} training runs (seeds); bands: the least and the most of them"


def alike(results: Sequence[R]) -> Sequence[R]:
    """The results. Raises ValueError unless there are some, all of the same noise at the same levels."""
    if not results or any(
        r.kind != results[0].kind or r.levels.tolist() != results[0].levels.tolist() for r in results
    ):
        raise ValueError(
            f"expected results of one noise at the same levels, got {[r.kind for r in results]}: measure them together"
        )
    return results


def labels(result: OfLevels) -> list[str]:
    """Each level as people read it."""
    kind = noise.KINDS.get(result.kind)
    return [kind.label(level) if kind else "clean" for level in result.levels.tolist()]


def curve_table(results: Sequence[Result], twins: Sequence[Result] = ()) -> Table:
    """A row a level: accuracy in % by rule, with the band's ends, and the lambdas."""
    first = alike([*results, *twins])[0]
    columns: Table = {first.kind: labels(first)}
    for rule, of in lines(results, twins):
        middle, low, high = spread(of, rule)
        columns[f"{WORDS[rule]}, %"] = [
            f"{100 * m:.1f} ({100 * a:.1f} to {100 * b:.1f})" for m, a, b in zip(middle, low, high, strict=True)
        ]
    if results:
        columns["best λ"] = [", ".join(f"{r.best[v]:g}" for r in results) for v in range(len(first.levels))]
    guesses = [r.estimate for r in results if r.estimate is not None]
    if results and len(guesses) == len(results):
        columns["mean λ estimated"] = [f"{value:.2f}" for value in np.mean(guesses, axis=0)]
    return columns


def surface_table(results: Sequence[Result]) -> Table:
    """A row a level, a column a lambda: mean accuracy in %."""
    first, mean = alike(results)[0], np.mean([r.surface for r in results], axis=0)
    columns: Table = {first.kind: labels(first)}
    return columns | {f"λ = {lam:g}": (100 * mean[:, i]).round(2).tolist() for i, lam in enumerate(first.lams)}


def residual_table(results: Sequence[Result]) -> Table:
    """A row a network, noise and level: the residual, its roughness, and the best lambda on those pictures."""
    rows = [
        (r.network, r.kind, label, *(round(float(a), 4) for a in numbers))
        for r in results
        for label, *numbers in zip(labels(r), r.residual, r.roughness, r.best, strict=True)
    ]
    heads = ("network", "noise", "level", "mean squared residual", "roughness", "best λ")
    return dict(zip(heads, map(list, zip(*rows, strict=True)), strict=True))
