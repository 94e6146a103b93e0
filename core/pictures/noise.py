"""The four noises of the sparse codes study (Dai et al., NeurIPS 2022, §4), at the paper's levels.

A level says what is asked for (sigma: the standard deviation of what is added, or of a factor around 1), not what
arrives: values are clipped to [0, 1] afterwards. Of gaussian noise, dark and bright places get less than asked, and the
dark ones grow brighter, the bright ones darker; of shot noise only, and of speckle mostly, what exceeds white is
clipped. `arrived` tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from core.base.heavy import sk_util
from core.base.refuse import LARGEST

NONE = "none"
CLIPPED = ", before values are clipped to [0, 1]"


@dataclass(frozen=True)
class Kind:
    """A noise: `levels` from the weakest to the strongest; `symbol` and `unit` name a level, `meaning` explains it."""

    name: str
    symbol: str
    unit: str
    levels: tuple[float, ...]
    meaning: str

    def label(self, level: float) -> str:
        """A level as people read it: 'σ = 0.1', 'clean' for 0."""
        unit = f" {self.unit}" if self.unit else ""
        return f"{self.symbol} = {level:g}{unit}" if level else "clean"


@dataclass(frozen=True)
class Arrived:
    """What a noise did to a picture's values in [0, 1]: the standard `deviation` of the differences around their mean,
    and that mean, the `shift`: by how much the picture has become brighter."""

    deviation: float
    shift: float


def _steps(first: float, step: float, count: int) -> tuple[float, ...]:
    return tuple(round(first + i * step, 2) for i in range(count))


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "gaussian": Kind("gaussian", "σ", "", _steps(0.02, 0.02, 10), f"standard deviation of what is added{CLIPPED}"),
        "shot": Kind("shot", "n", "photons", _steps(60, -6, 10), "photons that full brightness stands for"),
        "speckle": Kind("speckle", "σ", "", _steps(0.1, 0.05, 11), f"standard deviation of a factor around 1{CLIPPED}"),
        "impulse": Kind("impulse", "p", "", _steps(0.03, 0.03, 9), "share of values that become 0 or 1"),
    }
)


def add(pixels: np.ndarray, kind: str, level: float, seeds: Sequence[int]) -> np.ndarray:
    """Noisy copies of pictures, uint8 or float in [0, 1], (B, H, W, 3) -> float32 (B, H, W, 3) in [0, 1].

    Each picture's noise follows its own seed alone. Level 0 and the kind "none" give the clean pictures.
    Raises ValueError for an unknown kind, a level out of range, pixels outside [0, 1], or another number of seeds.
    """
    clean = unit(pixels)
    check(kind, level)
    if len(seeds) != len(clean):
        raise ValueError(f"expected a seed for each of {len(clean)} pictures, got {len(seeds)}: give one a picture")
    if kind == NONE or level == 0 or not len(clean):
        return clean
    return np.stack([_one(p, kind, level, seed) for p, seed in zip(clean, seeds, strict=True)])


def arrived(clean: np.ndarray, noisy: np.ndarray) -> Arrived:
    """Of one picture (H, W, 3) in [0, 1] without and with noise. Raises ValueError for different shapes."""
    if clean.shape != noisy.shape:
        raise ValueError(f"expected two pictures of one shape, got {clean.shape} and {noisy.shape}: give the same one")
    change = noisy.astype(np.float64) - clean
    return Arrived(float(change.std()), float(change.mean()))


def unit(pixels: np.ndarray) -> np.ndarray:
    """uint8, or float in [0, 1], (B, H, W, 3) -> float32 in [0, 1]. Raises ValueError for others."""
    if pixels.ndim != 4 or pixels.shape[-1] != 3:
        raise ValueError(f"expected pictures (B, H, W, 3), got {pixels.shape}: give one array of colour pictures")
    if pixels.dtype == np.uint8:
        return pixels.astype(np.float32) / np.float32(255)
    if not np.issubdtype(pixels.dtype, np.floating) or not ((pixels >= 0) & (pixels <= 1)).all():
        raise ValueError(f"expected uint8, or floats in [0, 1], got {pixels.dtype} beyond: divide by the largest value")
    return pixels.astype(np.float32)


def check(kind: str, level: float) -> None:
    """Raises ValueError for an unknown kind, or a level that it does not have."""
    if kind not in (NONE, *KINDS):
        raise ValueError(f"expected a noise of {[NONE, *KINDS]}, got {kind!r}: choose one of them")
    most = 1 if kind == "impulse" else LARGEST
    if not 0 <= level <= most:
        raise ValueError(f"expected a level from 0 to {most:g} for {kind} noise, got {level}: choose another level")


def _one(clean: np.ndarray, kind: str, level: float, seed: int) -> np.ndarray:
    dice = np.random.default_rng(seed)
    if kind == "shot":  # scikit-image's Poisson noise has no level
        noisy = np.clip(dice.poisson(clean * float(level)) / level, 0, 1)
    elif kind == "impulse":
        noisy = sk_util.random_noise(clean, "s&p", rng=dice, amount=level)
    else:
        noisy = sk_util.random_noise(clean, kind, rng=dice, var=level**2)
    return np.asarray(noisy, np.float32)
