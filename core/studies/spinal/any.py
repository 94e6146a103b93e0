"""Which head reads any network's features best? A spinal one, plain ones beside it, on what the last layer sees.

A head alone is trained (Kabir et al., arXiv 2007.03347, transfer learning), on the features that a network of any
labels, size and channels gives its last linear layer: computed once, brought to mean 0 and deviation 1 over the
training pictures. Heads and sizes are `spinal_transfer`'s. Means over seeds after the last epoch, with differences
paired by seed; nothing is picked on the test pictures.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.base.heavy import go, torch
from core.base.intervals import mean_interval, verdict, with_interval
from core.base.worker import Progress, ignore, part
from core.compute import fitting, spaces
from core.data.split import Split
from core.data.split import part as some_of
from core.figures import kit, palette
from core.figures.blocks import Plot
from core.models import counting
from core.networks.card import title_of
from core.studies.spinal import transfer
from core.studies.spinal.heads import SMOOTHING, WEIGHT_DECAY
from core.studies.spinal.transfer import HEADS, Head
from core.studies.spinal.transfer_figures import SYMBOLS, colours

if TYPE_CHECKING:
    from torch import nn

    from core.networks.card import Network

SMALLEST_BATCH, LARGEST_BATCH = 8, 128
BATCHES = 10  # an epoch, or more where that would be too large a batch
MOST = 4096  # pictures of both halves: heads are trained on them within seconds
PIXELS = 2**24  # of these pictures together at the network's size: 4,096 at 64 px, 334 at 224
FEWEST = 10  # pictures to learn from
HEIGHT = 420  # px of the figure


@dataclass(frozen=True)
class Params:
    """`seeds` times every head for `epochs` at the peak `rate`; the spinal head's `width`, `layers` and `split`, the
    plain one's `hidden` units, `dropout` before every layer of all heads but the single one. At most `most` pictures
    of both halves together, None for what MOST and PIXELS allow.

    On the features of five networks (one had learned from these pictures), three seeds, the four heads together got
    94.7, 96.8, 97.6 and 97.7 % of a fifth of the digits' training pictures right at rates of 0.01, 0.03, 0.1 and 0.3;
    the smaller of the last two is taken, as fewer pictures mean smaller batches. The test pictures had no say.
    Raises ValueError for what does not exist.
    """

    seeds: int = 5
    epochs: int = 20
    width: int = 20
    layers: int = 4
    split: int = 2
    hidden: int = 128
    dropout: float = 0.2
    rate: float = 0.1
    most: int | None = None

    def __post_init__(self) -> None:
        _ = self.sizes  # raises for heads that do not exist
        if self.most is not None and self.most <= FEWEST:
            raise ValueError(f"expected more than {FEWEST} pictures at most, got {self.most}: allow more")

    @property
    def sizes(self) -> transfer.Params:
        """As `spinal_transfer.build_head` takes them."""
        return transfer.Params(
            self.seeds, self.epochs, self.width, self.layers, self.split, self.hidden, self.dropout, self.rate
        )


@dataclass(frozen=True, eq=False)
class Features:
    """What a network's last linear layer sees of a data set: `train` (N, D) and `test` (M, D) float32, each feature
    with mean 0 and deviation 1 over the training pictures; `train_labels` (N,), `test_labels` (M,) int64 into
    `classes`."""

    network: str
    train: np.ndarray
    train_labels: np.ndarray
    test: np.ndarray
    test_labels: np.ndarray
    classes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Result:
    """`accuracy` (H, S) in [0, 1] of the `test` pictures after the last epoch, by head and seed, NaN where not trained
    yet; `parameters` and `multiplications` (H,) of the heads; `commonest`: the share of the test pictures that are of
    their commonest class."""

    network: str
    dataset: str
    train: int
    test: int
    classes: int
    features: int
    params: Params
    heads: tuple[Head, ...]
    parameters: np.ndarray
    multiplications: np.ndarray
    accuracy: np.ndarray
    commonest: float

    @property
    def title(self) -> str:
        """The network's name as people read it."""
        return title_of(self.network)


def most_pictures(size: int, params: Params) -> int:
    """How many pictures a network of input `size` px is asked about."""
    return min(MOST, PIXELS // size**2) if params.most is None else params.most


def fewer(train: Split, test: Split, most: int, seed: int = 0) -> tuple[Split, Split]:
    """At most `most` pictures of both halves together, by a seeded draw; the halves keep their proportions."""
    every, dice = len(train) + len(test), np.random.default_rng(seed)
    if every <= most:
        return train, test
    counts = [max(1, len(split) * most // every) for split in (train, test)]
    rows = [np.sort(dice.permutation(len(split))[:n]) for split, n in zip((train, test), counts, strict=True)]
    return some_of(train, rows[0]), some_of(test, rows[1])


def features(
    train: Split, test: Split, network: Network, params: Params | None = None, progress: Progress = ignore
) -> Features:
    """The features of both halves, or of a draw from each that keeps their proportions where there are too many.

    Pictures are scaled to the network's size; grey ones are shown in all of a colour network's channels.
    Raises ValueError for halves of other classes, fewer than FEWEST pictures to learn from or none to test with, and a
    network without a linear layer.
    """
    transfer.check_halves(train, test, FEWEST)
    few = fewer(train, test, most_pictures(network.preprocessing.size, params or Params()))
    transfer.check_halves(*few, FEWEST)
    told = [spaces.trained(split.pixels, network, part(progress, i, 2)) for i, split in enumerate(few)]
    mean, deviation = told[0].mean(0), told[0].std(0)
    scale = np.where(deviation > 0, deviation, 1)  # a constant feature says nothing
    known, asked = ((values - mean) / scale for values in told)
    return Features(network.card.name, known, few[0].labels, asked, few[1].labels, train.classes)


def run(
    dataset: str,
    train: Split,
    test: Split,
    network: Network,
    params: Params | None = None,
    progress: Progress = ignore,
) -> Result:
    """Train every head from every seed on the network's features. `progress` may raise to stop.

    Raises ValueError as `features` does, and for a spinal head with more parts than features.
    """
    params = params or Params()
    found = features(train, test, network, params, part(progress, 0, 2))
    told = [scores(found, params, seed, part(part(progress, 1, 2), seed, params.seeds)) for seed in range(params.seeds)]
    return assemble(dataset, found, params, dict(enumerate(told)))


def scores(found: Features, params: Params, seed: int, progress: Progress = ignore) -> list[float]:
    """Share of the test pictures that is right under each head, all of them trained from `seed` on the same batches."""
    told = []
    for i, head in enumerate(HEADS):
        told.append(score(found, params, head, seed))
        progress(i + 1, len(HEADS))
    return told


def score(found: Features, params: Params, head: Head, seed: int) -> float:
    """One head's share after the last epoch. Its first numbers, the order and dropout's masks depend on the seed."""
    net = trained(found, params, head, seed)
    with torch.inference_mode():
        answers = net(torch.from_numpy(found.test)).argmax(1).numpy()
    return float((answers == found.test_labels).mean())


def trained(found: Features, params: Params, head: Head, seed: int) -> nn.Module:
    """A head, (B, D) -> logits (B, classes), trained and in eval mode."""
    x, y = torch.from_numpy(found.train), torch.from_numpy(found.train_labels)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = transfer.build_head(params.sizes, head, x.shape[1], len(found.classes))
    batch = min(LARGEST_BATCH, max(SMALLEST_BATCH, len(x) // BATCHES))
    plan = fitting.optimiser(net, params.rate, WEIGHT_DECAY, len(x) // batch * params.epochs)
    for epoch in range(params.epochs):
        dice = torch.Generator().manual_seed(fitting.epoch_seed(seed, epoch))
        order = torch.randperm(len(x), generator=dice)
        with torch.random.fork_rng():  # dropout's masks
            torch.manual_seed(fitting.epoch_seed(seed, epoch))
            batches = ((x[which], y[which]) for which in order[: len(x) // batch * batch].reshape(-1, batch))
            fitting.descend(net, plan, batches, SMOOTHING, half=False)
    return net.eval()


def assemble(dataset: str, found: Features, params: Params, told: dict[int, Sequence[float]]) -> Result:
    """The Result of the seeds that are finished, by seed; `dataset` as people read it."""
    counted = [counts(params, head, found.train.shape[1], len(found.classes)) for head in HEADS]
    accuracy = np.full((len(HEADS), params.seeds), np.nan)
    for seed, shares in told.items():
        accuracy[:, seed] = shares
    return Result(
        found.network,
        dataset,
        len(found.train),
        len(found.test),
        len(found.classes),
        found.train.shape[1],
        params,
        tuple(HEADS),
        np.array([size for size, _ in counted]),
        np.array([products for _, products in counted]),
        accuracy,
        float(np.bincount(found.test_labels).max() / len(found.test)),
    )


def counts(params: Params, head: Head, features: int, classes: int) -> tuple[int, int]:
    """Parameters and multiplications of a head, counted from the head itself on no memory."""
    with torch.device("meta"):
        net = transfer.build_head(params.sizes, head, features, classes)
    return counting.parameters(net), counting.multiplications(net, features)


def difference(result: Result, other: Head) -> tuple[float, float]:
    """Mean over the seeds of spinal minus `other`, in percentage points, and the half width of its 95 % interval."""
    return transfer.minus(result.accuracy, result.heads, other)


def finding(result: Result) -> str:
    """One sentence: what the spinal head reaches, and how it stands to each of the others."""
    said = transfer.stands(result.accuracy, result.heads, f"{result.test:,} test pictures of {result.dataset}")
    return f"On the {result.features:,} features of {result.title}, a spinal head gets {said}"


def figure(result: Result) -> Plot:
    """Every seed's accuracy by head, with mean and 95 % interval over the seeds."""
    fig, paint = go.Figure(), colours()
    for h, head in enumerate(result.heads):
        kit.seeds_with_interval(fig, h, 100 * result.accuracy[h], HEADS[head], (paint[head], SYMBOLS[head]))
    palette.style(fig)
    labels = [HEADS[head].replace(" ", "<br>", 1) for head in result.heads]
    fig.update_xaxes(tickmode="array", tickvals=list(range(len(labels))), ticktext=labels, tickangle=0)
    fig.update_yaxes(title="test pictures right, %")
    title = f"Four heads on the features of {palette.verbatim(result.title)}"
    fig.update_layout(title=title, height=HEIGHT, showlegend=False, margin={"b": 72})
    alt = f"Accuracy of four heads on the features of {result.title}. {finding(result)}"
    return Plot(fig, alt, lambda: table(result))


def table(result: Result) -> dict[str, list[Any]]:
    """A row a head: its size, mean and interval, spinal minus it in words, and every seed's accuracy in %."""
    columns: dict[str, list[Any]] = {
        "head": [HEADS[head] for head in result.heads],
        "parameters": result.parameters.tolist(),
        "multiplications": result.multiplications.tolist(),
        "right, %": [with_interval(*mean_interval(100 * row)) for row in result.accuracy],
        "spinal minus it": [against(result, head) for head in result.heads],
    }
    for seed, column in enumerate(result.accuracy.T):
        columns[f"seed {seed}, %"] = [None if math.isnan(v) else round(100 * float(v), 2) for v in column]
    return columns


def against(result: Result, other: Head) -> str:
    mean, half = difference(result, other)
    return "" if other == "spinal" else f"{with_interval(mean, half, sign=True)}: {verdict(mean, half)}"
