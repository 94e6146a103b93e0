"""Which pictures of a collection are most like this one, to features that nobody learned? (Xue & Roshan, §4)

Every picture of a gallery is ranked by its distance to the query in three spaces: pixels, random features, and what a
trained network's last layer sees.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from core.base import quote, settings
from core.base.refuse import SEEDS, SIZE_LIMITS
from core.base.settings import check, setting
from core.base.worker import Progress, Stopped, ignore, part
from core.compute import spaces
from core.compute.sign_counts import Spec
from core.compute.spaces import METRICS, PIXELS, RANDOM, SPACES, TRAINED, WORDS, Metric, distances
from core.networks.card import Network
from core.pictures.files import open_pictures
from core.pictures.image import RGBImage
from core.pictures.listing import Found
from core.pictures.preprocess import square
from core.studies.random.features import DEPTH_LIMITS, FEATURE_LIMITS

COUNT_LIMITS, KERNEL_LIMITS = (1, 10_000), (1, 31)
SIZE = 64  # px: the side at which pictures are compared
CHUNK = 64  # pictures embedded between two looks at progress
Embed = Callable[[np.ndarray, Spec, Progress], np.ndarray]  # uint8 (N, S, S, 3) -> features (N, D)
Row = tuple[str, int | None]  # a space, and the seed of its random features
Vectors = dict[Row, np.ndarray]


@dataclass(frozen=True)
class Params:
    """The random features, the side in px at which pictures are compared (their centre squares), and how many of the
    nearest are kept. Raises ValueError for what does not exist."""

    features: int = setting(1000, "How many random features.", limits=FEATURE_LIMITS)
    kernel: int = setting(3, "Side of the filters in px.", limits=KERNEL_LIMITS, unit="px of kernel")
    depth: int = setting(2, "Blocks after the first convolution.", limits=DEPTH_LIMITS, unit="blocks of depth")
    seed: int = setting(0, "Seed of the network.", limits=SEEDS, unit="as the seed")
    size: int = setting(SIZE, "Side in px at which pictures are compared.", limits=SIZE_LIMITS, unit="px a side")
    count: int = setting(8, "How many of the nearest to list.", limits=COUNT_LIMITS, unit="neighbours")
    metric: Metric = setting("euclidean", "euclidean or cosine.", choices=METRICS)

    def __post_init__(self) -> None:
        check(self)
        if self.kernel % 2 == 0:
            raise ValueError(f"expected an odd kernel size, got {self.kernel}: 3 and 5 are the paper's")

    @property
    def spec(self) -> Spec:
        return Spec(self.features, self.kernel, self.depth, 3, self.seed)


@dataclass(frozen=True, eq=False)
class Result:
    """The nearest pictures of a gallery in each of `spaces` (S), nearest first.

    `names`, `folders` (N,) of the pictures that could be read, `indices` int (S, count) into them, `distances` (S,
    count), and their `mean` (S,) over the gallery; `thumbnails` uint8 (S, count, size, size, 3), `query` uint8 (size,
    size, 3). `seen`: pictures looked at of `total`, `broken` a line for each that could not be read.
    """

    picture: str  # digest
    network: str
    params: Params
    spaces: tuple[str, ...]
    names: tuple[str, ...]
    folders: tuple[str, ...]
    indices: np.ndarray
    distances: np.ndarray
    mean: np.ndarray
    thumbnails: np.ndarray
    query: np.ndarray
    seen: int
    total: int
    broken: tuple[str, ...]

    @property
    def shares(self) -> np.ndarray:
        """(S, count) the distances in mean distances."""
        return np.asarray(self.distances / np.where(self.mean > 0, self.mean, 1)[:, None])


def run(
    query: RGBImage, found: Sequence[Found], params: Params, network: Network, progress: Progress = ignore
) -> Result:
    """Rank the pictures of a folder or zip (`core.pictures.files.find_pictures`) by their distance to the query.

    `progress(done, total)` may raise core.base.worker.Stopped: the Result then holds the pictures looked at so far.
    Raises ValueError if no picture could be read.
    """
    asked = square(query, params.size)
    wanted = embed(asked[None], [params.spec], network).values()
    broken: list[str] = []
    kept: list[Found] = []
    pictures: list[np.ndarray] = []
    apart = [np.empty((len(SPACES), 0))]
    seen = 0
    for start in range(0, len(found), CHUNK):
        files, fresh = read(found[start : start + CHUNK], params.size, broken)
        kept, pictures = kept + files, pictures + fresh
        if fresh:
            vectors = embed(np.stack(fresh), [params.spec], network).values()
            apart.append(np.stack([distances(a, b, params.metric)[0] for a, b in zip(wanted, vectors, strict=True)]))
        seen = min(start + CHUNK, len(found))
        try:
            progress(seen, len(found))
        except Stopped:
            break
    if not kept:
        raise ValueError(f"expected a picture that can be read, got {len(broken)} that cannot: choose another folder")
    table = np.concatenate(apart, 1)  # (S, N)
    order = np.argsort(table, axis=1, kind="stable")[:, : params.count]
    return Result(
        picture=query.digest,
        network=network.card.name,
        params=params,
        spaces=SPACES,
        names=tuple(f.name for f in kept),
        folders=tuple(f.folder for f in kept),
        indices=order,
        distances=np.take_along_axis(table, order, axis=1),
        mean=table.mean(1),
        thumbnails=np.stack([np.stack([pictures[i] for i in row]) for row in order]),
        query=asked,
        seen=seen,
        total=len(found),
        broken=tuple(broken),
    )


def read(found: Sequence[Found], size: int, broken: list[str]) -> tuple[list[Found], list[np.ndarray]]:
    """The files that can be read and their centre squares, uint8 (size, size, 3); `broken` gets a line for the rest."""
    opened = [(file, square(image, size)) for file in found for [image], _ in open_pictures([file], (), 1, broken)]
    return [file for file, _ in opened], [picture for _, picture in opened]


def embed(
    pictures: np.ndarray,
    specs: Sequence[Spec],
    network: Network,
    progress: Progress = ignore,
    random: Embed = spaces.random,
) -> Vectors:
    """uint8 (N, S, S, 3) -> the vectors (N, D) of each of SPACES, the random ones of each Spec; `random` may keep its
    features on disk."""
    parts = len(specs) + 1
    found: Vectors = {(PIXELS, None): spaces.pixels(pictures)}
    for i, spec in enumerate(specs):
        found[RANDOM, spec.seed] = random(pictures, spec, part(progress, i, parts))
    found[TRAINED, None] = spaces.trained(pictures, network, part(progress, parts - 1, parts))
    return found


def answer(result: Result) -> str:
    """How far the spaces agree on the nearest, in a sentence."""
    near = [{int(i) for i in row} for row in result.indices]
    said = [f"{WORDS[s]} {result.names[int(row[0])]}" for s, row in zip(result.spaces, result.indices, strict=True)]
    common = len(near[SPACES.index(RANDOM)] & near[SPACES.index(TRAINED)])
    return (
        f"Of {len(result.names):,} pictures the nearest is by {said[0]}, by {said[1]}, by {said[2]}; random features "
        f"and the trained network share {common} of their nearest {result.indices.shape[1]}."
    )


def command(params: Params, source: str, gallery: str = "FOLDER") -> str:
    """The terminal command that computes this Result again from the picture `source`."""
    words = ["receptive", "retrieve", quote.path(source), "--gallery", quote.path(gallery), *settings.words(params)]
    return quote.command(*words, "--json", "out.json")


def as_dict(result: Result) -> dict[str, object]:
    """The Result as JSON can hold it, without the pictures: of each space the nearest files and their distances."""
    nearest = {
        space: [
            {"name": result.names[int(i)], "folder": result.folders[int(i)], "distance": float(d)}
            for i, d in zip(row, apart, strict=True)
        ]
        for space, row, apart in zip(result.spaces, result.indices, result.distances, strict=True)
    }
    return {
        "picture": result.picture,
        "network": result.network,
        "params": vars(result.params),
        "nearest": nearest,
        "mean_distance": dict(zip(result.spaces, result.mean.tolist(), strict=True)),
        "seen": result.seen,
        "total": result.total,
        "broken": list(result.broken),
    }
