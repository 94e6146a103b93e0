"""What a batch writes of one picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.base.softmax import softmax
from core.compute import coded
from core.networks import families
from core.networks.card import Network
from core.pictures import noise
from core.pictures.image import RGBImage
from core.studies.sparse import codes
from core.studies.study import ANSWER, Row, Table


def row(network: Network, image: RGBImage, params: codes.Params) -> Row:
    """The answer at the lambda chosen, and what is left of the picture there (Dai et al., NeurIPS 2022, §3).

    `psnr` in dB is that of the reconstruction against the clean picture; `residual` the root mean square of what the
    codes leave of the noisy one, pixels in [0, 1]. `noise_deviation` and `noise_shift`: what arrived of the noise.
    """
    at_input = replace(params, resolution="network")
    _, seen = codes.pictures(image, at_input, network.preprocessing)
    clean, noisy = codes.pictures(image, params, network.preprocessing)
    shown = coded.code(network, noisy, params.lam, params.steps, params.solver)
    rebuilt = shown.reconstruction.clip(0, 1)
    along = coded.along_lambda(network, seen, np.array([params.lam]), params.steps, params.solver)
    arrived = noise.arrived(clean, noisy)
    probability = softmax(along.logits[0])
    return {
        "label": network.labels[probability.argmax()],
        "probability": float(probability.max()),
        "nonzero": shown.nonzero,
        "psnr": codes.psnr(clean, rebuilt),
        "residual": float(np.sqrt(np.square(noisy - rebuilt).mean(dtype=np.float64))),
        "noise_deviation": arrived.deviation,
        "noise_shift": arrived.shift,
    }


TABLE = Table(
    codes.Params(noise="none"),
    families.DEFAULT_SDNETS[:1],
    (
        *ANSWER,
        *((name, "float") for name in ("nonzero", "psnr", "residual", "noise_deviation", "noise_shift")),
    ),
    row,
)
