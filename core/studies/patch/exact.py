"""How far is the exact map from the logit that it explains?

A BagNet's logit is the mean over its own grid of patches, every 8 px (Brendel & Bethge, ICLR 2019, §2). The map of a
patch around every pixel, the authors' heat map, has another mean: it holds the patches between those of the grid, and
at the border such as hang over it and see the mean colour there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.base.worker import Progress, ignore
from core.data.split import Split
from core.networks.card import Network, title_of
from core.studies.patch import evidence
from core.studies.patch.evidence import Result


@dataclass(frozen=True)
class Off:
    """The `mean` of network m's map for the class asked for (less the other's), and its `logit`, the mean of its own
    grid; `says`: the class of the largest mean, None where the map was not made for all classes."""

    mean: float
    logit: float
    says: int | None

    @property
    def share(self) -> float:
        """By how much of the logit the mean is off it; NaN for a logit of 0."""
        return abs(self.mean - self.logit) / abs(self.logit) if self.logit else float("nan")


@dataclass(frozen=True, eq=False)
class Summary:
    """M BagNets on `images` pictures, each for its own answer. (M,): `off`, the median share of the logit that the mean
    of the exact map is off it, and `other`, how many pictures have another class of the largest mean; `inside_off` and
    `inside_other` of the same map without the patches that hang over the border."""

    networks: tuple[str, ...]
    images: int
    off: np.ndarray
    other: np.ndarray
    inside_off: np.ndarray
    inside_other: np.ndarray


def off_logit(result: Result, m: int) -> Off | None:
    """What network m's map on one picture is off its logit by; None where it is not yet a map around every pixel, or
    none of patches: the mean of a network's own grid is its logit."""
    if not result.patch[m] or result.evidence[m].shape != (result.height, result.width):
        return None
    logit = float(result.logits[m, result.target])
    if result.other is not None:
        logit -= float(result.logits[m, result.other])
    says = result.map_says[m] if result.map_says else -1
    return Off(float(result.evidence[m].mean(dtype=float)), logit, says if says >= 0 else None)


def run(networks: Sequence[Network], split: Split, progress: Progress = ignore) -> Summary:
    """The exact maps of every picture of a split by every BagNet. Raises ValueError for another network, for no picture
    and for pictures in which no patch fits."""
    if not len(split):
        raise ValueError("expected pictures to map, got none: give one or more")
    shares = np.empty((2, len(networks), len(split)))
    other = np.zeros((2, len(networks)), int)
    for i, pixels in enumerate(split.pixels):
        for m, network in enumerate(networks):
            logits = evidence.coarse(network, pixels).values.mean((1, 2), dtype=float)
            best = int(logits.argmax())
            for k, means in enumerate(means_of(network, pixels)):
                shares[k, m, i] = abs(means[best] - logits[best]) / abs(logits[best])
                other[k, m] += int(means.argmax()) != best
        progress(i + 1, len(split))
    off = np.median(shares, axis=2)
    return Summary(tuple(n.card.name for n in networks), len(split), off[0], other[0], off[1], other[1])


def means_of(network: Network, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(K,) twice: the mean over the exact map of uint8 (H, W, 3), and over its patches that lie in the picture."""
    values = evidence.full(network, pixels, range(len(network.labels))).values
    half = (network.card.patch or 1) // 2
    height, width = pixels.shape[:2]
    inside = values[:, half : height - half, half : width - half]
    return values.mean((1, 2), dtype=float), inside.mean((1, 2), dtype=float)


def table(found: Summary) -> dict[str, list[object]]:
    """A row a network."""
    n = found.images
    return {
        "network": [title_of(name) for name in found.networks],
        "n": [n] * len(found.networks),
        "the map's mean is off the logit by (median), %": (100 * found.off).round(1).tolist(),
        "another first class": [f"{count} of {n}" for count in found.other.tolist()],
        "without the patches over the border, %": (100 * found.inside_off).round(1).tolist(),
        "another first class, without them": [f"{count} of {n}" for count in found.inside_other.tolist()],
    }
