"""lite0, and its copy that sees patches alone, on photographs whose tiles have changed places (Brendel & Bethge 2019).

A photograph is cut as the network sees it, 224 px; whether its class is among the five best is kept picture by picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.base.records import read_one
from core.base.worker import Progress, ignore, part
from core.data.labelled import Labelled, opened
from core.networks.card import Network
from core.pictures.preprocess import seen
from core.studies.patch.scramble import answers, shuffle

RECORD = "patch_evidence/scrambled.json"
BEST = 5


@dataclass(frozen=True, eq=False)
class Scrambled:
    """`five` int (M, T, N): whether the class of each of N photographs, every `step`th of the set's, is among the five
    best of M `networks`, with T numbers of `tiles` a side, of which the first is the untouched picture; `seed` + n is
    that of the n-th picture's shuffle."""

    networks: tuple[str, ...]
    tiles: tuple[int, ...]
    five: np.ndarray
    step: int
    seed: int
    data: str
    command: str
    date: str
    commit: str

    def of(self, network: str) -> np.ndarray:
        """(T, N) of one network. Raises ValueError for one that was not measured."""
        return np.asarray(self.five[self.networks.index(network)])


def run(
    networks: Sequence[Network], pictures: Labelled, tiles: Sequence[int], seed: int, progress: Progress = ignore
) -> np.ndarray:
    """Scrambled's `five` (M, T, N). Raises DataError for a picture that cannot be read; `progress` may stop it."""
    five = np.zeros((len(networks), len(tiles), len(pictures)), int)
    for m, network in enumerate(networks):
        tell = part(progress, m, len(networks))
        for n, (path, truth) in enumerate(pictures):
            whole = seen(opened(path), network.preprocessing)
            logits = answers(network, np.stack([shuffle(whole, count, seed + n) for count in tiles])).logits  # (T, K)
            five[m, :, n] = (np.argsort(-logits, axis=1, kind="stable")[:, :BEST] == truth).any(1)
            tell(n + 1, len(pictures))
    return five


def measured(path: Path) -> Scrambled | None:
    """What `receptive measure scrambled` wrote, None without it. Raises Damaged, OSError."""
    return read_one(path, Scrambled)
