"""Figures of the background study: the versions of a picture, how far each moves, and the shares over a test set.

After Xue & Roshan (arXiv 1806.05789).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from core.base.heavy import go, subplots
from core.base.prose import section
from core.compute.spaces import PIXELS, RANDOM, SPACES, TRAINED
from core.compute.spaces import WORDS as SPACE_WORDS
from core.figures import kit
from core.figures.blocks import Plot
from core.figures.palette import USER, accent, network_colours, style, text_colour, verbatim
from core.pictures.object_mask import Box
from core.studies.random.background import CHANGES, PARTS, VERSIONS, Result
from core.studies.random.background_dataset import NETWORK, WORDS, Measured, finding
from core.studies.random.retrieval_figures import add_thumbnail

Table = dict[str, list[Any]]
PATTERNS = {PIXELS: ".", RANDOM: "", TRAINED: "/", NETWORK: "x"}
NAMES = [f"{where} {change}" for where, change in VERSIONS]


def colours() -> dict[str, str]:
    grey = network_colours([None])[0]
    return {PIXELS: text_colour(), RANDOM: accent(), TRAINED: grey, NETWORK: USER}


def framed(pixels: np.ndarray, box: Box, object_: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3) with everything but the object, bool (H, W), faded, and the box's outline drawn."""
    height, width = object_.shape
    shown = np.where(object_[..., None], pixels, (0.35 * pixels + 0.65 * 255).astype(np.uint8))
    y0, y1 = round(box.top * (height - 1)), round(box.bottom * (height - 1))
    x0, x1 = round(box.left * (width - 1)), round(box.right * (width - 1))
    colour = [int(USER[i : i + 2], 16) for i in (1, 3, 5)]
    thick = max(1, height // 100)
    for line in (
        np.s_[y0 : y0 + thick, x0 : x1 + 1],
        np.s_[max(0, y1 - thick + 1) : y1 + 1, x0 : x1 + 1],
        np.s_[y0 : y1 + 1, x0 : x0 + thick],
        np.s_[y0 : y1 + 1, max(0, x1 - thick + 1) : x1 + 1],
    ):
        shown[line] = colour
    return np.asarray(shown)


def pictures(result: Result) -> Plot:
    """The versions in two rows, background above and object below, and what the network answers to each."""
    fig = go.Figure()
    places = [(0.0, 0.5), *((1.0 + CHANGES.index(change), float(PARTS.index(where))) for where, change in VERSIONS)]
    first = int(result.answers[0])
    for picture, (x, y) in zip(result.pictures, places, strict=True):
        add_thumbnail(fig, picture, x, 1.4 * y, 0.9)
    words = []
    for name, p in zip(["the picture", *NAMES], result.probability, strict=True):
        answer = int(p.argmax())
        mark = "" if answer == first else "≠ "
        words.append(f"{name}<br><b>{mark}{verbatim(result.labels[answer])}</b> {p[answer]:.2f}")
    fig.add_scatter(
        x=[x for x, _ in places],
        y=[1.4 * y + 0.47 for _, y in places],
        mode="text",
        text=words,
        textposition="bottom center",
        textfont={"size": 12, "color": text_colour()},
        hoverinfo="skip",
        showlegend=False,
    )
    style(fig)
    fig.update_layout(
        title=section("random_features", "figure versions"),
        height=480,
        margin={"l": 8, "r": 8, "b": 8},
    )
    fig.update_xaxes(visible=False, range=[-0.5, 3.5])
    fig.update_yaxes(visible=False, range=[1.4 + 0.85, -0.5], scaleanchor="x")
    return Plot(fig, "The picture and its six versions with the network's answers")


def bars(result: Result) -> Plot:
    """How far each version has moved, a bar a space. 1 is as far as another picture."""
    fig = by_part({space: result.moved[result.of(space)] for space in SPACES}, SPACE_WORDS, "distance, of the mean")
    fig.add_hline(1, line={"color": text_colour(), "width": 1, "dash": "dot"})
    fig.update_layout(title=section("random_features", "figure moved"), height=400, bargap=0.25)
    fig.update_layout(margin={"b": 84, "t": 88})
    fig.update_yaxes(rangemode="tozero")
    return Plot(fig, "How far each version moves, by space", lambda: moved_table(result))


def by_part(
    values: Mapping[str, np.ndarray],
    names: Mapping[str, str],
    title: str,
    interval: Callable[[float], tuple[float, float]] | None = None,
) -> go.Figure:
    """A panel for the changes of each part, a bar each who answers: the mean of its `values` (seeds, V). Lines go from
    the least to the most of several seeds, or of one over its `interval`."""
    fig = subplots.make_subplots(1, 2, shared_yaxes=True, subplot_titles=[f"{part} changed" for part in PARTS])
    marks = colours()
    for who, each in values.items():
        for column, own in enumerate(np.split(each, 2, axis=1), 1):
            middle, spread = own.mean(0), None
            if len(own) > 1:
                spread = kit.whiskers(middle, own.min(0), own.max(0), color=text_colour())
            elif interval is not None:
                ends = np.transpose([interval(float(v)) for v in middle])
                spread = kit.whiskers(middle, *ends, color=text_colour())
            fig.add_bar(
                x=list(CHANGES),
                y=middle,
                name=names[who],
                error_y=spread,
                marker={"color": marks[who], "pattern": {"shape": PATTERNS[who], "size": 5, "solidity": 0.25}},
                showlegend=column == 1,
                legendgroup=who,
                hovertemplate="%{x}: %{y:.2f}<extra>" + names[who] + "</extra>",
                row=1,
                col=column,
            )
    style(fig)
    fig.update_yaxes(title_text=title, col=1)
    fig.update_annotations(font={"size": 13, "color": text_colour()})
    return fig


def moved_table(result: Result) -> Table:
    """A row a version: the network's answer, and by space the distance moved and the share of neighbours kept."""
    columns: Table = {"version": NAMES}
    columns["answer"] = [result.labels[i] for i in result.answers[1:]]
    columns["probability"] = [round(float(p.max()), 3) for p in result.probability[1:]]
    for space in SPACES:
        columns[f"moved, {SPACE_WORDS[space]}"] = result.moved[result.of(space)].mean(0).round(3).tolist()
    for space in SPACES:
        kept = result.kept[result.of(space)].mean(0)
        columns[f"neighbours kept, {SPACE_WORDS[space]}"] = [f"{share:.0%}" for share in kept]
    return columns


def shares(found: Measured) -> Plot:
    """Share of answers that change with background and object, with the 95 % interval over pictures (Wilson) of those
    who have no seeds."""
    changed = {who: np.stack([row.changed for row in found.of(who)]) for who in WORDS}
    fig = by_part(changed, WORDS, "share of answers changed", found.interval)
    fig.update_layout(title=section("random_features", "figure changed"), height=420, bargap=0.2)
    fig.update_layout(margin={"b": 92, "t": 88})
    fig.update_yaxes(range=[0, 1], tickformat=".0%")
    return Plot(
        fig,
        f"Share of answers that change when background or object change. {finding(found)}",
        lambda: share_table(found),
    )


def share_table(found: Measured) -> Table:
    """A row a version and who answers: accuracy and share changed in %, means over seeds; distance and neighbours."""
    names = ("version", "who", "right, %", "changed, %", "95 % interval", "moved", "neighbours kept, %")
    cells = []
    for v, name in enumerate(["the picture", *NAMES]):
        for who, words in WORDS.items():
            rows = found.of(who)
            row = [name, words, round(100 * float(np.mean([r.accuracy[v] for r in rows])), 1), *[None] * 4]
            if v:
                share, moved, kept = (
                    float(np.mean([getattr(row, field)[v - 1] for row in rows]))
                    for field in ("changed", "moved", "kept")
                )
                low, high = found.interval(share)
                row[3:5] = round(100 * share, 1), f"{100 * low:.1f} to {100 * high:.1f}"
                row[5:] = (None, None) if np.isnan(moved) else (round(moved, 3), round(100 * kept, 1))
            cells.append(row)
    return {name: list(column) for name, column in zip(names, zip(*cells, strict=True), strict=True)}
