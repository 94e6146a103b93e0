"""Sparse codes: the face of its room."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from core.base.heavy import go
from core.networks import families
from core.networks.card import Card
from core.studies.sparse.codes import Result, has_codes
from core.studies.sparse.figures import pictures
from core.studies.study import Study, Use


def unless_coded(words: str, card: Card) -> str:
    """What is said of a network that has no coding layer."""
    return "" if has_codes(card) else words


NO_CODES = "it has no sparse coding layer, so there is no λ to turn"
NO_LAMBDA = "λ is not applicable: one row, without a coding layer"
STUDY = Study(
    slug="sparse_codes",
    paper="X. Dai et al., Revisiting Sparse Convolutional Model for Visual Recognition, NeurIPS 2022",
    link="https://arxiv.org/abs/2210.12945",
    icon=":material/blur_on:",
    room="sparse",
    networks=families.DEFAULT_SDNETS,
    uses=(
        Use("codes and λ", (("sparse-network", "{name}"),), partial(unless_coded, NO_CODES), looks_inside=True),
        Use("noise × λ", (("sparse-any-network", "{name}"),), note=partial(unless_coded, NO_LAMBDA)),
    ),
)


def figure(result: Result, titles: Sequence[str] | None = None) -> go.Figure:
    """The hero figure: noisy picture, reconstruction and residual."""
    return pictures(result, titles or result.models).figure
