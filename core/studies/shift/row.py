"""What a batch writes of one picture."""

from __future__ import annotations

from core.networks import families
from core.networks.card import Network
from core.pictures.image import RGBImage
from core.studies.shift import sweep
from core.studies.study import ANSWER, Row, Table


def row(network: Network, image: RGBImage, params: sweep.Params) -> Row:
    """The unshifted answer, how it fares over all shifts, and the shift at which the class asked for is least likely
    (Zhang, ICML 2019, §4)."""
    result = sweep.run([network], image, params)
    worst = int(sweep.worst_shift(result)[0])
    dy, dx = result.offsets[worst].tolist()
    return {
        "label": result.labels[result.top1[0, result.centre]],
        "probability": float(result.top1_probability[0, result.centre]),
        "shifts": len(result.offsets),
        "consistency": float(sweep.consistency(result)[0]),
        "flips": int(sweep.flips(result)[0]),
        "target": result.labels[result.target],
        "lowest": float(result.probability[0, worst]),
        "lowest_dy": dy,
        "lowest_dx": dx,
    }


TABLE = Table(
    sweep.Params(),
    families.DEFAULT_NETWORKS,
    (
        *ANSWER,
        *(("shifts", "int"), ("consistency", "float"), ("flips", "int"), ("target", "text")),
        *(("lowest", "float"), ("lowest_dy", "int"), ("lowest_dx", "int")),
    ),
    row,
)
