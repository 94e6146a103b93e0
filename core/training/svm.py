"""Fit the packaged linear SVMs on random features; write assets/weights/<name>.safetensors."""

from __future__ import annotations

from pathlib import Path

import torch

from core.base.worker import Progress, ignore
from core.compute import linear_svm
from core.compute.sign_counts import Spec, build, features
from core.data.sets import DATASETS
from core.data.split import Split
from core.models.random_depthwise import SVM_SHAPES, RandomSvm
from core.pictures.preprocess import Preprocessing
from core.training import ship

PLANS = {"digits_random_svm": "digits", "cifar_random_svm": "cifar10"}  # the data set that each learns from
SEED = 0


def fit(name: str, train: Split, test: Split, folder: Path, progress: Progress = ignore) -> Path:
    """Fit the SVM of PLANS with the paper's C on all training pictures; the accuracy is that of the stored file."""
    data = DATASETS[PLANS[name]]
    count, kernel_size, depth, channels = SVM_SHAPES[name]
    found = features(build(Spec(count, kernel_size, depth, channels, SEED)), train.pixels, progress)
    svm = linear_svm.fit(found, train.labels, len(train.classes))
    net = RandomSvm(name, len(train.classes))
    with torch.no_grad():
        net.classifier.weight.copy_(torch.from_numpy(svm.weights.T.copy()))
        net.classifier.bias.copy_(torch.from_numpy(svm.bias))
    prep = Preprocessing(data.size, (0.0,) * channels, (1.0,) * channels)
    about = {
        "arch": name,
        "dataset": data.name,
        "dataset_form": data.form,
        "recipe": name,
        "classifier": f"a linear SVM (C = {linear_svm.PAPERS_C}) on {count:,} random features",
        "seed": str(SEED),
    }
    path = folder / f"{name}.safetensors"
    ship.write(path, net, prep, train, test, about)
    return path
