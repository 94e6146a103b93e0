"""Over many pictures: which patches say a class loudest, rightly and wrongly?
(Brendel & Bethge 2019, "most informative image patches")

Every picture is walked on the network's own grid, and only the best patches so far are kept, so that memory does not
grow with the number of pictures.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.base.refuse import within
from core.base.worker import Progress, Stopped, ignore
from core.compute.patches import bagnet_of, evidence
from core.models.receptive_field import STRIDE
from core.networks.card import Network
from core.pictures.files import open_pictures
from core.pictures.image import RGBImage
from core.pictures.listing import Found
from core.pictures.preprocess import to_tensor, whole
from core.pictures.samples import SAMPLES, load_sample
from core.studies.patch.closer import apart

if TYPE_CHECKING:
    from core.models.evident import Evident

Chunk = tuple[Sequence[str], Sequence["RGBImage"], Sequence[int]]  # names, pictures, classes (-1 where unknown)
MOST_PATCHES, LARGEST = 200, 10**6  # on one wall; of what has no bound of its own


@dataclass(frozen=True)
class Params:
    """`count` patches a wall that say class `target` loudest, at most `per_picture` of one picture, none overlapping.

    The pictures are seen whole, with a short side of `short` px.
    Raises ValueError for numbers that make no sense.
    """

    target: int
    short: int
    count: int = 12
    per_picture: int = 2

    def __post_init__(self) -> None:
        within(
            ("as a class", self.target, (0, LARGEST)),
            ("px of the short side", self.short, (1, LARGEST)),
            ("patches a wall", self.count, (1, MOST_PATCHES)),
            ("patches a picture", self.per_picture, (1, LARGEST)),
        )


@dataclass(frozen=True, eq=False)
class Patch:
    """One patch: `y`, `x` its top-left pixel in the picture as seen, `evidence` its logit for the target, `top1` what
    it says itself; `truth` (-1: unknown) and `answer` are its picture's; `crop` uint8 (q, q, 3).
    """

    name: str
    picture: int
    y: int
    x: int
    evidence: float
    top1: int
    answer: int
    truth: int
    crop: np.ndarray


@dataclass(frozen=True, eq=False)
class Result:
    """Both walls, loudest patches first, and how many `pictures` were looked at; patches are of `side` px.

    `right`: of pictures of the target class; where a picture's class is unknown, the network says so.
    """

    network: str
    side: int
    pictures: int
    right_pictures: int
    known_pictures: int
    right: tuple[Patch, ...]
    wrong: tuple[Patch, ...]


def loudness(patch: Patch) -> tuple[float, int, int, int]:
    """What patches are ranked by: their evidence; of equals the earlier picture, row and column is the louder."""
    return patch.evidence, -patch.picture, -patch.y, -patch.x


def run(network: Network, chunks: Iterable[Chunk], total: int, params: Params, progress: Progress = ignore) -> Result:
    """Both walls of a BagNet. Pictures come in chunks, and only the best patches are kept: memory stays bounded.

    `progress(pictures done, total)` may raise core.base.worker.Stopped: the Result then is of the pictures done so far.
    Raises ValueError for a network that is no BagNet, a class it does not have, or a short side below its patch.
    """
    net = bagnet_of(network)
    if params.target >= len(network.labels):
        raise ValueError(f"expected a class below {len(network.labels)}, got {params.target}: choose another")
    walls: dict[bool, list[Patch]] = {True: [], False: []}
    pictures = known = right_pictures = 0
    for names, images, classes in chunks:
        for name, image, truth in zip(names, images, classes, strict=True):
            right, patches = best_of(net, network, (pictures, name, image, truth), params)
            walls[right] = heapq.nlargest(params.count, [*walls[right], *patches], key=loudness)
            pictures, known, right_pictures = pictures + 1, known + (truth >= 0), right_pictures + right
        try:
            progress(pictures, total)
        except Stopped:
            break
    counts = pictures, right_pictures, known
    return Result(network.card.name, net.patch, *counts, tuple(walls[True]), tuple(walls[False]))


def best_of(
    net: Evident, network: Network, picture: tuple[int, str, RGBImage, int], params: Params
) -> tuple[bool, list[Patch]]:
    """Whether a picture (number, name, pixels, class) counts as the target's, and its best patches."""
    number, name, image, truth = picture
    seen = whole(image, params.short)
    values = evidence(net, to_tensor(seen, network.preprocessing))  # (K, H', W')
    answer = int(values.mean((1, 2)).argmax())
    side, patches = net.patch, []
    for i, j in apart(values[params.target], -(-side // STRIDE), params.per_picture):
        y, x = STRIDE * i, STRIDE * j
        loud, top1 = float(values[params.target, i, j]), int(values[:, i, j].argmax())
        # a copy: a view would keep the whole picture
        crop = seen[y : y + side, x : x + side].copy()
        patches.append(Patch(name, number, y, x, loud, top1, answer, truth, crop))
    return (truth if truth >= 0 else answer) == params.target, patches


def finding(result: Result, label: str, title: str, called: Mapping[str, str]) -> str:
    """The loudest patch of each wall in one sentence; `called`: what to call pictures that have another name."""

    def place(patch: Patch) -> str:
        return f"{called.get(patch.name, patch.name)} ({patch.evidence:+.3g})"

    if not result.pictures:
        return f"No picture has been looked at yet for {label}."
    parts = []
    if result.right:
        parts.append(f"{title}'s loudest patch for {label} lies in {place(result.right[0])}")
    else:
        parts.append(f"None of the {result.pictures:,} pictures counts as {label}")
    if result.wrong:
        parts.append(f"the loudest in a picture of something else in {place(result.wrong[0])}")
    return "; ".join(parts) + "."


def table(result: Result, labels: Sequence[str]) -> dict[str, list[object]]:
    """Columns of all patches of both walls."""
    every = [*result.right, *result.wrong]
    return {
        "wall": [*(["right"] * len(result.right)), *(["wrong"] * len(result.wrong))],
        "evidence": [round(patch.evidence, 4) for patch in every],
        "picture": [patch.name for patch in every],
        "y, px": [patch.y for patch in every],
        "x, px": [patch.x for patch in every],
        "patch says": [labels[patch.top1] for patch in every],
        "picture is said to be": [labels[patch.answer] for patch in every],
        "picture is": [labels[patch.truth] if patch.truth >= 0 else "unknown" for patch in every],
    }


def outlined(image: RGBImage, short: int, corner: tuple[int, int], side: int, colour: Sequence[int]) -> np.ndarray:
    """uint8 (H, W, 3): the picture as seen, enlarged in whole factors, a frame of `colour` around one patch.

    The frame lies just outside the patch at `corner` = (y, x), so that it hides nothing of it.
    """
    seen = whole(image, short)
    factor = max(1, 320 // short)
    big = np.pad(seen.repeat(factor, 0).repeat(factor, 1), ((3, 3), (3, 3), (0, 0)), constant_values=255)
    (y, x), length = (factor * corner[0], factor * corner[1]), factor * side + 6
    crop = big[y + 3 : y + length - 3, x + 3 : x + length - 3].copy()
    big[y : y + length, x : x + length] = colour
    big[y + 3 : y + length - 3, x + 3 : x + length - 3] = crop
    return big


def sample_pictures() -> Iterator[Chunk]:
    """The samples, one by one under their names, of unknown class."""
    for sample in SAMPLES:
        yield [sample.name], [load_sample(sample.name)], [-1]


def own_pictures(found: Sequence[Found], classes: Sequence[str], broken: list[str]) -> Iterator[Chunk]:
    """The user's pictures, one by one under their names; what cannot be read is left out and said in `broken`."""
    for file in found:
        for images, truth in open_pictures([file], classes, 1, broken):
            yield [file.name], images, truth
