"""Over a test set: how many answers stay right under an attack that knows lambda, and has the attack converged?

Of the networks of Dai et al. (NeurIPS 2022), with `sparse_attack`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.base.intervals import wilson
from core.base.records import read_one
from core.base.worker import Progress, ignore, part
from core.data.split import Split
from core.networks.card import Network, title_of
from core.networks.packaged import check_comparable
from core.studies.sparse.attack import NORM_WORDS, NORMS, STEP_SHARE, Norm, Params, attack, curve

RECORD = "attack.json"
EPS: dict[Norm, tuple[float, ...]] = {"linf": (1 / 255, 2 / 255, 4 / 255, 8 / 255), "l2": (0.1, 0.25, 0.5, 1.0)}
CONVERGENCE_EPS: dict[Norm, float] = {"linf": 2 / 255, "l2": 0.25}  # where about half of the answers fall
STEPS, RESTARTS = (5, 10, 20, 40, 80), (1, 2, 4, 8)
TOLERANCE = 0.01  # of accuracy: an attack has converged when doubling it takes no more

Subject = tuple["Network", float | None]  # a network, and the lambda that it is run and attacked at


@dataclass(frozen=True, eq=False)
class Curve:
    """Of M subjects at radii `eps` (E,) in one norm. `accuracy` (M, E) in [0, 1].

    `gain` (M, E): accuracy less the first subject's on the same pictures; `gain_error` (M, E): its standard error.
    """

    eps: np.ndarray
    accuracy: np.ndarray
    gain: np.ndarray
    gain_error: np.ndarray


@dataclass(frozen=True, eq=False)
class Convergence:
    """Accuracy of M subjects at one `eps` after `steps` (S,) from one start, and after `restarts` (R,) of
    `steps_each` steps."""

    eps: float
    steps: np.ndarray
    by_steps: np.ndarray  # (M, S)
    restarts: np.ndarray
    by_restarts: np.ndarray  # (M, R)
    steps_each: int

    @property
    def last_fall(self) -> np.ndarray:
        """(M,) what the last increase of steps, or of restarts, still took of the accuracy: the larger of the two."""
        falls = [a[:, -2] - a[:, -1] for a in (self.by_steps, self.by_restarts)]
        return np.asarray(np.maximum(*falls))

    @property
    def is_converged(self) -> np.ndarray:
        """bool (M,)."""
        return np.asarray(self.last_fall <= TOLERANCE + 1e-9)


@dataclass(frozen=True, eq=False)
class Measured:
    """M subjects: `networks` at `lams` (None for a plain one), `clean` (M,) accuracy. `curves` were made with `steps`
    steps of `step_share` * eps from each of `restarts` random starts. `about`: where it comes from."""

    networks: tuple[str, ...]
    lams: tuple[float | None, ...]
    images: int
    seed: int
    steps: int
    restarts: int
    step_share: float
    clean: np.ndarray
    curves: dict[Norm, Curve]
    convergence: dict[Norm, Convergence]
    about: dict[str, str]

    @property
    def titles(self) -> list[str]:
        pairs = zip(self.networks, self.lams, strict=True)
        return [title_of(name) + ("" if lam is None else f" at λ = {lam:g}") for name, lam in pairs]

    def interval(self, accuracy: np.ndarray) -> np.ndarray:
        """(..., 2): 95 % intervals over pictures (Wilson)."""
        return np.array([wilson(float(a), self.images) for a in accuracy.ravel()]).reshape(*accuracy.shape, 2)


def measure(
    subjects: Sequence[Subject],
    test: Split,
    params: Params,
    *,
    eps: Mapping[Norm, Sequence[float]] = EPS,
    convergence_eps: Mapping[Norm, float] = CONVERGENCE_EPS,
    steps: Sequence[int] = STEPS,
    restarts: Sequence[int] = RESTARTS,
    about: Mapping[str, str] | None = None,
    progress: Progress = ignore,
) -> Measured:
    """Attack every subject on all pictures of `test` with `params`' steps, restarts and seed, in both norms.

    Raises ValueError: no subject or picture, networks whose labels differ, and what `attack` raises.
    """
    check_comparable([network for network, _ in subjects])
    pictures, labels = test.pixels.astype(np.float32) / 255, np.asarray(test.labels)
    count = 2 * len(subjects) * len(NORMS)
    jobs = iter(range(count))
    curves: dict[Norm, Curve] = {}
    convergence: dict[Norm, Convergence] = {}
    for norm in NORMS:
        mine = dataclasses.replace(params, norm=norm)
        survived = [
            ~curve(n, pictures, labels, mine, eps[norm], lam, part(progress, next(jobs), count)) for n, lam in subjects
        ]
        right = np.stack(survived).astype(float)  # (M, E, N)
        gain = right - right[:1]
        error = gain.std(2) / np.sqrt(len(test))
        curves[norm] = Curve(np.array(eps[norm]), right.mean(2), gain.mean(2), error)
        mine = dataclasses.replace(mine, eps=convergence_eps[norm])
        rows = [
            converge(n, pictures, labels, mine, steps, restarts, lam, part(progress, next(jobs), count))
            for n, lam in subjects
        ]
        by_steps, by_restarts = (np.stack(r) for r in zip(*rows, strict=True))
        convergence[norm] = Convergence(
            mine.eps, np.array(steps), by_steps, np.array(restarts), by_restarts, params.steps
        )
    return Measured(
        networks=tuple(network.card.name for network, _ in subjects),
        lams=tuple(lam for _, lam in subjects),
        images=len(test),
        seed=params.seed,
        steps=params.steps,
        restarts=params.restarts,
        step_share=STEP_SHARE,
        clean=np.array([(~attack(n, pictures, labels, Params(eps=0), lam).fooled).mean() for n, lam in subjects]),
        curves=curves,
        convergence=convergence,
        about=dict(about or {}),
    )


def converge(
    network: Network,
    pictures: np.ndarray,
    labels: np.ndarray,
    params: Params,
    steps: Sequence[int],
    restarts: Sequence[int],
    lam: float | None = None,
    progress: Progress = ignore,
) -> tuple[np.ndarray, np.ndarray]:
    """Accuracy after each of `steps` from the first start (S,), and of `restarts` with params' steps (R,)."""
    long = dataclasses.replace(params, steps=max(steps), restarts=1)
    one = attack(network, pictures, labels, long, lam, part(progress, 0, 2))
    often = dataclasses.replace(params, restarts=max(restarts))
    many = attack(network, pictures, labels, often, lam, part(progress, 1, 2))
    clean = one.restart >= 0
    return (
        np.array([(clean & (one.step > s)).mean() for s in steps]),
        np.array([(many.restart >= r).mean() for r in restarts]),
    )


def measured(folder: Path) -> Measured | None:
    """What was measured and packaged in FOLDER, None if nothing was."""
    return read_one(folder / RECORD, Measured)


def radius(norm: str, eps: float) -> str:
    """2/255 or 0.25."""
    return f"{eps * 255:.3g}/255" if norm == "linf" else f"{eps:g}"


def finding(found: Measured, norm: Norm) -> str:
    """What is left of each subject at the radius of the convergence, and whether any does better than the first."""
    shown, at = found.curves[norm], found.convergence[norm].eps
    e = int(np.abs(shown.eps - at).argmin())
    left = [f"{a:.0%} for {title}" for a, title in zip(shown.accuracy[:, e], found.titles, strict=True)]
    lines = [
        f"Within {NORM_WORDS[norm]} {radius(norm, float(shown.eps[e]))}, an attack that goes through the solver and "
        f"knows λ leaves this share of answers right: {', '.join(left)}.",
    ]
    for m, lam in enumerate(found.lams):
        if m == 0:
            continue
        gain, error = 100 * shown.gain[m, e], 196 * shown.gain_error[m, e]
        what = "A plain first layer" if lam is None else f"λ = {lam:g}"
        if gain - error > 0:
            verdict = "it helps"
        elif gain + error < 0:
            verdict = "it does harm"
        else:
            verdict = f"no help that {found.images} pictures can show"
        lines.append(f"{what}: {gain:+.1f} ± {error:.1f} points against {found.titles[0]}, {verdict}.")
    last = shown.accuracy[:, -1].max()
    lines.append(f"Within {NORM_WORDS[norm]} {radius(norm, float(shown.eps[-1]))} none keeps more than {last:.0%}.")
    if not found.convergence[norm].is_converged.all():
        lines.append("The attack has not converged: a longer one may leave less.")
    return " ".join(lines)
