"""The paper's classifier: a linear SVM with squared hinge loss, one class against the rest, solved in its primal form.

LIBLINEAR's objective (scikit-learn's LinearSVC with dual=False), for every class at once by truncated Newton steps
whose conjugate gradients are preconditioned:
1/2 |w|^2 + C sum_i max(0, 1 - y_i (w x_i + b))^2, with the intercept b counted among w.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.base.heavy import F, torch
from core.base.worker import Progress, ignore

PAPERS_C = 0.005  # Xue & Roshan
TOLERANCE = 1e-4  # relative, of the objective
FORCING = 0.1  # a Newton system is solved until its residual is this share of the gradient
MOST_NEWTON, MOST_CG = 60, 200
NUMBERS_AT_ONCE = 2**18  # of features as float32 at a time: they stay in the second cache
MOST_FACTORED = 12_000  # a factor of so many features takes 0.6 GB
MOST_SEARCH, SEARCHED = 20, 1e-4  # of the step's length
TINY = 1e-30
FACTOR_ROWS = 2  # pictures a feature that it is estimated from


@dataclass(frozen=True, eq=False)
class Svm:
    """`weights` float32 (D, K) of features as they were given, `bias` (K,), `objective` float64 (K,) reached."""

    weights: np.ndarray
    bias: np.ndarray
    objective: np.ndarray


@dataclass(frozen=True, eq=False)
class _Problem:
    """`features` (N, D), any number type, taken `scale` times; `targets` float32 (N, K) of -1 and 1.

    Weights are (K, D + 1); the last column is the intercept.
    """

    features: np.ndarray
    scale: float
    targets: torch.Tensor
    C: float

    def scores(self, x: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Rows as they were given (n, D) -> (n, K)."""
        return F.linear(x, weights[:, :-1] * self.scale, weights[:, -1])

    def add_back(self, total: torch.Tensor, x: torch.Tensor, errors: torch.Tensor) -> None:
        """total (K, D + 1) += errors^T [scale x, 1]."""
        total[:, :-1].addmm_(errors.T, x, alpha=self.scale)
        total[:, -1] += errors.sum(0)

    def curvature(self, active: torch.Tensor, v: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The Hessian times v (K, D + 1), and X v (N, K), in one pass over the pictures."""
        total, scores = torch.zeros_like(v), torch.empty_like(self.targets)
        for rows, x in read(self.features):
            scores[rows] = self.scores(x, v)
            self.add_back(total, x, active[rows] * scores[rows])
        return v + 2 * self.C * total, scores

    def gradient(self, weights: torch.Tensor, scores: torch.Tensor, active: torch.Tensor) -> torch.Tensor:
        """(K, D + 1)."""
        total, errors = torch.zeros_like(weights), active * (scores - self.targets)
        for rows, x in read(self.features):
            self.add_back(total, x, errors[rows])
        return weights + 2 * self.C * total

    def objective(self, weights: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """(K,) float64."""
        loss = (1 - self.targets * scores).clamp_(min=0).double().square().sum(0)
        return 0.5 * weights.double().square().sum(1) + self.C * loss

    def factor(self) -> torch.Tensor | None:
        """The Cholesky factor (D + 1, D + 1) of the Hessian with every picture active, estimated from some of them.

        Nearly all pictures lie within the margin, so this preconditioner leaves few steps to conjugate gradients.
        """
        width = self.features.shape[1] + 1
        if width > MOST_FACTORED:
            return None
        step = max(1, len(self.features) // (FACTOR_ROWS * width))
        some = self.features[::step]
        gram = torch.zeros(width, width)
        for _, x in read(some, width):
            rows = torch.cat([x * self.scale, x.new_ones(len(x), 1)], 1)
            gram.addmm_(rows.T, rows)
        gram *= 2 * self.C * len(self.features) / len(some)
        gram.diagonal().add_(1)
        factor, failed = torch.linalg.cholesky_ex(gram)
        return None if failed.item() else factor


def read(features: np.ndarray, rows: int | None = None) -> Iterator[tuple[slice, torch.Tensor]]:
    """Blocks of `rows` rows of features (N, D) as float32, read when it is their turn: a file's memory map will do."""
    rows = rows or max(1, NUMBERS_AT_ONCE // features.shape[1])
    for start in range(0, len(features), rows):
        block = slice(start, min(start + rows, len(features)))
        values = np.asarray(features[block])
        yield block, torch.from_numpy(values if values.flags.writeable else values.copy()).float()


def fit(
    features: np.ndarray,
    labels: np.ndarray,
    classes: int,
    *,
    C: float = PAPERS_C,
    scale: float = 1.0,
    tolerance: float = TOLERANCE,
    progress: Progress = ignore,
) -> Svm:
    """The SVM of `features` (N, D), any number type, taken `scale` times, and `labels` int (N,) in [0, classes).

    Each class's objective is at most `tolerance` relative above its minimum: it is 1-strongly convex, so its distance
    to the minimum is at most half the gradient's square. `progress(classes solved, classes)` may raise to stop.
    Raises ValueError for fewer than two classes, unequal lengths, or values that are not finite.
    """
    check(features, labels, classes, C)
    targets = torch.full((len(labels), classes), -1.0)
    targets[torch.arange(len(labels)), torch.from_numpy(np.asarray(labels, np.int64))] = 1
    problem = _Problem(features, scale, targets, C)
    with torch.inference_mode():
        weights, objective = solve(problem, tolerance, progress)
    return Svm((weights[:, :-1].T * scale).numpy(), weights[:, -1].numpy(), objective.numpy())


def check(features: np.ndarray, labels: np.ndarray, classes: int, C: float) -> None:
    """Raises ValueError as `fit` does, for features (N, D) and labels (N,)."""
    if features.ndim != 2 or len(features) != len(labels) or not len(features):
        raise ValueError(f"expected features (N, D) and N labels, got {features.shape} and {len(labels)}")
    if classes < 2 or C <= 0 or labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"expected labels in [0, classes), two classes or more, C > 0, got {classes} classes, C = {C}")
    for _, x in read(features) if features.dtype.kind == "f" else ():
        if not bool(torch.isfinite(x).all()):
            raise ValueError("expected finite features, got NaN or infinity: look at where they come from")


def solve(problem: _Problem, tolerance: float, progress: Progress) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights (K, D + 1) and objectives (K,): Newton steps, each class's until it is within the tolerance."""
    count = problem.targets.shape[1]
    weights = problem.targets.new_zeros(count, problem.features.shape[1] + 1)
    scores = torch.zeros_like(problem.targets)
    progress(0, count)
    factor = problem.factor()
    for _ in range(MOST_NEWTON):
        active = (problem.targets * scores < 1).float()
        gradient = problem.gradient(weights, scores, active)
        objective = problem.objective(weights, scores)
        left = 0.5 * gradient.double().square().sum(1) > tolerance * objective
        progress(count - int(left.sum()), count)
        if not left.any():
            break
        step, moved = conjugate_gradient(problem, factor, active, -gradient * left[:, None])
        length = line_search(problem, weights, scores, step, moved) * left
        weights, scores = weights + length[:, None] * step, scores + length * moved
    return weights, problem.objective(weights, scores)


def conjugate_gradient(
    problem: _Problem, factor: torch.Tensor | None, active: torch.Tensor, right: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """About the solution s (K, D + 1) of Hessian s = right, class by class, and X s (N, K)."""
    step, moved = torch.zeros_like(right), torch.zeros_like(problem.targets)
    residual = right.clone()
    direction = conditioned(factor, residual)
    size, enough = (residual * direction).sum(1), FORCING**2 * residual.square().sum(1)
    for _ in range(MOST_CG):
        going = residual.square().sum(1) > enough
        if not going.any():
            break
        curved, scores = problem.curvature(active, direction)
        share = torch.where(going, size / (direction * curved).sum(1).clamp_(min=TINY), 0)
        step += share[:, None] * direction
        moved += share * scores
        residual -= share[:, None] * curved
        better = conditioned(factor, residual)
        fresh = torch.where(going, (residual * better).sum(1), size)
        direction = torch.where(going[:, None], better + (fresh / size.clamp(min=TINY))[:, None] * direction, 0)
        size = fresh
    return step, moved


def conditioned(factor: torch.Tensor | None, residual: torch.Tensor) -> torch.Tensor:
    """(K, D + 1), each row solved with the factored matrix."""
    return residual.clone() if factor is None else torch.cholesky_solve(residual.T, factor).T.contiguous()


def line_search(
    problem: _Problem, weights: torch.Tensor, scores: torch.Tensor, step: torch.Tensor, moved: torch.Tensor
) -> torch.Tensor:
    """The length (K,) that minimises the objective along `step`: Newton on a convex, piecewise quadratic curve."""
    length = torch.ones(len(step))
    along, square = (weights * step).sum(1), step.square().sum(1)
    for _ in range(MOST_SEARCH):
        z = scores + length * moved
        active = (problem.targets * z < 1).float()
        slope = along + length * square + 2 * problem.C * (active * (z - problem.targets) * moved).sum(0)
        bend = square + 2 * problem.C * (active * moved * moved).sum(0)
        change = torch.where(bend > 0, slope / bend.clamp(min=TINY), 0)
        length = (length - change).clamp_(min=0)
        if bool((change.abs() < SEARCHED).all()):
            break
    return length


def decision(svm: Svm, features: np.ndarray) -> np.ndarray:
    """Features (N, D) as they were given to `fit` -> decision values float32 (N, K), the largest is the answer."""
    weights, bias = torch.from_numpy(svm.weights), torch.from_numpy(svm.bias)
    with torch.inference_mode():
        return torch.cat([x @ weights + bias for _, x in read(features)]).numpy()
