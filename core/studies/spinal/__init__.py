"""Spinal heads: the face of its room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.studies.spinal.heads import Result

if TYPE_CHECKING:
    import plotly.graph_objects as go


def figure(result: Result) -> go.Figure:
    from core.studies.spinal import figures

    return figures.curves(result).figure
