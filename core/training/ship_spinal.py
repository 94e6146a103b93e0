"""Measure the heads of the spinal study against each other on a whole data set: one finished part a network."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from core import quoting
from core.datasets import DATASETS, Split
from core.files import write_json
from core.heads import BACKBONES, HEADS
from core.studies import spinal_heads
from core.studies.spinal_heads import Params
from core.training.parts import finished
from core.training.ship import today
from core.worker import Progress, ignore

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
    big, small = (spinal_heads.fitted(split, params.backbone) for split in (train, test))
    jobs = [(h, s) for s in range(params.seeds) for h in range(len(params.heads))]
    curves = finished(
        [work / f"spinal_{dataset}_{params.backbone}_{params.heads[h]}_seed{s}.json" for h, s in jobs],
        {"params": asdict(replace(params, heads=tuple(HEADS), seeds=1)), "train": len(train), "test": len(test)},
        lambda i: list(spinal_heads.race(big, small, params, params.heads[jobs[i][0]], jobs[i][1], dataset)),
        progress,
    )
    result = spinal_heads.blank(dataset, train, test, params)
    for (h, s), curve in zip(jobs, curves, strict=True):
        result.loss[h, s], result.accuracy[h, s] = np.transpose(curve)
    record = {
        "result": spinal_heads.as_dict(result),
        "params": asdict(params),
        "data": f"{DATASETS[dataset].title} ({DATASETS[dataset].form})",
        "backbone": BACKBONES[params.backbone].title,
        "dataset": dataset,
        "command": quoting.command("receptive", "measure-spinal", dataset, "--backbone", params.backbone),
        **today(),
    }
    path = (folder or spinal_heads.FOLDER) / f"{dataset}_{params.backbone}.json"
    write_json(path, record)
    return path
