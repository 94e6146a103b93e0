"""Patch evidence: the face of its room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.studies.patch.evidence import Result

if TYPE_CHECKING:
    import plotly.graph_objects as go


def figure(result: Result, pixels: np.ndarray, titles: Sequence[str] | None = None) -> go.Figure:
    """The hero figure: one evidence map a network over the picture uint8 (H, W, 3), one scale."""
    from core.studies.patch.figures import maps

    return maps(result, titles or result.models, pixels).figure
