"""Does a network that is fed its inputs bit by bit fit a function better?

The regression experiment of Kabir et al. (arXiv 2007.03347) on held-out data: a feed-forward network, the spinal one
with all of its layers live, the spinal one as it was published (two layers without effect), and a feed-forward one of
as many parameters, on four functions of eight inputs. Two of the functions, the sum and the product of the inputs, are
the paper's; the definitions of its other two are not known here, so the sine of the sum and the sum of the products of
pairs are ours. A target is the function and Gaussian noise, so no network can be expected to go below the noise's
variance on held-out points.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from core.base.heavy import nn, torch
from core.base.intervals import mean_interval
from core.base.records import read
from core.base.refuse import within
from core.base.settings import check, setting, settings
from core.base.worker import Progress, each, ignore
from core.compute import fitting
from core.models import counting
from core.models.counting import matched_width, parameters
from core.studies.spinal.heads import FOLDER, different

RECORD = FOLDER / "regression.json"
COMMAND = "receptive measure spinal-regression"
INPUTS = 8
MILLI = 1e3  # errors are read in thousandths, as in the paper
PEAK_RATE = 0.02  # of SGD and its one cycle: in a small trial the best for the plain network, Adam included
DIGITS = 7  # after the point, of the errors in a record
EPOCH_LIMITS, POINT_LIMITS = (1, 1_000), (10, 100_000)
PATH_POINTS, PATH_REACH = 81, 2.5  # of the line on which a learned function is drawn; deviations of the inputs' mean

Target = Literal["sum", "product", "sine", "pairs"]
Network = Literal["fc", "spinal", "published", "fc-matched"]
NETWORKS: dict[Network, str] = {
    "fc": "feed-forward, 200 and 100 wide",
    "spinal": "spinal, six layers of 50, all live",
    "published": "spinal as published, two layers without effect",
    "fc-matched": "feed-forward, as many parameters as the spinal one",
}
SHORT: dict[Network, str] = {
    "fc": "FC",
    "spinal": "spinal",
    "published": "spinal as published",
    "fc-matched": "FC matched",
}


@dataclass(frozen=True)
class Function:
    """A function of eight inputs, each drawn evenly from [low, high]: `of` float (n, 8) -> (n,)."""

    title: str
    formula: str
    low: float
    high: float
    papers: bool
    of: Callable[[np.ndarray], np.ndarray]

    @property
    def whose(self) -> str:
        return "the paper's" if self.papers else "ours"


FUNCTIONS: dict[Target, Function] = {
    "sum": Function("sum", "x₁ + x₂ + … + x₈", 0.0, 1.0, True, lambda x: x.sum(1)),
    # of inputs in [0, 1] the product is nearly always nearly 0
    "product": Function("product", "x₁ x₂ … x₈", 0.5, 1.5, True, lambda x: x.prod(1)),
    "sine": Function("sine of the sum", "sin(x₁ + x₂ + … + x₈)", 0.0, 1.0, False, lambda x: np.sin(x.sum(1))),
    "pairs": Function("pairs", "x₁x₂ + x₃x₄ + x₅x₆ + x₇x₈", 0.0, 1.0, False, lambda x: (x[:, ::2] * x[:, 1::2]).sum(1)),
}


@dataclass(frozen=True)
class Params:
    """`networks` on `targets`, `seeds` times each: `train` and `test` noisy points, noise of deviation `sigma`, looked
    at after every `every` epochs and after the last.

    Raises ValueError for what does not exist.
    """

    targets: tuple[Target, ...] = ("sum", "product", "sine", "pairs")
    networks: tuple[Network, ...] = ("fc", "spinal", "published", "fc-matched")
    seeds: int = setting(10, limits=(1, 30))
    epochs: int = setting(200, limits=EPOCH_LIMITS)
    train: int = setting(2_000, unit="training points", limits=POINT_LIMITS)
    test: int = setting(5_000, unit="test points", limits=POINT_LIMITS)
    batch: int = setting(100, unit="points a batch", limits=(1, 10_000))
    sigma: float = 0.1
    every: int = setting(10, unit="epochs between two looks", limits=EPOCH_LIMITS)

    def __post_init__(self) -> None:
        different("targets", self.targets, FUNCTIONS)
        different("networks", self.networks, NETWORKS)
        check(self)
        within(("points a batch", self.batch, (1, self.train)))
        for field in settings(self):
            if not isinstance(value := getattr(self, field.name), int):
                raise ValueError(f"expected a whole number of {field.name}, got {value}: choose one")
        if not 0 <= self.sigma < math.inf:
            raise ValueError(f"expected noise of a deviation of 0 or more, got {self.sigma}: choose another")

    @property
    def looks(self) -> tuple[int, ...]:
        """The epochs after which the networks are tested."""
        return (*range(self.every, self.epochs, self.every), self.epochs)


@dataclass(frozen=True, eq=False)
class Points:
    """`inputs` float64 (n, 8), the function's values there `clean` (n,), and with noise `noisy` (n,)."""

    inputs: np.ndarray
    clean: np.ndarray
    noisy: np.ndarray


@dataclass(frozen=True, eq=False)
class Look:
    """After `epoch` epochs, one number a seed (S,): mean `loss` of that epoch's batches, the `lowest` loss of any batch
    so far, and on held-out points the mean square error against the noisy target (`mse`) and the noise-free one
    (`clean`)."""

    epoch: int
    loss: np.ndarray
    lowest: np.ndarray
    mse: np.ndarray
    clean: np.ndarray


@dataclass(frozen=True, eq=False)
class Result:
    """What the networks reached. `looks` (E,) epochs; `parameters` and `live` (N,): all, and those that have an effect.

    (T, N, S, E) by target, network, seed and look: `mse` and `clean` on held-out points, against the noisy and the
    noise-free target; `loss` of the training batches, and `lowest` of any of them so far. (T, S): `floor`, what the
    true function gets on the same noisy points, and `constant`, what their mean gets.
    """

    params: Params
    looks: np.ndarray
    parameters: np.ndarray
    live: np.ndarray
    mse: np.ndarray
    clean: np.ndarray
    loss: np.ndarray
    lowest: np.ndarray
    floor: np.ndarray
    constant: np.ndarray

    @property
    def last(self) -> np.ndarray:
        """(T, N, S) test error after the last epoch."""
        return np.asarray(self.mse[..., -1])


CURVES = ("mse", "clean", "loss", "lowest")


def build(network: Network, seed: int = 0) -> nn.Module:
    """(B, 8) -> (B, 1), with first numbers from `seed`."""
    from core.models.spinal import LEAK, FCHead, PublishedRegression
    from core.models.spinal_networks import regression_fc, regression_spinal

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        if network == "fc-matched":
            return FCHead(INPUTS, 1, matched_hidden(), leak=LEAK)
        made: dict[Network, Callable[[int], nn.Module]]
        made = {"fc": regression_fc, "spinal": regression_spinal, "published": PublishedRegression}
        return made[network](INPUTS)


def matched_hidden() -> tuple[int, int]:
    """Widths of the two hidden layers, both alike, at which the number of parameters is nearest to the spinal one's."""
    from core.models.spinal import FCHead

    width = matched_width(lambda width: FCHead(INPUTS, 1, (width, width)), parameters(build("spinal")))
    return width, width


def counts(network: Network) -> tuple[int, int]:
    """Parameters, and those of them that have an effect, counted from the network itself."""
    net = build(network)
    return counting.parameters(net), counting.live(net, INPUTS)


def draw(target: Target, count: int, sigma: float, seed: int, *, held_out: bool = False) -> Points:
    """Points of a target function: from one seed the same for every network, and others for testing."""
    function = FUNCTIONS[target]
    dice = np.random.default_rng([seed, list(FUNCTIONS).index(target), int(held_out)])
    inputs = dice.uniform(function.low, function.high, (count, INPUTS))
    clean = function.of(inputs)
    return Points(inputs, clean, clean + sigma * dice.standard_normal(count))


def errors(answers: np.ndarray, points: Points) -> tuple[float, float]:
    """Mean square error of answers (n,) against the noisy and the noise-free target; the true function gets the noise
    floor and 0."""
    return float(np.square(answers - points.noisy).mean()), float(np.square(answers - points.clean).mean())


class Ensemble:
    """Networks of one form, trained together and apart: what SGD does to one does not depend on the others."""

    def __init__(self, nets: list[nn.Module]) -> None:

        self.form = nets[0].eval()  # there is neither dropout nor batch norm to train
        stacked, _ = torch.func.stack_module_state([net.eval() for net in nets])
        self.parameters = {name: torch.nn.Parameter(numbers.detach()) for name, numbers in stacked.items()}
        self.call = torch.vmap(lambda numbers, x: torch.func.functional_call(self.form, numbers, (x,))[:, 0])

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """(S, B, 8) -> (S, B)."""
        return self.call(self.parameters, x)  # type: ignore[no-any-return]

    def answers(self, inputs: np.ndarray) -> np.ndarray:
        """float64 (S, n, 8) -> (S, n)."""
        with torch.no_grad():
            return np.asarray(self(torch.from_numpy(inputs).float()).double().numpy())


def train(
    ensemble: Ensemble, learn: list[Points], test: list[Points], params: Params, seeds: Sequence[int],
    progress: Progress = ignore,
) -> Iterator[Look]:  # fmt: skip
    """Train every network on its own points, in batches whose order its seed alone decides; a Look at each of the
    params' looks. `progress(epochs done, epochs)` may raise to stop."""
    x = torch.from_numpy(np.stack([p.inputs for p in learn])).float()
    y = torch.from_numpy(np.stack([p.noisy for p in learn])).float()
    held_out = np.stack([p.inputs for p in test])
    rows = torch.arange(len(learn))[:, None]
    batches = params.train // params.batch
    trained = torch.nn.ParameterList(ensemble.parameters.values())
    plan = fitting.optimiser(trained, PEAK_RATE, 0.0, batches * params.epochs)
    lowest = torch.full((len(learn),), math.inf)
    for epoch in each(range(1, params.epochs + 1), progress):
        dice = [torch.Generator().manual_seed(fitting.epoch_seed(seed, epoch)) for seed in seeds]
        order = torch.stack([torch.randperm(params.train, generator=d) for d in dice])
        total = torch.zeros(len(learn))
        for i in range(batches):
            chosen = order[:, i * params.batch : (i + 1) * params.batch]
            loss = (ensemble(x[rows, chosen]) - y[rows, chosen]).square().mean(1)  # (S,)
            plan.step(loss.sum())
            total += loss.detach()
            lowest = torch.minimum(lowest, loss.detach())
        if epoch in params.looks:
            scores = [errors(a, points) for a, points in zip(ensemble.answers(held_out), test, strict=True)]
            mse, clean = np.array(scores).T
            yield Look(epoch, (total / batches).double().numpy(), lowest.double().numpy(), mse, clean)


def race(
    params: Params, target: Target, network: Network, seeds: Sequence[int] = (), progress: Progress = ignore
) -> list[Look]:
    """One form of network on one target, from these seeds or every one: a Look at each of the params' looks."""
    seeds = seeds or range(params.seeds)
    learn, test = points(params, target, seeds)
    ensemble = Ensemble([build(network, seed) for seed in seeds])
    return list(train(ensemble, learn, test, params, seeds, progress))


def points(params: Params, target: Target, seeds: Sequence[int]) -> tuple[list[Points], list[Points]]:
    """Training and test points of these seeds."""
    return (
        [draw(target, params.train, params.sigma, seed) for seed in seeds],
        [draw(target, params.test, params.sigma, seed, held_out=True) for seed in seeds],
    )


def collect(params: Params, races: Mapping[tuple[Target, Network], list[Look]]) -> Result:
    """The Result of finished races."""
    curves = {
        name: np.array(
            [
                [np.stack([getattr(look, name) for look in races[t, n]], axis=1) for n in params.networks]
                for t in params.targets
            ]
        )
        for name in CURVES
    }
    floor, constant = np.empty((2, len(params.targets), params.seeds))
    for t, target in enumerate(params.targets):
        for s, (learn, test) in enumerate(zip(*points(params, target, range(params.seeds)), strict=True)):
            floor[t, s], _ = errors(test.clean, test)
            constant[t, s], _ = errors(np.full(params.test, learn.noisy.mean()), test)
    sizes = np.array([counts(network) for network in params.networks])
    return Result(params, np.array(params.looks), sizes[:, 0], sizes[:, 1], **curves, floor=floor, constant=constant)


def gain(result: Result, target: Target, other: Network, network: Network = "spinal") -> tuple[float, float]:
    """Mean over seeds of the error of `other` less that of `network`, in thousandths, and the half width of its 95 %
    interval: above 0 where `network` errs less."""
    row = result.last[result.params.targets.index(target)]
    names = result.params.networks
    return mean_interval(MILLI * (row[names.index(other)] - row[names.index(network)]))


def measured(path: Path = RECORD) -> tuple[Result, dict[str, Any]] | None:
    """What `receptive measure spinal-regression` wrote, with where it came from; None without the file."""
    return read(path, Result)


@dataclass(frozen=True, eq=False)
class Lesson:
    """One network of one seed, and what it has learned. `looks` (E,) epochs, with the held-out errors `mse` and `clean`
    (E,); along the line on which all eight inputs are `inputs` (G,), the function's `truth` and `learned` (G,). `floor`
    is what the true function gets on the test points."""

    target: Target
    network: Network
    seed: int
    looks: np.ndarray
    mse: np.ndarray
    clean: np.ndarray
    inputs: np.ndarray
    truth: np.ndarray
    learned: np.ndarray
    floor: float


def lesson(params: Params, target: Target, network: Network, seed: int, progress: Progress = ignore) -> Lesson:
    """Train one network. `progress(epochs done, epochs)` may raise to stop."""
    learn, test = points(params, target, [seed])
    ensemble = Ensemble([build(network, seed)])
    looks = list(train(ensemble, learn, test, params, [seed], progress))
    function = FUNCTIONS[target]
    middle, deviation = (function.low + function.high) / 2, (function.high - function.low) / math.sqrt(12 * INPUTS)
    line = np.linspace(middle - PATH_REACH * deviation, middle + PATH_REACH * deviation, PATH_POINTS)
    inputs = np.repeat(line[:, None], INPUTS, 1)
    return Lesson(
        target,
        network,
        seed,
        np.array([look.epoch for look in looks]),
        np.concatenate([look.mse for look in looks]),
        np.concatenate([look.clean for look in looks]),
        line,
        function.of(inputs),
        ensemble.answers(inputs[None])[0],
        errors(test[0].clean, test[0])[0],
    )
