"""Packaged parts, done again: one network from one seed, one draw of features, or the first epochs of a schedule.

Where training is what was measured, fewer epochs or pictures would be another experiment. Each function here does one
part of the packaged measurement exactly as it was done, and compares its numbers with the same ones of the record. The
seed chooses the part.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np

from core.base.worker import Progress, part
from core.claims import records
from core.compute import spaces
from core.compute.sign_counts import Spec
from core.data.named import Split
from core.models.heads import Head
from core.networks import packaged as networks
from core.reproduce.run import CATS_DOGS, CIFAR, HEADS, Data
from core.studies.random import dataset as random_dataset
from core.studies.random import measure_attack
from core.studies.random.baselines import BASELINES
from core.studies.random.features import answer
from core.studies.spinal import ablation as spinal_ablation
from core.studies.spinal import heads as spinal_heads
from core.studies.spinal import measure_transfer
from core.studies.spinal import regression as spinal_regression
from core.studies.spinal import transfer as spinal_transfer
from core.training import ship

T = TypeVar("T")
MANY_FEATURES = 2_000  # of the packaged SVM
UNTRAINED, UNTRAINED_PICTURES = ("vgg16", "resnet18", "densenet121"), 500
TARGETS, NETWORKS = ("sum", "product"), ("fc", "spinal")  # of the claims about regression
ERRORS = 4  # standard errors that a share of a subset may be off
POINT = 0.01  # of a share
RELATIVE = 0.02  # of a loss: training that began the same drifts apart on another machine
UNSETTLED = 0.1  # of a share after the first epoch: in one thread and in two, at the same loss, it was 0.05 apart
# Of the error at the end: the sum is learned the same to 4 digits; on the product a network leaves a plateau sooner or
# later by its rounding alone, and of 8 that were trained again on one machine the ends were up to 5 % apart.
AT_THE_END = {"sum": RELATIVE, "product": 0.15}


@dataclass(frozen=True)
class Part:
    """One number of the packaged record, and the same measured now; they agree within `tolerance`. `of`: names of the
    claims that it bears on; by default all of the measurement."""

    what: str
    packaged: float
    now: float
    tolerance: float
    of: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        return abs(self.now - self.packaged) <= self.tolerance  # a NaN agrees with nothing


@dataclass(frozen=True)
class Asked:
    """Where the data and the packaged records are, where to write the temporary ones, and the seed of what is drawn."""

    data: Data
    packaged: Path
    results: Path
    seed: int
    progress: Progress

    def test(self, name: str, count: int) -> Split:
        """`count` test pictures of a data set."""
        return stratified(self.data.split(name, "test"), count, self.seed)


def stratified(split: Split, count: int, seed: int) -> Split:
    """About `count` pictures, as many of each class, drawn without replacement; the whole of a smaller split."""
    dice = np.random.default_rng(seed)
    each = max(1, count // len(split.classes))
    drawn = [dice.permutation(np.flatnonzero(split.labels == k))[:each] for k in range(len(split.classes))]
    which = np.sort(np.concatenate(drawn))
    return Split(split.pixels[which], split.labels[which], split.classes)


def share(what: str, packaged: float, now: float, pictures: int, of: tuple[str, ...] = ()) -> Part:
    """A share of a subset of `pictures`, which may be ERRORS standard errors off."""
    return Part(what, packaged, now, ERRORS * math.sqrt(max(packaged * (1 - packaged), 1 / pictures) / pictures), of)


def there(record: T | None) -> T:
    """Raises ValueError for a record that is not there."""
    if record is None:
        raise ValueError("expected a packaged record, found none: measure it first")
    return record


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread, in which the packaged networks were trained too: their sums round alike, and on a busy machine two
    threads that wait for each other take up to four times as long."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def random_curve(name: str, counts: tuple[int, ...], asked: Asked) -> list[Part]:
    """The linear SVM on the first features of one packaged draw, from all training pictures, over all test ones."""
    old = random_dataset.from_record(there(records.random_record(asked.packaged, name)))
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
    old = random_dataset.from_record(there(records.random_record(asked.packaged, CIFAR)))
    train, test = asked.data.both(CIFAR)
    some = asked.test(CIFAR, UNTRAINED_PICTURES)
    curve, svm = old.curve("svm"), networks.load(networks.find("cifar_random_svm"))
    top1 = float(curve.hits[0, curve.counts.index(MANY_FEATURES), 0])
    now = ship.accuracy(svm.engine.plain, some, svm.preprocessing)
    found = [share(f"top-1 of {MANY_FEATURES:,} features, draw 0, with the packaged SVM", top1, now, len(some))]
    asked.progress(1, 2 + len(UNTRAINED))
    hits = answer(spaces.pixels(train.pixels), train.labels, spaces.pixels(test.pixels), test.labels, "svm")
    found.append(Part("top-1 of raw pixels", float(old.pixels["svm"][0]), float(hits[0]), POINT / 2, (ABOVE_PIXELS,)))
    few = random_dataset.seeded_part(train, old.plan.part)
    for i, name in enumerate(UNTRAINED, 2):
        asked.progress(i, 2 + len(UNTRAINED))
        before = next(float(b.hits["svm"][0]) for b in old.baselines if b.name == name)
        run = partial(BASELINES[name].run, learn_from=few.pixels)
        row = random_dataset.one_baseline(few, some, run, True)
        found.append(share(f"top-1 of an untrained {name}", before, row["svm"][0], len(some), (above_untrained(name),)))
    return found


def substitute_attack(asked: Asked) -> list[Part]:
    """One seed of the packaged attack on digits: both targets trained, attacked and counted again."""
    before = next(found for found in records.random_attacks_record(asked.packaged) if found.about["dataset"] == "Digits")
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


@one_thread()
def spinal(dataset: str, backbone: str, epochs: int | None, asked: Asked) -> list[Part]:
    """One network of the packaged race: one head from one seed, for all `epochs` or the first ones of its schedule."""
    old = there(records.spinal_record(asked.packaged, f"{dataset}_{backbone}")).result
    params, s = spinal_heads.params_of(old), asked.seed % old.accuracy.shape[1]
    head: Head = ("spinal", "fc")[asked.seed // 2 % 2]
    h, last = old.heads.index(head), (epochs or params.epochs) - 1
    train, test = (spinal_heads.fitted(split, backbone) for split in asked.data.both(dataset))
    race = spinal_heads.race(train, test, params, head, s, dataset)
    *_, (loss, accuracy) = watched(islice(race, last + 1), last + 1, asked.progress)
    what = f"{head} head, seed {s}, after {last + 1} of {params.epochs} epochs"
    before = float(old.loss[h, s, last])
    return [
        Part(f"{what}: loss", before, loss, RELATIVE * before),
        Part(f"{what}: accuracy", float(old.accuracy[h, s, last]), accuracy, UNSETTLED if epochs else 3 * POINT),
    ]


def watched(epochs: Iterator[tuple[float, float]], total: int, progress: Progress) -> Iterator[tuple[float, float]]:
    for done, epoch in enumerate(epochs, 1):
        progress(done, total)
        yield epoch


@one_thread()
def ablation(asked: Asked) -> list[Part]:
    """One setting of the packaged ablation from one seed."""
    old, _ = there(spinal_ablation.measured(asked.packaged / HEADS / spinal_ablation.RECORD.name))
    c, s = asked.seed % len(old.settings), asked.seed % old.params.seeds
    setting = old.settings[c]
    now = spinal_ablation.one(*asked.data.both("digits"), setting, s, old.params.epochs)
    return [Part(f"{setting.head} {setting.shape}, seed {s}: accuracy", float(old.accuracy[c, s]), now, 2 * POINT)]


def transferred(mode: str) -> str:
    """The claim about this way of training."""
    return f"spinal-transfer-{mode}"


@one_thread()
def transfer(asked: Asked) -> list[Part]:
    """One seed of all heads trained alone, and of one head with everything below it."""
    old, _ = there(records.transfer_record(asked.packaged))
    network = networks.load(networks.find(old.network))
    train, test = measure_transfer.photographs(asked.data.given(CATS_DOGS), network.preprocessing.size)
    s, one = asked.seed % old.params.seeds, ("spinal", "linear")[asked.seed // 2 % 2]
    jobs = {"head": old.heads, "all": tuple(head for head in old.heads if head == one)}
    found = []
    for i, (mode, heads) in enumerate(jobs.items()):
        asked.progress(i, len(jobs))
        row = spinal_transfer.scores(train, test, network, old.params, mode, heads, s)  # type: ignore[arg-type]
        for head, now in zip(heads, row, strict=True):
            before = float(old.accuracy[old.modes.index(mode), old.heads.index(head), s])
            what = f"{head}, {spinal_transfer.MODES[mode]} trained, seed {s}"  # type: ignore[index]
            found.append(Part(what, before, now, 3 * POINT, (transferred(mode),)))
    return found


def fitted(target: str) -> str:
    """The claim about regression on this target."""
    return f"spinal-regression-{target}"


@one_thread()
def regression(asked: Asked) -> list[Part]:
    """The paper's two targets, plain and spinal, one seed, all epochs: the first look and the last."""
    old, _ = there(records.regression_record(asked.packaged))
    s, params = asked.seed % old.params.seeds, old.params
    pairs = [(t, n) for t in TARGETS for n in NETWORKS]
    found = []
    for i, (target, network) in enumerate(pairs):
        learn, test = ([points[s]] for points in spinal_regression.points(params, target))  # type: ignore[arg-type]
        ensemble = spinal_regression.Ensemble([spinal_regression.build(network, s)])  # type: ignore[arg-type]
        watch = part(asked.progress, i, len(pairs))
        looks = list(spinal_regression.train(ensemble, learn, test, params, [s], watch))
        before = old.mse[params.targets.index(target), params.networks.index(network), s]  # (E,)
        for at, off in ((0, RELATIVE), (-1, AT_THE_END[target])):
            what = f"{network} on the {target}, seed {s}, held-out error after {looks[at].epoch} epochs"
            found.append(
                Part(what, float(before[at]), float(looks[at].mse[0]), off * float(before[at]), (fitted(target),))
            )
    return found
