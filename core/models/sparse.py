"""Convolutional sparse coding as a layer (Dai et al., NeurIPS 2022, §3): codes instead of filter responses.

The layer's output is z = argmin 1/2 ||x - D*z||^2 + lam ||z||_1 + mu/2 ||z||^2 over z >= 0 (or signed z), where D* is a
transposed convolution with unit-norm atoms, solved by a fixed number of unrolled proximal gradient steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Literal, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.base.heavy import sp_linalg
from core.base.worker import Progress, ignore

Solver = Literal["paper", "textbook", "ista"]
SOLVERS: tuple[Solver, ...] = ("paper", "textbook", "ista")
Lambda = float | Tensor
UNFITTED_STEP = 0.1  # what the published checkpoints start from
STEP_SHARE = 0.9  # of 1/L, the paper's


def threshold(v: Tensor, step: Tensor, lam: Tensor, mu: float, non_negative: bool) -> Tensor:
    """The proximal step of step * (lam ||.||_1 + mu/2 ||.||^2), for signed or non-negative codes (B, K, H', W').

    `step` is a scalar; `lam` one too, or (B, 1, 1, 1).
    """
    t = lam * step
    # the soft threshold in this form has exact zeros inside
    kept = (v - t).relu_() if non_negative else v - torch.maximum(torch.minimum(v, t), -t)
    return kept if mu == 0 else kept / (1 + step * mu)


def steps_of(
    gradient: Callable[[Tensor], Tensor], prox: Callable[[Tensor], Tensor], first: Tensor, step: Tensor, solver: Solver
) -> Iterator[Tensor]:
    """The codes after 1, 2, 3 … steps, without end, each (B, K, H', W') as `first`, which is step * D^T x: the first
    gradient step from zero.

    "textbook" is FISTA (Beck & Teboulle 2009, §4); "paper" takes its gradient at the codes and not at the extrapolated
    point (the two agree for two steps); "ista" never extrapolates, so its objective never rises.
    """
    codes = prox(first)
    yield codes
    ahead, t = codes, (1 + math.sqrt(5)) / 2  # the second step starts where the first ended
    while True:
        at = ahead if solver == "textbook" else codes
        new = prox(torch.sub(ahead, gradient(at), alpha=float(step)))
        yield new
        following = (1 + math.sqrt(1 + 4 * t * t)) / 2
        momentum = 0.0 if solver == "ista" else (t - 1) / following
        ahead = new + momentum * (new - codes) if momentum else new
        codes, t = new, following


class CodedNetwork(Protocol):
    """A network that may begin with a sparse coding layer: SDNet, and lite0 with a coded stem."""

    @property
    def is_coded(self) -> bool:
        """Whether it does."""

    @property
    def dictionary(self) -> SparseConv2d:
        """That layer. Raises TypeError for a plain network."""

    def tail(self, codes: Tensor) -> Tensor:
        """Logits (B, K) from its codes (B, atoms, H', W')."""


class Tail(nn.Module):
    """Everything of a coded network after its codes."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, codes: Tensor) -> Tensor:
        """Codes (B, K, H', W') -> logits (B, classes)."""
        return self.net.tail(codes)  # type: ignore[no-any-return, operator]


class SparseConv2d(nn.Module):
    """(B, C, H, W) -> codes (B, K, H', W'), in place of `nn.Conv2d(C, K, kernel_size, stride, padding, bias=False)`.

    `lam` may be changed at any time, or given with a call (a number, or a Tensor (B,) of one a picture): thresholds are
    computed from it when they are needed and kept nowhere. `dictionaries` n > 1 codes n copies of the input jointly
    (weight (K, n C, k, k)). Atoms have unit norm whatever the length of `weight`'s rows. `solver` None: textbook
    FISTA; for two steps it is the paper's form. `step_size` is part of the state, as in the published checkpoints,
    and 0.1 until `fit_step` is called. Raises ValueError for an unknown solver or a number of steps below 1.
    """

    step_size: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        *,
        lam: float = 0.1,
        steps: int = 2,
        solver: Solver | None = None,
        dictionaries: int = 1,
        non_negative: bool = True,
        mu: float = 0.0,
    ) -> None:
        super().__init__()
        check(steps, solver)
        self.stride, self.padding = stride, padding
        self.lam, self.steps, self.solver, self.mu = lam, steps, solver, mu
        self.dictionaries, self.non_negative = dictionaries, non_negative
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels * dictionaries, kernel_size, kernel_size))
        nn.init.kaiming_normal_(self.weight)
        self.register_buffer("step_size", torch.tensor(UNFITTED_STEP))

    @property
    def atoms(self) -> Tensor:
        """(K, n C, k, k), each of unit norm."""
        return F.normalize(self.weight.flatten(1)).view_as(self.weight)

    def forward(self, x: Tensor, lam: Lambda | None = None) -> Tensor:
        """(B, C, H, W) -> codes (B, K, H', W') by the layer's own solver and number of steps."""
        return self.codes(x, lam)

    def codes(
        self,
        x: Tensor,
        lam: Lambda | None = None,
        steps: int | None = None,
        solver: Solver | None = None,
        progress: Progress = ignore,
    ) -> Tensor:
        """(B, K, H', W') after `steps` steps of `solver` (the layer's own by default).

        `progress(steps done, steps)` may raise to stop.
        Raises ValueError for less than one step, and for an unknown solver.
        """
        count = check(self.steps if steps is None else steps, solver)
        iterates = self.iterates(x, lam, solver)
        for done in range(1, count + 1):
            codes = next(iterates)
            progress(done, count)
        return codes

    def iterates(self, x: Tensor, lam: Lambda | None = None, solver: Solver | None = None) -> Iterator[Tensor]:
        """(B, C, H, W) -> the codes (B, K, H', W') after 1, 2, 3 … steps, without end."""
        atoms, step, repeated = self.atoms, self.step_size, self.repeated(x)
        level = self.level(x, lam)

        def gradient(codes: Tensor) -> Tensor:
            return self.analyse(self.synthesise(codes, x, atoms) - repeated, atoms)

        def prox(v: Tensor) -> Tensor:
            return threshold(v, step, level, self.mu, self.non_negative)

        first = step * self.analyse(repeated, atoms)
        return steps_of(gradient, prox, first, step, solver or self.solver or "textbook")

    def objective(self, x: Tensor, codes: Tensor, lam: Lambda | None = None) -> Tensor:
        """(B,): 1/2 ||x - D*z||^2 + lam ||z||_1 + mu/2 ||z||^2 of each picture, x the n copies for n dictionaries."""
        misfit = (self.repeated(x) - self.reconstruct(codes, x)).square().flatten(1).sum(1) / 2
        size = codes.abs().flatten(1).sum(1)
        return misfit + self.level(x, lam).flatten() * size + self.mu / 2 * codes.square().flatten(1).sum(1)

    def reconstruct(self, codes: Tensor, like: Tensor) -> Tensor:
        """D*codes, (B, n C, H, W) with `like`'s height and width."""
        return self.synthesise(codes, like, self.atoms)

    def analyse(self, repeated: Tensor, atoms: Tensor) -> Tensor:
        """D^T: n copies of the input (B, n C, H, W) -> (B, K, H', W'), correlated with `atoms`."""
        return F.conv2d(repeated, atoms, stride=self.stride, padding=self.padding)

    def synthesise(self, codes: Tensor, like: Tensor, atoms: Tensor) -> Tensor:
        """D*: codes (B, K, H', W') -> (B, n C, H, W), as high and wide as `like`, by `atoms` (K, n C, k, k)."""
        size, k = like.shape[2:], atoms.shape[2]
        missing = [
            n - ((m - 1) * self.stride - 2 * self.padding + k) for n, m in zip(size, codes.shape[2:], strict=True)
        ]
        return F.conv_transpose2d(codes, atoms, stride=self.stride, padding=self.padding, output_padding=missing)

    def repeated(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, n C, H, W): the input once for each of the n dictionaries."""
        return x if self.dictionaries == 1 else x.repeat(1, self.dictionaries, 1, 1)

    def level(self, x: Tensor, lam: Lambda | None) -> Tensor:
        """Lambda as a Tensor that broadcasts over codes (B, K, H', W'): a scalar, or (B, 1, 1, 1)."""
        value = torch.as_tensor(self.lam if lam is None else lam, dtype=x.dtype)
        return value.view(-1, 1, 1, 1) if value.ndim else value

    @torch.no_grad()
    def operator_norm(self, size: tuple[int, int], tolerance: float = 1e-6) -> float:
        """The largest eigenvalue L of D^T D for pictures of `size` (height, width), by Lanczos in float64.

        `tolerance`: relative accuracy. The gradient step is stable below 2/L, and the objective falls below 1/L.
        """
        atoms = self.atoms.double()
        shape = (1, atoms.shape[1], *size)
        like = torch.empty(1, 1, *size)

        def apply(v: np.ndarray) -> np.ndarray:
            x = torch.from_numpy(np.ascontiguousarray(v, dtype=np.float64)).view(shape)
            return self.synthesise(self.analyse(x, atoms), like, atoms).flatten().numpy()

        count = math.prod(shape)
        operator = sp_linalg.LinearOperator((count, count), matvec=apply, dtype=np.float64)
        start = np.random.default_rng(0).standard_normal(count)
        return float(sp_linalg.eigsh(operator, 1, which="LA", tol=tolerance, v0=start, return_eigenvectors=False)[0])

    @torch.no_grad()
    def fit_step(self, size: tuple[int, int], tolerance: float = 1e-6) -> None:
        """Set `step_size` to 0.9 / L for pictures of `size` (height, width); the paper's choice."""
        self.step_size.fill_(STEP_SHARE / self.operator_norm(size, tolerance))


def check(steps: int, solver: Solver | None) -> int:
    """`steps` as they are. Raises ValueError for less than one, and for an unknown solver."""
    if steps < 1:
        raise ValueError(f"expected at least one step, got {steps}: the codes after none are all zero")
    if solver is not None and solver not in SOLVERS:
        raise ValueError(f"expected a solver of {list(SOLVERS)}, got {solver!r}: choose one of them")
    return steps
