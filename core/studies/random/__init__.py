"""Random features: the face of its room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.studies.random.features import Result

if TYPE_CHECKING:
    import plotly.graph_objects as go


def figure(result: Result) -> go.Figure:
    from core.studies.random import figures

    return figures.curve(result).figure
