"""The shift sweep over test pictures, and networks in pairs, written down for the page and the claims."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from core import networks as core_networks
from core.base.files import today, write_json
from core.base.intervals import mean_interval
from core.base.records import save
from core.base.worker import Progress, ignore, part
from core.data.sets import DATASETS
from core.data.split import Split, chunks, every
from core.networks import families, weights
from core.networks import packaged as networks
from core.studies.shift import dataset
from core.studies.shift.claims import CLAIMS, SHIFT_PAIRS
from core.studies.shift.measure_photographs import PHOTOGRAPHS as PHOTOGRAPHS_OF_IMAGENET
from core.studies.shift.measure_pictures import MEASUREMENTS as OF_PICTURES
from core.training.measurement import CIFAR, PHOTOGRAPHS, Asked, Measurement, Quick, command
from core.training.recipes import RECIPES

FEW = 2_000  # test pictures that are measured at every small shift and under the fifteen corruptions
QUICK, QUICK_FEW = 500, 200  # test pictures of the quick check; those of them at every small shift and corrupted
CODED = (*families.SDNETS, *families.TWINS, families.ALL_CODED)  # which the sparse study measures
MEASURED = {r.name: r.dataset for r in RECIPES.values() if r.data.channels == 3 and r.name not in CODED} | {
    "cifar_random_svm": CIFAR
}
PLANS = {  # by data set: plain and blurred network, test pictures
    PHOTOGRAPHS: ("photo_resnet", "photo_resnet_blur5", 1_000),
    CIFAR: ("cifar_vgg", "cifar_vgg_blur5", 2_000),
}
PAIRED = dataset.Params(pairs=10, worst_reach=0, corruptions=(), seed=1)
QUICK_PAIRED, QUICK_PAIRS = 400, 4  # test pictures of each data set, and pairs of shifts, of the quick check


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
        command=command(f"shift:{name}", data.name),
        **today(),
    )
    save(path := folder / f"{name}.json", record)
    return path


# ---- two networks at the same shifts, whose difference is known much better than either -----------


def agreement(name: str, test: Split, params: dataset.Params, progress: Progress = ignore) -> np.ndarray:
    """(N,) in [0, 1]: the share of a picture's pairs of shifts that get the same top-1 (Zhang, ICML 2019, §4.3)."""
    network = core_networks.load(core_networks.find(name))
    found = dataset.run(network, chunks(test), len(test), params, progress)
    row = dict(zip(found.variants, found.top1, strict=True))
    return np.asarray(np.mean([row[f"pair {i}a"] == row[f"pair {i}b"] for i in range(params.pairs)], axis=0))


def measure_pairs(
    tests: dict[str, Split], path: Path, progress: Progress = ignore, params: dataset.Params = PAIRED
) -> Path:
    """Blurred minus plain consistency over each data set's test pictures, with the interval of the mean difference."""
    rows: list[dict[str, object]] = []
    for i, (name, test) in enumerate(tests.items()):
        plain, blurred, most = PLANS[name]
        few, mine = every(test, most), part(progress, i, len(tests))
        shares = [agreement(one, few, params, part(mine, j, 2)) for j, one in enumerate((plain, blurred))]
        difference, half = mean_interval(shares[1] - shares[0])
        about = DATASETS[name]
        rows.append(
            {
                "plain": plain,
                "blurred": blurred,
                "consistency": [float(share.mean()) for share in shares],
                "difference": difference,
                "half": half,
                "images": len(few),
                "pairs": params.pairs,
                "data": f"{about.title} ({about.form}), test set",
            }
        )
    write_json(path, {"rows": rows, "command": command("shift-pairs", *tests), **today()})
    return path


def test(name: str, asked: Asked, count: int | None) -> Split:
    """The test pictures of a data set, or `count` of them."""
    return asked.data.split(name, "test") if count is None else asked.test(name, count)


def run(name: str, asked: Asked, count: int | None = None, few: int = FEW) -> Path:
    return measure(name, test(MEASURED[name], asked, count), asked.results / "shift_sweep", asked.progress, few=few)


def run_pairs(asked: Asked, count: int | None = None, params: dataset.Params = PAIRED) -> Path:
    tests = {name: test(name, asked, count) for name in PLANS}
    return measure_pairs(tests, asked.results / SHIFT_PAIRS, asked.progress, params)


CLAIMED = {key for claim in CLAIMS for key in claim.measurement}  # the others are not re-checked within minutes
MEASUREMENTS = (
    *(
        Measurement(
            f"shift:{name}",
            f"shift_sweep/{name}.json",
            (data,),
            (name,),
            1.5,
            partial(run, name),
            Quick(
                f"{QUICK} of the test pictures, {QUICK_FEW} of them at every small shift",
                5,
                partial(run, name, count=QUICK, few=QUICK_FEW),
                writes=True,
            )
            if f"shift:{name}" in CLAIMED
            else None,
        )
        for name, data in MEASURED.items()
    ),
    Measurement(
        "shift-pairs",
        SHIFT_PAIRS,
        tuple(PLANS),
        tuple(name for plain, blurred, _ in PLANS.values() for name in (plain, blurred)),
        6,
        run_pairs,
        Quick(
            f"{QUICK_PAIRED} test pictures of each data set, {QUICK_PAIRS} pairs of shifts",
            20,
            partial(run_pairs, count=QUICK_PAIRED, params=replace(PAIRED, pairs=QUICK_PAIRS)),
            writes=True,
        ),
    ),
    *PHOTOGRAPHS_OF_IMAGENET,
    *OF_PICTURES,
)
