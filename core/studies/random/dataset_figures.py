"""Figures of what was measured on whole data sets (after Xue & Roshan, arXiv 1806.05789)."""

from __future__ import annotations

import math

import numpy as np

from core.base.heavy import go
from core.base.intervals import wilson
from core.base.prose import section
from core.compute.spaces import RANDOM
from core.figures import kit, palette
from core.figures.blocks import Plot
from core.studies.random import figures
from core.studies.random.dataset import Baseline, Measured, band
from core.studies.random.features import CLASSIFIERS

Cells = dict[str, list[str | int | float]]
LINES = (("svm", 1, "solid"), ("svm", 2, "dash"), ("knn", 1, "dot"))  # classifier, answers that count, dash
KERNEL_COLOURS = {1: "#CC79A7", 3: "#56B4E9", 5: "#D55E00", 7: "#009E73"}
KNN = "#009E73"  # Okabe-Ito green
SYMBOLS = {1: "square", 3: "circle", 5: "diamond", 7: "triangle-up"}
WIDE = 400  # px high


def curves(found: Measured) -> Plot:
    """Accuracy against the number of features: mean and range over seeds; raw pixels and training as lines."""
    fig = go.Figure()
    deep, light = palette.network_colours([7, 2])
    for (classifier, top, dash), colour in zip(LINES, (deep, light, KNN), strict=True):
        curve = found.curve(classifier)  # type: ignore[arg-type]
        values = 100 * curve.hits[:, :, top - 1]
        x = list(curve.counts)
        kit.band(fig, x, values.min(0), values.max(0), palette.translucent(colour, 0.18))
        words = f"{CLASSIFIERS[curve.classifier]}, top-{top}"
        fig.add_scatter(
            x=x, y=values.mean(0), mode="lines+markers", line={"color": colour, "dash": dash, "width": 2.5},
            marker={"size": 7}, name=words, hovertemplate=f"{words}<br>%{{x:,}} features: %{{y:.1f}} %<extra></extra>",
        )  # fmt: skip
    figures.add_level(fig, float(found.pixels["svm"][0]), "raw pixels, linear SVM")
    figures.add_level(fig, found.own_head, "the trained network")
    figures.styled(fig, found.curves[0].counts, WIDE)
    return Plot(
        _with_legend(fig),
        "Accuracy against the number of random features, mean and range over seeds",
        lambda: curve_table(found),
    )


def shapes(found: Measured) -> Plot:
    """Accuracy against depth, a line for each kernel size: mean and range over seeds."""
    fig = go.Figure()
    for kernel in sorted({s.kernel for s in found.shapes}):
        own = sorted((s for s in found.shapes if s.kernel == kernel), key=lambda s: s.depth)
        values = 100 * np.array([s.hits[:, 0] for s in own])
        mean = values.mean(1)
        fig.add_scatter(
            x=[s.depth for s in own],
            y=mean,
            error_y=kit.whiskers(mean, values.min(1), values.max(1), thickness=1),
            mode="lines+markers",
            line={"color": KERNEL_COLOURS[kernel], "width": 2},
            marker={"size": 9, "symbol": SYMBOLS[kernel]},
            name=f"kernel {kernel} px",
            hovertemplate=f"kernel {kernel}, depth %{{x}}: %{{y:.1f}} %<extra></extra>",
        )
    fig.update_xaxes(title="depth: blocks after the first convolution", dtick=1)
    fig.update_yaxes(title="test pictures right, %")
    fig.update_layout(
        height=WIDE, title=section("random_features", "figure shapes", features=found.plan.shape_features)
    )
    return Plot(
        _with_legend(palette.style(fig)), "Accuracy against depth for each kernel size", lambda: shape_table(found)
    )


def _with_legend(fig: go.Figure) -> go.Figure:
    fig.update_layout(margin={"b": 56}, title_y=0.97, title_yanchor="top")
    return fig


def rows(found: Measured) -> list[Baseline]:
    """Every kind of features, the worst with the SVM first."""
    return sorted(found.baselines, key=lambda row: float(row.hits["svm"][0]))


def baselines(found: Measured) -> Plot:
    """The same two classifiers on every kind of features, with 95 % intervals over the test pictures."""
    fig = go.Figure()
    listed = rows(found)
    names = [f"{row.title} ({row.dimensions:,})" for row in listed]
    grey = palette.network_colours([None])[0]
    for (classifier, words), symbol in zip(CLASSIFIERS.items(), ("circle", "diamond-open"), strict=True):
        values = np.array([row.hits[classifier][0] for row in listed], float)
        low, high = np.transpose([wilson(v, found.test_images) for v in values])
        colours = [palette.network_colours([7])[0] if row.name == RANDOM else grey for row in listed]
        fig.add_scatter(
            x=100 * values,
            y=names,
            error_x=kit.whiskers(100 * values, 100 * low, 100 * high, thickness=1, color=grey),
            mode="markers",
            marker={"color": colours, "size": 11, "symbol": symbol},
            name=words,
            hovertemplate=f"%{{y}}<br>{words}: %{{x:.1f}} %<extra></extra>",
        )
    fig.update_xaxes(title="test pictures right, %", showgrid=True)
    fig.update_layout(height=120 + 44 * len(names), title=section("random_features", "figure baselines"))
    fig = _with_legend(palette.style(fig))
    fig.update_yaxes(tickmode="array", tickvals=names, automargin=True)
    return Plot(fig, "Accuracy of the same classifiers on other kinds of features", lambda: baseline_table(found))


def curve_table(found: Measured) -> Cells:
    """Mean over seeds, and the range, in %."""
    columns: Cells = {"features": list(found.curves[0].counts)}
    for curve in found.curves:
        for top in (1, 2, 3):
            name = f"{CLASSIFIERS[curve.classifier]}, top-{top}, %"
            columns[name] = [spread(seeds) for seeds in curve.hits[:, :, top - 1].T]
    return columns


def spread(hits: np.ndarray) -> str:
    """Shares (seeds,) in %: their mean (least-most)."""
    return "{:.2f} ({:.2f}-{:.2f})".format(*band(100 * hits))


def shape_table(found: Measured) -> Cells:
    """A row a kernel and depth: top-1 in %, mean (least-most) over seeds."""
    return {
        "kernel": [s.kernel for s in found.shapes],
        "depth": [s.depth for s in found.shapes],
        "top-1, %": [spread(s.hits[:, 0]) for s in found.shapes],
    }


def baseline_table(found: Measured) -> Cells:
    """A row a kind of features: how many numbers, and top-1 and top-2 in % by both classifiers."""
    listed = rows(found)[::-1]
    columns: Cells = {"features": [r.title for r in listed], "numbers a picture": [r.dimensions for r in listed]}
    for classifier, words in CLASSIFIERS.items():
        for top in (1, 2):
            columns[f"{words}, top-{top}, %"] = [round(100 * float(r.hits[classifier][top - 1]), 2) for r in listed]
    return columns


def similarity_table(found: Measured) -> Cells:
    """A row a space: mean similarity between two classes and within one, and their ratio."""
    names = {"pixels": "raw pixels", "random": "random features", "trained": "trained network"}
    kept = [(words, found.similarity[name]) for name, words in names.items() if name in found.similarity]
    return {
        "space": [words for words, _ in kept],
        "between two classes": [round(s.between, 3) for _, s in kept],
        "within one class": [round(s.within, 3) for _, s in kept],
        "ratio": [round(s.ratio, 3) if math.isfinite(s.ratio) else "" for _, s in kept],
    }
