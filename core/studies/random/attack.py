"""Can it be fooled by somebody who sees nothing but its answers?

The black-box attack of Papernot et al. (2017), as Xue & Roshan (arXiv 1806.05789) use it. Some pictures are labelled by
the target; a substitute network learns those labels; Jacobian-based augmentation moves every picture one step along the
sign of the gradient of its label's logit, the target labels the new pictures, and the substitute learns on. Then each
picture to be attacked takes one step of size epsilon up the substitute's loss (FGSM). Random signs of the same size are
the control: what they take as well, no attack was needed for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np

from core.base.heavy import nn, sk_datasets, sk_neural, torch
from core.base.refuse import SEEDS
from core.base.settings import check, setting
from core.base.worker import Progress, ignore
from core.compute import linear_svm, sign_counts
from core.compute.attacks import LINF, gradient, loss
from core.compute.sign_counts import Spec
from core.data.split import Split, part
from core.networks.card import Network
from core.pictures.preprocess import normalise

PAPERS_EPSILON = 0.0625
BATCH, AT_ONCE = 64, 128  # pictures a training step; pictures asked, or differentiated, between two looks at progress
LEARNING_RATE = 1e-3  # of the substitute, Adam
HIDDEN = 128  # units before the substitute's answer
QUERY_COST = 10  # training steps of one picture that a query takes about as long as: for the progress bar alone
EXAMPLES = 4
PERCEPTRON_EPOCHS = 60
Answers = Callable[[np.ndarray], np.ndarray]  # pictures float32 (N, H, W, C) -> classes int64 (N,)
Tick = Callable[[int], None]  # takes how much more is done


@dataclass(frozen=True)
class Target:
    """Somebody to attack, who answers to pictures in [0, 1]."""

    name: str
    labels: Answers


@dataclass(frozen=True)
class Params:
    """`rounds` of augmentation by `step` double the pictures each; `epochs` of training a round; `width`: channels of
    the substitute's first layer. `epsilons`, in pixels of [0, 1], rise from 0 and hold `shown`, at which examples are
    kept and the finding is told. Raises ValueError for what makes no sense.
    """

    seed_pictures: int = setting(200, limits=(1, 50_000), unit="seed pictures")  # the paper's
    rounds: int = setting(3, limits=(0, 16))
    step: float = 0.1
    epochs: int = setting(10, limits=(1, 10_000))
    epsilons: tuple[float, ...] = (0.0, 1 / 64, 1 / 32, 1 / 16, 1 / 8)
    seed: int = setting(0, limits=SEEDS, unit="as the seed")
    width: int = setting(32, limits=(1, 4_096), unit="channels of width")
    shown: float = PAPERS_EPSILON

    def __post_init__(self) -> None:
        check(self)
        if not 0 < self.step <= 1:
            raise ValueError(f"expected a step in (0, 1], got {self.step}: it moves pixels of [0, 1]")
        rising = all(a < b for a, b in pairwise(self.epsilons))
        if not self.epsilons or self.epsilons[0] != 0 or not rising or not self.epsilons[-1] <= 1:
            raise ValueError(f"expected epsilons that rise from 0 to at most 1, got {self.epsilons}: sort them")
        if self.shown not in self.epsilons:
            raise ValueError(f"expected {self.shown} among the epsilons, got {self.epsilons}: add it")

    @property
    def queries(self) -> int:
        """Pictures that the target labels before the attack."""
        return int(self.seed_pictures * 2**self.rounds)


@dataclass(frozen=True, eq=False)
class Examples:
    """M pictures that the target had right: `clean`, `attacked` (at Params.shown), `noisy` (random signs), each float32
    (M, H, W, C) in [0, 1]; `truth` (M,) and the target's answers `after` the attack, and `after_noise`."""

    clean: np.ndarray
    attacked: np.ndarray
    noisy: np.ndarray
    truth: np.ndarray
    after: np.ndarray
    after_noise: np.ndarray


@dataclass(frozen=True, eq=False)
class Result:
    """Shares of answers right at each of `epsilons` (E,): the target's `accuracy` under attack, its `noise` accuracy
    under random signs, and the `substitute`'s own under the attack. `agreement`: share of the untouched pictures on
    which substitute and target agree. `queries`: pictures that the target labelled for the attacker."""

    target: str
    epsilons: np.ndarray
    accuracy: np.ndarray
    noise: np.ndarray
    substitute: np.ndarray
    agreement: float
    queries: int
    examples: Examples


DIGITS = Params(seed_pictures=100)
ATTACKED = 400  # pictures, each seed its own
DIGITS_TARGETS = ("random", "trained")
DIGITS_SPEC = {"features": 1000, "kernel_size": 3, "depth": 1, "in_channels": 1, "seed": 0}

# ---- targets -------------------------------------------------------------------------------------


def random_target(spec: Spec, train: Split, progress: Progress = ignore) -> Target:
    """Random features of `spec` and the paper's linear SVM on them, trained on `train`."""
    net = sign_counts.build(spec)
    found = sign_counts.features(net, train.pixels, progress)
    svm = linear_svm.fit(found, train.labels, len(train.classes))

    def labels(pictures: np.ndarray) -> np.ndarray:
        return np.asarray(linear_svm.decision(svm, sign_counts.features(net, pictures)).argmax(1), np.int64)

    return Target(f"random features (k = {spec.features:,})", labels)


def network_target(network: Network) -> Target:
    """A trained network, in float32."""

    def labels(pictures: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            logits = network.engine.exact(normalise(channels_first(pictures), network.preprocessing))
        return np.asarray(logits.argmax(1).numpy(), np.int64)

    return Target(network.card.title, labels)


def perceptron_target(train: Split, hidden: int = HIDDEN, seed: int = 0) -> Target:
    """A small network with one hidden layer, trained on the pixels of small pictures."""
    net = sk_neural.MLPClassifier((hidden,), random_state=seed)
    flat = as_float(train.pixels).reshape(len(train), -1)
    for _ in range(PERCEPTRON_EPOCHS):  # `fit` would stop by itself, or warn that it did not
        net.partial_fit(flat, train.labels, classes=range(len(train.classes)))
    return Target("trained perceptron", lambda pictures: net.predict(pictures.reshape(len(pictures), -1)))


def digits() -> tuple[Split, Split]:
    """Two halves of scikit-learn's digits, drawn with seed 0: uint8 (N, 8, 8, 1)."""
    found = sk_datasets.load_digits()
    pixels = (found.images[..., None] * (255 / 16)).round().astype(np.uint8)
    every = Split(pixels, found.target, tuple(str(digit) for digit in found.target_names))
    first, second = np.array_split(np.random.default_rng(0).permutation(len(every)), 2)
    return part(every, first), part(every, second)


def draw(pool: Split, params: Params, images: int = ATTACKED) -> tuple[np.ndarray, Split]:
    """The attacker's seed pictures uint8 (n, H, W, C) and `images` others to attack, by params' seed.

    Raises ValueError if the pool has too few.
    """
    if len(pool) < params.seed_pictures + images:
        raise ValueError(f"expected {params.seed_pictures + images} pictures or more, got {len(pool)}: attack fewer")
    order = np.random.default_rng(params.seed).permutation(len(pool))[: params.seed_pictures + images]
    first, others = np.split(order, [params.seed_pictures])
    return pool.pixels[first], part(pool, others)


def digits_target(kind: str, train: Split) -> Target:
    """`kind` of DIGITS_TARGETS, trained on digits."""
    if kind == "random":
        return random_target(Spec(**DIGITS_SPEC), train)
    return perceptron_target(train)


def on_digits(kind: str, params: Params = DIGITS, progress: Progress = ignore) -> Result:
    """Train a target on half of the digits and attack it on ATTACKED of the others: some ten seconds."""
    first, pool = digits()
    return run(digits_target(kind, first), *draw(pool, params), params, progress)


def as_float(pixels: np.ndarray) -> np.ndarray:
    """uint8 0..255 -> float32 in [0, 1], of the same shape."""
    return pixels.astype(np.float32) / np.float32(255)


def channels_first(pictures: np.ndarray) -> torch.Tensor:
    """(N, H, W, C) -> (N, C, H, W)."""
    return torch.from_numpy(np.ascontiguousarray(pictures, np.float32)).movedim(-1, 1).contiguous()


# ---- the attack ----------------------------------------------------------------------------------


def run(target: Target, seeds: np.ndarray, test: Split, params: Params, progress: Progress = ignore) -> Result:
    """Attack `target` on the pictures of `test`, from uint8 `seeds` (n, H, W, C) that the attacker begins with.

    The gradient is that of the loss at the true class, which the attacker is taken to know. `progress` may raise to
    stop. Raises ValueError: another number of seeds than params say, or pictures of another shape.
    """
    if len(seeds) != params.seed_pictures or seeds.shape[1:] != test.pixels.shape[1:] or not len(test):
        raise ValueError(
            f"expected {params.seed_pictures} seed pictures of the same shape as those attacked, got {seeds.shape} and "
            f"{test.pixels.shape}: give as many as params say"
        )
    trained = params.epochs * (2 * params.queries - params.seed_pictures)
    asked = params.queries + len(test) * (2 * len(params.epsilons) - 1)
    tick = counter(progress, trained + QUERY_COST * asked)
    asking = partial(ask, target, tick)
    net = substitute(asking, as_float(seeds), len(test.classes), params, tick)
    clean, truth = as_float(test.pixels), np.asarray(test.labels)
    direction = uphill(net, clean, truth)
    signs = np.random.default_rng((params.seed, 1)).choice(np.array([-1, 1], np.float32), clean.shape)
    before = asking(clean)
    after, noisy = (
        np.stack([before, *(asking(moved(clean, way, e)) for e in params.epsilons[1:])]) for way in (direction, signs)
    )
    own = np.stack([answers(net, moved(clean, direction, e)) for e in params.epsilons])
    at = params.epsilons.index(params.shown)
    few = np.flatnonzero(before == truth)[:EXAMPLES]
    attacked, noise = (moved(clean[few], d[few], params.shown) for d in (direction, signs))
    return Result(
        target=target.name,
        epsilons=np.array(params.epsilons),
        accuracy=(after == truth).mean(1),
        noise=(noisy == truth).mean(1),
        substitute=(own == truth).mean(1),
        agreement=float((own[0] == before).mean()),
        queries=params.queries,
        examples=Examples(clean[few], attacked, noise, truth[few], after[at][few], noisy[at][few]),
    )


def counter(progress: Progress, total: int) -> Tick:
    """A function that adds to what is done and tells `progress` of it."""
    done = 0

    def tick(more: int) -> None:
        nonlocal done
        done += more
        progress(min(done, total), total)

    return tick


def ask(target: Target, tick: Tick, pictures: np.ndarray) -> np.ndarray:
    """The only way in which the attack meets the target: (N, H, W, C) in [0, 1] -> int64 (N,).

    Raises ValueError if the target answers with something else."""
    found = []
    for start in range(0, len(pictures), AT_ONCE):
        some = pictures[start : start + AT_ONCE]
        said = np.asarray(target.labels(some))
        if said.shape != (len(some),) or said.dtype.kind not in "iu":
            raise ValueError(f"expected {len(some)} whole numbers of {target.name}, got {said!r}: one a picture")
        found.append(said)
        tick(QUERY_COST * len(some))
    return np.concatenate(found)


def substitute(asking: Answers, seeds: np.ndarray, classes: int, params: Params, tick: Tick) -> nn.Module:
    """A network that learned the target's answers about `seeds`, float32 (n, H, W, C), and what augmentation adds."""
    dice = np.random.default_rng((params.seed, 0))
    net = untrained(seeds.shape[1:], classes, params)
    optimizer = torch.optim.Adam(net.parameters(), LEARNING_RATE)
    pictures, labels = seeds, asking(seeds)
    for i in range(params.rounds + 1):
        x, y = channels_first(pictures), torch.from_numpy(np.asarray(labels, np.int64))
        for _ in range(params.epochs):
            for which in torch.split(torch.from_numpy(dice.permutation(len(x))), BATCH):
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(net(x[which]), y[which]).backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                tick(len(which))
        if i < params.rounds:
            fresh = augmented(net, pictures, labels, params.step)
            pictures, labels = np.concatenate([pictures, fresh]), np.concatenate([labels, asking(fresh)])
    return net


def untrained(shape: tuple[int, ...], classes: int, params: Params) -> nn.Module:
    """Two convolutions, each halving the picture, and two linear layers: (B, C, H, W) -> (B, classes).

    `shape`: (H, W, C). Raises ValueError for a side below 4 px.
    """
    height, width, channels = shape
    if min(height, width) < 4:
        raise ValueError(
            f"expected pictures of 4 pixels a side or more, got {height}x{width}: the substitute halves twice"
        )
    first, second = params.width, 2 * params.width
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(params.seed)
        return nn.Sequential(
            *(nn.Conv2d(channels, first, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(first, second, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()),
            *(nn.Linear(second * (height // 4) * (width // 4), HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, classes)),
        )


def augmented(net: nn.Module, pictures: np.ndarray, labels: np.ndarray, step: float) -> np.ndarray:
    """Papernot et al.'s Jacobian-based augmentation of (N, H, W, C): as many new ones, each one `step` from its own."""
    return moved(pictures, signs_of(net, pictures, labels, lambda logits, y: logits.gather(1, y[:, None])), step)


def uphill(net: nn.Module, pictures: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """FGSM's direction, float32 (N, H, W, C) of -1, 0 and 1: up the loss at `labels`."""
    return signs_of(net, pictures, labels, loss)


def signs_of(
    net: nn.Module,
    pictures: np.ndarray,
    labels: np.ndarray,
    value: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
) -> np.ndarray:
    """Signs of the gradient of value(logits, labels) in the pictures, float32 (N, H, W, C)."""
    found = []
    for start in range(0, len(pictures), AT_ONCE):
        which = slice(start, start + AT_ONCE)
        y = torch.from_numpy(np.asarray(labels[which], np.int64))
        _, _, slope = gradient(net, channels_first(pictures[which]), y, value)
        found.append(LINF.step(slope).movedim(1, -1).numpy())
    return np.concatenate(found)


def moved(pictures: np.ndarray, direction: np.ndarray, epsilon: float) -> np.ndarray:
    """Pictures `epsilon` along `direction`, both (N, H, W, C), clipped to [0, 1], float32."""
    return np.clip(pictures + np.float32(epsilon) * direction, 0, 1)


def answers(net: nn.Module, pictures: np.ndarray) -> np.ndarray:
    """float32 (N, H, W, C) -> int64 (N,): the class of the largest logit."""
    with torch.inference_mode():
        parts = [net(channels_first(pictures[i : i + AT_ONCE])).argmax(1) for i in range(0, len(pictures), AT_ONCE)]
    return np.asarray(torch.cat(parts).numpy())
