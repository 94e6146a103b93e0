"""Does a spinal head serve better on a network that was trained for something else?

Transfer learning (Kabir et al., arXiv 2007.03347, the paper's last tables): a trained network's last layer is taken
off, a new head is put on, and either the head alone is trained (`head`) or everything (`all`). Four heads, one recipe.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from core.base.heavy import torch
from core.base.intervals import mean_interval, verdict, with_interval
from core.base.records import read
from core.base.refuse import within
from core.base.worker import Progress, ignore
from core.compute import fitting
from core.models.counting import matched_width, parameters
from core.models.heads import SPLIT_LIMITS, Shape
from core.pictures.preprocess import normalise
from core.studies.spinal.heads import EPOCH_LIMITS, FOLDER, SEED_LIMITS, SMOOTHING, WEIGHT_DECAY

if TYPE_CHECKING:
    from torch import Tensor, nn

    from core.data.split import Split
    from core.models.spinal import Headed
    from core.networks.card import Network

    Batch = tuple[Tensor, Tensor]  # pictures or their features, and labels

Mode = Literal["head", "all"]
Head = Literal["linear", "hidden", "spinal", "matched"]
MODES: dict[Mode, str] = {"head": "head only", "all": "everything"}
HEADS: dict[Head, str] = {
    "linear": "one linear layer",
    "hidden": "one hidden layer",
    "spinal": "spinal",
    "matched": "matched hidden layer",
}
NETWORK = "photo_resnet"
RECORD = FOLDER / "transfer.json"
BATCH = 32
ZOOM = 0.8  # smallest share of a side that a training crop keeps
HIDDEN_LIMITS = (1, 4096)
PAPER = (  # the paper's own: data set and network, accuracy in percent under the plain and the spinal head
    ("CIFAR-10, WRN-101-2", 98.22, 98.12),
    ("Caltech-101", 96.11, 96.87),
    ("Bird225, VGG-19-BN", 98.67, 99.02),
)


@dataclass(frozen=True)
class Params:
    """`seeds` times every head for `epochs`, each mode with its peak rate; the spinal head's `width`, `layers` and
    `split`, the plain one's `hidden` units, and the dropout before every layer of all heads but the single one.

    The rates are those of 0.01, 0.03, 0.1 and, for the head alone, 0.3 at which the heads together did best on a fifth
    of the training photographs of cats and dogs (the head alone: four heads, three seeds; everything: the single layer
    and the spinal head, one seed); the test photographs had no say. Raises ValueError for what does not exist.
    """

    seeds: int = 5
    epochs: int = 10
    width: int = 20
    layers: int = 4
    split: int = 2
    hidden: int = 128
    dropout: float = 0.2
    head_rate: float = 0.1
    all_rate: float = 0.03

    def __post_init__(self) -> None:
        within(
            ("seeds", self.seeds, SEED_LIMITS),
            ("epochs", self.epochs, EPOCH_LIMITS),
            ("hidden units", self.hidden, HIDDEN_LIMITS),
            ("parts", self.split, SPLIT_LIMITS),
        )
        if not 0 <= self.dropout < 1:
            raise ValueError(f"expected a dropout from 0 to below 1, got {self.dropout}: choose another")
        for rate in (self.head_rate, self.all_rate):
            if not 0 < rate < math.inf:
                raise ValueError(f"expected a peak rate above 0, got {rate}: choose another, such as 0.05")
        Shape(self.width, self.layers, self.split)  # raises for sizes that do not exist

    def rate(self, mode: Mode) -> float:
        return self.head_rate if mode == "head" else self.all_rate


@dataclass(frozen=True, eq=False)
class Result:
    """`accuracy` (M, H, S) in [0, 1] of the `test` photographs after the last epoch, by mode, head and seed, NaN where
    not trained yet; `parameters` (H,) of the heads; `below` that of what stands under them."""

    train: int
    test: int
    classes: tuple[str, ...]
    network: str
    below: int
    params: Params
    modes: tuple[Mode, ...]
    heads: tuple[Head, ...]
    parameters: np.ndarray
    accuracy: np.ndarray


def run(train: Split, test: Split, network: Network, params: Params, progress: Progress = ignore) -> Result:
    """Both modes, every head and seed; `progress(done, total)`, in seeds of a mode, may raise to stop.

    The splits are colour squares of the network's size, such as core.data.own.from_pictures gives. Raises as `check`.
    """
    result = blank(train, test, network, params)
    accuracy = result.accuracy.copy()
    runs = [(m, s) for m in range(len(result.modes)) for s in range(params.seeds)]
    for i, (m, s) in enumerate(runs):
        progress(i, len(runs))
        accuracy[m, :, s] = scores(train, test, network, params, result.modes[m], result.heads, s)
    progress(len(runs), len(runs))
    return replace(result, accuracy=accuracy)


def blank(train: Split, test: Split, network: Network, params: Params) -> Result:
    """The Result before anything is trained: heads counted, accuracies NaN. Raises as `check`."""
    check(train, test, network)
    nets = [under_head(network, params, head, 0, len(train.classes)) for head in HEADS]
    return Result(
        len(train),
        len(test),
        train.classes,
        network.card.name,
        parameters(nets[0].backbone),
        params,
        tuple(MODES),
        tuple(HEADS),
        np.array([parameters(net.head) for net in nets]),
        np.full((len(MODES), len(HEADS), params.seeds), np.nan),
    )


def check(train: Split, test: Split, network: Network) -> None:
    """Raises ValueError unless both splits hold colour squares of the network's size, a batch of them to learn from,
    and the same classes."""
    size = network.preprocessing.size
    for split in (train, test):
        if split.pixels.shape[1:] != (size, size, 3):
            height, width, channels = split.pixels.shape[1:]
            raise ValueError(
                f"expected colour squares of {size} px, got {width}x{height} with {channels} channels: "
                "read them with core.data.own.from_pictures"
            )
    check_halves(train, test, BATCH)


def check_halves(train: Split, test: Split, fewest: int) -> None:
    """Raises ValueError unless both halves have the same classes, and there are `fewest` pictures to learn from."""
    if train.classes != test.classes:
        raise ValueError(
            f"expected the same classes to learn from and to test with, got {', '.join(train.classes)} and "
            f"{', '.join(test.classes)}: give both halves the same folders"
        )
    if len(train) < fewest or not len(test):
        raise ValueError(
            f"expected at least {fewest} pictures to learn from and one to test with, "
            f"got {len(train)} and {len(test)}: give more of them"
        )


def build_head(params: Params, head: Head, features: int, classes: int) -> nn.Module:
    """(B, features) -> logits (B, classes)."""
    from core.models.spinal import FCHead, SpinalHead

    def plain(width: int) -> nn.Module:
        return FCHead(features, classes, (width,), params.dropout)

    def spinal() -> nn.Module:
        return SpinalHead(features, classes, params.width, params.layers, params.split, params.dropout)

    if head == "linear":
        return FCHead(features, classes)
    if head == "hidden":
        return plain(params.hidden)
    if head == "spinal":
        return spinal()
    with torch.device("meta"):
        target = parameters(spinal())
    return plain(matched_width(plain, target))


def under_head(network: Network, params: Params, head: Head, seed: int, classes: int) -> Headed:
    """A copy of the network under a new head, whose first numbers depend on the seed."""
    from core.models.spinal import with_head

    plain = copy.deepcopy(network.engine.plain)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = with_head(plain, lambda features: build_head(params, head, features, classes))
    return net.to(memory_format=torch.channels_last)


def shown(train: Split, network: Network, params: Params, seed: int) -> Iterator[list[Batch]]:
    """Every epoch's batches, flipped, cropped and as the network was trained to see them; the seed decides alone."""
    pixels, labels = torch.from_numpy(train.pixels), torch.from_numpy(train.labels)
    how = fitting.Augmentation(flips=True, zoom=ZOOM)
    for epoch in range(params.epochs):
        dice = torch.Generator().manual_seed(fitting.epoch_seed(seed, epoch))
        order = torch.randperm(len(train), generator=dice)
        batches = []
        for chosen in order[: len(train) // BATCH * BATCH].reshape(-1, BATCH):
            x = fitting.augment(pixels[chosen].permute(0, 3, 1, 2).float() / 255, how, dice)
            x = normalise(x, network.preprocessing).contiguous(memory_format=torch.channels_last)
            batches.append((x, labels[chosen]))
        yield batches


def frozen(train: Split, network: Network, params: Params, seed: int) -> list[list[Batch]]:
    """The same batches as `shown`, as features: what every head that is trained alone has in common."""
    from core.models.spinal import freeze

    body = freeze(under_head(network, params, "linear", seed, len(train.classes))).backbone

    @torch.no_grad()
    def read(x: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):  # not around `shown`, whose crops would be rounded too
            return body(x).float()  # type: ignore[no-any-return]

    return [[(read(x), y) for x, y in batches] for batches in shown(train, network, params, seed)]


def fine_tune(
    train: Split,
    network: Network,
    params: Params,
    mode: Mode,
    head: Head,
    seed: int,
    features: list[list[Batch]] | None = None,
) -> Headed:
    """The network under a new head, trained; `network` itself is not changed.

    The head's first numbers, the pictures' order, flips and crops, and dropout's masks depend on the seed; order,
    flips and crops on nothing else. `features` are `frozen`'s for the mode 'head', which are made where not given.
    """
    from core.models.spinal import freeze

    net = under_head(network, params, head, seed, len(train.classes))
    alone = mode == "head"
    learner: nn.Module = freeze(net).head if alone else net
    epochs = (features or frozen(train, network, params, seed)) if alone else shown(train, network, params, seed)
    plan = fitting.optimiser(learner, params.rate(mode), WEIGHT_DECAY, len(train) // BATCH * params.epochs)
    for epoch, batches in enumerate(epochs):
        with torch.random.fork_rng():  # dropout's masks
            torch.manual_seed(fitting.epoch_seed(seed, epoch))
            fitting.descend(learner, plan, batches, SMOOTHING, half=not alone)
    return net.eval()


def scores(
    train: Split, test: Split, network: Network, params: Params, mode: Mode, heads: Sequence[Head], seed: int
) -> list[float]:
    """Share of the test pictures that is right under each head, all of them trained on the same batches."""
    prep = network.preprocessing
    features = frozen(train, network, params, seed) if mode == "head" else None
    nets = (fine_tune(train, network, params, mode, head, seed, features) for head in heads)
    return [fitting.accuracy(net, test, (prep.mean, prep.std)) for net in nets]


def difference(result: Result, mode: Mode, other: Head) -> tuple[float, float]:
    """`minus` of one mode."""
    return minus(result.accuracy[result.modes.index(mode)], result.heads, other)


def minus(accuracy: np.ndarray, heads: Sequence[Head], other: Head) -> tuple[float, float]:
    """Mean over the seeds of accuracy (H, S) of spinal minus `other`, in percentage points, and the half width of its
    95 % interval."""
    rows = 100 * accuracy
    return mean_interval(rows[heads.index("spinal")] - rows[heads.index(other)])


def stands(accuracy: np.ndarray, heads: Sequence[Head], what: str) -> str:
    """What the spinal head reaches of accuracy (H, S) of `what`, and how it stands to each of the others."""
    against = "; ".join(
        f"{HEADS[other]}: {with_interval(mean, half, sign=True)}, {verdict(mean, half)}"
        for other in heads
        if other != "spinal"
        for mean, half in [minus(accuracy, heads, other)]
    )
    reached = with_interval(*mean_interval(100 * accuracy[heads.index("spinal")]))
    return f"{reached} % of {what} right. In points, spinal minus {against}."


def finding(result: Result, mode: Mode) -> str:
    """One sentence: what the spinal head reaches in this mode, and how it stands to each of the others."""
    accuracy = result.accuracy[result.modes.index(mode)]
    said = stands(accuracy, result.heads, f"{result.test:,} test photographs")
    return f"{MODES[mode].capitalize()} trained: spinal {said}"


def measured(path: Path = RECORD) -> tuple[Result, dict[str, Any]] | None:
    """What `receptive measure spinal-transfer` wrote, with where it came from; None without the file."""
    return read(path, Result)
