"""What a batch writes of one picture."""

from __future__ import annotations

from core.base.softmax import softmax
from core.networks import families
from core.networks.card import Network
from core.pictures.image import RGBImage
from core.studies.patch import evidence
from core.studies.study import ANSWER, Row, Table


def row(network: Network, image: RGBImage, params: evidence.Params) -> Row:
    """The answer, the logit of the class asked for (the mean of its evidence), and the patch that says most for it
    (Brendel & Bethge, ICLR 2019, §2); rows and columns in px of the picture as the network sees it."""
    result = evidence.run([network], image, params)
    logits = result.logits[0]
    other = 0.0 if result.other is None else float(logits[result.other])
    y, x = evidence.strongest(result, 0)
    return {
        "label": result.labels[logits.argmax()],
        "probability": float(softmax(logits).max()),
        "target": result.labels[result.target],
        "logit": float(logits[result.target]) - other,
        "patches": result.evidence[0].size,
        "patch_row": y,
        "patch_column": x,
        "patch_logit": float(evidence.in_sight(result, 0).max()),
        "height": result.height,
        "width": result.width,
    }


TABLE = Table(
    evidence.Params(resolution="coarse"),  # a map around every pixel costs 64 times as much
    families.DEFAULT_MAPS,
    (
        *ANSWER,
        *(("target", "text"), ("logit", "float"), ("patches", "int")),
        *(("patch_row", "int"), ("patch_column", "int"), ("patch_logit", "float")),
        *(("height", "int"), ("width", "int")),
    ),
    row,
)
