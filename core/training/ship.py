"""From a trained network to the two files that the project ships: its weights and its measured numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from core.base.files import write_json
from core.base.worker import Progress, ignore, part
from core.compute.fitting import pixel_statistics
from core.data.named import DATASETS, Split
from core.networks import engine, intact, quoting, weights
from core.networks import packaged as networks
from core.pictures.image import RGBImage, from_pixels
from core.pictures.preprocess import Preprocessing, to_tensor
from core.studies.shift import dataset
from core.training.loop import commit
from core.training.recipes import Recipe

CHUNK = 250  # pictures answered together while measuring
FEW = 2_000  # test pictures that are measured at every small shift and under the fifteen corruptions


def accuracy(net: nn.Module, split: Split, prep: Preprocessing, progress: Progress = ignore) -> float:
    """Share of a split's pictures that the network gets right, in float32."""
    answers = engine.logits(
        engine.prepare(net, fast=False),
        lambda which: to_tensor(split.pixels[which], prep),
        len(split),
        progress,
        exact=True,
    )
    return float((answers.top1 == split.labels).mean())


def ship(recipe: Recipe, net: nn.Module, train: Split, test: Split, folder: Path) -> Path:
    """Write FOLDER/<recipe>.safetensors with its provenance. The accuracy is that of the stored float16 file."""
    mean, std = pixel_statistics(train)
    prep = Preprocessing(recipe.data.size, mean, std)
    path = folder / f"{recipe.name}.safetensors"
    about = {
        "arch": recipe.arch,
        "num_classes": str(len(train.classes)),
        "labels": json.dumps(train.classes),
        "input_size": str(prep.size),
        "mean": json.dumps(mean),
        "std": json.dumps(std),
        "dataset": recipe.dataset,
        "dataset_form": recipe.data.form,
        "recipe": recipe.name,
        "augmentation": recipe.augmentation(),
        "seed": str(recipe.seed),
        "epochs": str(recipe.total_epochs),
        "train_images": str(len(train)),
    }
    write(path, net, prep, test, about)
    return path


def write(path: Path, net: nn.Module, prep: Preprocessing, test: Split, about: dict[str, str]) -> None:
    """Round the network to float16, measure it, and write it with what is known about it, its digest beside it."""
    half = {
        name: tensor.half().float() if tensor.is_floating_point() else tensor
        for name, tensor in net.state_dict().items()
    }
    weights.load_into(net, half)
    measured = {"test_images": str(len(test)), "test_accuracy": f"{accuracy(net, test, prep):.4f}", "commit": commit()}
    path.parent.mkdir(parents=True, exist_ok=True)
    weights.write_state(path, half, about | measured)
    digest = sha256(path.read_bytes()).hexdigest()
    write_json(path.parent / intact.DIGESTS, intact.digests(path.parent) | {path.name: digest})


def every(split: Split, count: int) -> Split:
    """`count` pictures of a split at even steps; the whole of a smaller one."""
    which = np.linspace(0, len(split) - 1, min(count, len(split))).round().astype(int)
    return Split(split.pixels[which], split.labels[which], split.classes)


def chunks(split: Split) -> Iterator[tuple[list[RGBImage], list[int]]]:
    for start in range(0, len(split), CHUNK):
        part = slice(start, start + CHUNK)
        yield [from_pixels(p) for p in split.pixels[part]], split.labels[part].tolist()


def measure(name: str, test: Split, folder: Path, progress: Progress = ignore, *, few: int = FEW) -> Path:
    """Measure a packaged network on a test split, `few` of its pictures at every small shift and corrupted; write
    FOLDER/<name>.json."""
    card = networks.packaged_card(name, weights.packaged()[name])
    network, params = networks.load(card), dataset.Params(pairs=2)
    plain = replace(params, worst_reach=0, corruptions=())
    found = dataset.run(network, chunks(test), len(test), plain, part(progress, 0, 2))
    summary = dataset.summary(found, plain)
    spoiled, some = replace(params, pairs=1), every(test, few)
    found = dataset.run(network, chunks(some), len(some), spoiled, part(progress, 1, 2))
    hard = dataset.summary(found, spoiled)
    data = DATASETS[card.family]
    record: dict[str, Any] = {
        "summary": asdict(replace(summary, worst_accuracy=hard.worst_accuracy, corruptions=hard.corruptions)),
        "few_images": hard.images,
        "params": asdict(params),
        "reach": dataset.reach(card.size),
        "arch": card.arch,
        "data": f"{data.title} ({data.form}), test set",
        "dataset": data.name,
        "command": quoting.command("receptive", "measure", name, "--data", "FOLDER"),
        **today(),
    }
    path = folder / f"{name}.json"
    write_json(path, record)
    return path


def today() -> dict[str, str]:
    """When, and from which commit, something is measured."""
    return {"date": datetime.now(UTC).date().isoformat(), "commit": commit()}
