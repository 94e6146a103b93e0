"""Over many pictures: how accurate, how consistent under shifts, how steady under corruptions? (Zhang 2019, §4)

Every picture is answered in a list of variants (untouched, pairs of random shifts, every small shift, corruptions);
all measures follow from the table of top-1 answers.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.base.heavy import torch
from core.base.intervals import wilson
from core.base.records import read_all
from core.base.settings import check, setting
from core.base.worker import Progress, Stopped, ignore
from core.networks import engine
from core.networks.card import Network
from core.pictures.corruptions import STRENGTHS, corrupt
from core.pictures.image import RGBImage
from core.pictures.preprocess import BOUNDARIES, Boundary, field_of_view, to_tensor

CORRUPTIONS = tuple(STRENGTHS)
PAIRS, REACHES = (1, 1_000), (0, 24)  # pairs of shifts a picture; px that the adversary goes
Chunk = tuple[Sequence["RGBImage"], Sequence[int]]  # pictures and their classes, -1 where unknown


@dataclass(frozen=True)
class Params:
    """Random shifts reach a quarter of the input's side; `pairs` draws of two shifts for each picture.

    `worst_reach`: the adversary tries every shift within this many pixels.

    Raises ValueError for a boundary, a number of pairs or a reach that makes no sense.
    """

    boundary: Boundary = setting("circular", choices=BOUNDARIES)
    pairs: int = setting(3, limits=PAIRS)
    worst_reach: int = setting(1, limits=REACHES, unit="a reach of {} px")
    corruptions: tuple[str, ...] = CORRUPTIONS
    seed: int = 0

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, eq=False)
class Result:
    """`top1` (V, N): class index of N pictures in V `variants`; `truth` (N,): their class, -1 where unknown."""

    network: str
    variants: tuple[str, ...]
    top1: np.ndarray
    truth: np.ndarray


@dataclass(frozen=True)
class Summary:
    """Shares in [0, 1] with 95 % intervals (Wilson); None where no picture has a known class.

    `consistency`: pairs of random shifts that agree, over all draws; its spread over draws is `consistency_sd`.
    `worst_accuracy`: pictures that are right at every shift within `worst_reach` pixels.
    `corruptions`: kind -> strengths 1..3 -> (accuracy or None, share of answers that change).
    """

    network: str
    images: int
    draws: int
    accuracy: float | None
    accuracy_interval: tuple[float, float] | None
    consistency: float
    consistency_interval: tuple[float, float]
    consistency_sd: float
    worst_accuracy: float | None
    corruptions: dict[str, list[tuple[float | None, float]]]


@dataclass(frozen=True)
class Measured:
    """A packaged network's Summary and where it comes from. `reach`: random shifts in pixels.

    `few_images`: how many of the pictures, at even steps, were measured at every small shift and under corruptions.
    """

    summary: Summary
    few_images: int
    params: Params
    reach: int
    arch: str
    data: str
    dataset: str
    command: str
    date: str
    commit: str


def variants(params: Params) -> tuple[str, ...]:
    """Names of the variants, the untouched picture first."""
    pairs = [f"pair {i}{side}" for i in range(params.pairs) for side in "ab"]
    r = params.worst_reach
    small = [f"shift {dy} {dx}" for dy, dx in itertools.product(range(-r, r + 1), repeat=2) if (dy, dx) != (0, 0)]
    corrupted = [f"{kind} {strength}" for kind in params.corruptions for strength in (1, 2, 3)]
    return ("untouched", *pairs, *small, *corrupted)


def reach(size: int) -> int:
    """How far random shifts go, in input pixels: a quarter of the input's side, 8 px for CIFAR-10."""
    return size // 4


def random_offsets(params: Params, size: int, first: int, count: int) -> np.ndarray:
    """(pairs, 2, count, 2): the shifts of pictures first .. first+count, the same whatever the chunking."""
    draws = [
        np.random.default_rng((params.seed, picture)).integers(-reach(size), reach(size) + 1, (params.pairs, 2, 2))
        for picture in range(first, first + count)
    ]
    return np.stack(draws, axis=2)


def run(network: Network, chunks: Iterable[Chunk], total: int, params: Params, progress: Progress = ignore) -> Result:
    """Answer all pictures in all variants. They come in chunks of (pictures, classes), so memory stays bounded.

    `progress(pictures done, total)` may raise core.base.worker.Stopped: the Result then holds the pictures done so far.
    """
    names = variants(params)
    columns: list[np.ndarray] = [np.empty((len(names), 0), np.int64)]
    truth: list[int] = []
    for images, classes in chunks:
        columns.append(answer_chunk(network, images, len(truth), params, names))
        truth += classes
        try:
            progress(len(truth), total)
        except Stopped:
            break
    return Result(network.card.name, names, np.concatenate(columns, axis=1), np.array(truth, np.int64))


def answer_chunk(
    network: Network, chunk: Sequence[RGBImage], first: int, params: Params, names: Sequence[str]
) -> np.ndarray:
    """(V, n) top-1 of one chunk, pictures first .. first+n of the set."""
    prep = network.preprocessing
    margin = reach(prep.size)
    pixels = np.stack([field_of_view(image, prep, margin, params.boundary) for image in chunk])
    centre = pixels[:, margin : margin + prep.size, margin : margin + prep.size]
    planes = torch.from_numpy(np.ascontiguousarray(centre)).movedim(-1, 1).contiguous()
    offsets = random_offsets(params, prep.size, first, len(chunk))
    still = np.zeros((len(chunk), 2), np.int64)
    seeds = [params.seed * 1_000_003 + first + i for i in range(len(chunk))]
    rows = []
    for name in names:
        kind, *rest = name.split()
        if kind in CORRUPTIONS:
            seen = corrupt(planes, kind, int(rest[0]), seeds).movedim(1, -1).numpy()
        else:
            moved = still
            if kind == "pair":
                moved = offsets[int(rest[0][:-1]), "ab".index(rest[0][-1])]
            elif kind == "shift":
                moved = still + np.array([int(v) for v in rest])
            windows = zip(pixels, margin - moved, strict=True)
            seen = np.stack([whole[top:, left:][: prep.size, : prep.size] for whole, (top, left) in windows])
        inputs = lambda which, seen=seen: to_tensor(seen[which], prep)  # noqa: E731
        rows.append(engine.logits(network.engine, inputs, len(chunk)).top1)
    return np.stack(rows)


def summary(result: Result, params: Params) -> Summary:
    """All measures of a Result. Raises ValueError if it holds no picture."""
    n = result.top1.shape[1]
    if n == 0:
        raise ValueError("expected at least one picture, got none: choose a folder with pictures")
    row = dict(zip(result.variants, result.top1, strict=True))
    known = result.truth >= 0

    def right(answers: np.ndarray) -> float | None:
        return float((answers == result.truth)[known].mean()) if known.any() else None

    accuracy = right(row["untouched"])
    agree = np.array([(row[f"pair {i}a"] == row[f"pair {i}b"]).mean() for i in range(params.pairs)])
    small = [answers for name, answers in row.items() if name == "untouched" or name.startswith("shift ")]
    always = (np.stack(small) == result.truth).all(0)
    return Summary(
        network=result.network,
        images=n,
        draws=params.pairs,
        accuracy=accuracy,
        accuracy_interval=None if accuracy is None else wilson(accuracy, int(known.sum())),
        consistency=float(agree.mean()),
        consistency_interval=wilson(float(agree.mean()), n),
        consistency_sd=float(agree.std(ddof=1)) if params.pairs > 1 else 0.0,
        worst_accuracy=float(always[known].mean()) if known.any() else None,
        corruptions={
            kind: [
                (right(row[f"{kind} {s}"]), float((row[f"{kind} {s}"] != row["untouched"]).mean())) for s in (1, 2, 3)
            ]
            for kind in params.corruptions
        },
    )


def measured(folder: Path) -> dict[str, Measured]:
    """What `receptive measure` wrote into FOLDER, by network's name."""
    return read_all(folder.glob("*.json"), Measured)
