"""Measure the heads of the spinal study against each other on a whole data set: one finished part a network."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from core.datasets import DATASETS, Split
from core.heads import BACKBONES
from core.studies import spinal_heads
from core.studies.spinal_heads import Params, Result
from core.training.ship import today, write_json
from core.worker import Progress, ignore

PLANS = {  # by data set and backbone: what is packaged
    ("digits", "small_cnn"): Params("small_cnn", seeds=10, epochs=20),
    ("mnist", "small_cnn"): Params("small_cnn", seeds=3, epochs=6),
    ("mnist", "vgg5"): Params("vgg5", seeds=3, epochs=8),
    ("fashion-mnist", "small_cnn"): Params("small_cnn", seeds=3, epochs=6),
    ("fashion-mnist", "vgg5"): Params("vgg5", seeds=3, epochs=12),
    ("cifar10", "cifar_vgg11"): Params("cifar_vgg11", seeds=3, epochs=6),
}


def measure(dataset: str, train: Split, test: Split, params: Params, work: Path, progress: Progress = ignore) -> Path:
    """Train every head from every seed and write assets/results/spinal_heads/<dataset>_<backbone>.json.

    Each finished network leaves a part in WORK: a killed run goes on from there, and several runs of the same command
    share the work. Raises ValueError while another run has not finished its part.
    """
    work.mkdir(parents=True, exist_ok=True)
    parts = {
        (h, s): work / f"spinal_{dataset}_{params.backbone}_{head}_seed{s}.json"
        for s in range(params.seeds)
        for h, head in enumerate(params.heads)
    }
    total = len(parts) * params.epochs
    for i, ((h, s), path) in enumerate(parts.items()):
        try:
            with FileLock(f"{path}.lock", timeout=0):
                if not path.exists():
                    curve = train_one(dataset, train, test, params, h, s, lambda done: progress(done, total), i)
                    write_json(path, curve | {"params": asdict(params)} | today())
        except Timeout:
            continue
    missing = [path.name for path in parts.values() if not path.exists()]
    if missing:
        raise ValueError(f"expected all {len(parts)} parts, {len(missing)} are in training: run this again later")
    result = merged(spinal_heads.blank(dataset, train, test, params), parts, params)
    record = {
        "result": spinal_heads.as_dict(result),
        "params": asdict(params),
        "data": f"{DATASETS[dataset].title} ({DATASETS[dataset].form})",
        "backbone": BACKBONES[params.backbone].title,
        "dataset": dataset,
        "command": f"receptive measure-spinal {dataset} --backbone {params.backbone}",
        **today(),
    }
    path = spinal_heads.FOLDER / f"{dataset}_{params.backbone}.json"
    write_json(path, record)
    return path


def train_one(
    dataset: str, train: Split, test: Split, params: Params, h: int, s: int, progress: Callable[[int], None], begun: int
) -> dict[str, list[float]]:
    """Loss and accuracy of one network after every epoch."""
    big, small = (spinal_heads.fitted(split, params.backbone) for split in (train, test))
    losses, accuracies = [], []
    for loss, accuracy in spinal_heads.race(big, small, params, params.heads[h], s, dataset):
        losses.append(loss)
        accuracies.append(accuracy)
        progress(begun * params.epochs + len(losses))
    return {"loss": losses, "accuracy": accuracies}


def merged(result: Result, parts: dict[tuple[int, int], Path], params: Params) -> Result:
    """The blank Result with every part's curves. Raises ValueError if a part belongs to other params."""
    loss, accuracy = np.array(result.loss), np.array(result.accuracy)
    for at, path in parts.items():
        part = json.loads(path.read_text())
        if part["params"] != json.loads(json.dumps(asdict(params))):
            raise ValueError(f"expected a part of {params}, got one of {part['params']}: delete {path}")
        loss[at], accuracy[at] = part["loss"], part["accuracy"]
    return replace(result, loss=loss, accuracy=accuracy)
