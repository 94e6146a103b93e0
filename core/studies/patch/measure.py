"""Measure the packaged BagNets and their residual baseline together; write assets/results/patch_evidence/."""

from __future__ import annotations

from pathlib import Path

from core import networks
from core.base.files import ASSETS, today
from core.base.records import save
from core.base.worker import Progress, ignore, part
from core.compute.attributions import EVIDENCE, RANDOM
from core.data.sets import DATASETS
from core.data.split import Split, every
from core.networks import families
from core.studies.patch import dataset, exact, masking_dataset, scramble
from core.studies.patch.masking import Params
from core.training.measurement import Asked, Measurement, Part, Quick, command

DATASET = "tiny-imagenet-20"
FOLDER = ASSETS / "results" / "patch_evidence"
TILES = (1, 2, 3, 4, 6, 8)
SEED = 0
MASKED = 100  # test pictures that are masked cell by cell, at even steps
MASKING = Params(seed=SEED)
MAPPED = 24  # test pictures whose exact maps are compared with the logits, at even steps
QUICK, QUICK_MASKED, QUICK_MAPPED = 300, 12, 2  # test pictures of the quick check, and those of them masked and mapped


def measure(
    test: Split,
    progress: Progress = ignore,
    *,
    folder: Path = FOLDER,
    masked: int = MASKED,
    masking: Params = MASKING,
    mapped: int = MAPPED,
) -> Path:
    """Accuracy, errors by class, accuracy on scrambled pictures, areas under the masking curves, and how far the exact
    maps are from the logits, of a test split."""
    names, baseline = families.BAGNETS[DATASET]
    loaded = [networks.load(networks.find(name)) for name in (*names, baseline)]
    found = dataset.summary(dataset.run(loaded, test, part(progress, 0, 4)), seed=SEED)
    scrambled = scramble.measure(loaded, test, TILES, SEED, part(progress, 1, 4))
    areas = masking_dataset.run(loaded[-2], loaded[-1], every(test, masked), masking, part(progress, 2, 4))
    maps = exact.run(loaded[:-1], every(test, mapped), part(progress, 3, 4))
    about = DATASETS[DATASET]
    record = dataset.Measured(
        found,
        dataset.Scramble(tuple(TILES), scrambled, SEED),
        areas,
        dataset=DATASET,
        data=f"{about.title} ({about.form}), test set",
        command=command("patches", DATASET),
        **today(),
        maps=maps,
    )
    path = folder / dataset.RECORD
    save(path, record, digits=6)
    return path


def run(asked: Asked) -> Path:
    return measure(asked.data.split(DATASET, "test"), asked.progress, folder=asked.results / FOLDER.name)


def check(asked: Asked) -> list[Part]:
    """A subset of the photographs, fewer still masked, by the evidence and by chance alone."""
    some, two = asked.test(DATASET, QUICK), Params(methods=(EVIDENCE, RANDOM), seed=SEED)
    measure(
        some, asked.progress, folder=asked.results / FOLDER.name, masked=QUICK_MASKED, masking=two, mapped=QUICK_MAPPED
    )
    return []


MEASUREMENTS = (
    Measurement(
        "patches",
        f"{FOLDER.name}/{dataset.RECORD}",
        (DATASET,),
        (*families.BAGNETS[DATASET][0], families.BAGNETS[DATASET][1]),
        8,
        run,
        Quick(
            f"{QUICK} of the test photographs, {QUICK_MASKED} of them masked cell by cell, {QUICK_MAPPED} mapped",
            30,
            check,
            writes=True,
        ),
    ),
)
