"""Random features: the face of its room."""

from __future__ import annotations

from core.base.heavy import go
from core.networks import families, lite
from core.networks.card import ONLY_ANSWERS, Card
from core.studies.random import figures
from core.studies.random.features import Result
from core.studies.study import Study, Use


def by_logits(card: Card) -> str:
    return f"by its logits: {ONLY_ANSWERS}" if card.answers_only else ""


STUDY = Study(
    slug="random_features",
    paper="Y. Xue, U. Roshan, Image classification and retrieval with random depthwise signed convolutional neural "
    "networks, 2018",
    link="https://arxiv.org/abs/1806.05789",
    icon=":material/casino:",
    room="random",
    networks=(lite.NAME, families.CEILINGS["digits"]),
    uses=(
        Use("map of its features", (("random-network", "{name}"),), note=by_logits),
        Use("retrieval, backgrounds", (("random-photo-network", "{name}"),), note=by_logits),
    ),
)


def figure(result: Result) -> go.Figure:
    return figures.curve(result).figure
