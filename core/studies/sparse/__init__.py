"""Sparse codes: the face of its room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.studies.sparse.codes import Result

if TYPE_CHECKING:
    import plotly.graph_objects as go


def figure(result: Result, titles: Sequence[str] | None = None) -> go.Figure:
    """The hero figure: noisy picture, reconstruction and residual."""
    from core.studies.sparse.figures import pictures

    return pictures(result, titles or result.models).figure
