"""Figures of the patch evidence: the maps over the picture, one patch's logits, and where such patches lie.

The maps are those of Brendel & Bethge (ICLR 2019, Figure 2), zero-centred.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.base.heavy import go, sk_feature, subplots
from core.base.prose import section
from core.figures import kit, theme
from core.figures.blocks import Plot
from core.figures.palette import (
    ACCENT,
    MUTED,
    USER,
    add_picture,
    paint,
    signed_scale,
    style,
    text_colour,
    uri,
    verbatim,
)
from core.pictures.image import RGBImage, write_png
from core.pictures.preprocess import whole
from core.studies.patch.closer import Patch
from core.studies.patch.evidence import Map, Result, finding, limit, sides_seen

OPACITY = 0.7
EDGE_ALPHA = 0.4
EDGE_SIDE = 480  # pixels: edges are found and drawn finer than a small picture's pixels
EDGE_SMOOTH = 2.0  # standard deviation in pixels
HEADS, BAR = 48, 72  # px above the maps: their titles, and the colour bar
UNDERLAY = 320  # px, short side of the picture that is drawn under small maps
STRIPE, DARK, LIGHT = 3, 60, 200  # px of a stripe of the blind rim where it is hatched, and its two greys
BLIND = "rgb(130,130,130)"  # the rim where nothing can be hatched
MOST_CLICKS = 2_500  # clickable points a map: more would weigh more than the map


def grey(pixels: np.ndarray) -> np.ndarray:
    """The picture without its colours, uint8 (H, W, 3): colour is the evidence's."""
    return np.repeat(np.asarray(Image.fromarray(pixels).convert("L"))[..., None], 3, -1)


def edges(pixels: np.ndarray) -> np.ndarray:
    """Outlines of what is in the picture, uint8 (H', W', 4): one ink, transparent elsewhere."""
    height, width = pixels.shape[:2]
    zoom = max(1, round(EDGE_SIDE / max(height, width)))
    large = Image.fromarray(pixels).resize((zoom * width, zoom * height), Image.Resampling.BICUBIC)
    lines = sk_feature.canny(np.asarray(large.convert("L")) / 255, sigma=EDGE_SMOOTH)
    ink = np.full((*lines.shape, 4), 255 if theme.dark() else 0, np.uint8)
    ink[..., 3] = np.where(lines, round(255 * EDGE_ALPHA), 0)
    return ink


def hatched(pixels: np.ndarray, bottom: int, right: int) -> np.ndarray:
    """uint8 (H, W, 3) with stripes over the rows from `bottom` and the columns from `right` on."""
    rows, columns = np.indices(pixels.shape[:2])
    blind = np.asarray((rows >= bottom) | (columns >= right))
    stripes = np.where((rows + columns) // STRIPE % 2, LIGHT, DARK).astype(np.uint8)
    return np.where(blind[..., None], stripes[..., None], pixels)


def maps(
    result: Result,
    titles: Sequence[str],
    pixels: np.ndarray,
    *,
    opacity: float = OPACITY,
    outline: bool = True,
    chosen: tuple[int, int, int] | None = None,
) -> Plot:
    """One evidence map a network over the grey picture, one zero-centred scale; `chosen` (network, y, x) is framed.

    `pixels`: the picture under the maps, uint8 (H, W, 3) of any size: it is stretched over them. The last trace of each
    map is a layer of invisible points: Plotly reports clicks on points, not on heat maps.
    """
    m = len(result.models)
    saw = [f"patches of {q}×{q} px" if q else "class activation map: sees everything" for q in result.patch]
    heads = [f"<b>{verbatim(t)}</b><br>{what}" for t, what in zip(titles, saw, strict=True)]
    fig = subplots.make_subplots(1, m, subplot_titles=heads, horizontal_spacing=0.03)
    under, over = uri(grey(pixels)), uri(edges(pixels))
    for i in range(m):
        add_picture(fig, i, under, result.height, result.width, "below")
        panel = {"coloraxis": "coloraxis", "hoverinfo": "skip", "row": 1, "col": i + 1}
        add_map(fig, result.y[i], result.x[i], result.evidence[i].astype(np.float32), opacity, **panel)
        if outline:
            add_picture(fig, i, over, result.height, result.width, "above")
        add_rim(fig, result, i)
        add_clicks(fig, result, i)
    if chosen is not None:
        i, y, x = chosen
        kit.frame(fig, x, y, result.patch[i], {"color": USER, "width": 2.5, "dash": "solid"}, i)
    lay_out(fig, result)
    return Plot(
        fig,
        f"Maps of the {evidence_of(result)}, one a network, over the picture. {finding(result, titles)}",
        lambda: evidence_table(result),
    )


def add_map(fig: go.Figure, y: np.ndarray, x: np.ndarray, values: np.ndarray, opacity: float, **look: Any) -> None:
    """Values (h, w) of the patches around rows `y` and columns `x`, in pixels of the picture; `look`: Plotly's."""
    at = {"x0": int(x[0]), "dx": spacing(x), "y0": int(y[0]), "dy": spacing(y)}
    fig.add_heatmap(z=values, opacity=opacity, **at, **look)


def spacing(axis: np.ndarray) -> int:
    """Pixels between neighbours of an axis (n,); the network's stride, 8, where it has one place only."""
    return int(axis[1] - axis[0]) if len(axis) > 1 else 8


def add_rim(fig: go.Figure, result: Result, i: int) -> None:
    """Grey over what network i does not see."""
    bottom, right = sides_seen(result, i)
    for top, left in ((bottom, 0), (0, right)):
        if top < result.height and left < result.width:
            end = result.height if top else bottom
            fig.add_shape(
                type="rect", x0=left - 0.5, x1=result.width - 0.5, y0=top - 0.5, y1=end - 0.5, fillcolor=BLIND,
                line_width=0, layer="above", row=1, col=i + 1,
            )  # fmt: skip


def add_clicks(fig: go.Figure, result: Result, i: int) -> None:
    """Points on every patch of a coarse map, on every few pixels of a full one."""
    y, x, values = result.y[i], result.x[i], result.evidence[i]
    every = int(np.ceil(np.sqrt(values.size / MOST_CLICKS)))
    rows, columns = np.meshgrid(y[::every], x[::every], indexing="ij")
    fig.add_scatter(
        x=columns.ravel(),
        y=rows.ravel(),
        mode="markers",
        opacity=0,
        marker={"symbol": "square", "size": max(6, 330 * every // len(x))},
        customdata=[i] * rows.size,
        text=[f"{value:.2f}" for value in values[::every, ::every].ravel()],
        hovertemplate="patch around row %{y}, column %{x}<br>evidence %{text}<extra></extra>",
        row=1,
        col=i + 1,
    )


def evidence_of(result: Result) -> str:
    """What the colour bar shows, in words."""
    name = f"evidence for {result.labels[result.target]}"
    return name + (f" less {result.labels[result.other]}" if result.other is not None else "") + ", logits"


def lay_out(fig: go.Figure, result: Result) -> None:
    """Sizes, axes in pixels of the picture, and the one scale of all maps."""
    m, end = len(result.models), limit(result)
    tall = round(min(440, 1060 / m * result.height / result.width))
    style(fig)
    fig.update_layout(
        coloraxis={
            "colorscale": signed_scale(),
            "cmin": -end,
            "cmax": end,
            "colorbar": {
                "title": {"text": verbatim(evidence_of(result)), "side": "top"},
                "orientation": "h",
                "thickness": 10,
                "len": 0.5,
                "y": 1 + HEADS / tall,  # above the maps: what a narrow page leaves free is then below them
                "yanchor": "bottom",
            },
        },
        showlegend=False,
        dragmode=False,
        height=tall + HEADS + BAR + 16,
        margin={"l": 8, "r": 8, "t": HEADS + BAR, "b": 16},
    )
    kit.pixel_panels(fig, result.height, result.width, m)
    fig.update_yaxes(constraintoward="top")
    fig.update_annotations(font={"size": 13, "color": text_colour()})


def evidence_table(result: Result) -> dict[str, list[object]]:
    """Columns of the maps' numbers: one row a patch of a network."""
    columns: dict[str, list[object]] = {"network": [], "row": [], "column": [], evidence_of(result): []}
    for name, y, x, values in zip(result.models, result.y, result.x, result.evidence, strict=True):
        rows, across = np.meshgrid(y, x, indexing="ij")
        columns["network"] += [name] * values.size
        columns["row"] += rows.ravel().tolist()
        columns["column"] += across.ravel().tolist()
        columns[evidence_of(result)] += values.ravel().round(4).tolist()
    return columns


def patch_logits(patch: Patch, labels: Sequence[str], target: int, *, count: int = 5) -> Plot:
    """A patch's largest logits as bars, the class asked for among them in colour."""
    best = top_classes(patch.logits, target, count)
    fig = go.Figure()
    fig.add_bar(
        x=[float(patch.logits[c]) for c in best],
        y=[verbatim(labels[c]) for c in best],
        orientation="h",
        marker={"color": [ACCENT if c == target else MUTED for c in best]},
        customdata=[float(patch.probability[c]) for c in best],
        text=[f"{patch.logits[c]:.2f}" for c in best],
        hovertemplate="%{y}: logit %{x:.2f}, P = %{customdata:.3f}<extra></extra>",
    )
    style(fig)
    fig.update_layout(title=section("patch_evidence", "figure alone"), height=270, margin={"l": 16, "t": 40, "b": 44})
    fig.update_xaxes(title_text=section("patch_evidence", "figure logit"))
    fig.update_yaxes(autorange="reversed", nticks=None, dtick=1, automargin=True)
    table = {"class": list(labels), "logit": patch.logits.round(4).tolist()}
    return Plot(fig, "The patch's largest logits", lambda: table)


def top_classes(logits: np.ndarray, target: int, count: int) -> list[int]:
    """The `count` classes with the largest of the logits (K,), the class asked for always among them."""
    best = [int(c) for c in logits.argsort()[::-1][:count]]
    return best if target in best else [*best[:-1], target]


def likeness(
    found: Map,
    pixels: np.ndarray,
    patch: int,
    chosen: tuple[int, int],
    places: Sequence[tuple[int, int, float]],
) -> Plot:
    """Where patches like the chosen one lie: cosine similarity over uint8 (H, W, 3), the best places framed."""
    height, width = pixels.shape[:2]
    fig = subplots.make_subplots(1, 1)
    add_picture(fig, 0, uri(grey(pixels)), height, width, "below")
    add_map(
        fig,
        found.y,
        found.x,
        found.values[0],
        OPACITY,
        zmin=-1,
        zmax=1,
        colorscale=signed_scale(),
        colorbar={"title": {"text": section("patch_evidence", "figure cosine"), "side": "right"}, "thickness": 10},
        hovertemplate="row %{y}, column %{x}: cosine %{z:.2f}<extra></extra>",
    )
    kit.frame(fig, chosen[1], chosen[0], patch, {"color": USER, "width": 2.5, "dash": "solid"})
    for y, x, _ in places:
        kit.frame(fig, x, y, patch, {"color": ACCENT, "width": 2.5, "dash": "dot"})
    style(fig)
    fig.update_layout(
        title=section("patch_evidence", "figure alike"), height=340, margin={"l": 16, "t": 40, "b": 16}, dragmode=False
    )
    kit.pixel_panels(fig, height, width, 1)
    return Plot(
        fig,
        "Cosine similarity of every patch's features to those of the chosen one; the four most alike are framed",
        lambda: dict(zip(("row", "column", "cosine"), map(list, zip(*places, strict=True)), strict=True)),
    )


def picture(result: Result, m: int, pixels: np.ndarray, *, opacity: float = OPACITY, zoom: int = 0) -> np.ndarray:
    """Network m's map over the grey picture as uint8 pixels (H, W, 3), enlarged by a whole factor: what --png writes.

    `pixels`: the picture under the map, uint8 (H, W, 3) of any size: it is stretched under it.
    """
    height, width = result.height, result.width
    factor = zoom or max(1, round(640 / max(height, width)))
    size = (factor * width, factor * height)
    rows = np.abs(np.arange(height)[:, None] - result.y[m]).argmin(1)
    columns = np.abs(np.arange(width)[:, None] - result.x[m]).argmin(1)
    colours = paint(result.evidence[m][rows][:, columns], limit(result)).repeat(factor, 0).repeat(factor, 1)
    bottom, right = sides_seen(result, m)
    under = Image.fromarray(grey(pixels)).resize(size, Image.Resampling.BICUBIC)
    mixed = Image.blend(under, Image.fromarray(colours), opacity).convert("RGBA")
    lines = Image.fromarray(edges(pixels)).resize(size, Image.Resampling.BICUBIC)
    return hatched(np.asarray(Image.alpha_composite(mixed, lines).convert("RGB")), factor * bottom, factor * right)


def write_map(path: Path, image: RGBImage, result: Result) -> None:
    """Write the last BagNet's map over the picture as a PNG."""
    write_png(path, picture(result, len(result.models) - 1, whole(image, UNDERLAY)))
