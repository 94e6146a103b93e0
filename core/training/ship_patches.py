"""Measure the packaged BagNets and their residual baseline together; write assets/results/patch_evidence/."""

from __future__ import annotations

from pathlib import Path

from core import networks
from core.datasets import DATASETS, Split
from core.files import write_json
from core.studies import patch_dataset, patch_masking_dataset, patch_scramble
from core.studies.patch_masking import Params
from core.training.ship import every, today
from core.weights import ASSETS
from core.worker import Progress, ignore, part

DATASET = "tiny-imagenet-20"
FOLDER = ASSETS / "results" / "patch_evidence"
TILES = (1, 2, 3, 4, 6, 8)
SEED = 0
MASKED = 100  # test pictures that are masked cell by cell, at even steps
MASKING = Params(seed=SEED)


def measure(
    test: Split,
    progress: Progress = ignore,
    *,
    folder: Path = FOLDER,
    masked: int = MASKED,
    masking: Params = MASKING,
) -> Path:
    """Accuracy, errors by class, accuracy on scrambled pictures, and areas under the masking curves of a test split."""
    names, baseline = networks.BAGNETS[DATASET]
    loaded = [networks.load(networks.find(name)) for name in (*names, baseline)]
    found = patch_dataset.summary(patch_dataset.run(loaded, test, part(progress, 0, 3)), seed=SEED)
    scrambled = patch_scramble.measure(loaded, test, TILES, SEED, part(progress, 1, 3))
    few = every(test, masked)
    areas = patch_masking_dataset.run(loaded[-2], loaded[-1], few, masking, part(progress, 2, 3))
    about = DATASETS[DATASET]
    record = patch_dataset.as_record(
        found,
        dataset=DATASET,
        data=f"{about.title} ({about.form}), test set",
        command="receptive measure-patches --data FOLDER",
        **today(),
        scramble={"tiles": list(TILES), "accuracy": scrambled.tolist(), "seed": SEED},
        masking=patch_masking_dataset.as_record(areas),
    )
    path = folder / patch_dataset.RECORD
    write_json(path, record)
    return path
