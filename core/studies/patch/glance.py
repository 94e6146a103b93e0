"""Patch evidence at a glance: the coarse map of any picture, laid over it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageFilter

from core.base.prose import section
from core.base.worker import Progress, ignore
from core.figures.palette import paint, uri
from core.networks import families
from core.networks.card import Network
from core.pictures.image import RGBImage
from core.pictures.preprocess import whole
from core.studies.patch import evidence
from core.studies.patch.figures import grey, hatched
from core.studies.study import Glance, Tile

FOUND = evidence.Result
PARAMS = evidence.Params(resolution="coarse")
OPACITY, SMOOTH = 0.65, 4  # of the map over the picture; px over which a patch's colour runs into the next


def networks(image: RGBImage) -> tuple[str, ...]:
    """Those that the study's page begins with: the first sees one patch at a time."""
    return families.DEFAULT_MAPS


def run(networks: Sequence[Network], image: RGBImage, progress: Progress = ignore) -> evidence.Result:
    """The evidence on the networks' own grids, for the class that the page explains too: what most of them answer."""
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
    """uint8 (H, W, 3): the evidence (h, w) over the grey picture; towards the border, where no patch has its centre,
    the nearest patch's, and stripes where none reaches."""
    below = grey(whole(image, min(found.height, found.width)))
    height, width = below.shape[:2]
    rows, columns = (
        np.abs(np.arange(n)[:, None] - at).argmin(1) for n, at in ((height, found.y[0]), (width, found.x[0]))
    )
    blocks = paint(found.evidence[0], evidence.limit(found))[rows][:, columns]
    smooth = np.asarray(Image.fromarray(blocks).filter(ImageFilter.GaussianBlur(SMOOTH)), float)
    mixed = ((1 - OPACITY) * below + OPACITY * smooth).round().astype(np.uint8)
    return hatched(mixed, *evidence.sides_seen(found, 0))
