"""Does feeding the input bit by bit pay?

A spinal head (Kabir et al., arXiv 2007.03347), the fully connected head that it replaces, and a fully connected one of
the same number of parameters, trained on the same backbone by the same recipe from the same seeds: accuracy on
held-out pictures after every epoch, and the paired difference after the last.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.base import quote, settings
from core.base.files import ASSETS
from core.base.heavy import F, nn, torch
from core.base.intervals import mean_interval, verdict, with_interval
from core.base.settings import check, setting
from core.base.worker import Progress, ignore
from core.compute import fitting
from core.data.sets import DATASETS
from core.data.split import Split
from core.models import counting
from core.models.heads import BACKBONES, HEADS, SHORT, Head, Order, Shape, build, build_head
from core.studies import quoted

FOLDER = ASSETS / "results" / "spinal_heads"
SEED_LIMITS, EPOCH_LIMITS = (1, 20), (1, 200)
SMOOTHING, WEIGHT_DECAY = 0.1, 5e-4
SHIFTS = {"cifar10": 4}  # px that training pictures are moved at most; the others by 2
OTHER_SHIFTS = 2
FLIPPED = ("fashion-mnist", "cifar10")  # a mirrored digit or letter is another sign


def different(name: str, chosen: Sequence[str], known: Collection[str]) -> None:
    """Raises ValueError unless some of the `known` are chosen, each once."""
    if not chosen or len(set(chosen)) < len(chosen) or not set(chosen) <= set(known):
        got = ", ".join(map(str, chosen)) or "none"
        raise ValueError(f"expected different {name} of {', '.join(known)}, got {got}: choose among them")


@dataclass(frozen=True)
class Params:
    """`heads` on `backbone`, `seeds` times each, for `epochs`; the spinal head's sizes are the backbone's own where 0.

    Raises ValueError for what does not exist.
    """

    backbone: str = setting("small_cnn", "small_cnn, vgg5 or cifar_vgg11.", choices=BACKBONES)
    heads: tuple[Head, ...] = setting(
        ("fc", "spinal", "fc-matched"),
        "fc, spinal, fc-matched: those to compare.",
        read=lambda word: {"heads": tuple(word.split(","))},
        write=lambda params: ",".join(params.heads),
    )
    seeds: int = setting(5, "How often each is trained.", limits=SEED_LIMITS)
    epochs: int = setting(15, "Passes over the training pictures.", limits=EPOCH_LIMITS)
    width: int = setting(0, "Units of a spinal layer; 0: the backbone's own.")
    layers: int = setting(0, "Spinal layers; 0: the backbone's own.")
    split: int = setting(2, "Parts that the features are cut into.")
    order: Order = setting("alternating", "alternating (A B A B) or blocks (A A B B).")

    def __post_init__(self) -> None:
        check(self)
        different("heads", self.heads, HEADS)
        _ = self.shape  # raises for sizes that do not exist

    @property
    def shape(self) -> Shape:
        own = BACKBONES[self.backbone].shape
        return Shape(self.width or own.width, self.layers or own.layers, self.split, self.order)


@dataclass(frozen=True, eq=False)
class Result:
    """What a race of heads on `dataset` gave: a name in DATASETS or the reader's own.

    `accuracy` (H, S, E) in [0, 1] of the test pictures and `loss` (H, S, E) of the training ones, by head, seed and
    epoch; NaN for what is not trained yet. `parameters` and `multiplications` (H,) are the heads' own."""

    dataset: str
    train: int
    test: int
    classes: int
    backbone: str
    heads: tuple[Head, ...]
    width: int
    layers: int
    split: int
    order: Order
    parameters: np.ndarray
    multiplications: np.ndarray
    accuracy: np.ndarray
    loss: np.ndarray

    @property
    def last(self) -> np.ndarray:
        """(H, S) accuracy after the last epoch, NaN for networks that are not finished."""
        return np.asarray(self.accuracy[:, :, -1])

    @property
    def title(self) -> str:
        """The data set's name as people read it."""
        return DATASETS[self.dataset].title if self.dataset in DATASETS else self.dataset

    @property
    def common(self) -> int:
        """Epochs that every network has finished."""
        return int((~np.isnan(self.accuracy).any(axis=(0, 1))).sum())

    @property
    def finished_pairs(self) -> int:
        """Seeds whose networks are finished under every head."""
        return int((~np.isnan(self.last)).all(0).sum())

    @property
    def epochs_done(self) -> int:
        return int((~np.isnan(self.accuracy)).sum())


def run(
    dataset: str,
    train: Split,
    test: Split,
    params: Params,
    progress: Progress = ignore,
    publish: Callable[[Result], None] = lambda result: None,
) -> Result:
    """Train every head from every seed, all of them epoch by epoch together. `publish` hears of the Result so far.

    `progress(done, total)`, in epochs of one network, may raise to stop. Raises ValueError if there are fewer training
    pictures than a batch.
    """
    result = blank(dataset, train, test, params)
    train, test = fitted(train, params.backbone), fitted(test, params.backbone)
    runs = [
        (h, s, race(train, test, params, head, s, dataset))
        for s in range(params.seeds)
        for h, head in enumerate(params.heads)
    ]
    total = len(runs) * params.epochs
    for epoch in range(params.epochs):
        for h, s, network in runs:
            progress(result.epochs_done, total)
            loss, accuracy = next(network)
            result = replace(result, loss=result.loss.copy(), accuracy=result.accuracy.copy())
            result.loss[h, s, epoch], result.accuracy[h, s, epoch] = loss, accuracy
            publish(result)
    progress(total, total)
    return result


def blank(dataset: str, train: Split, test: Split, params: Params) -> Result:
    """The Result before anything is trained: sizes counted, curves NaN."""
    classes, shape = len(train.classes), params.shape
    sizes = np.array([counts(params.backbone, head, shape, classes) for head in params.heads])
    curves = np.full((len(params.heads), params.seeds, params.epochs), np.nan)
    return Result(
        dataset,
        len(train),
        len(test),
        classes,
        params.backbone,
        params.heads,
        shape.width,
        shape.layers,
        shape.split,
        shape.order,
        sizes[:, 0],
        sizes[:, 1],
        curves,
        curves.copy(),
    )


def counts(backbone: str, head: Head, shape: Shape, classes: int) -> tuple[int, int]:
    """Parameters and multiplications of a head, counted from the head itself on no memory."""
    below = BACKBONES[backbone]
    with torch.device("meta"):
        net = build_head(below, head, shape, classes)
    return counting.parameters(net), counting.multiplications(net, below.features)


def fitted(split: Split, backbone: str) -> Split:
    """The split with its pictures scaled, bilinearly, to the side that the backbone takes."""
    side = BACKBONES[backbone].side
    if split.pixels.shape[1:3] == (side, side):
        return split

    x = torch.from_numpy(split.pixels).permute(0, 3, 1, 2).float()
    x = F.interpolate(x, size=(side, side), mode="bilinear", antialias=True).round().clamp(0, 255)
    return replace(split, pixels=x.permute(0, 2, 3, 1).to(torch.uint8).numpy())


def race(
    train: Split, test: Split, params: Params, head: Head, seed: int, dataset: str
) -> Iterator[tuple[float, float]]:
    """Train one network; after every epoch its mean training loss and its accuracy on `test`.

    First numbers of the backbone, order of the pictures and their augmentation depend on the seed, not on the head.
    Raises ValueError for fewer training pictures than a batch.
    """
    backbone = BACKBONES[params.backbone]
    batches = len(train) // backbone.batch
    if not batches:
        raise ValueError(f"expected at least {backbone.batch} training pictures, got {len(train)}: give more of them")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net: nn.Module = build(params.backbone, head, params.shape, len(train.classes), train.pixels.shape[3])
    net = net.to(memory_format=torch.channels_last)
    plan = fitting.optimiser(net, backbone.peak_rate, WEIGHT_DECAY, batches * params.epochs)
    moved = fitting.Augmentation(flips=dataset in FLIPPED, shifts=SHIFTS.get(dataset, OTHER_SHIFTS))
    for epoch in range(params.epochs):
        with torch.random.fork_rng():  # dropout's masks
            torch.manual_seed(fitting.epoch_seed(seed, epoch))
            loss = fitting.one_pass(
                net,
                train,
                plan,
                torch.Generator().manual_seed(fitting.epoch_seed(seed, epoch)),
                batch=backbone.batch,
                smoothing=SMOOTHING,
                augmentation=moved,
                half=backbone.half,
            )
        yield loss, fitting.accuracy(net, test, fitting.pixel_statistics(train))


def difference(result: Result, head: Head, other: Head) -> tuple[float, float]:
    """Mean of `head` minus `other` over the seeds that both have finished, in percentage points, and the half width of
    its 95 % interval."""
    ours, theirs = (result.last[result.heads.index(name)] for name in (head, other))
    return mean_interval(100 * (ours - theirs))


def judged(change: tuple[float, float], mark: str = ": ") -> str:
    """A mean difference and the half width of its interval in words: '+0.31 ± 0.20: better'."""
    return f"{with_interval(*change, sign=True)}{mark}{verdict(*change)}"


AGAINST = {  # a verdict on spinal, against another head
    "better": "better than",
    "worse": "worse than",
    "no difference shown": "not shown to differ from",
    "too few seeds to tell": "by so few seeds not to be told from",
}


def finding(result: Result) -> str:
    """One sentence: where the heads stand after the last epoch that all have seen, and what the difference shows."""
    epochs, total = result.common, result.accuracy.shape[2]
    if not epochs:
        return f"Training on {result.train:,} {result.title} pictures has begun; no epoch is finished by all heads yet."
    now = replace(result, accuracy=result.accuracy[:, :, :epochs])
    scores = ", ".join(
        f"{SHORT[head]} {with_interval(*mean_interval(100 * row))} %"
        for head, row in zip(result.heads, now.last, strict=True)
    )
    when = f"{epochs} epochs" if epochs == total else f"{epochs} of {total} epochs"
    said = f"After {when} on {result.train:,} {result.title} pictures: {scores}"
    others: list[Head] = [head for head in result.heads if head != "spinal"]
    if "spinal" not in result.heads or not others:
        return f"{said} of {result.test:,} test pictures right."
    return f"{said}. Spinal is {compared(now, others)}."


def compared(result: Result, others: Sequence[Head]) -> str:
    """'better than FC (+0.31 ± 0.20 points) and not shown to differ from FC matched (+0.02 ± 0.30 points)'."""
    against: dict[str, list[str]] = {}
    for other in others:
        mean, half = difference(result, "spinal", other)
        points = f"{SHORT[other]} ({with_interval(mean, half, sign=True)} points)"
        against.setdefault(AGAINST[verdict(mean, half)], []).append(points)
    return " and ".join(f"{words} {' or '.join(points)}" for words, points in against.items())


def table(result: Result) -> dict[str, list[float | int | str | None]]:
    """One row a head and seed: the head's size and its accuracy in % after every epoch."""
    rows = [(h, s) for h in range(len(result.heads)) for s in range(result.accuracy.shape[1])]
    columns: dict[str, list[float | int | str | None]] = {
        "head": [SHORT[result.heads[h]] for h, _ in rows],
        "parameters": [int(result.parameters[h]) for h, _ in rows],
        "multiplications": [int(result.multiplications[h]) for h, _ in rows],
        "seed": [s for _, s in rows],
    }
    for epoch in range(result.accuracy.shape[2]):
        values = [float(result.accuracy[h, s, epoch]) for h, s in rows]
        columns[f"epoch {epoch + 1}, %"] = [None if math.isnan(v) else round(100 * v, 2) for v in values]
    return columns


def params_of(result: Result) -> Params:
    """What makes this result again."""
    _, seeds, epochs = result.accuracy.shape
    return Params(result.backbone, result.heads, seeds, epochs, result.width, result.layers, result.split, result.order)


def command(params: Params, dataset: str) -> str:
    """The terminal command that computes the same."""
    words = ["receptive", "spinal-heads", "--data", quote.path(dataset), *settings.words(params)]
    return quote.command(*words, "--json", "out.json")


def snippet(params: Params, dataset: str) -> str:
    """Python lines that compute the same."""
    return quoted.data_snippet(__name__, params, dataset, BACKBONES[params.backbone].side, quote.literal(dataset))
