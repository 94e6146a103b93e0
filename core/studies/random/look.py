"""One random feature, layer by layer: what its signs look like on a picture, and the number that is left of them.

Of the network of Xue & Roshan (arXiv 1806.05789).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.base.heavy import subplots, torch
from core.base.worker import Progress, ignore
from core.compute import spaces
from core.compute.sign_counts import Spec, build
from core.figures import palette
from core.figures.blocks import Plot


@dataclass(frozen=True, eq=False)
class Look:
    """`picture` uint8 (H, W, C); `maps`: int8 (h, w) signs that each convolution leaves; `feature`: their last mean."""

    index: int
    picture: np.ndarray
    maps: tuple[np.ndarray, ...]

    @property
    def feature(self) -> float:
        return float(self.maps[-1].mean())


def balanced(picture: np.ndarray, spec: Spec, progress: Progress = ignore) -> int:
    """The feature that says the least about uint8 (H, W, C), its signs cancelling most: it has the most to show."""
    return int(np.abs(spaces.random(picture[None], spec, progress)[0]).argmin())


def run(picture: np.ndarray, spec: Spec, index: int, progress: Progress = ignore) -> Look:
    """Feature `index` of the network on one picture uint8 (H, W, C)."""
    net = build(replace(spec, features=1, start=index))
    with torch.inference_mode():
        x = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 255
        maps = tuple(m[0, 0].to(torch.int8).numpy() for m in net.signs(x))
    progress(1, 1)
    return Look(index, picture, maps)


def figure(look: Look) -> Plot:
    """The picture and the signs side by side, each with hard pixels."""
    titles = ["the picture", *(f"convolution {i}" for i in range(1, len(look.maps) + 1))]
    fig = subplots.make_subplots(cols=len(titles), subplot_titles=titles, horizontal_spacing=0.02)
    colour = look.picture if look.picture.shape[2] == 3 else look.picture.repeat(3, 2)
    for i, pixels in enumerate((colour, *(palette.paint(m, 1) for m in look.maps))):
        height, width = pixels.shape[:2]
        factor = max(1, 240 // max(height, width))
        palette.add_picture(fig, i, palette.uri(pixels.repeat(factor, 0).repeat(factor, 1)), height, width)
        axis = i + 1
        fig.update_xaxes(visible=False, range=[-0.5, width - 0.5], constrain="domain", col=axis, row=1)
        fig.update_yaxes(
            visible=False, range=[height - 0.5, -0.5], scaleanchor=f"x{axis if i else ''}", constrain="domain",
            col=axis, row=1,
        )  # fmt: skip
    fig = palette.style(fig)
    fig.update_layout(height=260, margin={"l": 0, "r": 0, "t": 72, "b": 8})
    fig.update_layout(title=f"Feature {look.index}: the last signs' mean is {look.feature:+.3f}")
    fig.update_annotations(font_size=12)
    alt = f"The signs that random feature {look.index} leaves on the picture after each convolution"
    return Plot(fig, alt, lambda: table(look))


def table(look: Look) -> dict[str, list[str | float]]:
    """The share of positive signs after each convolution."""
    return {
        "convolution": [str(i + 1) for i in range(len(look.maps))],
        "map, px": [f"{m.shape[0]} x {m.shape[1]}" for m in look.maps],
        "positive signs": [round(float((m > 0).mean()), 4) for m in look.maps],
        "mean of signs": [round(float(m.mean()), 4) for m in look.maps],
    }
