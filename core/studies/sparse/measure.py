"""Measure the packaged SDNets and their plain twins under noise; write assets/results/sparse_codes/noise_*.json.

The line and each kind of noise leave a part in a working folder, so that a killed measurement goes on from there.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from core import networks
from core.base import resume
from core.base.files import today
from core.base.records import as_json, from_json, save
from core.base.worker import Progress, ignore
from core.data.sets import DATASETS
from core.data.split import Split, chunks, every
from core.networks import families, packaged, weights
from core.networks.card import Network
from core.pictures import noise
from core.studies.sparse import dataset
from core.studies.sparse.claims import sparse_record
from core.studies.sparse.codes import FOLDER
from core.studies.sparse.dataset import Fit, Params
from core.studies.sparse.measure_arrived import ARRIVED
from core.studies.sparse.measure_attack import ATTACK
from core.studies.sparse.measure_photographs import PHOTOGRAPHS
from core.studies.sparse.measure_rescue import RESCUE
from core.training import ship
from core.training.measurement import Asked, Measurement, Part, Quick, command, share

DATASET = "cifar10"
NAMES = (*families.SDNETS, *families.TWINS)
MAIN = "gaussian"  # the noise that is measured on the whole test set, and that the line is fitted to
FEW = 1_000  # test pictures for the other noises, at even steps
NOISY, NOISY_FEW = 200, 60  # test pictures of the quick check: with Gaussian noise, with the others
TOLD = (families.ALL_CODED, families.SDNETS[0])  # whose accuracy a claim tells as their weights do
TOLD_PICTURES = 1_000  # of the quick check
ROUNDING = 1e-4  # of the accuracy that a weights file tells
FITTED = 1_500  # training pictures that the line of the estimated lambda is fitted to, at even steps
TEST_SEED, TRAIN_SEED = 0, 1
DIGITS = 6  # after the point, of the numbers in a record


def pictures(name: str, kind: str, test: Split, few: int = FEW) -> Split:
    """The test pictures that a kind of noise is measured on: few where every layer is coded, which takes four times
    as long."""
    return test if kind == MAIN and name != families.ALL_CODED else every(test, few)


def measure_network(
    name: str,
    train: Split,
    test: Split,
    folder: Path,
    work: Path,
    progress: Progress = ignore,
    *,
    few: int = FEW,
    line: Fit | None = None,
) -> Path:
    """Measure one packaged network; write FOLDER/noise_<name>.json, with a part in WORK for each kind of noise.

    `few`: pictures of the other noises than MAIN; `line`: one that was fitted before, else it is fitted here.
    `progress(done, all)` counts pictures. Raises as `resume.remembering` does.
    """
    network = networks.load(packaged.packaged_card(name, weights.packaged()[name]))
    fitted = every(train, FITTED)
    about = describe(network, test, fitted)
    of = {**about, "few": few, "line": as_json(line)}
    remember = resume.remembering(work / f"{name}-{network.digest[:8]}", of)
    ends = list(itertools.accumulate([len(fitted), *(len(pictures(name, kind, test, few)) for kind in noise.KINDS)]))

    def fit() -> Any:  # to the last digit: the accuracies hang on it
        asked = Params(MAIN, dataset.levels_of(MAIN), seed=TRAIN_SEED)
        seen = dataset.run(network, chunks(fitted), len(fitted), asked, None, watch(progress, 0, ends))
        return as_json(dataset.fit_line([seen]))

    def noisy(i: int, kind: str) -> Any:
        some, asked = pictures(name, kind, test, few), Params(kind, dataset.levels_of(kind), seed=TEST_SEED)
        found = dataset.run(network, chunks(some), len(some), asked, line, watch(progress, i, ends))
        return as_json(found, DIGITS)

    if line is None and dataset.is_coded(network):
        line = from_json(Fit, remember("line", fit))
    results = {}
    for i, kind in enumerate(noise.KINDS, 1):
        results[kind] = from_json(dataset.Result, remember(kind, partial(noisy, i, kind)))
        progress(ends[i], ends[-1])
    path = folder / dataset.RECORDS.format(name)
    rounded = line and replace(line, slope=round(line.slope, DIGITS), intercept=round(line.intercept, DIGITS))
    about |= {"command": command(f"sparse:{name}", DATASET), **today()}
    save(path, dataset.Measured(**about, fit=rounded, results=results), digits=DIGITS)
    return path


def watch(progress: Progress, i: int, ends: Sequence[int]) -> Progress:
    """The progress of part `i`, told as that of parts that end at `ends`."""
    return lambda done, _: progress(ends[i - 1] * (i > 0) + done, ends[-1])


def describe(network: Network, test: Split, fitted: Split) -> dict[str, Any]:
    """Where a record comes from, and what decides whether it can be gone on with."""
    data = DATASETS[DATASET]
    return {
        "network": network.card.name,
        "arch": network.card.arch,
        "digest": network.digest,
        "test_images": len(test),
        "training_images": len(fitted),
        "dataset": data.name,
        "data": f"{data.title} ({data.form}), test set",
    }


# ---- the measurements ----------------------------------------------------------------------------


def told(name: str, asked: Asked) -> float:
    """The accuracy that a weights file tells. Raises ValueError where another is measured."""
    said, found = accuracies(name, asked.data.split(DATASET, "test"), asked.progress)
    if abs(found - said) > ROUNDING:
        raise ValueError(f"expected an accuracy of {said:.4f} as {name} tells, measured {found:.4f}: train it again")
    return found


def check_told(name: str, asked: Asked) -> list[Part]:
    some = asked.test(DATASET, TOLD_PICTURES)
    return [share(f"accuracy of {name}", *accuracies(name, some, asked.progress), len(some))]


def accuracies(name: str, test: Split, progress: Progress) -> tuple[float, float]:
    """What a network's file tells of its accuracy, and what it is on these pictures."""
    network = networks.load(networks.find(name))
    found = ship.accuracy(network.engine.plain, test, network.preprocessing, progress)
    return network.card.test_accuracy or 0.0, found


def run(name: str, asked: Asked) -> Path:
    """One packaged network under every kind of noise."""
    folder, work = asked.results / FOLDER.name, asked.work / "sparse"
    return measure_network(name, *asked.data.both(DATASET), folder, work, asked.progress)


def check(name: str, asked: Asked) -> list[Part]:
    """With the packaged line; besides, the accuracy over the levels of each noise, as trained."""
    packaged = sparse_record(asked.packaged)[name]
    measure_network(
        name,
        asked.data.split(DATASET, "train"),
        asked.test(DATASET, NOISY),
        asked.results / FOLDER.name,
        asked.work / "sparse",
        asked.progress,
        few=NOISY_FEW,
        line=packaged.fit,
    )
    return [
        share(
            f"accuracy of {name} under {kind} noise, mean over levels",
            float(packaged.results[kind].accuracy(dataset.FIXED).mean()),
            float(now.accuracy(dataset.FIXED).mean()),
            now.images,
        )
        for kind, now in sparse_record(asked.results)[name].results.items()
    ]


HOW = f"{NOISY} of the test pictures with Gaussian noise, {NOISY_FEW} with each other; the packaged line"
MEASUREMENTS = (
    *(
        Measurement(
            f"weights:{name}",
            "",
            (DATASET,),
            (name,),
            1,
            partial(told, name),
            Quick(
                f"accuracy of the packaged network on {TOLD_PICTURES:,} of the test pictures",
                5,
                partial(check_told, name),
            ),
        )
        for name in TOLD
    ),
    *(
        Measurement(
            f"sparse:{name}",
            f"{FOLDER.name}/{dataset.RECORDS.format(name)}",
            (DATASET,),
            (name,),
            10,
            partial(run, name),
            None if name == families.ALL_CODED else Quick(HOW, 10, partial(check, name), writes=True),
        )
        for name in (*NAMES, families.ALL_CODED)
    ),
    ATTACK,
    ARRIVED,
    *PHOTOGRAPHS,
    RESCUE,
)
