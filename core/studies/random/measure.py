"""Measure random features on whole data sets; write assets/results/random_features/dataset_<name>.json."""

from __future__ import annotations

from itertools import product
from pathlib import Path

from core import networks
from core.base import quote, resume
from core.base.files import today
from core.base.records import save
from core.base.worker import Progress, ignore, part
from core.data.sets import DATASETS
from core.data.split import Split
from core.networks import families
from core.studies.random import dataset
from core.studies.random.dataset import Plan
from core.studies.random.features import FOLDER

SHAPES = ((5, 0), (3, 1), (5, 1), (7, 1), (3, 2), (5, 2), (3, 3))


COUNTS = (250, 500, 1_000, 2_000, 4_000)
PLANS = {
    "digits": Plan(3, 1, COUNTS, (0, 1, 2, 3, 4), tuple(product((1, 3, 5), (0, 1, 2, 3)))),
    "fashion-mnist": Plan(5, 1, COUNTS, others=("k-means",)),
    "mnist": Plan(5, 1, COUNTS, others=()),
    "cifar10": Plan(5, 1, (*COUNTS, 8_000), shapes=SHAPES),
}


def measure(
    name: str, train: Split, test: Split, work: Path, progress: Progress = ignore, *, folder: Path = FOLDER
) -> Path:
    """Everything that PLANS asks of a data set, with WORK as the memory between killed runs.

    Raises WeightsError if the trained network is not packaged.
    """
    plan, data = PLANS[name], DATASETS[name]
    network = networks.load(networks.find(families.CEILINGS[name]))
    counts = work / name
    remember = resume.remembering(counts / "found.json")
    watch = [part(progress, i, 5) for i in range(5)]
    found = dataset.Measured(
        dataset=name,
        data=f"{data.title} ({data.form})",
        command=quote.command("receptive", "measure-random", name, "--data", "FOLDER"),
        **today(),
        train_images=len(train),
        test_images=len(test),
        plan=plan,
        curves=dataset.measure_curves(train, test, plan, counts, remember, watch[0]),
        pixels=dataset.measure_pixels(train, test, remember, watch[1]),
        shapes=dataset.measure_shapes(train, test, plan, remember, watch[2]),
        baselines=dataset.measure_baselines(train, test, plan, network, remember, watch[3]),
        network=network.card.name,
        own_head=network.card.test_accuracy or 0.0,
        similarity=dataset.measure_similarity(test, plan, network, watch[4]),
    )
    path = folder / f"dataset_{name}.json"
    save(path, found)
    return path
