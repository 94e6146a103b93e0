"""Over many pictures: whose order of cells makes the answer fall soonest? The areas of `patch_masking`, averaged.

After Brendel & Bethge (ICLR 2019), who mask the 100 most attributed 8 x 8 patches.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.base.worker import Progress, ignore
from core.data.split import Split
from core.networks.card import Network, title_of
from core.studies.patch import masking
from core.studies.patch.masking import MODES, Params


@dataclass(frozen=True, eq=False)
class Summary:
    """Mean area under the curve of N networks (the BagNet, then the baseline) by M methods over `images` pictures, for
    the pictures' true classes: `deletion`, `insertion` (N, M); `deletion_error`, `insertion_error` (N, M): standard
    errors over pictures."""

    networks: tuple[str, ...]
    methods: tuple[str, ...]
    images: int
    cell: int
    draws: int
    seed: int
    deletion: np.ndarray
    deletion_error: np.ndarray
    insertion: np.ndarray
    insertion_error: np.ndarray

    @property
    def titles(self) -> list[str]:
        return [title_of(name) for name in self.networks]

    def of(self, mode: str) -> tuple[np.ndarray, np.ndarray]:
        """(N, M) mean and (N, M) half width of the 95 % interval."""
        if mode == "deletion":
            return self.deletion, 1.96 * self.deletion_error
        return self.insertion, 1.96 * self.insertion_error


def run(bagnet: Network, baseline: Network, split: Split, params: Params, progress: Progress = ignore) -> Summary:
    """Every picture of a split masked in every method's order, towards its true class. Raises ValueError for fewer than
    two pictures: one has no standard error."""
    count = len(split)
    if count < 2:
        raise ValueError(f"expected two pictures or more, got {count}: give a larger set")
    areas = np.empty((len(MODES), count, 2, len(params.methods)))
    for i in range(count):
        target = int(split.labels[i])
        traces = masking.traces((bagnet, baseline), split.pixels[i], target, params)
        for row, mode in enumerate(MODES):
            found = masking.assemble((bagnet, baseline), traces, target, replace(params, mode=mode))
            areas[row, i] = found.auc
        progress(i + 1, count)
    means, errors = areas.mean(1), areas.std(1, ddof=1) / np.sqrt(count)
    return Summary(
        networks=(bagnet.card.name, baseline.card.name),
        methods=params.methods,
        images=count,
        cell=params.cell,
        draws=params.draws,
        seed=params.seed,
        deletion=means[0],
        deletion_error=errors[0],
        insertion=means[1],
        insertion_error=errors[1],
    )
