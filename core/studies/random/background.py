"""Is it the object or what lies behind it? (after Xue & Roshan, §4: background sensitivity)

The background behind an object mask is blurred, greyed or swapped for another picture's; as the control the same is
done to the object. For pixels, random features and a trained network: how far does the picture move, on a scale on
which 1 is as far as another picture, which of its nearest neighbours stay, and what does the network answer?
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from core.base.heavy import ndimage
from core.base.softmax import softmax
from core.base.worker import Progress, each, ignore
from core.compute import spaces
from core.compute.sign_counts import Spec
from core.compute.spaces import PIXELS, RANDOM, TRAINED, WORDS, distances
from core.networks import engine
from core.networks.card import Network
from core.pictures.image import RGBImage
from core.pictures.listing import Found
from core.pictures.object_mask import MIDDLE, Box, mask
from core.pictures.preprocess import square
from core.pictures.samples import SAMPLES, load_sample
from core.studies.random.retrieval import SIZE, Row, Vectors, embed, read

PARTS = ("background", "object")
CHANGES = ("blurred", "grey", "swapped")
VERSIONS = tuple((where, change) for where in PARTS for change in CHANGES)  # after the original
BLUR = 1 / 10  # of the side: the standard deviation of the blur
GREY = 128
MASK_SIDE = 256  # px: the object is cut out at this size, then scaled to what is compared
GRIDS = (1, 2, 3)  # a picture's centre square is cut into 1, 4 and 9 tiles


# ---- changing a part of a picture ----------------------------------------------------------------


def changed(pixels: np.ndarray, where: np.ndarray, change: str, other: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3) with its part `where`, bool (H, W), blurred, grey or swapped for that of `other` (H, W, 3).

    The blur takes nothing in from the rest of the picture. Raises ValueError for another change.
    """
    if change not in CHANGES:
        raise ValueError(f"expected a change of {list(CHANGES)}, got {change!r}: choose one of them")
    if change == "blurred":
        fresh = blurred(pixels, where)
    else:
        fresh = other if change == "swapped" else np.full_like(pixels, GREY)
    return np.where(where[..., None], fresh, pixels)


def blurred(pixels: np.ndarray, where: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3): the mean of the pixels of `where` around each place, by a Gaussian of BLUR."""
    sigma = BLUR * max(where.shape)
    weight = ndimage.gaussian_filter(where.astype(np.float64), sigma)[..., None]
    total = ndimage.gaussian_filter(pixels * where[..., None].astype(np.float64), (sigma, sigma, 0))
    return np.asarray((total / np.maximum(weight, 1e-9)).round().clip(0, 255).astype(np.uint8))


def versions(pixels: np.ndarray, object_: np.ndarray, other: np.ndarray) -> np.ndarray:
    """uint8 (1 + V, H, W, 3): the picture, then each of VERSIONS. `object_` bool (H, W)."""
    parts = {"background": ~object_, "object": object_}
    return np.stack([pixels, *(changed(pixels, parts[where], change, other) for where, change in VERSIONS)])


def object_of(image: RGBImage, box: Box, size: int, whole_box: bool = False) -> np.ndarray:
    """bool (size, size): the object in a box of the picture's centre square, or the box itself."""
    if whole_box:
        return box.inside(size, size)
    found = mask(square(image, MASK_SIDE), box)
    small = found[np.ix_(*[np.arange(size) * MASK_SIDE // size + MASK_SIDE // (2 * size)] * 2)]
    return small if small.any() else box.inside(size, size)


# ---- what to compare with ------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Gallery:
    """`pictures` uint8 (N, S, S, 3), named, and a digest of them and their names."""

    names: tuple[str, ...]
    pictures: np.ndarray
    digest: str
    broken: tuple[str, ...] = ()


def gallery(names: Sequence[str], pictures: np.ndarray, broken: Sequence[str] = ()) -> Gallery:
    """A Gallery of pictures uint8 (N, S, S, 3). Raises ValueError if there is none."""
    if not len(pictures):
        raise ValueError(f"expected pictures to compare with, got none and {len(broken)} broken ones: choose others")
    about = sha256(repr((pictures.shape, tuple(names))).encode() + pictures.tobytes())
    return Gallery(tuple(names), pictures, about.hexdigest(), tuple(broken))


def sample_tiles(size: int = SIZE, without: str | None = None) -> Gallery:
    """The packaged samples, but for the one called `without`, whole and cut into tiles of `size` px."""
    names: list[str] = []
    tiles: list[np.ndarray] = []
    for sample in (sample for sample in SAMPLES if sample.name != without):
        image = load_sample(sample.name)
        for grid in GRIDS:
            cells = square(image, size * grid).reshape(grid, size, grid, size, 3).swapaxes(1, 2)
            tiles += [*cells.reshape(-1, size, size, 3)]
            of = [f"{sample.title}, tile {i + 1} of {grid * grid}" for i in range(grid * grid)]
            names += of if grid > 1 else [sample.title]
    return gallery(names, np.stack(tiles))


def own_gallery(found: Sequence[Found], size: int = SIZE, progress: Progress = ignore) -> Gallery:
    """The centre squares of the reader's pictures; what cannot be read is listed. Raises ValueError if none can be."""
    broken: list[str] = []
    kept = [read([file], size, broken) for file in each(found, progress)]
    names = [file.name for files, _ in kept for file in files]
    return gallery(names, np.array([picture for _, pictures in kept for picture in pictures]), broken)


# ---- one picture ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Params:
    """The box of the object and whether it is the object itself; the random features, one network a seed; the side in
    px at which pictures are compared; how many neighbours are looked at. Raises ValueError for what does not exist."""

    box: Box = MIDDLE
    whole_box: bool = False
    features: int = 500
    kernel: int = 3
    depth: int = 2
    seeds: tuple[int, ...] = (0, 1, 2)
    size: int = SIZE
    near: int = 10

    def __post_init__(self) -> None:
        if min(self.features, self.size, self.near, len(self.seeds)) < 1 or self.depth < 0:
            raise ValueError(f"expected features, pixels, neighbours and seeds, one or more of each, got {self}")

    @property
    def specs(self) -> tuple[Spec, ...]:
        return tuple(Spec(self.features, self.kernel, self.depth, 3, seed) for seed in self.seeds)


@dataclass(frozen=True, eq=False)
class Result:
    """One picture and its VERSIONS (V), compared with a gallery in R `rows`: pixels, random features a seed, trained.

    `pictures` uint8 (1 + V, S, S, 3), the original first; `object_` bool (S, S). `moved` (R, V): the distance of each
    version from the original, in mean distances of the original from the gallery. `kept` (R, V): the share of the
    original's `near` nearest that are still among the version's. `nearest` int (R, 1 + V, near) into `names`.
    `probability` (1 + V, K) of the trained `network`'s `labels`.
    """

    picture: str
    network: str
    labels: tuple[str, ...]
    pictures: np.ndarray
    object_: np.ndarray
    rows: tuple[Row, ...]
    moved: np.ndarray
    kept: np.ndarray
    nearest: np.ndarray
    names: tuple[str, ...]
    probability: np.ndarray

    @property
    def answers(self) -> np.ndarray:
        """(1 + V,) the network's top-1 class."""
        return np.asarray(self.probability.argmax(1))

    def of(self, space: str) -> list[int]:
        """The rows of a space: one a seed."""
        return [i for i, row in enumerate(self.rows) if row[0] == space]


def run(
    image: RGBImage,
    other: RGBImage,
    params: Params,
    network: Network,
    against: Gallery,
    known: Vectors,
    progress: Progress = ignore,
) -> Result:
    """Change background and object of the picture's centre square. `other` gives the background that is swapped in;
    `known` are the vectors of the gallery `against` (`embed` of its pictures with the same params and network)."""
    object_ = object_of(image, params.box, params.size, params.whole_box)
    pictures = versions(square(image, params.size), object_, square(other, params.size))
    mine = embed(pictures, params.specs, network, progress)
    near = min(params.near, len(against.names))
    compared = [neighbours(mine[row][:, None], known[row], near) for row in mine]
    nearest, moved, kept = (np.stack(values) for values in zip(*compared, strict=True))
    return Result(
        picture=image.digest,
        network=network.card.name,
        labels=network.labels,
        pictures=pictures,
        object_=object_,
        rows=tuple(mine),
        moved=moved,
        kept=kept,
        nearest=nearest[:, :, 0],
        names=against.names,
        probability=probability(pictures, network),
    )


def neighbours(mine: np.ndarray, known: np.ndarray, near: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vectors (1 + V, Q, D) of pictures and their versions, and (N, D) -> the nearest int (1 + V, Q, near) of these;
    and means over Q: how far each version moves (V,), in the original's mean distance, and the share (V,) of the
    nearest that it keeps."""
    apart = np.stack([distances(version, known) for version in mine])
    order = np.argsort(apart, axis=2, kind="stable")[..., :near]
    scale = apart[0].mean(1)
    moved = [(np.linalg.norm(version - mine[0], axis=1) / np.where(scale > 0, scale, 1)).mean() for version in mine[1:]]
    kept = [(row[:, :, None] == order[0][:, None, :]).sum((1, 2)).mean() / near for row in order[1:]]
    return order, np.array(moved), np.array(kept)


def probability(pictures: np.ndarray, network: Network) -> np.ndarray:
    """uint8 (N, S, S, 3) -> (N, K)."""
    found = engine.logits(network.engine, lambda which: spaces.as_input(pictures[which], network), len(pictures))
    return softmax(found.logits)


# ---- in words ------------------------------------------------------------------------------------


def finding(result: Result, title: str) -> str:
    """How far the picture moves when background and object are swapped, and the answers that change."""
    behind, front = (VERSIONS.index((where, "swapped")) for where in PARTS)
    moved = {space: result.moved[result.of(space)].mean(0) for space in (PIXELS, RANDOM, TRAINED)}
    said = [f"{m[behind]:.0%} by {WORDS[s]} (with its object swapped: {m[front]:.0%})" for s, m in moved.items()]
    other = result.answers[1:] != result.answers[0]
    half = len(CHANGES)
    return (
        f"With its background swapped, this picture goes {said[0]}, {said[1]} and {said[2]} of the way to another "
        f"picture. {title} changes its answer for {other[:half].sum()} of {half} backgrounds and "
        f"{other[half:].sum()} of {half} objects."
    )


def neighbour_words(result: Result) -> str:
    """How many of the original's nearest stay when the background is swapped, in a sentence."""
    at = VERSIONS.index(("background", "swapped"))
    near = result.nearest.shape[2]
    kept = [f"{WORDS[s]} {near * result.kept[result.of(s), at].mean():.1f}" for s in (PIXELS, RANDOM, TRAINED)]
    return f"With the background swapped, of the {near} nearest pictures stay: {', '.join(kept)}."
