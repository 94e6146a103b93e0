"""Toy light: the face of a room that a test adds to a copy of the house."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.studies.study import Study, Use

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from core.studies.toy.light import Result

STUDY = Study(
    slug="toy_light",
    paper="Nobody, On Light, 2026",
    link="https://example.org/light",
    icon=":material/light_mode:",
    room="toy",
    networks=("digits_cnn",),
    uses=(Use("light", (("toy-network", "{name}"),)),),
)


def figure(result: Result) -> go.Figure:
    """A bar as high as the picture is bright."""
    import plotly.graph_objects as go

    return go.Figure(go.Bar(x=["light"], y=[result.light]))
