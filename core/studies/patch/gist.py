"""What a map says in a few numbers: how much a few patches hold, and how much lies where the object is
(Brendel & Bethge, ICLR 2019, add up such evidence)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.base.softmax import softmax
from core.base.worker import Progress, ignore
from core.pictures import object_mask
from core.pictures.object_mask import Box
from core.studies.patch import claims
from core.studies.patch.evidence import Result, in_sight

TENTH = 0.1  # of the patches
BEST = 3  # answers that are told of a network
SIDE = 224  # px, short side at which the object is looked for
STARTS = (Box(0.05, 0.05, 0.95, 0.95), Box())  # where the object is looked for: nearly the whole picture, its middle
LARGEST = 0.65  # of the picture; a larger box says nothing of where in it the evidence lies
EMPTIEST = 0.3  # of the box; less of it is no one object
ENDS = 1e-9  # of a pixel: rounding


def held_by_the_strongest(values: np.ndarray, part: float = TENTH) -> float:
    """The share of the positive evidence (h, w) that the strongest `part` of the patches, at least one, holds; NaN
    where there is none."""
    falling = np.sort(np.maximum(values, 0).ravel().astype(float))[::-1]
    total = falling.sum()
    return float(falling[: max(1, round(part * falling.size))].sum() / total) if total > 0 else float("nan")


def object_box(pixels: np.ndarray, progress: Progress = ignore) -> Box | None:
    """The box around what GrabCut (core.pictures.object_mask) cuts out of the picture uint8 (H, W, 3); None where
    nothing stands out, or nearly everything does."""
    found = None
    for start in STARTS:
        mask = object_mask.mask(pixels, start)
        if found is None and not (mask == start.inside(*mask.shape)).all():
            found = around(mask)
    progress(1, 1)
    return found


def around(mask: np.ndarray) -> Box | None:
    """The smallest box that holds a mask, bool (H, W) and not empty; None if it is too large or too empty."""
    height, width = mask.shape
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    tall, wide = rows[-1] + 1 - rows[0], columns[-1] + 1 - columns[0]
    if tall * wide > LARGEST * mask.size or mask.sum() < EMPTIEST * tall * wide:
        return None
    top, left = rows[0] / height, columns[0] / width
    return Box(float(top), float(left), float((rows[-1] + 1) / height), float((columns[-1] + 1) / width))


def likeliest(logits: Sequence[np.ndarray], count: int) -> list[int]:
    """The classes that networks of these logits (K,) find likeliest together, by their mean probability."""
    mean = np.mean([softmax(one) for one in logits], 0)
    return [int(c) for c in np.argsort(-mean, kind="stable")[:count]]


def best(result: Result, m: int, count: int = BEST) -> list[tuple[str, float]]:
    """Network m's likeliest classes: (label, probability in [0, 1])."""
    probability = softmax(result.logits[m])
    return [(result.labels[c], float(probability[c])) for c in np.argsort(-probability, kind="stable")[:count]]


def votes(result: Result) -> int:
    """How many of the networks answer the class that the maps explain."""
    return int((result.logits.argmax(1) == result.target).sum())


@dataclass(frozen=True)
class Inside:
    """Shares in [0, 1]: of the positive evidence in a box, `evidence`, NaN without any; of the patches, `patches`."""

    evidence: float
    patches: float


def inside(result: Result, m: int, box: Box) -> Inside:
    """How much of network m's positive evidence, and how many of its patches, are centred in a box."""
    positive = np.maximum(in_sight(result, m), 0).astype(float)
    height, width = positive.shape
    rows = within(result.y[m][:height], box.top * result.height, box.bottom * result.height)
    columns = within(result.x[m][:width], box.left * result.width, box.right * result.width)
    chosen = rows[:, None] & columns
    total = positive.sum()
    return Inside(float(positive[chosen].sum() / total) if total > 0 else float("nan"), float(chosen.mean()))


def within(centres: np.ndarray, low: float, high: float) -> np.ndarray:
    """Which of the pixels (n,) have their middle between two edges."""
    return (centres + 0.5 >= low - ENDS) & (centres + 0.5 <= high + ENDS)


@dataclass(frozen=True)
class Beyond:
    """Over `pictures` of a data set: the share in [0, 1] that patches of `patch` px get right, and that a network which
    sees the `whole` picture does. `five`: right is to have the class among the five best."""

    pictures: int
    patch: int
    patches: float
    whole: float
    five: bool


def beyond(family: str, patch: int, results: Path) -> Beyond | None:
    """What was measured over a data set on the networks of a family; None if nothing was."""
    if family == "imagenet":
        pair = claims.five_best(results)
        return pair and Beyond(len(pair[0]), patch, float(pair[0].mean()), float(pair[1].mean()), True)
    record = claims.patches_record(results)
    if record is None or family != "tiny-imagenet-20" or not {patch, None} <= set(record.summary.patches):
        return None
    found = record.summary
    local, whole = (float(found.accuracy[found.patches.index(q)]) for q in (patch, None))
    return Beyond(found.images, patch, local, whole, False)
