"""Where does a photograph belong among thousands of others, by its pixels, by features that nobody learned, by lite0?

The others come along as numbers (core.compute.gallery); the spaces are those that Xue & Roshan (arXiv 1806.05789)
compare, and a trained network's; the maps are t-SNE's, the neighbours exact in the space that
comes along: all 1,280 features of lite0, the 50 strongest principal components of the other two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.base.refuse import DataError
from core.base.worker import Progress, each, ignore
from core.compute import embedding, gallery, spaces
from core.compute.gallery import Gallery
from core.compute.neighbours import nearest
from core.networks.card import Card, Network
from core.pictures.files import list_pictures
from core.pictures.image import RGBImage, decode
from core.pictures.listing import HALVES
from core.pictures.preprocess import square
from core.studies import first_look
from core.studies.random import nearby
from core.studies.random.maps import TITLES, WORDS, Placed, Result, Space, SpaceMap
from core.studies.random.nearby import Nearby

TITLE = "photographs of Caltech-101"
LOOK, NEARBY = "random_photographs", "random_nearby"
NEIGHBOURS = 6
SHOWN = 72  # px of a neighbour's picture


def result_of(found: Gallery) -> Result:
    """The maps that come along, as the figures want them."""
    spec = gallery.SPEC
    dimensions = {"pixels": 3 * gallery.SIDE**2, "random": spec.features, "trained": found.codes.shape[1]}
    maps = tuple(
        SpaceMap(space, found.maps[space].positions, found.agreement[space], dimensions[space], m.perplexity)
        for space, m in ((space, found.maps[space]) for space in TITLES)
    )
    return Result(
        data=TITLE,
        points=len(found),
        perplexity=maps[0].perplexity,
        learning_rate="auto",
        seed=0,
        features=spec.features,
        kernel_size=spec.kernel_size,
        depth=spec.depth,
        network_seed=spec.seed,
        network=gallery.NETWORK,
        classes=found.names,
        indices=np.arange(len(found)),
        labels=found.labels,
        maps=maps,
    )


def place(
    found: Gallery, image: RGBImage, network: Network, progress: Progress = ignore, n: int = NEIGHBOURS
) -> dict[Space, Placed]:
    """A photograph in every space: its place on the map, its `n` nearest photographs and how far they are."""
    placed: dict[Space, Placed] = {}
    for space in each(list(TITLES), progress):
        query, at = gallery.vector(image, space, network), found.maps[space]
        others, mine = found.features, query
        if space != spaces.TRAINED and at.projection is not None:
            others, mine = at.vectors, at.projection(query)
        [near], [distances] = nearest(mine.astype(np.float32), others, n)
        placed[space] = Placed(embedding.place(at, query)[0], near, distances)
    return placed


def nearest_to(
    found: Gallery, image: RGBImage, network: Network, progress: Progress = ignore, n: int = NEIGHBOURS
) -> Nearby:
    """The nearest photographs in every space, and by fewer random features, of which the 50 numbers that come along
    give all back but for what little they leave out."""
    queries, galleries = {}, {}
    for space in TITLES:
        query, at = gallery.vector(image, space, network), found.maps[space]
        queries[space], galleries[space] = query, found.features
        if space != spaces.TRAINED and at.projection is not None:
            queries[space], galleries[space] = at.projection(query), at.vectors
            if space == spaces.RANDOM:
                mean, axes = at.projection.mean, at.projection.axes
                queries[space], galleries[space] = queries[space] @ axes + mean, at.vectors @ axes + mean
    return nearby.find(queries, galleries, n, progress)


def likenesses(found: Gallery, rows: np.ndarray) -> np.ndarray:
    """uint8 (n, 32, 32, 3): what the 50 numbers that come along of each photograph's pixels still show of it."""
    at = found.maps[spaces.PIXELS]
    assert at.projection is not None
    values = at.vectors[rows] @ at.projection.axes + at.projection.mean
    return np.asarray(values.clip(0, 1) * 255, np.uint8).reshape(-1, gallery.SIDE, gallery.SIDE, 3)


@dataclass(frozen=True)
class Among:
    """What a placement depends on beside the picture and the network: the `gallery`'s digest, and how many `neighbours`
    are told."""

    gallery: str
    neighbours: int = NEIGHBOURS


@dataclass(frozen=True, eq=False)
class Placement:
    """What `place` found of a picture, by `spaces`: `positions` (S, 2), `nearest` (S, n) and `distances` (S, n)."""

    spaces: tuple[Space, ...]
    positions: np.ndarray
    nearest: np.ndarray
    distances: np.ndarray

    @property
    def placed(self) -> dict[Space, Placed]:
        """As `place` gives it."""
        rows = zip(self.spaces, self.positions, self.nearest, self.distances, strict=True)
        return {space: Placed(at, near, away) for space, at, near, away in rows}


def kept(placed: dict[Space, Placed]) -> Placement:
    """What `place` gave, as it is packaged."""
    every = list(placed.values())
    return Placement(
        tuple(placed),
        np.stack([one.position for one in every]),
        np.stack([one.nearest for one in every]),
        np.stack([one.distances for one in every]),
    )


def packaged(found: Gallery, card: Card, picture: str) -> dict[Space, Placed] | None:
    """The placement that comes along, if it is of exactly this picture (its digest), network and gallery."""
    look = first_look.find(LOOK, Placement, [card], picture, Among(found.digest))
    return None if look is None else look.placed


def packaged_nearest(found: Gallery, card: Card, picture: str) -> Nearby | None:
    """The nearest photographs that come along, under the same conditions."""
    return first_look.find(NEARBY, Nearby, [card], picture, Among(found.digest))


@dataclass(frozen=True)
class Said:
    """The class that most of the neighbours in a space have (of equals the nearest's), and how many have it."""

    space: Space
    label: str
    count: int
    of: int


def said(found: Gallery, placed: dict[Space, Placed]) -> tuple[Said, ...]:
    """What each space takes the photograph for."""
    told = []
    for space, at in placed.items():
        labels = found.labels[at.nearest].tolist()
        best = max(labels, key=lambda label, of=labels: (of.count(label), -of.index(label)))  # type: ignore[misc]
        told.append(Said(space, found.names[best], labels.count(best), len(labels)))
    return tuple(told)


def finding(found: Gallery, placed: dict[Space, Placed]) -> str:
    """The one sentence about this photograph."""
    parts = [
        (f"{s.label} ({s.count} of {s.of})" if s.count > 1 else f"{s.of} different things") + f" {WORDS[s.space]}"
        for s in reversed(said(found, placed))
    ]
    return f"What its nearest among {len(found):,} photographs show most often: {', '.join(parts)}."


def spread(found: Gallery) -> str:
    """How much of the classes each space keeps, over all photographs."""
    shares = [f"{100 * found.agreement[space]:.1f} % {WORDS[space]}" for space in TITLES]
    return f"Over all of them the nearest other photograph shows the same thing for {', '.join(shares)}."


def alike(found: Gallery, at: Placed) -> list[int]:
    """The rows of all photographs of the neighbours' classes, which a map shows; the others fade."""
    return np.flatnonzero(np.isin(found.labels, found.labels[at.nearest])).tolist()


def thumbnails(found: Gallery, root: Path, rows: Sequence[int], progress: Progress = ignore) -> dict[int, np.ndarray]:
    """uint8 (72, 72, 3) by row, from a folder that holds the very set. Raises DataError for another one, or where a
    picture cannot be read."""
    listing = list_pictures(root)
    files = [file for half in HALVES for file in listing.found if half in file.name.split("/")[:-1]]
    classes = {name: i for i, name in enumerate(found.classes)}
    labels = np.array([classes.get(file.folder, -1) for file in files])
    if not np.array_equal(labels, found.labels):
        raise DataError(
            f"expected {len(found):,} photographs of {len(found.classes)} categories below train and test in {root}, "
            f"got {len(files):,} or others: choose the folder of the set"
        )
    shown = {}
    for row in each(list(rows), progress):
        try:
            shown[row] = square(decode(files[row].read()), SHOWN)
        except (ValueError, OSError) as error:
            raise DataError(f"{files[row].name}: {error}") from error
    return shown
