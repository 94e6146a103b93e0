"""The shift sweep over test pictures, and networks in pairs, written down for the page and the claims."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from core import networks as core_networks
from core.base.files import today
from core.base.records import save
from core.base.worker import Progress, ignore, part
from core.data.sets import DATASETS
from core.data.split import Split, chunks, every
from core.networks import families, weights
from core.networks import packaged as networks
from core.studies.shift import dataset, pairs
from core.studies.shift.claims import CLAIMS, PHOTOS, VGGS
from core.studies.shift.measure_photographs import PHOTOGRAPHS as PHOTOGRAPHS_OF_IMAGENET
from core.studies.shift.measure_pictures import MEASUREMENTS as OF_PICTURES
from core.training.measurement import CIFAR, PHOTOGRAPHS, Asked, Measurement, Quick, command
from core.training.recipes import RECIPES, SEEDS, seeded

FEW = 2_000  # test pictures that are measured at every small shift and under the fifteen corruptions
QUICK, QUICK_FEW = 400, 20  # test pictures of the quick check; those of them at every small shift and corrupted
CODED = (*families.SDNETS, *families.TWINS, families.ALL_CODED)  # which the sparse study measures
MEASURED = {r.name: r.dataset for r in RECIPES.values() if r.data.channels == 3 and r.name not in CODED} | {
    "cifar_random_svm": CIFAR
}
SEEDED = {  # by data set: the plain networks and the blurred ones, by seed
    RECIPES[both[0]].dataset: tuple(tuple(n for s in SEEDS if (n := seeded(arch, s)) in RECIPES) for arch in both)
    for both in (PHOTOS, VGGS)
}
PAIRED = {  # by data set; the shifts are others than in the networks' own records
    PHOTOGRAPHS: dataset.Params(pairs=10, corruptions=(), seed=1),
    CIFAR: dataset.Params(pairs=3, corruptions=(), seed=1),
}
QUICK_PAIRED = 300  # test pictures of each data set, of the quick check


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


# ---- plain and blurred networks by seed, on the same pictures at the same shifts -------------------


def measure_pairs(
    tests: dict[str, Split], path: Path, progress: Progress = ignore, params: Mapping[str, dataset.Params] = PAIRED
) -> Path:
    """What a blur gains on each data set's test pictures, over seeds and pictures."""
    rows = []
    for i, (name, few) in enumerate(tests.items()):
        names = SEEDED[name]
        plain, blurred = ([core_networks.load(core_networks.find(one)) for one in by_seed] for by_seed in names)
        gains = pairs.compare(plain, blurred, few, params[name], part(progress, i, len(tests)))
        data = DATASETS[name]
        told = f"{data.title} ({data.form}), test set"
        rows.append(pairs.Pair(names[0], names[1], len(few), params[name].pairs, told, gains))
    record = pairs.Pairs(tuple(rows), pairs.RULE, pairs.RULED, command("shift-pairs", *tests), **today())
    save(path, record)
    return path


def test(name: str, asked: Asked, count: int | None) -> Split:
    """The test pictures of a data set, or `count` of them."""
    return asked.data.split(name, "test") if count is None else asked.test(name, count)


def run(name: str, asked: Asked, count: int | None = None, few: int = FEW) -> Path:
    return measure(name, test(MEASURED[name], asked, count), asked.results / "shift_sweep", asked.progress, few=few)


def run_pairs(asked: Asked, count: int | None = None) -> Path:
    params = PAIRED if count is None else {name: replace(one, pairs=2) for name, one in PAIRED.items()}
    tests = {name: test(name, asked, count) for name in SEEDED}
    return measure_pairs(tests, asked.results / pairs.PAIRS, asked.progress, params)


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
                2,
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
        pairs.PAIRS,
        tuple(SEEDED),
        tuple(name for both in SEEDED.values() for names in both for name in names),
        12,
        run_pairs,
        Quick(
            f"{QUICK_PAIRED} test pictures of each data set, 2 pairs of shifts",
            20,
            partial(run_pairs, count=QUICK_PAIRED),
            writes=True,
        ),
    ),
    *PHOTOGRAPHS_OF_IMAGENET,
    *OF_PICTURES,
)
