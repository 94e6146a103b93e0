"""A part of the packaged measurements done again exactly, to compare its numbers with the record."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from core import networks
from core.base.worker import Progress, part
from core.models.heads import Head
from core.studies.spinal import ablation as spinal_ablation
from core.studies.spinal import claims, measure_transfer
from core.studies.spinal import heads as spinal_heads
from core.studies.spinal import regression as spinal_regression
from core.studies.spinal import transfer as spinal_transfer
from core.training.measurement import CATS_DOGS, HEADS, POINT, RELATIVE, UNSETTLED, Asked, Part, one_thread, there

TARGETS, NETWORKS = ("sum", "product"), ("fc", "spinal")  # of the claims about regression


# Of the error at the end: the sum is learned the same to 4 digits; on the product a network leaves a plateau sooner or
# later by its rounding alone, and of 8 that were trained again on one machine the ends were up to 5 % apart.
AT_THE_END = {"sum": RELATIVE, "product": 0.15}


@one_thread()
def spinal(dataset: str, backbone: str, epochs: int | None, asked: Asked) -> list[Part]:
    """One network of the packaged race: one head from one seed, for all `epochs` or the first ones of its schedule."""
    old = there(claims.spinal_record(asked.packaged, f"{dataset}_{backbone}")).result
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
    old, _ = there(claims.transfer_record(asked.packaged))
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
    old, _ = there(claims.regression_record(asked.packaged))
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
