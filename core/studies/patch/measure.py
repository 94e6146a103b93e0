"""Measure the packaged BagNets and their residual baseline together; write assets/results/patch_evidence/."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core import networks
from core.base.files import ASSETS, today
from core.base.records import save
from core.base.worker import Progress, ignore, part
from core.compute.attributions import EVIDENCE, RANDOM
from core.data.labelled import DATA, labelled, said
from core.data.sets import DATASETS
from core.data.split import Split, every
from core.networks import families
from core.studies.patch import dataset, exact, masking_dataset, scramble, scrambled
from core.studies.patch.claims import LITES as SCRAMBLED
from core.studies.patch.claims import TILES as TILES_CLAIMED
from core.studies.patch.masking import Params
from core.training.measurement import Asked, Measurement, Part, Quick, command, share, there

DATASET = "tiny-imagenet-20"
FOLDER = ASSETS / "results" / "patch_evidence"
TILES = (1, 2, 3, 4, 6, 8)
SEED = 0
MASKED = 100  # test pictures that are masked cell by cell, at even steps
MASKING = Params(seed=SEED)
MAPPED = 24  # test pictures whose exact maps are compared with the logits, at even steps
STEP, QUICK_SCRAMBLED = 4, 8  # every so many photographs of ImageNet's kinds in tiles; how many the quick check asks
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
    in_tiles = scramble.measure(loaded, test, TILES, SEED, part(progress, 1, 4))
    areas = masking_dataset.run(loaded[-2], loaded[-1], every(test, masked), masking, part(progress, 2, 4))
    maps = exact.run(loaded[:-1], every(test, mapped), part(progress, 3, 4))
    about = DATASETS[DATASET]
    record = dataset.Measured(
        found,
        dataset.Scramble(tuple(TILES), in_tiles, SEED),
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


def run_scrambled(asked: Asked) -> Path:
    """lite0 and its copy of local features on photographs, whole and in tiles; write their record."""
    pictures = labelled(asked.data.given(DATA))[::STEP]
    loaded = [networks.load(networks.find(name)) for name in SCRAMBLED]
    five = scrambled.run(loaded, pictures, (1, TILES_CLAIMED), SEED, asked.progress)
    about = said(pictures), command("scrambled", DATA)
    record = scrambled.Scrambled(SCRAMBLED, (1, TILES_CLAIMED), five, STEP, SEED, *about, **today())
    save(path := asked.results / scrambled.RECORD, record, indent=None)
    return path


def check_scrambled(asked: Asked) -> list[Part]:
    """A few of the photographs again."""
    packaged = there(scrambled.measured(asked.packaged / scrambled.RECORD))
    pictures = labelled(asked.data.given(DATA))[:: packaged.step]
    which = np.sort(np.random.default_rng(asked.seed).permutation(len(pictures))[:QUICK_SCRAMBLED])
    # each picture's own shuffle: its seed is its place in the list
    loaded = [networks.load(networks.find(name)) for name in packaged.networks]
    parts = []
    for m, network in enumerate(loaded):
        found = np.stack(
            [scrambled.run([network], [pictures[i]], packaged.tiles, packaged.seed + int(i))[0, :, 0] for i in which]
        )
        for t, tiles in enumerate(packaged.tiles):
            what = f"{network.card.name}: top-{scrambled.BEST} of {len(which)} in {tiles} × {tiles} tiles"
            before = float(packaged.five[m, t, which].mean())
            parts.append(share(what, before, float(found[:, t].mean()), len(which)))
    return parts


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
    Measurement(
        "scrambled",
        scrambled.RECORD,
        (DATA,),
        SCRAMBLED,
        6,
        run_scrambled,
        Quick(f"{QUICK_SCRAMBLED} of the photographs", 10, check_scrambled),
    ),
)
