"""Random features: the face of its room."""

from __future__ import annotations

from core.base.heavy import go
from core.networks import families, lite
from core.studies.random import figures
from core.studies.random.features import Result
from core.studies.study import Study, Use

STUDY = Study(
    slug="random_features",
    paper="Y. Xue, U. Roshan, Image classification and retrieval with random depthwise signed convolutional neural "
    "networks, 2018",
    link="https://arxiv.org/abs/1806.05789",
    icon=":material/casino:",
    room="random",
    networks=(lite.NAME, families.CEILINGS["digits"]),
    uses=(
        Use("map of its features", (("random-network", "{name}"),)),
        Use("retrieval, backgrounds", (("random-photo-network", "{name}"),)),
    ),
)


def figure(result: Result) -> go.Figure:
    return figures.curve(result).figure
