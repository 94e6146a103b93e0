"""Measure what the sizes of the spinal head do, on digits: one finished part a setting and seed."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from core.base.files import today, write_json
from core.base.records import as_json
from core.base.resume import finished
from core.base.worker import Progress, ignore
from core.data.sets import DATASETS
from core.data.split import Split
from core.models.heads import BACKBONES
from core.studies.spinal import ablation
from core.studies.spinal.ablation import BACKBONE, DATASET, RECORD, Params

COMMAND = "receptive measure-spinal-ablation"
PLAN = Params()  # what is packaged


def measure(
    train: Split,
    test: Split,
    work: Path,
    progress: Progress = ignore,
    params: Params = PLAN,
    path: Path = RECORD,
) -> Path:
    """Train every setting from every seed and write assets/results/spinal_heads/ablation.json.

    Each finished network leaves a part in WORK: a killed run goes on from there, and several runs of the same command
    share the work. Raises ValueError while another run has not finished its part.
    """
    result = ablation.blank(train, test, params)
    jobs = [(setting, seed) for seed in range(params.seeds) for setting in result.settings]
    names = [
        f"ablation_{s.head}_{s.shape.layers}x{s.shape.width}_{s.shape.split}{s.shape.order}_seed{seed}.json"
        for s, seed in jobs
    ]
    values = finished(
        [work / name for name in names],
        {"epochs": params.epochs, "train": len(train), "test": len(test)},
        lambda i: ablation.one(train, test, *jobs[i], params.epochs),
        progress,
    )
    accuracy = np.reshape(values, (params.seeds, len(result.settings))).T
    about = DATASETS[DATASET]
    record = {
        "result": as_json(replace(result, accuracy=accuracy)),
        "params": asdict(params),
        "data": f"{about.title} ({about.form})",
        "backbone": BACKBONES[BACKBONE].title,
        "command": COMMAND,
        **today(),
    }
    write_json(path, record)
    return path
