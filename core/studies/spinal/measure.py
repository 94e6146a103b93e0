"""Measure the heads of the spinal study against each other on a whole data set: one finished part a network."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from core.base import quote
from core.base.files import today, write_json
from core.base.records import as_json
from core.base.resume import finished
from core.base.worker import Progress, ignore
from core.data.sets import DATASETS
from core.data.split import Split
from core.models.heads import BACKBONES, HEADS
from core.studies.spinal import heads
from core.studies.spinal.heads import Params

PLANS = {  # by data set and backbone: what is packaged
    ("digits", "small_cnn"): Params("small_cnn", seeds=10, epochs=20),
    ("mnist", "small_cnn"): Params("small_cnn", seeds=3, epochs=6),
    ("mnist", "vgg5"): Params("vgg5", seeds=3, epochs=8),
    ("fashion-mnist", "small_cnn"): Params("small_cnn", seeds=3, epochs=6),
    ("fashion-mnist", "vgg5"): Params("vgg5", seeds=3, epochs=12),
    ("cifar10", "cifar_vgg11"): Params("cifar_vgg11", seeds=3, epochs=6),
}


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
    curves = finished(
        [work / f"spinal_{dataset}_{params.backbone}_{params.heads[h]}_seed{s}.json" for h, s in jobs],
        {"params": asdict(replace(params, heads=tuple(HEADS), seeds=1)), "train": len(train), "test": len(test)},
        lambda i: list(heads.race(big, small, params, params.heads[jobs[i][0]], jobs[i][1], dataset)),
        progress,
    )
    result = heads.blank(dataset, train, test, params)
    for (h, s), curve in zip(jobs, curves, strict=True):
        result.loss[h, s], result.accuracy[h, s] = np.transpose(curve)
    record = {
        "result": as_json(result),
        "params": asdict(params),
        "data": f"{DATASETS[dataset].title} ({DATASETS[dataset].form})",
        "backbone": BACKBONES[params.backbone].title,
        "dataset": dataset,
        "command": quote.command("receptive", "measure-spinal", dataset, "--backbone", params.backbone),
        **today(),
    }
    path = (folder or heads.FOLDER) / f"{dataset}_{params.backbone}.json"
    write_json(path, record)
    return path
