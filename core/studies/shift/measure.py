"""The shift sweep over test pictures, written down for the page and the claims."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core import networks as core_networks
from core.base import quote
from core.base.files import today
from core.base.records import save
from core.base.worker import Progress, ignore, part
from core.data.sets import DATASETS
from core.data.split import Split, chunks, every
from core.networks import packaged as networks
from core.networks import weights
from core.studies.shift import dataset

FEW = 2_000  # test pictures that are measured at every small shift and under the fifteen corruptions


def measure(name: str, test: Split, folder: Path, progress: Progress = ignore, *, few: int = FEW) -> Path:
    """Measure a packaged network on a test split, `few` of its pictures at every small shift and corrupted; write
    FOLDER/<name>.json."""
    card = networks.packaged_card(name, weights.packaged()[name])
    network, params = core_networks.load(card), dataset.Params(pairs=2)
    plain = replace(params, worst_reach=0, corruptions=())
    found = dataset.run(network, chunks(test), len(test), plain, part(progress, 0, 2))
    summary = dataset.summary(found, plain)
    spoiled, some = replace(params, pairs=1), every(test, few)
    found = dataset.run(network, chunks(some), len(some), spoiled, part(progress, 1, 2))
    hard = dataset.summary(found, spoiled)
    data = DATASETS[card.family]
    record = dataset.Measured(
        summary=replace(summary, worst_accuracy=hard.worst_accuracy, corruptions=hard.corruptions),
        few_images=hard.images,
        params=params,
        reach=dataset.reach(card.size),
        arch=card.arch,
        data=f"{data.title} ({data.form}), test set",
        dataset=data.name,
        command=quote.command("receptive", "measure", name, "--data", "FOLDER"),
        **today(),
    )
    path = folder / f"{name}.json"
    save(path, record)
    return path
