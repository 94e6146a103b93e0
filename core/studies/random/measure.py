"""Measure random features on whole data sets; write assets/results/random_features/dataset_<name>.json."""

from __future__ import annotations

from functools import partial
from itertools import product
from pathlib import Path

from core import networks
from core.base import resume
from core.base.files import today
from core.base.records import from_json, save
from core.base.worker import Progress, ignore, part
from core.compute import spaces
from core.compute.sign_counts import Spec
from core.data.sets import DATASETS
from core.data.split import Split, seeded_part
from core.networks import families
from core.studies.random import dataset
from core.studies.random.baselines import BASELINES
from core.studies.random.claims import random_record
from core.studies.random.dataset import Plan
from core.studies.random.features import FOLDER, answer
from core.studies.random.measure_attack import ATTACK
from core.studies.random.measure_photographs import PHOTOGRAPHS
from core.studies.random.measure_retrieval import BACKGROUND, RETRIEVAL
from core.training import ship
from core.training.measurement import CIFAR, POINT, Asked, Measurement, Part, Quick, command, share, there

SHAPES = ((5, 0), (3, 1), (5, 1), (7, 1), (3, 2), (5, 2), (3, 3))
COUNTS = (250, 500, 1_000, 2_000, 4_000)
PLANS = {
    "digits": Plan(3, 1, COUNTS, (0, 1, 2, 3, 4), tuple(product((1, 3, 5), (0, 1, 2, 3)))),
    "fashion-mnist": Plan(5, 1, COUNTS, others=("k-means",)),
    "mnist": Plan(5, 1, COUNTS, others=()),
    "cifar10": Plan(5, 1, (*COUNTS, 8_000), shapes=SHAPES),
}
MANY_FEATURES = 2_000  # of the packaged SVM
UNTRAINED, UNTRAINED_PICTURES = ("vgg16", "resnet18", "densenet121"), 500
ABOVE_PIXELS = "random-above-pixels"  # a claim's name


def measure(
    name: str, train: Split, test: Split, work: Path, progress: Progress = ignore, *, folder: Path = FOLDER
) -> Path:
    """Everything that PLANS asks of a data set, with WORK as the memory between killed runs.

    Raises WeightsError if the trained network is not packaged.
    """
    plan, data = PLANS[name], DATASETS[name]
    network = networks.load(networks.find(families.CEILINGS[name]))
    counts = work / name
    remember = resume.remembering(counts / f"found-{network.digest[:8]}", {"train": len(train), "test": len(test)})
    watch = [part(progress, i, 5) for i in range(5)]
    found = dataset.Measured(
        dataset=name,
        data=f"{data.title} ({data.form})",
        command=command(f"random:{name}", name),
        **today(),
        train_images=len(train),
        test_images=len(test),
        plan=plan,
        curves=dataset.measure_curves(train, test, plan, counts, remember, watch[0]),
        pixels=dataset.measure_pixels(train, test, remember, watch[1]),
        shapes=dataset.measure_shapes(train, test, plan, remember, watch[2]),
        baselines=dataset.measure_baselines(train, test, plan, network, remember, watch[3]),
        network=network.card.name,
        own_head=dataset.right(test, network),
        with_margin=dataset.right(test, network, spaces.scaled) if spaces.is_cut(test.pixels.shape, network) else None,
        similarity=dataset.measure_similarity(test, plan, network, watch[4]),
    )
    path = folder / f"dataset_{name}.json"
    save(path, found)
    return path


# ---- the measurements ----------------------------------------------------------------------------


def run(name: str, asked: Asked) -> Path:
    folder = asked.results / FOLDER.name
    return measure(name, *asked.data.both(name), asked.work / "random", asked.progress, folder=folder)


def check_curve(name: str, counts: tuple[int, ...], asked: Asked) -> list[Part]:
    """The linear SVM on the first features of one packaged draw, from all training pictures, over all test ones."""
    old = from_json(dataset.Measured, there(random_record(asked.packaged, name)))
    curve, s = old.curve("svm"), asked.seed % len(old.plan.seeds)
    train, test = asked.data.both(name)
    spec = Spec(max(counts), old.plan.kernel, old.plan.depth, train.pixels.shape[3], old.plan.seeds[s])
    x, held_out = (spaces.random(split.pixels, spec, asked.progress) for split in (train, test))
    found = []
    for k in counts:
        hits = answer(x[:, :k], train.labels, held_out[:, :k], test.labels, "svm")
        packaged = curve.hits[s, curve.counts.index(k)]
        found += [
            Part(f"top-{n} of {k:,} features, draw {spec.seed}", float(packaged[n - 1]), float(hits[n - 1]), POINT)
            for n in (1, 2)
        ]
    return found


def above_untrained(name: str) -> str:
    """The claim about this untrained network."""
    return f"random-above-untrained-{name}"


def check_cifar(asked: Asked) -> list[Part]:
    """The packaged SVM on a subset, the pixels' SVM anew, and untrained networks on a subset of the test pictures."""
    old = from_json(dataset.Measured, there(random_record(asked.packaged, CIFAR)))
    train, test = asked.data.both(CIFAR)
    some = asked.test(CIFAR, UNTRAINED_PICTURES)
    curve, svm = old.curve("svm"), networks.load(networks.find("cifar_random_svm"))
    top1 = float(curve.hits[0, curve.counts.index(MANY_FEATURES), 0])
    now = ship.accuracy(svm.engine.plain, some, svm.preprocessing)
    found = [share(f"top-1 of {MANY_FEATURES:,} features, draw 0, with the packaged SVM", top1, now, len(some))]
    asked.progress(1, 2 + len(UNTRAINED))
    hits = answer(spaces.pixels(train.pixels), train.labels, spaces.pixels(test.pixels), test.labels, "svm")
    found.append(Part("top-1 of raw pixels", float(old.pixels["svm"][0]), float(hits[0]), POINT / 2, (ABOVE_PIXELS,)))
    few = seeded_part(train, old.plan.part)
    for i, name in enumerate(UNTRAINED, 2):
        asked.progress(i, 2 + len(UNTRAINED))
        before = next(float(b.hits["svm"][0]) for b in old.baselines if b.name == name)
        untrained = partial(BASELINES[name].run, learn_from=few.pixels)
        row = dataset.one_baseline(few, some, untrained, True)
        found.append(share(f"top-1 of an untrained {name}", before, row["svm"][0], len(some), (above_untrained(name),)))
    return found


FEWEST = "250 features of one draw again, all pictures"
ROWS = {  # minutes, and the quick check
    "digits": (2, Quick("one draw of the features again", 3, partial(check_curve, "digits", (250, 1_000, 4_000)))),
    "mnist": (40, Quick(FEWEST, 30, partial(check_curve, "mnist", (250,)))),
    "fashion-mnist": (40, Quick(FEWEST, 30, partial(check_curve, "fashion-mnist", (250,)))),
    CIFAR: (
        90,
        Quick(
            f"the packaged SVM of one draw and untrained networks on {UNTRAINED_PICTURES} of the test pictures, raw "
            "pixels on all",
            90,
            check_cifar,
        ),
    ),
}
MEASUREMENTS = (
    *(
        Measurement(
            f"random:{name}",
            f"{FOLDER.name}/dataset_{name}.json",
            (name,),
            (families.CEILINGS[name],),
            minutes,
            partial(run, name),
            quick,
        )
        for name, (minutes, quick) in ROWS.items()
    ),
    RETRIEVAL,
    BACKGROUND,
    ATTACK,
    PHOTOGRAPHS,
)
