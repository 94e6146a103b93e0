"""Measure the packaged BagNets and their residual baseline together; write assets/results/patch_evidence/."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from core import networks
from core.datasets import DATASETS, Split
from core.studies import patch_dataset, patch_scramble
from core.training.loop import commit
from core.training.ship import write_json
from core.weights import ASSETS
from core.worker import Progress, ignore

DATASET = "tiny-imagenet-20"
FOLDER = ASSETS / "results" / "patch_evidence"
TILES = (1, 2, 3, 4, 6, 8)
SEED = 0


def measure(test: Split, progress: Progress = ignore) -> Path:
    """Answers, errors by class and accuracy on scrambled pictures, over a test split."""
    names, baseline = networks.BAGNETS[DATASET]
    loaded = [networks.load(networks.find(name)) for name in (*names, baseline)]

    def part(i: int) -> Progress:
        return lambda done, total: progress(i * total + done, 2 * total)

    found = patch_dataset.summary(patch_dataset.run(loaded, test, part(0)), seed=SEED)
    scrambled = patch_scramble.measure(loaded, test, TILES, SEED, part(1))
    about = DATASETS[DATASET]
    record = patch_dataset.as_record(
        found,
        dataset=DATASET,
        data=f"{about.title} ({about.form}), test set",
        command="receptive measure-patches --data FOLDER",
        date=datetime.now(UTC).date().isoformat(),
        commit=commit(),
        scramble={"tiles": list(TILES), "accuracy": scrambled.tolist(), "seed": SEED},
    )
    path = FOLDER / patch_dataset.RECORD
    write_json(path, record)
    return path
