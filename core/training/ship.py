"""From a trained network to the two files that the project ships: its weights and its measured numbers."""

from __future__ import annotations

import json
from pathlib import Path

from core.base.files import commit
from core.base.heavy import nn
from core.base.worker import Progress, ignore
from core.compute.fitting import pixel_statistics
from core.data.split import Split
from core.networks import engine, intact, weights
from core.pictures.preprocess import Preprocessing, to_tensor
from core.training.recipes import Recipe


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
    prep = Preprocessing(recipe.data.size, *pixel_statistics(train))
    path = folder / f"{recipe.name}.safetensors"
    about = {
        "arch": recipe.arch,
        "dataset": recipe.dataset,
        "dataset_form": recipe.data.form,
        "recipe": recipe.name,
        "augmentation": recipe.augmentation(),
        "seed": str(recipe.seed),
        "epochs": str(recipe.total_epochs),
        "precision": "bfloat16" if engine.has_bfloat16() else "float32",
    }
    write(path, net, prep, train, test, about)
    return path


def write(path: Path, net: nn.Module, prep: Preprocessing, train: Split, test: Split, about: dict[str, str]) -> None:
    """Round the network to float16, measure it, and write it with what is known about it, its digest beside it."""
    half = {
        name: tensor.half().float() if tensor.is_floating_point() else tensor
        for name, tensor in net.state_dict().items()
    }
    weights.load_into(net, half)
    known = {
        **about,
        "num_classes": str(len(train.classes)),
        "labels": json.dumps(train.classes),
        "input_size": str(prep.size),
        "mean": json.dumps(prep.mean),
        "std": json.dumps(prep.std),
        "train_images": str(len(train)),
        "test_images": str(len(test)),
        "test_accuracy": f"{accuracy(net, test, prep):.4f}",
        "commit": commit(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    weights.write_state(path, half, known)
    intact.note(path)
