"""Can a network see through noise?

A noisy picture is coded by the first layer of an SDNet (Dai et al., NeurIPS 2022, §3): the larger lambda, the fewer
codes are not zero, the less of picture and noise is rebuilt, and the network answers from what is left (§4.3).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from core.base.files import ASSETS
from core.base.prose import section
from core.base.records import Damaged, read
from core.base.refuse import LARGEST, SEEDS
from core.base.settings import check, setting
from core.base.softmax import softmax
from core.base.worker import Progress, ignore, part
from core.compute import coded
from core.networks import families, quoting
from core.networks.card import Card, Network
from core.networks.own_options import Opened
from core.networks.packaged import check_comparable
from core.pictures import noise
from core.pictures.image import RGBImage
from core.pictures.noise import Arrived
from core.pictures.preprocess import Preprocessing, at_most, seen
from core.studies import quoted
from core.studies.sparse import dataset
from core.studies.sparse.dataset import Fit
from core.studies.sparse.dataset import estimate as from_roughness

if TYPE_CHECKING:
    from core.models.sparse import Solver

Resolution = Literal["network", "own"]
RESOLUTIONS: tuple[Resolution, ...] = ("network", "own")
SOLVER_NAMES: tuple[Solver, ...] = ("textbook", "paper", "ista")
LAMBDA_LIMITS, LAMBDA_STEP = (0.0, 1.5), 0.05
LAMBDAS = tuple(round(LAMBDA_STEP * i, 2) for i in range(round(LAMBDA_LIMITS[1] / LAMBDA_STEP) + 1))
STEPS_LIMITS = (1, 50)
CURVE_STEPS = 50  # of the objective's curve
TOGETHER = 4  # lambdas in one batch: between two of them the work can be stopped
TWIN_OF = {  # the plain network of the same recipe and seed, or that the coded one was taught by
    **dict(zip(families.SDNETS, families.TWINS, strict=True)),
    families.DEFAULT_SDNETS[0]: families.DEFAULT_SDNETS[1],
}
FOLDER = ASSETS / "results" / "sparse_codes"
OWN_PIXELS = 2**20  # a larger photograph is scaled down to so many before it is coded at its own resolution


def read_noise(word: str) -> dict[str, object]:
    """A kind and a level of 'gaussian:0.1'. Raises ValueError with what was expected."""
    kind, _, level = word.partition(":")
    try:
        return {"noise": kind, "level": float(level or 0)}
    except ValueError as error:
        raise ValueError(f"expected a number, got {level!r}: write it like gaussian:0.1") from error


def write_noise(params: Params) -> str:
    """'gaussian:0.1', "" where there is none."""
    return "" if params.noise == "none" else f"{params.noise}:{params.level:g}"


@dataclass(frozen=True)
class Params:
    """`noise` and `level` as core.pictures.noise has them; `lam` in normalised units; `steps` of `solver`;
    `resolution`: the network's input ("network") or the photograph's own ("own", at most OWN_PIXELS) for the pictures
    shown.

    Raises ValueError for what does not exist.
    """

    noise: str = setting(
        "gaussian", "KIND:LEVEL, such as gaussian:0.1; none by default.", read=read_noise, write=write_noise
    )
    level: float = 0.04
    lam: float = setting(0.2, "The price of a code that is not zero.", option="--lambda")
    steps: int = setting(2, "Steps of the solver.", limits=STEPS_LIMITS)
    solver: Solver = setting("textbook", "textbook, paper or ista.", choices=SOLVER_NAMES)
    seed: int = setting(0, "Seed of the noise.", limits=SEEDS, unit="as the seed")
    resolution: Resolution = setting("network", "network (its input) or own (the photograph's).", choices=RESOLUTIONS)

    def __post_init__(self) -> None:
        noise.check(self.noise, self.level)
        if not 0 <= self.lam <= LARGEST:
            raise ValueError(f"expected a lambda of 0 to {LARGEST:g}, got {self.lam}: {LAMBDA_LIMITS[1]} leaves little")
        check(self)


# What the page opens with, and all that is packaged: found by core/studies/sparse/measure_rescue.py.
OPENING = Params("impulse", 0.24, 0.9, seed=3)


@dataclass(frozen=True, eq=False)
class Result:
    """One picture at one setting. `clean`, `noisy`, `reconstruction` are what is shown, at `resolution`; everything
    else is of the picture as the network sees it. Curves over `lams` (L,) hold `nonzero` (L,), the share of non-zero
    codes, `psnr` (L,) in dB of the reconstruction against the clean picture, and the `logits` (L, K).
    """

    models: tuple[str, ...]  # the SDNet and, where there is one, its plain twin
    labels: tuple[str, ...]
    picture: str  # digest
    noise: str
    level: float
    lam: float
    steps: int
    solver: str
    seed: int
    resolution: str
    training_lam: float
    estimated_lam: float  # from the residual; NaN without a fit
    clean: np.ndarray  # (H, W, 3) in [0, 1]
    noisy: np.ndarray  # (H, W, 3)
    reconstruction: np.ndarray  # (H, W, 3), clipped to [0, 1]
    shown_nonzero: float
    lams: np.ndarray
    nonzero: np.ndarray
    psnr: np.ndarray
    logits: np.ndarray
    twin_logits: np.ndarray  # (K,), empty without a twin

    @property
    def probability(self) -> np.ndarray:
        """(L, K)"""
        return softmax(self.logits)

    def at(self, lam: float) -> int:
        """Index of a lambda among `lams`: the nearest."""
        return int(np.abs(self.lams - lam).argmin())

    @property
    def arrived(self) -> Arrived:
        """What the noise did to the picture that is shown."""
        return noise.arrived(self.clean, self.noisy)

    @property
    def residual(self) -> np.ndarray:
        """(H, W, 3) noisy picture less reconstruction."""
        return np.asarray(self.noisy - self.reconstruction)


@dataclass(frozen=True, eq=False)
class Curves:
    """What a noisy picture gives along lambda, whichever is chosen: `lams`, `nonzero` and `psnr` (L,), `logits` (L, K)
    and `twin_logits` (K,), fields of a Result."""

    estimated_lam: float
    lams: np.ndarray
    nonzero: np.ndarray
    psnr: np.ndarray
    logits: np.ndarray
    twin_logits: np.ndarray


def swept(
    networks: Sequence[Network],
    image: RGBImage,
    params: Params,
    progress: Progress = ignore,
    fit: Fit | None = None,
    lams: Sequence[float] = (),
    grid: Sequence[float] = LAMBDAS,
    *,
    estimates: bool = True,
    known: Curves | None = None,
) -> tuple[Curves, np.ndarray]:
    """The curves of `run` at `grid`, the training's lambda, the estimated one (if it `estimates`) and `lams`, and what
    is rebuilt at each: float32 (L, H, W, 3), pixels that may leave [0, 1]. What is `known` is not asked again.

    `progress(lambdas done, lambdas)` may raise to stop. Raises ValueError as `run` does.
    """
    check_comparable(networks)
    network = networks[0]
    layer = coded.sdnet_of(network).dictionary
    clean, noisy = pictures(image, replace(params, resolution="network"), network.preprocessing)
    estimated = estimate(network, noisy, fit or packaged_fit(network)) if estimates else math.nan
    every = np.unique([*grid, layer.lam, *lams, *([] if math.isnan(estimated) else [estimated])])
    if known is not None:
        every = np.setdiff1d(every, known.lams)
    found = []
    for start in range(0, len(every), TOGETHER):
        some = every[start : start + TOGETHER]
        found.append(coded.along_lambda(network, noisy, some, params.steps, params.solver))
        progress(start + len(some), len(every))
    rebuilt = np.concatenate([along.reconstructions for along in found])
    twin = coded.answer(networks[1], noisy) if len(networks) > 1 and known is None else np.empty(0)
    curves = Curves(
        estimated,
        every,
        np.concatenate([along.nonzero for along in found]),
        np.array([psnr(clean, picture.clip(0, 1)) for picture in rebuilt]),
        np.concatenate([along.logits for along in found]),
        twin if known is None else known.twin_logits,
    )
    return curves, rebuilt


def run(
    networks: Sequence[Network],
    image: RGBImage,
    params: Params,
    progress: Progress = ignore,
    fit: Fit | None = None,
    curves: Curves | None = None,
) -> Result:
    """Code the picture with the first network, an SDNet; a second one is its plain twin.

    `fit` gives the lambda that the residual asks for; without one, what was measured for a packaged network does.
    `curves` of this picture with this noise save their work where they have the lambda. `progress(done, total)` may
    raise to stop.
    Raises ValueError for a network without a coding layer, and for networks of different labels.
    """
    check_comparable(networks)
    network = networks[0]
    layer = coded.sdnet_of(network).dictionary
    clean, noisy = pictures(image, params, network.preprocessing)
    known = curves is not None and params.lam in curves.lams
    shown = coded.code(network, noisy, params.lam, params.steps, params.solver, part(progress, 0, 1 if known else 2))
    if curves is None or not known:
        curves, _ = swept(networks, image, params, part(progress, 1, 2), fit, [params.lam])
    return Result(
        models=tuple(n.card.name for n in networks),
        labels=network.labels,
        picture=image.digest,
        training_lam=layer.lam,
        clean=clean,
        noisy=noisy,
        reconstruction=shown.reconstruction.clip(0, 1),
        shown_nonzero=shown.nonzero,
        **vars(curves),
        **vars(params),
    )


def descend(network: Network, image: RGBImage, params: Params, progress: Progress = ignore) -> np.ndarray:
    """(solvers, CURVE_STEPS) the objective of the picture as the network sees it, after each step of SOLVER_NAMES.

    `progress(done, total)` may raise to stop. Raises ValueError as `run` does.
    """
    _, noisy = pictures(image, replace(params, resolution="network"), network.preprocessing)
    return np.stack(
        [
            coded.objectives(network, noisy, params.lam, CURVE_STEPS, solver, part(progress, i, len(SOLVER_NAMES)))
            for i, solver in enumerate(SOLVER_NAMES)
        ]
    )


def pictures(image: RGBImage, params: Params, prep: Preprocessing) -> tuple[np.ndarray, np.ndarray]:
    """The picture (H, W, 3) in [0, 1] without and with its noise, at the resolution asked for."""
    pixels = seen(image, prep) if params.resolution == "network" else at_most(image, OWN_PIXELS)
    clean = pixels.astype(np.float32) / 255
    return clean, noise.add(clean[None], params.noise, params.level, [params.seed])[0]


def estimate(network: Network, seen: np.ndarray, fit: Fit | None) -> float:
    """The lambda that the residual at the training lambda asks for of float (H, W, 3) in [0, 1]; NaN without a fit."""
    if fit is None:
        return math.nan
    from core.compute import lambda_sweep

    lam = coded.sdnet_of(network).dictionary.lam
    [rough] = lambda_sweep.residuals(network, seen[None], [lam], measure=lambda_sweep.roughness)
    return float(from_roughness(fit, rough)[0])


def has_codes(card: Card) -> bool:
    """Whether the network of a card begins with a coding layer."""
    return "sdnet" in card.arch or card.arch == "lite0_sparse"


def packaged_fit(network: Network) -> Fit | None:
    """The line from residual to lambda that `receptive measure sparse` fitted for a packaged network."""
    if network.card.kind != "trained here":
        return None
    with suppress(Damaged):  # then as if it had not been measured
        found = read(FOLDER / dataset.RECORDS.format(network.card.name), dataset.Measured)
        return found and found[0].fit
    return None


def psnr(clean: np.ndarray, other: np.ndarray) -> float:
    """Peak signal to noise ratio in dB of pixels in [0, 1] of the same shape; infinite for the same picture."""
    error = float(np.square(clean - other).mean(dtype=np.float64))
    return math.inf if error == 0 else -10 * math.log10(error)


@dataclass(frozen=True)
class Answer:
    """What one network says at one lambda (None for the plain twin), and how the lambda was come by."""

    who: str
    lam: float | None
    rule: str
    label: str
    probability: float


def answers(result: Result, titles: Sequence[str]) -> list[Answer]:
    """The SDNet at the lambda chosen, at its training lambda and at the estimated one, and the plain twin."""
    asked = [(result.lam, "chosen"), (result.training_lam, "as trained")]
    if not math.isnan(result.estimated_lam):
        asked.append((result.estimated_lam, "estimated"))
    told: list[tuple[str, float | None, str, np.ndarray]] = [
        (titles[0], lam, rule, result.probability[result.at(lam)]) for lam, rule in asked
    ]
    if len(result.twin_logits):
        told.append((titles[1], None, "no lambda", softmax(result.twin_logits)))
    return [Answer(who, lam, rule, result.labels[p.argmax()], float(p.max())) for who, lam, rule, p in told]


def decibels(value: float) -> str:
    return "∞ dB" if math.isinf(value) else f"{value:.1f} dB"


def finding(result: Result, titles: Sequence[str]) -> str:
    """The one sentence that says what is on screen."""
    mine, trained, *others = [f"{a.label} ({a.probability:.2f})" for a in answers(result, titles)]
    twin = f", its plain twin {others[-1]}" if len(result.twin_logits) else ""
    return (
        f"At λ = {result.lam:g}, {result.shown_nonzero:.0%} of the codes are not zero and {titles[0]} says {mine}; "
        f"at the λ = {result.training_lam:g} of its training it says {trained}{twin}."
    )


def noise_words(kind: str, level: float, found: Arrived) -> str:
    """The noise that was asked for, and what arrived of it, in the reader's language."""
    if kind == noise.NONE or not level:
        return section("sparse_codes", "clean caption")
    shift = round(found.shift, 3) + 0.0  # no -0
    return section(
        "sparse_codes", "noisy caption", kind=kind, level=noise.KINDS[kind].label(level), deviation=found.deviation,
        shift=shift,
    )  # fmt: skip


def command(result: Result, params: Params, source: str, opened: Mapping[str, Opened] = quoting.NONE) -> str:
    """The terminal command that computes this Result again from the picture `source`, with the weights files `opened`.

    Raises quoting.Apart.
    """
    return quoted.command("sparse-codes", params, source, result.models, opened)


def snippet(result: Result, params: Params, source: str, opened: Mapping[str, Opened] = quoting.NONE) -> str:
    """Python lines that make the hero figure again from `core`, as `fig`."""
    return quoted.snippet("sparse", "codes", params, source, result.models, opened)
