"""What scales a photograph decides about its answers, too: moved by one pixel of its own, behind three resizers.

A resizer that only looks at the pixels nearest to each of its own skips the others, as subsampling inside a network
does: it aliases before the network has seen anything (Zhang, ICML 2019, is about the network's own steps).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.base.intervals import mean_interval
from core.base.records import kept, read_all
from core.base.worker import Progress, ignore
from core.claims import numbers
from core.claims.numbers import Estimate
from core.data.labelled import Labelled, opened
from core.networks import engine
from core.networks.card import Network
from core.pictures.image import RGBImage, from_pixels
from core.pictures.preprocess import to_tensor
from core.studies.shift import sweep
from core.studies.shift.sweep import Params, Resizer

SKIPPING: tuple[Resizer, ...] = ("opencv", "nearest")
RESIZERS: tuple[Resizer, ...] = ("antialiased", *SKIPPING)
WINDOW = 284  # px of a photograph of 299
MOVES = ((1, 0), (0, 1))  # (dy, dx): down and right by one of its own pixels
PAIRS = {  # by family: the plain network, and those with a blur
    "photo_resnet": ("photo_resnet", "photo_resnet_blur3", "photo_resnet_blur5"),
    "lite0": ("lite0", "lite0_blur3", "lite0_blur5"),
}
FOLDER = "resizers"  # below a results folder


@dataclass(frozen=True, eq=False)
class Kept:
    """`kept` (M, R, N) int: of N photographs, by M `networks` behind R `resizers`, in how many of the `moves` the
    answer is that of the photograph at rest. A window of `window` px is cut out at rest and moved by one pixel, and
    scaled to the network's own size. `step`: every so many of the set's photographs were asked about."""

    networks: tuple[str, ...]
    resizers: tuple[str, ...]
    kept: np.ndarray
    moves: int
    window: int
    step: int
    data: str
    command: str
    date: str
    commit: str

    @property
    def images(self) -> int:
        return int(self.kept.shape[-1])

    def shares(self, network: str, resizer: str) -> np.ndarray:
        """(N,) in [0, 1]: the share of the moves at which the answer stays. Raises ValueError for what wasn't asked."""
        share: np.ndarray = self.kept[self.networks.index(network), self.resizers.index(resizer)] / self.moves
        return share

    def estimate(self, network: str, resizer: str) -> Estimate:
        """Answers kept, in percent, with the 95 % interval of their mean over photographs."""
        mean, half = (numbers.PERCENT * value for value in mean_interval(self.shares(network, resizer)))
        return Estimate(mean, max(0.0, mean - half), min(100.0, mean + half))


def frames(image: RGBImage, network: Network, resizer: Resizer, window: int = WINDOW) -> np.ndarray:
    """uint8 (1 + moves, size, size, 3): the middle `window` px of a photograph and the same moved, each scaled whole to
    what the network takes. Raises ValueError for a photograph that is not larger than the window."""
    height, width = image.pixels.shape[:2]
    if min(height, width) < window + 2:
        raise ValueError(f"expected a photograph of {window + 2} px or more, got {width} x {height}: leave it out")
    top, left = (height - window) // 2, (width - window) // 2
    middle = from_pixels(image.pixels[top - 1 : top + window + 1, left - 1 : left + window + 1])
    whole = replace(network.preprocessing, resize=None)
    params = Params(max_shift=1, resizer=resizer)
    return np.stack([sweep.crop_at(middle, whole, params, dy, dx) for dy, dx in ((0, 0), *MOVES)])


def answers_kept(network: Network, pictures: Labelled, progress: Progress = ignore) -> np.ndarray:
    """(R, N) int: at how many of the moves the answer stays, by resizer. Raises DataError and ValueError for pictures
    that cannot be asked about; `progress` may raise to stop."""
    rows = []
    for i, (path, _) in enumerate(pictures):
        image = opened(path)
        asked = np.stack([frames(image, network, resizer) for resizer in RESIZERS])
        flat = asked.reshape(-1, *asked.shape[2:])
        inputs = lambda which, flat=flat: to_tensor(flat[which], network.preprocessing)  # noqa: E731
        top1 = engine.logits(network.engine, inputs, len(flat)).top1.reshape(len(RESIZERS), -1)
        rows.append((top1[:, 1:] == top1[:, :1]).sum(1))
        progress(i + 1, len(pictures))
    return np.stack(rows, axis=1)


def measured(folder: Path) -> dict[str, Kept]:
    """What `receptive measure resizers` wrote into FOLDER, by family."""
    return read_all(folder.glob("*.json"), Kept)


def outweighs(family: str, results: Path) -> tuple[Kept, Estimate] | None:
    """By how many points the plain network behind an antialiased resizer keeps more answers than the network with the
    widest blur behind OpenCV's, on the same photographs; None where it was not measured."""
    record = kept(measured, results / FOLDER).get(family)
    if record is None:
        return None
    plain, blurred = record.networks[0], record.networks[-1]
    return record, numbers.paired(record.shares(plain, "antialiased"), record.shares(blurred, "opencv"))


def table(record: Kept, titles: Sequence[str], heads: Sequence[str]) -> dict[str, list[object]]:
    """A row a network, a column a resizer: answers kept in % with their 95 % interval over photographs."""
    columns: dict[str, list[object]] = {"network": list(titles)}
    for head, resizer in zip(heads, record.resizers, strict=True):
        found = [record.estimate(network, resizer) for network in record.networks]
        columns[head] = [f"{value:.1f} % [{low:.1f}, {high:.1f}]" for value, low, high in found]
    return columns
