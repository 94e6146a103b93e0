"""Figures and tables of the two probes of the patch study: `patch_scramble` and `patch_interaction`.

After Brendel & Bethge (ICLR 2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.base.heavy import go, subplots
from core.base.prose import section
from core.figures import kit
from core.figures.blocks import Plot
from core.figures.palette import MUTED, PROBABILITY_SCALE, style, text_colour, translucent, verbatim
from core.studies.patch import interaction, scramble
from core.studies.patch.dataset_figures import colours, guide

Table = dict[str, list[Any]]
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "star")  # colour is not the only cue


def scramble_curves(result: scramble.Result, titles: Sequence[str], *, tiles: int | None = None) -> Plot:
    """Probability of the target against tiles per side, one line a network: the mean and the range of the shuffles.

    `tiles` is marked with a vertical line.
    """
    fig = go.Figure()
    x = list(result.tiles)
    for i, (title, colour) in enumerate(zip(map(verbatim, titles), colours(result.patches), strict=True)):
        p = result.probability[i]
        kit.band(fig, x, p.min(1), p.max(1), translucent(colour, 0.15), legendgroup=title)
        fig.add_scatter(
            x=x,
            y=p.mean(1),
            name=title,
            mode="lines+markers",
            legendgroup=title,
            line={"color": colour, "width": 2},
            marker={"color": colour, "size": 8, "symbol": SYMBOLS[i % len(SYMBOLS)]},
            hovertemplate=f"{title}, %{{x}} tiles per side: %{{y:.3f}}<extra></extra>",
        )
    style(fig)
    if tiles is not None:
        fig.add_vline(tiles, line={"color": MUTED, "width": 1, "dash": "dot"})
    fig.update_layout(title_text=section("patch_evidence", "figure level"), height=400, margin={"b": 92})
    fig.update_xaxes(
        title_text=section("patch_evidence", "figure tiles"), type="log", tickvals=x, ticktext=[str(n) for n in x]
    )
    fig.update_yaxes(title_text=f"P({verbatim(result.labels[result.target])})", range=[0, 1.02])
    finding = scramble.finding(result, titles, tiles or result.tiles[-1])
    return Plot(
        fig,
        f"Probability of {result.labels[result.target]} by tiles per side, one line a network. {finding}",
        lambda: scramble_table(result, titles),
    )


def scramble_strip(pixels: np.ndarray, result: scramble.Result) -> Plot:
    """The picture uint8 (H, W, 3) at every number of tiles per side, as the first shuffle of each cuts it."""
    count = len(result.tiles)
    fig = subplots.make_subplots(
        1, count, subplot_titles=[f"{n} × {n}" for n in result.tiles], horizontal_spacing=0.08 / count
    )
    for column, n in enumerate(result.tiles, 1):
        fig.add_image(z=scramble.shuffle(pixels, n, result.seed), hoverinfo="skip", row=1, col=column)
    style(fig)
    fig.update_xaxes(visible=False)
    fig.update_yaxes(visible=False)
    fig.update_annotations(font={"size": 12, "color": text_colour()})
    fig.update_layout(
        title_text=section("patch_evidence", "figure shuffled", seed=result.seed), height=210, margin={"b": 8}
    )
    return Plot(fig, f"The picture cut into {', '.join(f'{n} by {n}' for n in result.tiles)} tiles and shuffled")


def scramble_table(result: scramble.Result, titles: Sequence[str]) -> Table:
    """One row a network and number of tiles."""
    kept = scramble.same_answer(result)
    rows = [
        (
            *(titles[m], n, *(round(float(v), 5) for v in (p.mean(), p.min(), p.max()))),
            *(float(kept[m, t]), None if result.patches[m] is None else round(float(result.whole[m, t]), 4)),
        )
        for m in range(len(titles))
        for t, (n, p) in enumerate(zip(result.tiles, result.probability[m], strict=True))
    ]
    name = f"P({result.labels[result.target]})"
    heads = [
        *("network", "tiles per side", f"{name} mean", f"{name} least", f"{name} most"),
        *("same answer, share of shuffles", "patches that no seam crosses, share"),
    ]
    return {head: list(column) for head, column in zip(heads, zip(*rows, strict=True), strict=True)}


def interaction_scatter(result: interaction.Result, titles: Sequence[str], *, columns: int = 4) -> Plot:
    """Joint change against the sum of the single ones, one panel a network; on the diagonal the two agree."""
    columns = min(columns, len(titles))
    rows = -(-len(titles) // columns)
    fig = subplots.make_subplots(
        rows,
        columns,
        subplot_titles=[f"<b>{verbatim(t)}</b>" for t in titles],
        horizontal_spacing=0.18 / columns,
        vertical_spacing=0.16,
    )
    for i, title in enumerate(map(verbatim, titles)):
        at: dict[str, Any] = {"row": i // columns + 1, "col": i % columns + 1}
        single, joint = result.a[i] + result.b[i], result.both[i]
        ends = [min(single.min(), joint.min()), max(single.max(), joint.max())]
        guide(fig, ends, ends, **at)
        fig.add_scatter(
            x=single,
            y=joint,
            customdata=result.distance,
            mode="markers",
            marker={
                "size": 7,
                "opacity": 0.85,
                "color": result.distance,
                "coloraxis": "coloraxis",
                "line": {"color": MUTED, "width": 0.5},  # the scale's dark end would sink into a dark page
            },
            hovertemplate=title + "<br>sum %{x:.4f}, joint %{y:.4f} logits<br>%{customdata} px apart<extra></extra>",
            **at,
        )
    style(fig)
    bar = {"title": {"text": "distance,<br>px"}, "thickness": 12}
    fig.update_layout(
        title={"text": section("patch_evidence", "figure line"), "y": 0.97},
        height=130 + 260 * rows,
        showlegend=False,
        margin={"t": 84, "b": 56},
        coloraxis={"colorscale": PROBABILITY_SCALE, "colorbar": bar},
    )
    fig.update_annotations(font={"size": 13, "color": text_colour()})
    fig.update_xaxes(title_text=section("patch_evidence", "figure sum"), nticks=4, row=rows)
    fig.update_yaxes(title_text=section("patch_evidence", "figure joint"), col=1)
    label = result.labels[result.target]
    return Plot(
        fig,
        f"Change of the logit of {label} with two masks against the sum of the changes with each, a panel a network",
        lambda: pairs_table(result, titles),
    )


def interaction_curve(result: interaction.Result, titles: Sequence[str]) -> Plot:
    """What the sum misses, as a share of the joint change, against distance; a vertical line where patches end."""
    fig = go.Figure()
    found = interaction.by_distance(result)
    shades = colours(result.patches)
    for i, (title, colour) in enumerate(zip(map(verbatim, titles), shades, strict=True)):
        fig.add_scatter(
            x=found.distance,
            y=100 * found.relative[i],
            customdata=np.stack([found.departure[i], found.count], 1),
            name=title,
            mode="lines+markers",
            line={"color": colour, "width": 2},
            marker={"color": colour, "size": 8, "symbol": SYMBOLS[i % len(SYMBOLS)]},
            hovertemplate=title
            + ", %{x} px apart: %{y:.2f} %<br>%{customdata[0]:.2g} logits, n = %{customdata[1]}<extra></extra>",
        )
    style(fig)
    for q, colour in sorted({(q, c) for q, c in zip(result.patches, shades, strict=True) if q is not None}):
        fig.add_vline(
            interaction.reach(q, result.side),
            line={"color": colour, "width": 1, "dash": "dash"},
            annotation={"text": f"q = {q}", "font": {"size": 12, "color": text_colour()}, "yshift": 18},
        )
    fig.update_layout(
        title={"text": section("patch_evidence", "figure right"), "y": 0.97},
        height=400,
        margin={"t": 76, "b": 92},
    )
    fig.update_xaxes(title_text=section("patch_evidence", "figure distance"))
    fig.update_yaxes(title_text="|joint − sum|, % of |joint|", rangemode="tozero")
    return Plot(
        fig,
        "How far the sum is off the joint change, by distance between the masks, one line a network. "
        f"{interaction.finding(result, titles)}",
        lambda: distance_table(result, titles),
    )


def pairs_table(result: interaction.Result, titles: Sequence[str]) -> Table:
    """One row a pair of masks: where they are, and every network's changes in logits."""
    heads = ("a: y, px", "a: x, px", "b: y, px", "b: x, px")
    columns: Table = {head: column.tolist() for head, column in zip(heads, result.pairs.T, strict=True)}
    columns["distance, px"] = result.distance.tolist()
    for i, title in enumerate(titles):
        for what, values in (("a", result.a), ("b", result.b), ("both", result.both)):
            columns[f"{title}: {what}"] = values[i].tolist()
    return columns


def distance_table(result: interaction.Result, titles: Sequence[str]) -> Table:
    """One row a network and distance."""
    found = interaction.by_distance(result)
    d = len(found.distance)
    columns: Table = {
        "network": [t for t in titles for _ in range(d)],
        "distance, px": found.distance.tolist() * len(titles),
        "pairs": found.count.tolist() * len(titles),
    }
    numbers = {
        "mean |joint − sum|, logits": found.departure,
        "mean |joint|, logits": found.both,
        "share": found.relative,
        "correlation of sum and joint": found.correlation,
    }
    return columns | {
        name: [None if np.isnan(v) else float(v) for v in values.ravel()] for name, values in numbers.items()
    }
