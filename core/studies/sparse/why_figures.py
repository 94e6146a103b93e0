"""The toy of the sparse codes' Why (Dai et al., NeurIPS 2022): what one proximal step does to one response."""

from __future__ import annotations

import numpy as np

from core.base.heavy import go
from core.figures.blocks import Plot
from core.figures.palette import ACCENT, MUTED, style
from core.studies.sparse.figures import line

REACH = 1.5


def shrink(v: np.ndarray, lam: float, non_negative: bool) -> np.ndarray:
    """argmin_z 1/2 (v - z)^2 + lam |z|, over z >= 0 or all z, of the same shape as v.

    The code of a response v to an orthonormal dictionary.
    """
    kept = np.maximum(np.abs(v) - lam, 0) * np.sign(v)
    return np.asarray(np.maximum(kept, 0) if non_negative else kept)


def threshold_figure(lam: float, non_negative: bool) -> Plot:
    """The code against the response, and the response itself for comparison."""
    v = np.linspace(-REACH, REACH, 301)
    fig = go.Figure()
    line(fig, v, v, "a convolution", MUTED, "dot", width=1.5)
    line(fig, v, shrink(v, lam, non_negative), "a code", ACCENT, width=3)
    style(fig)
    fig.update_layout(title_text=f"<b>Responses up to λ = {lam:.2f} become exactly zero</b>", height=320)
    fig.update_xaxes(title_text="response of an atom to the picture")
    fig.update_yaxes(title_text="code", range=[-REACH, REACH])
    return Plot(
        fig,
        f"The code of a response to an orthonormal dictionary: zero up to lambda {lam}, less by lambda beyond",
        lambda: threshold_table(lam, non_negative),
    )


def threshold_table(lam: float, non_negative: bool) -> dict[str, list[float]]:
    v = np.linspace(-REACH, REACH, 31)
    return {"response": v.round(2).tolist(), "code": shrink(v, lam, non_negative).round(3).tolist()}
