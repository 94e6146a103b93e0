"""Does a spinal head serve better on a network that was trained for something else?

Transfer learning (Kabir et al., arXiv 2007.03347, the paper's last tables): a trained network's last layer is taken
off, a new head is put on, and either the head alone is trained (`head`) or everything (`all`). Four heads, one recipe.

Beside that, the head alone on the features that any network, of any labels, size and channels, gives its last linear
layer: computed once for whole pictures, brought to mean 0 and deviation 1 over the training ones. In both: means over
seeds after the last epoch, differences paired by seed; nothing is picked on the test pictures.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from core.base.heavy import nn, torch
from core.base.intervals import mean_interval, with_interval
from core.base.records import read
from core.base.settings import check as check_settings
from core.base.settings import setting
from core.base.worker import Progress, each, ignore, part
from core.compute import fitting, spaces
from core.data.split import Split
from core.data.split import part as some_of
from core.models.counting import matched_width, multiplications, parameters
from core.models.heads import Shape
from core.networks import engine
from core.networks.card import Network, inside, title_of
from core.pictures.preprocess import normalise
from core.studies.spinal.heads import EPOCH_LIMITS, FOLDER, SEED_LIMITS, SMOOTHING, WEIGHT_DECAY, judged

if TYPE_CHECKING:
    from core.models.spinal import Headed

    Batch = tuple[torch.Tensor, torch.Tensor]  # pictures or their features, and labels

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
SMALLEST_BATCH, LARGEST_BATCH = 8, 128  # of features
BATCHES = 10  # an epoch on features, or more where that would be too large a batch
MOST = 4096  # pictures of both halves whose features are read: heads are trained on them within seconds
PIXELS = 2**24  # of these pictures together at the network's size: 4,096 at 64 px, 334 at 224
FEWEST = 10  # pictures to learn from
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
    and the spinal head, one seed); the test photographs had no say. On the features of five networks (one had learned
    from these pictures), three seeds, the four heads together got 94.7, 96.8, 97.6 and 97.7 % of a fifth of the digits'
    training pictures right at rates of 0.01, 0.03, 0.1 and 0.3; the smaller of the last two is taken, as fewer pictures
    mean smaller batches. Raises ValueError for what does not exist.
    """

    seeds: int = setting(5, limits=SEED_LIMITS)
    epochs: int = setting(10, limits=EPOCH_LIMITS)
    width: int = 20
    layers: int = 4
    split: int = 2
    hidden: int = setting(128, unit="hidden units", limits=(1, 4096))
    dropout: float = 0.2
    head_rate: float = 0.1
    all_rate: float = 0.03

    def __post_init__(self) -> None:
        check_settings(self)
        if not 0 <= self.dropout < 1:
            raise ValueError(f"expected a dropout from 0 to below 1, got {self.dropout}: choose another")
        for rate in (self.head_rate, self.all_rate):
            if not 0 < rate < math.inf:
                raise ValueError(f"expected a peak rate above 0, got {rate}: choose another, such as 0.05")
        Shape(self.width, self.layers, self.split)  # raises for sizes that do not exist


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

    def of(self, mode: Mode) -> np.ndarray:
        """(H, S): one mode's."""
        return np.asarray(self.accuracy[self.modes.index(mode)])


@dataclass(frozen=True, eq=False)
class Features:
    """What the last linear layer of the `network` of that name sees of `dataset`, as people read it.

    `train` (N, D) and `test` (M, D) float32, each feature with mean 0 and deviation 1 over the training pictures;
    `train_labels` (N,), `test_labels` (M,) int64 into `classes`.
    """

    network: str
    dataset: str
    train: np.ndarray
    train_labels: np.ndarray
    test: np.ndarray
    test_labels: np.ndarray
    classes: tuple[str, ...]


def blank(train: Split, test: Split, network: Network, params: Params) -> Result:
    """The Result before anything is trained: heads counted, accuracies NaN.

    The splits are colour squares of the network's size, such as core.data.own.from_pictures gives. Raises as `check`.
    """
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

    spinal = partial(SpinalHead, features, classes, params.width, params.layers, params.split, params.dropout)
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

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = with_head(
            copy.deepcopy(inside(network).plain), lambda features: build_head(params, head, features, classes)
        )
    return net.to(memory_format=torch.channels_last)


def orders(count: int, batch: int, epochs: int, seed: int) -> Iterator[tuple[torch.Tensor, torch.Generator]]:
    """Every epoch's whole batches of indices (N, batch), and the dice that drew them; the seed decides alone."""
    for epoch in range(epochs):
        dice = torch.Generator().manual_seed(fitting.epoch_seed(seed, epoch))
        yield torch.randperm(count, generator=dice)[: count // batch * batch].reshape(-1, batch), dice


def shown(train: Split, network: Network, params: Params, seed: int) -> Iterator[list[Batch]]:
    """Every epoch's batches, flipped, cropped and as the network was trained to see them; the seed decides alone."""
    pixels, labels = torch.from_numpy(train.pixels), torch.from_numpy(train.labels)
    how = fitting.Augmentation(flips=True, zoom=ZOOM)
    for order, dice in orders(len(train), BATCH, params.epochs, seed):
        batches = []
        for chosen in order:
            x = fitting.augment(pixels[chosen].permute(0, 3, 1, 2).float() / 255, how, dice)
            x = normalise(x, network.preprocessing).contiguous(memory_format=torch.channels_last)
            batches.append((x, labels[chosen]))
        yield batches


def taught(
    learner: nn.Module, epochs: Iterable[Iterable[Batch]], rate: float, steps: int, seed: int, *, half: bool
) -> None:
    """Train on every epoch's batches; `half` as in fitting.descend."""
    plan = fitting.optimiser(learner, rate, WEIGHT_DECAY, steps)
    for epoch, batches in enumerate(epochs):
        with torch.random.fork_rng():  # dropout's masks
            torch.manual_seed(fitting.epoch_seed(seed, epoch))
            fitting.descend(learner, plan, batches, SMOOTHING, half=half)


def frozen(train: Split, network: Network, params: Params, seed: int) -> list[list[Batch]]:
    """The same batches as `shown`, as features: what every head that is trained alone has in common."""
    from core.models.spinal import freeze

    body = freeze(under_head(network, params, "linear", seed, len(train.classes))).backbone

    @torch.no_grad()
    def read(x: torch.Tensor) -> torch.Tensor:
        # not around `shown`, whose crops would be rounded too
        with torch.autocast("cpu", torch.bfloat16, enabled=engine.has_bfloat16()):
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
    rate, steps = params.head_rate if alone else params.all_rate, len(train) // BATCH * params.epochs
    taught(learner, epochs, rate, steps, seed, half=not alone)
    return net.eval()


def scores(
    train: Split, test: Split, network: Network, params: Params, mode: Mode, heads: Sequence[Head], seed: int
) -> list[float]:
    """Share of the test pictures that is right under each head, all of them trained on the same batches."""
    prep = network.preprocessing
    features = frozen(train, network, params, seed) if mode == "head" else None
    nets = (fine_tune(train, network, params, mode, head, seed, features) for head in heads)
    return [fitting.accuracy(net, test, (prep.mean, prep.std)) for net in nets]


# ---- the features of any network -----------------------------------------------------------------


def most_pictures(size: int) -> int:
    """How many pictures a network of input `size` px is asked about."""
    return min(MOST, PIXELS // size**2)


def fewer(train: Split, test: Split, most: int, seed: int = 0) -> tuple[Split, Split]:
    """At most `most` pictures of both halves together, by a seeded draw; the halves keep their proportions."""
    every, dice = len(train) + len(test), np.random.default_rng(seed)
    if every <= most:
        return train, test
    counts = [max(1, len(split) * most // every) for split in (train, test)]
    rows = [np.sort(dice.permutation(len(split))[:n]) for split, n in zip((train, test), counts, strict=True)]
    return some_of(train, rows[0]), some_of(test, rows[1])


def features(
    dataset: str, train: Split, test: Split, network: Network, most: int | None = None, progress: Progress = ignore
) -> Features:
    """The features of both halves, or of a draw where they have more pictures than `most`, by default `most_pictures`.

    Pictures are scaled to the network's size; grey ones are shown in all of a colour network's channels. `progress` may
    raise to stop. Raises ValueError for halves of other classes, fewer than FEWEST pictures to learn from or none to
    test with, a network without a linear layer, and one that only answers.
    """
    inside(network)
    check_halves(train, test, FEWEST)
    few = fewer(train, test, most or most_pictures(network.preprocessing.size))
    check_halves(*few, FEWEST)
    told = [spaces.trained(split.pixels, network, part(progress, i, 2)) for i, split in enumerate(few)]
    mean, scale = spaces.standard(told[0])
    known, asked = ((values - mean) / scale for values in told)
    return Features(network.card.name, dataset, known, few[0].labels, asked, few[1].labels, train.classes)


def trained_on(found: Features, params: Params, head: Head, seed: int) -> nn.Module:
    """A head, (B, D) -> logits (B, classes), trained on features and in eval mode. Its first numbers, the order and
    dropout's masks depend on the seed. Raises ValueError for a spinal head with more parts than features."""
    x, y = torch.from_numpy(found.train), torch.from_numpy(found.train_labels)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = build_head(params, head, x.shape[1], len(found.classes))
    batch = min(LARGEST_BATCH, max(SMALLEST_BATCH, len(x) // BATCHES))
    epochs = (((x[at], y[at]) for at in order) for order, _ in orders(len(x), batch, params.epochs, seed))
    taught(net, epochs, params.head_rate, len(x) // batch * params.epochs, seed, half=False)
    return net.eval()


def scores_on(found: Features, params: Params, seed: int, progress: Progress = ignore) -> list[float]:
    """Share of the test pictures that is right under each head after the last epoch, all of them trained on the same
    batches of features. `progress` may raise to stop; raises as `trained_on`."""
    told = []
    for head in each(list(HEADS), progress):
        net = trained_on(found, params, head, seed)
        with torch.inference_mode():
            answers = net(torch.from_numpy(found.test)).argmax(1).numpy()
        told.append(float((answers == found.test_labels).mean()))
    return told


def counts(found: Features, params: Params, head: Head) -> tuple[int, int]:
    """Parameters and multiplications of a head on features, counted from the head itself on no memory."""
    with torch.device("meta"):
        net = build_head(params, head, found.train.shape[1], len(found.classes))
    return parameters(net), multiplications(net, found.train.shape[1])


def minus(accuracy: np.ndarray, other: Head) -> tuple[float, float]:
    """Mean over the seeds of accuracy (H, S) of spinal minus `other`, in percentage points, and the half width of its
    95 % interval."""
    rows = dict(zip(HEADS, 100 * accuracy, strict=True))
    return mean_interval(rows["spinal"] - rows[other])


def stands(accuracy: np.ndarray, what: str) -> str:
    """What the spinal head reaches of accuracy (H, S) of `what`, and how it stands to each of the others."""
    others = [head for head in HEADS if head != "spinal"]
    against = "; ".join(f"{HEADS[head]}: {judged(minus(accuracy, head), ', ')}" for head in others)
    reached = with_interval(*mean_interval(100 * accuracy[list(HEADS).index("spinal")]))
    return f"{reached} % of {what} right. In points, spinal minus {against}."


def finding(result: Result, mode: Mode) -> str:
    """One sentence: what the spinal head reaches in this mode, and how it stands to each of the others."""
    said = stands(result.of(mode), f"{result.test:,} test photographs")
    return f"{MODES[mode].capitalize()} trained: spinal {said}"


def finding_on(found: Features, accuracy: np.ndarray) -> str:
    """The same of accuracy (H, S) on a network's features, NaN where not trained yet."""
    said = stands(accuracy, f"{len(found.test):,} test pictures of {found.dataset}")
    return f"On the {found.train.shape[1]:,} features of {title_of(found.network)}, a spinal head gets {said}"


def measured(path: Path = RECORD) -> tuple[Result, dict[str, Any]] | None:
    """What `receptive measure spinal-transfer` wrote, with where it came from; None without the file."""
    return read(path, Result)
