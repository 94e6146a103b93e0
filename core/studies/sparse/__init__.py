"""Sparse codes: the face of its room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.networks import families
from core.networks.card import Card
from core.studies.sparse.figures import pictures
from core.studies.study import Study, Use

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from core.studies.sparse.codes import Result


def no_codes(card: Card) -> str:
    return "" if "sdnet" in card.arch else "it has no sparse coding layer, so there is no λ to turn"


def without_lambda(card: Card) -> str:
    return "" if "sdnet" in card.arch else "λ is not applicable: one row, without a coding layer"


STUDY = Study(
    slug="sparse_codes",
    title="Sparse codes",
    question="What is left when lambda is turned up?",
    paper="X. Dai et al., Revisiting Sparse Convolutional Model for Visual Recognition, NeurIPS 2022",
    link="https://arxiv.org/abs/2210.12945",
    icon=":material/blur_on:",
    room="sparse",
    networks=families.DEFAULT_SDNETS,
    uses=(
        Use("codes and λ", (("sparse-network", "{name}"),), no_codes),
        Use("noise × λ", (("sparse-any-network", "{name}"),), note=without_lambda),
    ),
)


def figure(result: Result, titles: Sequence[str] | None = None) -> go.Figure:
    """The hero figure: noisy picture, reconstruction and residual."""
    return pictures(result, titles or result.models).figure
