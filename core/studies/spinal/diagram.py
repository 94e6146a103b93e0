"""The spinal head of Kabir et al. (arXiv 2007.03347, §II) as a drawing: which part of the features each layer sees, and
what it costs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any

from core.base.heavy import go, torch
from core.base.prose import section
from core.figures import palette, theme
from core.figures.blocks import Plot
from core.models.counting import multiplications, parameters
from core.models.heads import Head, Shape

LETTERS = "ABCDEFGH"
# Okabe-Ito, beginning with the two hues that stand for nothing else on this page; the last is their black
COLOURS = ("#009E73", "#CC79A7", "#56B4E9", "#F0E442", "#E69F00", "#D55E00", "#0072B2", "#808080")
PAGE = {False: "#ffffff", True: "#171614"}  # Streamlit's backgrounds, as they come out on screen
FILL = {False: "#f3f5f8", True: "#272522"}
CONTRAST = 3.0  # of a line or box with what it is drawn on, at least (WCAG 1.4.11)
READABLE = 4.5  # of small text
ROW = 36  # px between two layers
TOP, BOTTOM, SIDE = 76, 12, 4  # px of margin
LETTER = 12  # px
Cell = str | int
Interval = tuple[float, float]


# ---- counted -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Layer:
    """One linear layer of a head: what it sees in words, the numbers that go in and come out, and its cost."""

    layer: str
    sees: str
    inputs: int
    outputs: int
    parameters: int
    multiplications: int


@lru_cache(maxsize=256)  # of a slider's way; asked for by the figure and its table
def layers(features: int, classes: int, shape: Shape, *, norm: bool = False) -> tuple[Layer, ...]:
    """The layers of a spinal head and, last, its read-out: counted from the modules themselves, on no memory.

    `norm` says whether a batch norm, which has parameters, follows each layer. Raises ValueError if there are more
    parts than features.
    """
    from core.models.spinal import SpinalHead

    with torch.device("meta"):
        head = SpinalHead(features, classes, shape.width, shape.layers, shape.split, norm=norm, order=shape.parts)
    found: list[Layer] = []
    known: dict[int, int] = {}  # inputs -> multiplications: most layers are alike
    for i, (layer, part) in enumerate(zip([*head.layers, head.out], (*shape.parts, None), strict=True)):
        linear = layer.get_submodule("linear")
        n, m = int(linear.in_features), int(linear.out_features)
        if part is None:
            known.pop(n, None)  # the read-out has other outputs
        if n not in known:
            known[n] = multiplications(layer, n)
        name = "read-out" if part is None else f"h{i + 1}"
        seen = "every layer" if part is None else f"part {LETTERS[part]}" + (f" and h{i}" if i else "")
        found.append(Layer(name, seen, n, m, parameters(layer), known[n]))
    return tuple(found)


def table(features: int, classes: int, shape: Shape, *, norm: bool = False) -> dict[str, list[Cell]]:
    """One row a layer, the read-out last."""
    rows = layers(features, classes, shape, norm=norm)
    return {column.name: [getattr(row, column.name) for row in rows] for column in fields(Layer)}


def saving(count: int, plain: int) -> float:
    """How many % less than `plain`, as a negative number; positive where it is more."""
    return 100 * (count - plain) / plain


def finding(title: str, features: int, shape: Shape, sizes: Mapping[Head, tuple[int, int]]) -> str:
    """One sentence from the (parameters, multiplications) of the three heads."""
    plain, spinal, matched = (sizes[head][1] for head in ("fc", "spinal", "fc-matched"))
    change = saving(spinal, plain)
    if spinal == plain:
        words = "as many as"
    elif spinal >= 2 * plain:
        words = f"{spinal / plain:,.1f} times"
    else:
        words = f"{abs(change):.1f} % {'fewer' if change < 0 else 'more'} than"
    count = f"{shape.layers} layer{'s' * (shape.layers > 1)} of {shape.width}"
    return (
        f"On the {features:,} features of the {title}, {count} take {spinal:,} multiplications, {words} the fully "
        f"connected head's {plain:,}; a fully connected head with as many parameters takes {matched:,}."
    )


def alt(features: int, classes: int, shape: Shape) -> str:
    """The drawing in words."""
    order = " ".join(LETTERS[part] for part in shape.parts)
    return (
        f"A spinal head: {features:,} features cut into {shape.split} parts, {shape.layers} layers of {shape.width} "
        f"units that see the parts in the order {order}, each also the layer before it; all of them feed {classes} "
        "outputs."
    )


# ---- colours -------------------------------------------------------------------------------------


def part_colour(part: int, ratio: float = CONTRAST) -> str:
    """A part's colour, moved towards the text's until its contrast with the page is at least `ratio`."""
    colour, goal, steps = COLOURS[part], palette.text_colour(), 40
    page = PAGE[theme.dark()]
    for step in range(steps + 1):
        pairs = [(int(colour[i : i + 2], 16), int(goal[i : i + 2], 16)) for i in (1, 3, 5)]
        mixed = "#" + "".join(f"{round(a + step / steps * (b - a)):02x}" for a, b in pairs)
        if palette.contrast(mixed, page) >= ratio:
            return mixed
    return goal


# ---- drawn ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """Where things stand. `along` counts layers, from top to bottom; `across` leads from the features to the read-out
    in thousandths of the width, which stretches with the page.
    """

    shape: Shape
    lanes: tuple[float, ...]  # across, one for each part
    lane_width: float
    cap: Interval  # across: where a box carries its part's colour
    reach: float  # across: the length of the longest box
    strip: Interval  # across: all outputs side by side
    end: float
    thick: float  # along: half a box

    @property
    def box(self) -> Interval:
        """Across: longer for wider layers, by the logarithm of their width."""
        start = self.cap[1]
        return start, start + self.reach * (0.25 + 0.75 * math.log2(self.shape.width) / 9)

    def xy(self, along: float, across: float) -> tuple[float, float]:
        return across, along


def plan_of(shape: Shape) -> Plan:
    """Where things stand: any number of layers from top to bottom, so that nothing turns while a slider moves."""
    pitch = min(90.0, 320 / shape.split)
    lanes = tuple(20 + pitch * (i + 0.5) for i in range(shape.split))
    return Plan(shape, lanes, pitch, (520, 585), 250, (925, 965), 1000, 0.34)


@dataclass
class Sheet:
    """Shapes, words and dots collected first: Plotly takes them much faster all at once."""

    plan: Plan
    shapes: list[dict[str, Any]] = field(default_factory=list)
    words: list[dict[str, Any]] = field(default_factory=list)
    dots: list[tuple[float, float, str]] = field(default_factory=list)  # x, y, colour

    def rectangle(self, name: str, along: Interval, across: Interval, fill: str, edge: str, width: float) -> None:
        """A box between two places along the layers and two across them."""
        (x0, y0), (x1, y1) = self.plan.xy(along[0], across[0]), self.plan.xy(along[1], across[1])
        border = {"color": edge, "width": width}
        self.shapes.append(
            {"type": "rect", "name": name, "x0": x0, "x1": x1, "y0": y0, "y1": y1, "fillcolor": fill, "line": border}
        )

    def line(self, start: Interval, stop: Interval, colour: str) -> None:
        (x0, y0), (x1, y1) = self.plan.xy(*start), self.plan.xy(*stop)
        pen = {"color": colour, "width": 1.5}
        self.shapes.append({"type": "line", "layer": "below", "x0": x0, "x1": x1, "y0": y0, "y1": y1, "line": pen})

    def arrow(self, start: Interval, stop: Interval) -> None:
        """An arrow from `start` to `stop`, each (along, across)."""
        (ax, ay), (x, y) = self.plan.xy(*start), self.plan.xy(*stop)
        head = {"arrowhead": 2, "arrowsize": 0.9, "arrowwidth": 1.3, "arrowcolor": palette.MUTED}
        self.words.append(
            {"x": x, "y": y, "ax": ax, "ay": ay, "axref": "x", "ayref": "y", "text": "", "showarrow": True, **head}
        )

    def label(self, at: Interval, text: str, colour: str | None = None, size: int = LETTER, **where: object) -> None:
        x, y = self.plan.xy(*at)
        font = {"size": theme.size(size), "color": colour or palette.text_colour()}
        self.words.append({"x": x, "y": y, "text": text, "showarrow": False, "borderpad": 0, "font": font, **where})

    def dot(self, at: Interval, colour: str) -> None:
        self.dots.append((*self.plan.xy(*at), colour))


def figure(features: int, classes: int, shape: Shape, *, norm: bool = False) -> Plot:
    """The head as it is wired: features in lettered parts, layers in order, everything read out together.

    `norm` is as in `layers`. Raises ValueError if there are more parts than features.
    """
    rows = layers(features, classes, shape, norm=norm)
    plan, sizes = plan_of(shape), part_sizes(rows, shape)
    sheet = Sheet(plan)
    draw_features(sheet)
    for i, part in enumerate(shape.parts):
        draw_layer(sheet, i, part, sizes[part])
    draw_read_out(sheet, rows[-1])
    fig = palette.style(go.Figure([dots(sheet), hover(plan, rows, sizes)]))
    px = theme.size(13)
    numbers = section(
        "spinal_heads", "fig features", features=features, parts=shape.split, layers=shape.layers, width=shape.width
    )
    said = section("spinal_heads", "fig one part")
    fig.update_layout(
        shapes=sheet.shapes,
        annotations=sheet.words,
        title_text=f"<b>{said}</b><br><span style='font-size:{px:g}px'>{numbers}</span>",
        hovermode="closest",
        showlegend=False,
        margin={"l": SIDE, "r": SIDE, "t": TOP, "b": BOTTOM},
        height=round(theme.size(ROW) * (shape.layers + 2.2)) + TOP + BOTTOM,
    )
    fig.update_xaxes(range=[0, plan.end], visible=False, fixedrange=True)
    fig.update_yaxes(range=[shape.layers + 0.7, -1.5], visible=False, fixedrange=True)
    return Plot(fig, alt(features, classes, shape), lambda: table(features, classes, shape, norm=norm))


def part_sizes(rows: tuple[Layer, ...], shape: Shape) -> tuple[int, ...]:
    """Features in each part, from the first layer that sees it."""
    first = [shape.parts.index(part) for part in range(shape.split)]
    return tuple(rows[i].inputs - (shape.width if i else 0) for i in first)


def draw_features(sheet: Sheet) -> None:
    """The feature vector, cut, and a lane from each part to the last layer that sees it."""
    plan = sheet.plan
    bar, half = (-1.3, -0.8), plan.lane_width / 2
    for part, lane in enumerate(plan.lanes):
        colour, letter = part_colour(part), LETTERS[part]
        sheet.rectangle(f"part {letter}", bar, (lane - half, lane + half), colour, PAGE[theme.dark()], 2)
        sheet.label((sum(bar) / 2, lane), f"<b>{letter}</b>", palette.on(colour), LETTER + 1)
        last = max(i for i, seen in enumerate(plan.shape.parts) if seen == part)
        sheet.line((bar[1], lane), (last, lane), colour)


def draw_layer(sheet: Sheet, i: int, part: int, size: int) -> None:
    """A layer's box with its part's cap, the line from the part's lane, the arrow from the layer before."""
    plan = sheet.plan
    colour, letter, width = part_colour(part), LETTERS[part], plan.shape.width
    along = (i - plan.thick, i + plan.thick)
    sheet.line((i, plan.lanes[part]), (i, plan.cap[0]), colour)
    sheet.dot((i, plan.lanes[part]), colour)
    sheet.rectangle(f"cap {i + 1} {letter}", along, plan.cap, colour, colour, 1.5)
    sheet.rectangle(f"layer {i + 1}", along, plan.box, FILL[theme.dark()], colour, 1.5)
    sheet.label((i, sum(plan.cap) / 2), f"<b>{letter}</b>", palette.on(colour))
    sheet.label((i, sum(plan.box) / 2), f"<b>{width}</b>", size=LETTER + 1)
    seen = f"<span style='color:{part_colour(part, READABLE)}'>{size:,}</span>"
    if i:
        seen += f" + {width}"
        step = plan.box[0] + 40
        sheet.arrow((i - 1 + plan.thick, step), (i - plan.thick, step))
    corner: dict[str, Any] = {"xanchor": "right", "xshift": -5, "yshift": 1, "align": "right"}
    sheet.label((i, plan.cap[0]), seen, yanchor="bottom", **corner)
    sheet.arrow((i, plan.box[1]), (i, plan.strip[0]))


def draw_read_out(sheet: Sheet, read_out: Layer) -> None:
    """The outputs of all layers side by side, and what is read from them."""
    plan, fill = sheet.plan, FILL[theme.dark()]
    count, middle, half = plan.shape.layers, sum(plan.strip) / 2, 42
    for i in range(count):
        sheet.rectangle(f"read {i + 1}", (i - 0.5, i + 0.5), plan.strip, fill, palette.MUTED, 1)
    end = (count - 0.15, count + 0.5)
    sheet.arrow((count - 0.5, middle), (end[0], middle))
    sheet.rectangle("outputs", end, (middle - half, middle + half), fill, palette.text_colour(), 1.5)
    sheet.label((sum(end) / 2, middle), f"<b>{read_out.outputs}</b>", size=LETTER + 1)
    words = section(
        "spinal_heads", "fig outputs", layers=count, width=plan.shape.width, inputs=read_out.inputs,
        outputs=read_out.outputs,
    )  # fmt: skip
    sheet.label((sum(end) / 2, middle - half), words, xanchor="right", xshift=-8)


def dots(sheet: Sheet) -> go.Scatter:
    """Where a layer's line leaves its part's lane."""
    x, y, colours = zip(*sheet.dots, strict=True)
    return go.Scatter(x=x, y=y, mode="markers", marker={"color": colours, "size": 7}, hoverinfo="skip", name="taps")


def hover(plan: Plan, rows: tuple[Layer, ...], sizes: tuple[int, ...]) -> go.Scatter:
    """Invisible points over boxes and parts that tell their numbers."""
    middle = sum(plan.box) / 2
    spots = [(float(i), middle) for i in range(plan.shape.layers)] + [(plan.shape.layers + 0.2, sum(plan.strip) / 2)]
    texts = [
        f"<b>{row.layer}</b> sees {row.sees}<br>{row.inputs:,} inputs, {row.outputs:,} outputs<br>"
        f"{row.parameters:,} parameters, {row.multiplications:,} multiplications"
        for row in rows
    ]
    spots += [(-1.0, lane) for lane in plan.lanes]
    for part, size in enumerate(sizes):
        seen = plan.shape.parts.count(part)
        texts.append(f"<b>part {LETTERS[part]}</b>: {size:,} features<br>seen by {seen} layer{'s' * (seen > 1)}")
    x, y = zip(*(plan.xy(*spot) for spot in spots), strict=True)
    return go.Scatter(
        x=x, y=y, mode="markers", name="hover", text=texts,
        marker={"size": 34, "opacity": 0}, hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip
