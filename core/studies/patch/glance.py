"""Patch evidence at a glance: the coarse map of any picture, laid over it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from core.base.prose import section
from core.base.worker import Progress, ignore
from core.figures.palette import paint, uri
from core.networks import families
from core.networks.card import Network
from core.pictures.image import RGBImage
from core.pictures.preprocess import whole
from core.studies.patch import evidence
from core.studies.patch.figures import grey
from core.studies.study import Glance, Tile

FOUND = evidence.Result
PARAMS = evidence.Params(resolution="coarse")
OPACITY = 0.65  # of the map over the picture


def networks(image: RGBImage) -> tuple[str, ...]:
    """The ImageNet network that sees one patch at a time."""
    return families.DEFAULT_MAPS[:1]


def run(networks: Sequence[Network], image: RGBImage, progress: Progress = ignore) -> evidence.Result:
    """The evidence for the network's own answer on its own grid."""
    return evidence.run(networks, image, PARAMS, progress)


def shown(found: evidence.Result, image: RGBImage) -> Glance:
    """The map over the picture without its colours, and in how little of it half of the evidence lies."""
    label = found.labels[found.target]
    share = float(evidence.half_of_the_evidence(found)[0])
    patch = found.patch[0]
    said = (
        section("home", "patch look", label=label, share=share, side=patch)
        if np.isfinite(share)
        else section("home", "patch look, nothing", label=label, side=patch)
    )
    return Glance(said, (Tile(label, uri(overlay(found, image)), section("home", "patch alt", label=label)),))


def overlay(found: evidence.Result, image: RGBImage) -> np.ndarray:
    """uint8 (H, W, 3): the evidence (h, w), where its patches lie, over the grey picture."""
    below = grey(whole(image, min(found.height, found.width)))
    colours = paint(found.evidence[0], evidence.limit(found))
    y, x = found.y[0], found.x[0]
    step = int(y[1] - y[0]) if len(y) > 1 else found.height
    box = (int(x[0]) - step // 2, int(y[0]) - step // 2, int(x[-1]) + step // 2, int(y[-1]) + step // 2)
    large = Image.fromarray(colours).resize((box[2] - box[0], box[3] - box[1]), Image.Resampling.BICUBIC)
    mixed = below.astype(float)
    top, left = max(box[1], 0), max(box[0], 0)
    bottom, right = min(box[3], below.shape[0]), min(box[2], below.shape[1])
    over = np.asarray(large, float)[top - box[1] : bottom - box[1], left - box[0] : right - box[0]]
    part = mixed[top:bottom, left:right]
    mixed[top:bottom, left:right] = (1 - OPACITY) * part + OPACITY * over
    return mixed.round().astype(np.uint8)
