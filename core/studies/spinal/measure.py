"""Measure the heads of the spinal study against each other on a whole data set: one finished part a network."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import numpy as np

from core.base.files import today
from core.base.records import save
from core.base.resume import in_parts, remembering
from core.base.worker import Progress, each, ignore
from core.data.sets import DATASETS
from core.data.split import Split
from core.models.heads import BACKBONES, HEADS, Head
from core.studies.spinal import heads
from core.studies.spinal.claims import spinal_record
from core.studies.spinal.heads import Params
from core.studies.spinal.measure_ablation import ABLATION
from core.studies.spinal.measure_photographs import PHOTOGRAPHS
from core.studies.spinal.measure_regression import REGRESSION
from core.studies.spinal.measure_transfer import TRANSFER
from core.training.measurement import (
    CIFAR,
    POINT,
    RELATIVE,
    UNSETTLED,
    Asked,
    Measurement,
    Part,
    Quick,
    command,
    one_thread,
    there,
)

ROWS = (  # what is packaged: minutes; seconds of the quick check, and how many epochs it trains, None for all
    ("digits", Params("small_cnn", seeds=10, epochs=20), 4, 5, None),
    ("mnist", Params("small_cnn", seeds=3, epochs=6), 5, 6, 1),
    ("fashion-mnist", Params("small_cnn", seeds=3, epochs=6), 5, 6, 1),
    ("mnist", Params("vgg5", seeds=3, epochs=8), 25, 20, 1),
    ("fashion-mnist", Params("vgg5", seeds=3, epochs=12), 30, 20, 1),
    (CIFAR, Params("cifar_vgg11", seeds=3, epochs=6), 30, 40, 1),
)


def measure(
    dataset: str,
    train: Split,
    test: Split,
    params: Params,
    work: Path,
    progress: Progress = ignore,
    *,
    folder: Path | None = None,
) -> Path:
    """Train every head from every seed and write FOLDER/<dataset>_<backbone>.json, by default below
    assets/results/spinal_heads.

    Each finished network leaves a part in WORK: a killed run goes on from there, and several runs of the same command
    share the work. Raises ValueError while another run has not finished its part.
    """
    big, small = (heads.fitted(split, params.backbone) for split in (train, test))
    jobs = [(h, s) for s in range(params.seeds) for h in range(len(params.heads))]

    def curve(h: int, s: int) -> list[tuple[float, float]]:
        return list(heads.race(big, small, params, params.heads[h], s, dataset))

    parts = {f"spinal_{dataset}_{params.backbone}_{params.heads[h]}_seed{s}": partial(curve, h, s) for h, s in jobs}
    of = {"params": asdict(replace(params, heads=tuple(HEADS), seeds=1)), "train": len(train), "test": len(test)}
    curves = in_parts(remembering(work, of), parts, progress)
    result = heads.blank(dataset, train, test, params)
    for (h, s), found in zip(jobs, curves, strict=True):
        result.loss[h, s], result.accuracy[h, s] = np.transpose(found)
    told = {
        "params": asdict(params),
        "data": f"{DATASETS[dataset].title} ({DATASETS[dataset].form})",
        "backbone": BACKBONES[params.backbone].title,
        "dataset": dataset,
        "command": command(f"spinal:{dataset}:{params.backbone}", dataset),
        **today(),
    }
    path = (folder or heads.FOLDER) / f"{dataset}_{params.backbone}.json"
    save(path, result, told)
    return path


# ---- the measurements ----------------------------------------------------------------------------


def run(dataset: str, plan: Params, asked: Asked) -> Path:
    work, folder = asked.work / "spinal", asked.results / heads.FOLDER.name
    return measure(dataset, *asked.data.both(dataset), plan, work, asked.progress, folder=folder)


@one_thread()
def check(dataset: str, backbone: str, epochs: int | None, asked: Asked) -> list[Part]:
    """One network of the packaged race: one head from one seed, for all `epochs` or the first ones of its schedule."""
    old = there(spinal_record(asked.packaged, f"{dataset}_{backbone}")).result
    params, s = heads.params_of(old), asked.seed % old.accuracy.shape[1]
    head: Head = ("spinal", "fc")[asked.seed // 2 % 2]
    h, last = old.heads.index(head), (epochs or params.epochs) - 1
    train, test = (heads.fitted(split, backbone) for split in asked.data.both(dataset))
    race = heads.race(train, test, params, head, s, dataset)
    for _ in each(range(last + 1), asked.progress):
        loss, accuracy = next(race)
    what = f"{head} head, seed {s}, after {last + 1} of {params.epochs} epochs"
    before = float(old.loss[h, s, last])
    return [
        Part(f"{what}: loss", before, loss, RELATIVE * before),
        Part(f"{what}: accuracy", float(old.accuracy[h, s, last]), accuracy, UNSETTLED if epochs else 3 * POINT),
    ]


WHOLE = "one network of the race trained again"
FIRST = "the first epoch of one network of the race trained again, under the schedule of all"
MEASUREMENTS = (
    *(
        Measurement(
            f"spinal:{dataset}:{plan.backbone}",
            f"{heads.FOLDER.name}/{dataset}_{plan.backbone}.json",
            (dataset,),
            (),
            minutes,
            partial(run, dataset, plan),
            Quick(FIRST if epochs else WHOLE, seconds, partial(check, dataset, plan.backbone, epochs)),
        )
        for dataset, plan, minutes, seconds, epochs in ROWS
    ),
    ABLATION,
    TRANSFER,
    REGRESSION,
    PHOTOGRAPHS,
)
