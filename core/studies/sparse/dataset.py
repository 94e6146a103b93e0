"""Over many noisy pictures: which lambda gives right answers, and can the picture tell it? (Dai et al. 2022, §4)

Every picture is answered at every noise level with every lambda. Three rules choose a lambda: "fixed" is that of the
training, "estimated" follows from the picture's own residual by a line fitted on training pictures, and "oracle" is the
best for each noise level on the very pictures that are counted, which nobody knows beforehand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.base import ranks
from core.base.intervals import wilson
from core.base.records import read_all
from core.base.refuse import SEEDS
from core.base.settings import check, setting
from core.base.worker import Progress, Stopped, ignore
from core.networks.card import Network
from core.pictures import noise
from core.pictures.image import RGBImage
from core.pictures.preprocess import seen

LAMS = tuple(round(0.1 * i, 1) for i in range(1, 15))  # the paper's: linspace(.1, 1.4, 14)
FIXED, ESTIMATED, ORACLE, PLAIN = "fixed", "estimated", "oracle", "plain"  # rules, and who has none
SEED_STEP = 1_000_003  # between the pictures' noises of two seeds
RECORDS = "noise_{}.json"  # one a network
Chunk = tuple[Sequence["RGBImage"], Sequence[int]]  # pictures and their classes, -1 where unknown


def levels_of(kind: str, every: int = 1) -> tuple[float, ...]:
    """The clean picture, then the paper's levels from the weakest; of these the strongest and `every` so many."""
    return 0.0, *noise.KINDS[kind].levels[::-every][::-1]


@dataclass(frozen=True)
class Params:
    """`kind` of noise at `levels` (0 is the clean picture), and the lambdas that are tried, rising, normalised units.

    Raises ValueError for an unknown noise or level, and for lambdas that do not rise from above 0.
    """

    kind: str = "gaussian"
    levels: tuple[float, ...] = levels_of("gaussian")
    lams: tuple[float, ...] = LAMS
    seed: int = setting(0, limits=SEEDS, unit="as the seed")

    def __post_init__(self) -> None:
        check(self)
        for level in self.levels:
            noise.check(self.kind, level)
        rising = all(a < b for a, b in zip((0.0, *self.lams), self.lams, strict=False))
        if not self.levels or not self.lams or not rising:
            raise ValueError(
                f"expected noise levels and rising lambdas above 0, got {self.levels} and {self.lams}: give one or more"
            )


@dataclass(frozen=True, eq=False)
class Fit:
    """lambda = slope * roughness + intercept, kept within `limits`, and the points that it was fitted to.

    `roughness`, `best` (P,): mean roughness of the residual at the training lambda (`lambda_sweep.roughness`), and best
    lambda, of training pictures with one noise at one level; `kinds` (P,) names the noise. The residual's mean square
    tells of a single picture mostly how much contrast it has; its roughness tells the noise.
    """

    slope: float
    intercept: float
    limits: tuple[float, float]
    roughness: np.ndarray
    best: np.ndarray
    kinds: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Result:
    """How many of `images` pictures, of those of `seen` whose class is known, a network gets right at V noise `levels`.

    `right` int (V, L) at each of `lams`; `fixed` (V,) as it was trained; `estimated` (V,), None without a Fit.
    `residual`, `roughness` (V,): means over pictures of the mean squared residual at the training lambda and of its
    roughness, normalised units; `estimate` (V,): mean of the estimated lambdas. A plain network has no lambdas: L = 0,
    `training` is None, the residual and its roughness are NaN.
    """

    network: str
    kind: str
    levels: np.ndarray
    lams: np.ndarray
    training: float | None
    seen: int
    images: int
    right: NDArray[np.int64]
    fixed: np.ndarray
    estimated: np.ndarray | None
    residual: np.ndarray
    roughness: np.ndarray
    estimate: np.ndarray | None
    seed: int

    @property
    def surface(self) -> np.ndarray:
        """(V, L) accuracy in [0, 1]."""
        return self.right / self.images

    @property
    def best(self) -> np.ndarray:
        """(V,) the lambda with the most right answers, the smallest of equals: the oracle's."""
        return np.asarray(self.lams[self.right.argmax(1)])

    def accuracy(self, rule: str) -> np.ndarray:
        """(V,) in [0, 1] where lambda follows `rule`; a plain network has only "fixed".

        Raises ValueError for a rule that was not measured.
        """
        counts = {FIXED: self.fixed, ESTIMATED: self.estimated, ORACLE: self.right.max(1, initial=0)}.get(rule)
        if counts is None or (rule == ORACLE and self.training is None):
            raise ValueError(f"expected a rule that was measured, got {rule!r}: fit the line first, or choose 'fixed'")
        return np.asarray(counts / self.images)

    def interval(self, rule: str) -> np.ndarray:
        """(V, 2): 95 % intervals of `accuracy` over pictures (Wilson)."""
        return np.array([wilson(float(share), self.images) for share in self.accuracy(rule)])


@dataclass(frozen=True)
class Measured:
    """A packaged network's Results by kind of noise, and where they come from. `training_images`: for the line."""

    network: str
    arch: str
    digest: str
    test_images: int
    training_images: int
    dataset: str
    data: str
    command: str
    date: str
    commit: str
    fit: Fit | None
    results: Mapping[str, Result]


def is_coded(network: Network) -> bool:
    """Whether lambda is there to be chosen: the network's first layer is a sparse coding layer."""
    return bool(getattr(network.engine.plain, "is_coded", False))


def run(
    network: Network,
    chunks: Iterable[Chunk],
    total: int,
    params: Params,
    fit: Fit | None = None,
    progress: Progress = ignore,
) -> Result:
    """Count right answers over pictures that come in chunks; those of unknown class (-1) are left out.

    Picture i of the set has the same noise whatever the chunks. `progress(pictures done, total)` may raise
    core.base.worker.Stopped: the Result then holds the chunks done so far.
    Raises ValueError if the training lambda is not among those that are tried.
    """
    lam = training_lambda(network, params)
    shape = (len(params.levels), len(params.lams) if lam is not None else 0)
    right, sums = np.zeros(shape, np.int64), np.zeros((5, shape[0]))
    done = images = 0
    for pictures, classes in chunks:
        known = [i for i, c in enumerate(classes) if c >= 0]
        if known:
            seeds = [params.seed * SEED_STEP + done + i for i in known]
            more = count(network, [pictures[i] for i in known], np.array(classes)[known], seeds, params, fit)
            right += more[0]
            sums += more[1]
        done, images = done + len(classes), images + len(known)
        try:
            progress(done, total)
        except Stopped:
            break
    estimated = fit is not None and lam is not None
    means = sums / images if images and lam is not None else np.full(sums.shape, np.nan)
    return Result(
        network=network.card.name,
        kind=params.kind,
        levels=np.array(params.levels),
        lams=np.array(params.lams[: shape[1]]),
        training=lam,
        seen=done,
        images=images,
        right=right,
        fixed=sums[0].astype(np.int64),
        estimated=sums[1].astype(np.int64) if estimated else None,
        residual=means[2],
        roughness=means[3],
        estimate=means[4] if estimated else None,
        seed=params.seed,
    )


def training_lambda(network: Network, params: Params) -> float | None:
    """None for a network without a dictionary. Raises ValueError if `params.lams` lack it."""
    if not is_coded(network):
        return None
    lam = float(network.engine.plain.dictionary.lam)  # type: ignore[union-attr, arg-type]
    if lam not in params.lams:
        raise ValueError(f"expected the training lambda {lam:g} among those that are tried, got {params.lams}: add it")
    return lam


def count(
    network: Network,
    pictures: Sequence[RGBImage],
    truth: np.ndarray,
    seeds: Sequence[int],
    params: Params,
    fit: Fit | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Right answers (V, L), and sums over pictures (5, V): right as trained and as estimated, mean squared residual,
    its roughness, estimated lambda."""
    from core.compute import lambda_sweep

    pixels = np.stack([seen(picture, network.preprocessing) for picture in pictures])
    lam = training_lambda(network, params)
    right = np.zeros((len(params.levels), len(params.lams) if lam is not None else 0), np.int64)
    sums = np.zeros((5, len(params.levels)))
    for v, level in enumerate(params.levels):
        noisy = noise.add(pixels, params.kind, level, seeds)
        hits = (lambda_sweep.logits(network, noisy, None if lam is None else params.lams).argmax(2) == truth).sum(1)
        if lam is None:
            sums[0, v] = hits[0]
            continue
        right[v] = hits
        rough = lambda_sweep.residuals(network, noisy, [lam], measure=lambda_sweep.roughness)[0]
        sums[0, v], sums[3, v] = right[v, params.lams.index(lam)], rough.sum()
        sums[2, v] = lambda_sweep.residuals(network, noisy, [lam])[0].sum()
        if fit is not None:
            guess = estimate(fit, rough)
            sums[1, v] = (lambda_sweep.logits_at(network, noisy, guess).argmax(1) == truth).sum()
            sums[4, v] = guess.sum()
    return right, sums


def estimate(fit: Fit, roughness: np.ndarray) -> np.ndarray:
    """Lambda of each picture from the roughness of its own residual at the training lambda; any shape."""
    return np.asarray(np.clip(fit.slope * np.asarray(roughness, float) + fit.intercept, *fit.limits))


def fit_line(results: Sequence[Result]) -> Fit:
    """Least squares over the noises and levels of training pictures: one line, as nobody tells the kind of noise.

    Raises ValueError for fewer than two different roughnesses.
    """
    rough = np.concatenate([r.roughness for r in results]) if results else np.empty(0)
    if len(np.unique(rough)) < 2:
        raise ValueError(f"expected two noise levels or more, got {len(rough)}: measure more of them")
    best = np.concatenate([r.best for r in results])
    slope, intercept = np.polyfit(rough, best, 1)
    kinds = tuple(r.kind for r in results for _ in r.levels)
    limits = (float(results[0].lams[0]), float(results[0].lams[-1]))
    return Fit(float(slope), float(intercept), limits, rough, best, kinds)


def spearman(result: Result) -> float:
    """Rank correlation of the noise's strength with the best lambda, clean pictures aside; NaN if one is constant."""
    noisy = result.levels > 0
    strength, best = strengths(result)[noisy], result.best[noisy]
    if len(np.unique(strength)) < 2 or len(np.unique(best)) < 2:
        return float("nan")
    return ranks.spearman(strength, best)


def rank_words(results: Sequence[Result]) -> str:
    """`spearman` of each network, said."""
    ranks = ", ".join("undefined" if np.isnan(rank) else f"{rank:.2f}" for rank in map(spearman, results))
    return f"Rank correlation of noise and best λ (Spearman, a value a network): {ranks}."


def strengths(result: Result) -> np.ndarray:
    """(V,) numbers that rise with the noise: fewer photons are more noise."""
    if result.kind != "shot":
        return result.levels
    return np.asarray(np.divide(1, result.levels, out=np.zeros(len(result.levels)), where=result.levels > 0))


def finding(results: Sequence[Result], twins: Sequence[Result] = ()) -> str:
    """What one kind of noise at its strongest common level does to each rule, in a sentence; means over networks."""
    if not results or not results[0].images:
        return "No picture with a known class has been measured."
    first = results[0]
    v = int(strengths(first).argmax())

    def share(rule: str, of: Sequence[Result] = results) -> str:
        return f"{np.mean([r.accuracy(rule)[v] for r in of]):.0%}"

    label = noise.KINDS[first.kind].label(float(first.levels[v])) if first.kind in noise.KINDS else "no noise"
    said = f"At {first.kind} noise of {label}, λ = {first.training:g} as trained answers {share(FIXED)} right"
    if all(r.estimated is not None for r in results):
        said += f", λ told from each picture's residual {share(ESTIMATED)}"
    said += f", the best λ in hindsight {share(ORACLE)}"
    return said + (f"; the plain twin {share(FIXED, twins)}." if twins else ".")


@dataclass(frozen=True)
class Share:
    """One network under one noise of its record: the shares right over `images` pictures, `fixed` at its `training`
    lambda, `told` with the lambda that each picture's residual asks for; `twin` of the plain one, None without it."""

    noise: str
    images: int
    training: float
    fixed: float
    told: float
    twin: float | None


def nearest(found: Mapping[str, Measured], name: str, twin: str, kind: str, level: float) -> Share | None:
    """Of a network's record the noise nearest to the reader's: its kind where that was measured, else Gaussian, and the
    level nearest to his, else the strongest. None where it was not measured."""
    results = found[name].results if name in found else {}
    result = results.get(kind) or results.get("gaussian")
    if result is None or result.estimated is None or result.training is None:
        return None
    strong = strengths(result)
    v = int(strong.argmax())
    if result.kind == kind:
        noisy = np.flatnonzero(strong > 0)
        v = int(noisy[np.abs(result.levels[noisy] - level).argmin()])
    other = found[twin].results.get(result.kind) if twin in found else None
    bare = None if other is None or v >= len(other.levels) else float(other.accuracy(FIXED)[v])
    return Share(
        f"{result.kind}, {noise.KINDS[result.kind].label(float(result.levels[v]))}",
        result.images,
        result.training,
        float(result.accuracy(FIXED)[v]),
        float(result.accuracy(ESTIMATED)[v]),
        bare,
    )


def measured(folder: Path) -> dict[str, Measured]:
    """What `receptive measure sparse` wrote into FOLDER, by network's name."""
    return {one.network: one for one in read_all(folder.glob(RECORDS.format("*")), Measured).values()}
