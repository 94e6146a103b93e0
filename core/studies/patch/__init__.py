"""Patch evidence: the face of its room."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.base.heavy import go
from core.networks import families
from core.networks.card import ONLY_ANSWERS, Card
from core.studies.patch.evidence import Result, has_map
from core.studies.patch.figures import maps
from core.studies.study import Study, Use


def no_patches(card: Card) -> str:
    return "" if has_map(card) else "only a BagNet's logit is a sum over patches; the masking curves ask any network"


def sees_all(card: Card) -> str:
    return "" if card.patch else "its class activation map: every position has seen nearly all of the picture"


def without_gradient(card: Card) -> str:
    if card.answers_only:
        return f"by occlusion and chance only: {ONLY_ANSWERS}"
    return "by occlusion and chance only: signs have no gradient" if "random_svm" in card.arch else ""


STUDY = Study(
    slug="patch_evidence",
    paper="W. Brendel, M. Bethge, Approximating CNNs with Bag-of-local-Features models works surprisingly well on "
    "ImageNet, ICLR 2019",
    link="https://arxiv.org/abs/1904.00760",
    icon=":material/grid_view:",
    room="patch",
    networks=families.DEFAULT_MAPS,
    uses=(
        Use("evidence of patches", why_not=no_patches, note=sees_all, looks_inside=True),
        Use("masking curves", (("patch-any-network", "{name}"),), note=without_gradient),
    ),
)


def figure(result: Result, pixels: np.ndarray, titles: Sequence[str] | None = None) -> go.Figure:
    """The hero figure: one evidence map a network over the picture uint8 (H, W, 3), one scale."""
    return maps(result, titles or result.models, pixels).figure
