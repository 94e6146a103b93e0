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

from core.base.worker import Progress, Stopped, ignore
from core.compute.patches import bagnet_of, evidence
from core.models.receptive_field import STRIDE
from core.pictures.files import open_pictures
from core.pictures.preprocess import to_tensor, whole
from core.pictures.samples import SAMPLES, load_sample

if TYPE_CHECKING:
    from core.models.bagnet import BagNet
    from core.networks.card import Network
    from core.pictures.image import RGBImage
    from core.pictures.listing import Found

Chunk = tuple[Sequence[str], Sequence["RGBImage"], Sequence[int]]  # names, pictures, classes (-1 where unknown)
CROP_SIDE = 100  # px on the screen that an enlarged patch comes close to
MOST_PATCHES = 200  # on one wall


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
        if self.target < 0 or self.short < 1:
            raise ValueError(f"expected a class and a short side, got {self.target} and {self.short}: choose both")
        if not 1 <= self.count <= MOST_PATCHES or self.per_picture < 1:
            raise ValueError(
                f"expected 1..{MOST_PATCHES} patches a wall and 1 or more a picture, "
                f"got {self.count} and {self.per_picture}"
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
    """The n patches of both walls, loudest first within each, and how many `pictures` were looked at.

    `right` bool (n,): the picture is of the target class; where its class is unknown (`truth` -1), the network says
    so. `names` (n,) and `picture` (n,): where each patch is from; `y`, `x` (n,): its top-left pixel in the picture as
    seen; `evidence` float (n,): its logit for the target; `top1` (n,): the class it says itself; `answer` (n,): the
    picture's; `crops` uint8 (n, q, q, 3).
    """

    network: str
    side: int
    pictures: int
    right_pictures: int
    known_pictures: int
    right: np.ndarray
    names: tuple[str, ...]
    picture: np.ndarray
    y: np.ndarray
    x: np.ndarray
    evidence: np.ndarray
    top1: np.ndarray
    answer: np.ndarray
    truth: np.ndarray
    crops: np.ndarray

    def wall(self, right: bool) -> list[int]:
        """Indices of one wall's patches, the loudest first."""
        return [int(i) for i in np.flatnonzero(self.right == right)]


class Best:
    """The best `count` patches so far: the loudest, then the earlier picture, row and column."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._heap: list[tuple[tuple[float, int, int, int], Patch]] = []

    def offer(self, patch: Patch) -> None:
        """Keep the patch if it is better than the worst that is kept, or there is room."""
        entry = (patch.evidence, -patch.picture, -patch.y, -patch.x), patch
        if len(self._heap) < self.count:
            heapq.heappush(self._heap, entry)
        elif entry[0] > self._heap[0][0]:
            heapq.heapreplace(self._heap, entry)

    def ranked(self) -> list[Patch]:
        return [patch for _, patch in sorted(self._heap, key=lambda entry: entry[0], reverse=True)]


def run(network: Network, chunks: Iterable[Chunk], total: int, params: Params, progress: Progress = ignore) -> Result:
    """Both walls of a BagNet. Pictures come in chunks, and only the best patches are kept: memory stays bounded.

    `progress(pictures done, total)` may raise core.base.worker.Stopped: the Result then is of the pictures done so far.
    Raises ValueError for a network that is no BagNet, a class it does not have, or a short side below its patch.
    """
    net = bagnet_of(network)
    if params.target >= len(network.labels):
        raise ValueError(f"expected a class below {len(network.labels)}, got {params.target}: choose another")
    walls = {True: Best(params.count), False: Best(params.count)}
    pictures = known = right_pictures = 0
    for names, images, classes in chunks:
        for name, image, truth in zip(names, images, classes, strict=True):
            right, patches = best_of(net, network, (pictures, name, image, truth), params)
            for patch in patches:
                walls[right].offer(patch)
            pictures, known, right_pictures = pictures + 1, known + (truth >= 0), right_pictures + right
        try:
            progress(pictures, total)
        except Stopped:
            break
    found = [(right, patch) for right in (True, False) for patch in walls[right].ranked()]
    return assemble(network.card.name, net.patch, (pictures, right_pictures, known), found)


def best_of(
    net: BagNet, network: Network, picture: tuple[int, str, RGBImage, int], params: Params
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


def apart(values: np.ndarray, gap: int, count: int) -> list[tuple[int, int]]:
    """(H', W') -> up to `count` (row, column), the largest first, each `gap` or more from the others along an axis.

    Of equals, the first in reading order.
    """
    left = values.astype(np.float64)
    found: list[tuple[int, int]] = []
    while len(found) < count and np.isfinite(left).any():
        i, j = (int(v) for v in np.unravel_index(left.argmax(), left.shape))
        found.append((i, j))
        left[max(0, i - gap + 1) : i + gap, max(0, j - gap + 1) : j + gap] = -np.inf
    return found


def assemble(network: str, side: int, counts: tuple[int, int, int], found: Sequence[tuple[bool, Patch]]) -> Result:
    """The Result of (right, patch) pairs; counts of pictures: all, right, of known class."""
    patches = [patch for _, patch in found]

    def whole_numbers(name: str) -> np.ndarray:
        return np.array([getattr(patch, name) for patch in patches], np.int64)

    pictures, right_pictures, known = counts
    return Result(
        network=network,
        side=side,
        pictures=pictures,
        right_pictures=right_pictures,
        known_pictures=known,
        right=np.array([right for right, _ in found], bool),
        names=tuple(patch.name for patch in patches),
        picture=whole_numbers("picture"),
        y=whole_numbers("y"),
        x=whole_numbers("x"),
        evidence=np.array([patch.evidence for patch in patches], np.float64),
        top1=whole_numbers("top1"),
        answer=whole_numbers("answer"),
        truth=whole_numbers("truth"),
        crops=np.array([patch.crop for patch in patches], np.uint8).reshape(-1, side, side, 3),
    )


def finding(result: Result, label: str, title: str, called: Mapping[str, str]) -> str:
    """The loudest patch of each wall in one sentence; `called`: what to call pictures that have another name."""
    right, wrong = result.wall(True), result.wall(False)

    def place(i: int) -> str:
        return f"{called.get(result.names[i], result.names[i])} ({result.evidence[i]:+.3g})"

    if not result.pictures:
        return f"No picture has been looked at yet for {label}."
    parts = []
    if right:
        parts.append(f"{title}'s loudest patch for {label} lies in {place(right[0])}")
    else:
        parts.append(f"None of the {result.pictures:,} pictures counts as {label}")
    if wrong:
        parts.append(f"the loudest in a picture of something else in {place(wrong[0])}")
    return "; ".join(parts) + "."


def table(result: Result, labels: Sequence[str]) -> dict[str, list[object]]:
    """Columns of all patches of both walls."""
    return {
        "wall": ["right" if right else "wrong" for right in result.right],
        "evidence": result.evidence.round(4).tolist(),
        "picture": list(result.names),
        "y, px": result.y.tolist(),
        "x, px": result.x.tolist(),
        "patch says": [labels[c] for c in result.top1],
        "picture is said to be": [labels[c] for c in result.answer],
        "picture is": [labels[c] if c >= 0 else "unknown" for c in result.truth],
    }


def enlarged(crop: np.ndarray) -> np.ndarray:
    """A patch (q, q, 3) in whole factors with hard pixels, about CROP_SIDE px wide."""
    factor = max(1, CROP_SIDE // len(crop))
    return crop.repeat(factor, 0).repeat(factor, 1)


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
