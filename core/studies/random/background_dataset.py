"""Over many photographs: whose answers change with the background, and whose with the object?

After Xue & Roshan (arXiv 1806.05789). Background is what lies outside the middle box
(`core.pictures.object_mask.MIDDLE`), object what lies in it: about half of the pixels each, so that neither part is
changed more than the other. A picture's new background is another class's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.base.intervals import wilson
from core.base.records import read_one
from core.base.worker import Progress, ignore, part
from core.compute import spaces
from core.compute.sign_counts import Spec
from core.compute.spaces import PIXELS, RANDOM, TRAINED
from core.data.split import Split
from core.networks.card import Network
from core.pictures.object_mask import MIDDLE
from core.studies.random.background import VERSIONS, neighbours, probability, versions
from core.studies.random.features import FOLDER
from core.studies.random.retrieval import Embed, embed

RECORD = "background.json"
NETWORK = "network"  # its own answers; the spaces answer by the class of the nearest picture
WORDS = {
    NETWORK: "network's answer",
    TRAINED: "nearest, trained",
    RANDOM: "nearest, random",
    PIXELS: "nearest, pixels",
}
NEAR = 10


@dataclass(frozen=True, eq=False)
class Row:
    """`who` answers; `seed` of the random features, None elsewhere.

    `accuracy` (1 + V,): share of right answers to the originals and to each of VERSIONS; `changed` (V,): share of
    answers that are another one than to the original. `moved` (V,): mean distance from the original, in the original's
    mean distance from the gallery, and `kept` (V,): mean share of the NEAR nearest that stay; NaN for the network.
    """

    who: str
    seed: int | None
    accuracy: np.ndarray
    changed: np.ndarray
    moved: np.ndarray
    kept: np.ndarray


@dataclass(frozen=True, eq=False)
class Measured:
    """`rows` over `images` pictures, compared with `gallery` others at `size` px. `about`: where they come from.

    Raises ValueError for other versions than today's, which a record may be of."""

    images: int
    gallery: int
    size: int
    features: int
    kernel: int
    depth: int
    network: str
    box: float  # share of the pixels
    rows: tuple[Row, ...]
    about: dict[str, str]
    versions: tuple[str, ...] = tuple(" ".join(version) for version in VERSIONS)

    def __post_init__(self) -> None:
        if self.versions != Measured.versions:
            raise ValueError(
                "expected a record of today's versions, got others: run receptive measure background again"
            )

    def of(self, who: str) -> list[Row]:
        """One a seed."""
        return [row for row in self.rows if row.who == who]

    def interval(self, share: float) -> tuple[float, float]:
        """95 % interval of a share over the pictures (Wilson)."""
        return wilson(share, self.images)


def measure(
    queries: Split,
    gallery: Split,
    specs: Sequence[Spec],
    network: Network,
    *,
    about: dict[str, str] | None = None,
    random: Embed = spaces.random,
    progress: Progress = ignore,
) -> Measured:
    """Answers to every version of every query by the network, and by the nearest gallery picture in every space.

    `random` may keep its features on disk. Raises ValueError without a Spec, or for queries of a single class.
    """
    if not specs:
        raise ValueError("expected a Spec of random features or more, got none: give one a seed")
    size = queries.pixels.shape[1]
    box = MIDDLE.inside(size, size)
    others = queries.pixels[partners(queries.labels)]
    every = np.stack([versions(p, box, o) for p, o in zip(queries.pixels, others, strict=True)], 1)  # (1+V, Q, ...)
    flat = every.reshape(-1, *every.shape[2:])
    shape = every.shape[:2]
    own = probability(flat, network).argmax(1).reshape(shape)
    nothing = np.full(shape[0] - 1, np.nan)
    rows = [Row(NETWORK, None, *shares(own, queries.labels), nothing, nothing)]

    mine, known = (
        embed(pictures, specs, network, part(progress, i, 2), random)
        for i, pictures in enumerate((flat, gallery.pixels))
    )
    for who, seed in sorted(mine, key=lambda row: row[0] == RANDOM):  # as the record has them: these last
        vectors = mine[who, seed].reshape(*shape, -1)
        nearest, moved, kept = neighbours(vectors, known[who, seed], min(NEAR, len(gallery)))
        rows.append(Row(who, seed, *shares(gallery.labels[nearest[..., 0]], queries.labels), moved, kept))
    first = specs[0]
    shape_of = size, first.features, first.kernel_size, first.depth
    share = float(box.mean())
    return Measured(len(queries), len(gallery), *shape_of, network.card.name, share, tuple(rows), about or {})


def partners(labels: np.ndarray) -> np.ndarray:
    """(Q,) for each picture another one of another class: the first from half the set further on.

    Raises ValueError if there is but one class.
    """
    if len(np.unique(labels)) < 2:
        raise ValueError("expected pictures of two classes or more: a background is swapped for another class's")
    places = np.arange(len(labels))
    ahead = (places[:, None] + len(labels) // 2 + places) % len(labels)
    first = (labels[ahead] != labels[:, None]).argmax(1)
    return np.asarray(ahead[places, first])


def shares(answers: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Answers (1 + V, Q) -> right (1 + V,), and other than to the original (V,)."""
    return (answers == labels).mean(1), (answers[1:] != answers[0]).mean(1)


def finding(found: Measured) -> str:
    """Swapped background against swapped object, in a sentence."""
    at = VERSIONS.index(("background", "swapped")), VERSIONS.index(("object", "swapped"))
    said = []
    for who, name in ((NETWORK, "the trained network"), (RANDOM, "random features"), (PIXELS, "pixels")):
        behind, front = (np.mean([row.changed[i] for row in found.of(who)]) for i in at)
        nearest = "" if who == NETWORK else "the nearest by "
        said.append(f"{behind:.0%} by {nearest}{name} (with another object: {front:.0%})")
    return (
        f"With another background, {said[0]}, {said[1]} and {said[2]} of {found.images} photographs get another answer."
    )


def measured(folder: Path = FOLDER) -> Measured | None:
    """What `receptive measure background` wrote into FOLDER, None if it has not."""
    return read_one(folder / RECORD, Measured)
