"""How much of the picture one position of a BagNet's maps has seen (Brendel & Bethge, ICLR 2019).

Without torch: a page draws it at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

STRIDES = (2, 2, 2, 1)
STRIDE = math.prod(STRIDES)  # pixels between neighbouring patches of a dense pass
STEM_KERNEL = 3
LOCAL_PATCH = 33  # px of a patch of lite0's local copy
KEPT_STAGES = range(len(STRIDES) + 1)


@dataclass(frozen=True)
class Layer:
    """After `name`, a position has seen `side` px; neighbours lie `jump` px apart in the picture."""

    name: str
    side: int
    jump: int


def seen_of(patch: int, length: int) -> int:
    """How many of the `length` px of an axis the network of patches sees, from the first on: the last patch of its own
    grid ends there, and what lies beyond, the blind rim, moves no logit by a bit. All of them where not one patch fits:
    such a picture is not answered."""
    return patch + (length - patch) // STRIDE * STRIDE if length >= patch else length


def growth(kept: int) -> list[Layer]:
    """Receptive field after the stem and after each stage when the first `kept` stages open with a 3x3 convolution.

    A k x k convolution on samples `jump` px apart adds (k - 1) * jump px; a stride multiplies the jump.
    Raises ValueError for a number of stages that does not exist.
    """
    if kept not in KEPT_STAGES:
        raise ValueError(f"expected 0 to {len(STRIDES)} stages, got {kept}: choose one of them")
    layers = [Layer("stem", STEM_KERNEL, 1)]
    for i, stride in enumerate(STRIDES):
        kernel = 3 if i < kept else 1
        before = layers[-1]
        layers.append(Layer(f"stage {i + 1}", before.side + (kernel - 1) * before.jump, before.jump * stride))
    return layers
