"""A part of the packaged measurements done again exactly, to compare its numbers with the record."""

from __future__ import annotations

from functools import partial

from core import networks
from core.base.records import from_json
from core.compute import spaces
from core.compute.sign_counts import Spec
from core.data import split as data_split
from core.studies.random import claims as random_claims
from core.studies.random import dataset as random_dataset
from core.studies.random import measure_attack
from core.studies.random.baselines import BASELINES
from core.studies.random.features import answer
from core.training import ship
from core.training.measurement import CIFAR, POINT, Asked, Part, share, there

MANY_FEATURES = 2_000  # of the packaged SVM


UNTRAINED, UNTRAINED_PICTURES = ("vgg16", "resnet18", "densenet121"), 500


def random_curve(name: str, counts: tuple[int, ...], asked: Asked) -> list[Part]:
    """The linear SVM on the first features of one packaged draw, from all training pictures, over all test ones."""
    old = from_json(random_dataset.Measured, there(random_claims.random_record(asked.packaged, name)))
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


ABOVE_PIXELS = "random-above-pixels"  # a claim's name


def above_untrained(name: str) -> str:
    """The claim about this untrained network."""
    return f"random-above-untrained-{name}"


def random_cifar(asked: Asked) -> list[Part]:
    """The packaged SVM on a subset, the pixels' SVM anew, and untrained networks on a subset of the test pictures."""
    old = from_json(random_dataset.Measured, there(random_claims.random_record(asked.packaged, CIFAR)))
    train, test = asked.data.both(CIFAR)
    some = asked.test(CIFAR, UNTRAINED_PICTURES)
    curve, svm = old.curve("svm"), networks.load(networks.find("cifar_random_svm"))
    top1 = float(curve.hits[0, curve.counts.index(MANY_FEATURES), 0])
    now = ship.accuracy(svm.engine.plain, some, svm.preprocessing)
    found = [share(f"top-1 of {MANY_FEATURES:,} features, draw 0, with the packaged SVM", top1, now, len(some))]
    asked.progress(1, 2 + len(UNTRAINED))
    hits = answer(spaces.pixels(train.pixels), train.labels, spaces.pixels(test.pixels), test.labels, "svm")
    found.append(Part("top-1 of raw pixels", float(old.pixels["svm"][0]), float(hits[0]), POINT / 2, (ABOVE_PIXELS,)))
    few = data_split.seeded_part(train, old.plan.part)
    for i, name in enumerate(UNTRAINED, 2):
        asked.progress(i, 2 + len(UNTRAINED))
        before = next(float(b.hits["svm"][0]) for b in old.baselines if b.name == name)
        run = partial(BASELINES[name].run, learn_from=few.pixels)
        row = random_dataset.one_baseline(few, some, run, True)
        found.append(share(f"top-1 of an untrained {name}", before, row["svm"][0], len(some), (above_untrained(name),)))
    return found


def substitute_attack(asked: Asked) -> list[Part]:
    """One seed of the packaged attack on digits: both targets trained, attacked and counted again."""
    before = next(
        found for found in random_claims.random_attacks_record(asked.packaged) if found.about["dataset"] == "Digits"
    )
    s, e = asked.seed % len(before.seeds), before.shown
    now = measure_attack.on_digits({}, (before.seeds[s],), asked.progress)
    return [
        Part(
            f"{target}, seed {before.seeds[s]}, {words}",
            float(getattr(before, name)[t, s, e]),
            float(getattr(now, name)[t, 0, e]),
            3 * POINT,
        )
        for t, target in enumerate(before.targets)
        for name, words in (("accuracy", "right under the attack"), ("noise", "right under random signs"))
    ]
