"""What one position has seen after each stage of a BagNet (Brendel & Bethge, ICLR 2019), drawn as nested squares."""

from __future__ import annotations

from collections.abc import Sequence

from core.base.heavy import go
from core.base.prose import section
from core.figures import kit
from core.figures.blocks import Plot
from core.figures.palette import ACCENT, MUTED, style, text_colour
from core.models.receptive_field import Layer


def growth_figure(layers: Sequence[Layer]) -> Plot:
    """Nested squares in picture pixels, one a stage that sees more than the one before."""
    fig = go.Figure()
    for layer in layers:
        last = layer.side == layers[-1].side
        kit.frame(fig, 0, 0, layer.side, {"color": ACCENT if last else MUTED, "width": 2.5 if last else 1.5})
    end = layers[-1].side / 2 + 1
    sides = list(dict.fromkeys(layer.side for layer in layers))
    for i, side in enumerate(sides):
        names = [layer.name for layer in layers if layer.side == side]
        words = names[0] if len(names) == 1 else f"{names[0]} to {names[-1].removeprefix('stage ')}"
        fig.add_annotation(
            x=side / 2,
            y=-side / 2 + 0.5,
            ax=1.15 * end,
            ay=end * (0.8 - 1.6 * (i + 1) / len(sides)),
            axref="x",
            ayref="y",
            text=f"{words}: {side} px",
            xanchor="left",
            arrowcolor=MUTED,
            arrowhead=0,
            font={"size": 13, "color": text_colour()},
        )
    style(fig)
    fig.update_layout(
        title=section("patch_evidence", "figure growth", side=layers[-1].side, jump=layers[-1].jump),
        height=380,
        margin={"l": 16, "r": 16, "t": 48, "b": 40},
        dragmode=False,
    )
    fig.update_xaxes(range=[-end, 2.4 * end], title_text="px", constrain="domain", showticklabels=False)
    fig.update_yaxes(range=[end, -end], scaleanchor="x", showgrid=False, showticklabels=False)
    return Plot(
        fig,
        f"What one position has seen after each stage: at the end {layers[-1].side} px",
        lambda: growth_table(layers),
    )


def growth_table(layers: Sequence[Layer]) -> dict[str, list[object]]:
    """A row a stage: what it sees, and how far apart its positions lie."""
    return {
        "after": [layer.name for layer in layers],
        "sees, px": [layer.side for layer in layers],
        "stride, px": [layer.jump for layer in layers],
    }
