"""Shift sweep: the face of its room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.studies.shift.sweep import Result

if TYPE_CHECKING:
    import plotly.graph_objects as go


def figure(result: Result, titles: Sequence[str] | None = None) -> go.Figure:
    """The hero figure: one dy x dx map of the class's probability a network, one scale."""
    from core.studies.shift.figures import maps

    return maps(result, titles or result.models).figure
