"""One look for every figure: colour by role, quiet grids, nothing behind the plot."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Sequence

import numpy as np
from PIL import Image

from core.base.heavy import go
from core.base.quote import unturned
from core.figures import theme

PROBABILITY_SCALE = "Cividis"  # even steps of lightness, and the same to colour-blind readers
ACCENT = "#0072B2"  # Okabe-Ito blue: the anti-aliased networks
ACCENT_ON_DARK = "#56a8dc"
USER = "#D55E00"  # Okabe-Ito vermilion: what the reader chose or brought
MUTED = "#8c8c8c"  # legible on white and on black
# The page's own, then the systems' for Japanese.
FONTS = "'Source Sans', 'Source Sans Pro', 'Hiragino Sans', 'Yu Gothic', 'Noto Sans CJK JP', system-ui, sans-serif"

# Signed maps: zero takes the page's own lightness; blue against, red (on dark: orange) for.
_SIGNED = {
    False: ("#053061", "#4393c3", "#f7f7f7", "#d6604d", "#67001f"),
    True: ("#9ecbff", "#2b7bba", "#12151c", "#c2541d", "#ffc9a3"),
}
_PLAIN = {False: "#7f7f7f", True: "#a8a8a8"}
# (1 tap, 7 taps): one blue hue, each end at least 3:1 against the page it is drawn on
_BLUES = {False: ((74, 152, 204), (0, 38, 63)), True: ((205, 230, 245), (30, 134, 200))}


def signed_scale() -> list[tuple[float, str]]:
    """A diverging colour scale on [0, 1] whose middle is zero."""
    stops = _SIGNED[theme.dark()]
    return [(i / (len(stops) - 1), colour) for i, colour in enumerate(stops)]


def paint(values: np.ndarray, limit: float) -> np.ndarray:
    """Signed values (h, w) as uint8 (h, w, 3) of `signed_scale`, which ends at -limit and +limit."""
    stops = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in _SIGNED[theme.dark()]])
    at = np.linspace(-limit, limit, len(stops))
    return np.stack([np.interp(values, at, stops[:, c]) for c in range(3)], -1).round().astype(np.uint8)


def uri(pixels: np.ndarray) -> str:
    """uint8 (H, W, 3) or (H, W, 4) as a PNG data address."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()


def photo_uri(pixels: np.ndarray) -> str:
    """uint8 (H, W, 3) as a JPEG data address: a tenth of `uri`'s, for photographs that are only looked at."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=88, subsampling=0)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()


def add_picture(fig: go.Figure, i: int, source: str, height: int, width: int, layer: str = "below") -> None:
    """Stretch a picture over the axes of subplot `i` (0 is the first), in pixels of `height` and `width`."""
    axis = str(i + 1 if i else "")
    fig.add_layout_image(
        source=source,
        xref=f"x{axis}",
        yref=f"y{axis}",
        x=-0.5,
        y=-0.5,
        sizex=width,
        sizey=height,
        sizing="stretch",
        layer=layer,
    )


def network_colours(blurs: Sequence[int | None]) -> list[str]:
    """One colour a network from its blur's taps (1..7): grey for the plain one (None), deeper blue for wider blurs."""
    ends = list(zip(*_BLUES[theme.dark()], strict=True))

    def blue(blur: int) -> str:
        return "#" + "".join(f"{round(a + (blur - 1) / 6 * (b - a)):02x}" for a, b in ends)

    return [_PLAIN[theme.dark()] if blur is None else blue(blur) for blur in blurs]


def accent() -> str:
    """The accent as thin lines and words wear it, lighter on a dark page."""
    return ACCENT_ON_DARK if theme.dark() else ACCENT


def translucent(colour: str, alpha: float) -> str:
    """A colour #rrggbb that lets what lies behind it through: `alpha` in [0, 1]."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"


def verbatim(words: str) -> str:
    """Words of others as a figure shows them unchanged: Plotly obeys a little HTML, and %{…} in what is hovered."""
    return re.sub(r"&(?=#?\w+;)", "&amp;", unturned(words)).replace("<", "&lt;").replace("%{", "%&#123;")


def luminance(colour: str) -> float:
    """Relative luminance in [0, 1] of #rrggbb (WCAG)."""
    levels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in levels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def on(colour: str) -> str:
    """Black or white, whichever reads better on a colour."""
    return max("#000000", "#ffffff", key=lambda text: contrast(text, colour))


def text_colour() -> str:
    """Streamlit's own text colour of the theme."""
    return "#fafafa" if theme.dark() else "#31333f"


def style(fig: go.Figure) -> go.Figure:
    """`fig` itself, with the house's template, fonts, margins and grids."""
    dark, text, clear = theme.dark(), text_colour(), "rgba(0,0,0,0)"
    fig.update_layout(
        template="plotly_dark" if dark else "plotly_white",
        paper_bgcolor=clear,
        plot_bgcolor=clear,
        font={"family": FONTS, "size": theme.size(13), "color": text},
        modebar={"bgcolor": clear, "color": MUTED, "activecolor": text},
        title={"font": {"size": theme.size(15)}, "x": 0, "xanchor": "left", "xref": "paper"},
        margin={"l": 56, "r": 16, "t": 72, "b": 48},
        hoverlabel={
            "font": {"family": FONTS, "size": theme.size(13), "color": text},
            "bgcolor": "#262730" if dark else "#ffffff",
        },
        # not on the plot ("paper"): in a window that was narrower for a while Plotly leaves it lying over the marks
        legend={"orientation": "h", "x": 0, "xanchor": "left", "yref": "container", "y": 0, "yanchor": "bottom"},
    )
    grid = "rgba(250,250,250,0.12)" if dark else "rgba(49,51,63,0.12)"
    fig.update_xaxes(showgrid=False, zeroline=False, linecolor=grid, title_standoff=8)
    fig.update_yaxes(gridcolor=grid, zeroline=False, nticks=5, title_standoff=8)
    return fig
