"""Gradient steps up a network's loss, for pictures of [0, 1]: one loop, and a norm as three small functions.

Projected gradient descent (Madry et al. 2018). Each start is random in the ball; each step is projected onto the ball
and the box of pixels. A picture is left in peace as soon as it is fooled.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.base.heavy import torch
from core.base.worker import Progress, ignore

ON_THE_PICTURE, NEVER = -1, 2**15  # in place of a restart and a step
Answers = Callable[["torch.Tensor"], "torch.Tensor"]  # pixels (B, C, H, W) -> logits (B, K), differentiable
Value = Callable[["torch.Tensor", "torch.Tensor"], "torch.Tensor"]  # logits (B, K) and labels (B,) -> (B,)


@dataclass(frozen=True)
class Norm:
    """`step`: gradient (B, C, H, W) -> steepest ascent of unit length, nothing where there is no gradient;
    `project`: offsets float64 (B, C, H, W) and a radius -> the nearest offsets in the ball; `start`: uniform in the
    unit ball, of a picture's shape.
    """

    step: Callable[[torch.Tensor], torch.Tensor]
    project: Callable[[torch.Tensor, float], torch.Tensor]
    start: Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


def _lengths(pictures: torch.Tensor) -> torch.Tensor:
    """(B, 1, 1, 1) lengths in L2, above 0."""
    found: torch.Tensor = pictures.double().flatten(1).norm(dim=1).clamp(min=1e-300)
    return found[:, None, None, None]


def _in_l2(dice: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    drawn = dice.standard_normal(shape)
    drawn *= dice.uniform() ** (1 / drawn.size) / np.linalg.norm(drawn)
    return drawn


LINF = Norm(
    lambda gradient: torch.sign(gradient),
    lambda offset, eps: offset.clamp(-eps, eps),
    lambda dice, shape: dice.uniform(-1, 1, shape),
)
L2 = Norm(
    lambda gradient: gradient / _lengths(gradient),
    lambda offset, eps: offset * (eps * (1 - 1e-12) / _lengths(offset)).clamp(max=1),
    _in_l2,
)
NORMS = {"linf": LINF, "l2": L2}


def loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross-entropy float64 (B,): where a network is very sure, float32's softmax has no gradient left."""
    return torch.nn.functional.cross_entropy(logits.double(), labels, reduction="none")


def gradient(
    answers: Answers, pictures: torch.Tensor, labels: torch.Tensor, value: Value = loss
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Logits (B, K), `value` of them (B,), and its gradient in the pictures (B, C, H, W)."""
    x = pictures.detach().requires_grad_()
    logits = answers(x)
    found = value(logits, labels)
    (slope,) = torch.autograd.grad(found.sum(), x)
    return logits.detach(), found.detach(), slope


def ascend(
    answers: Answers,
    clean: torch.Tensor,
    truth: torch.Tensor,
    norm: Norm,
    *,
    eps: float,
    stride: float,
    steps: int,
    restarts: int,
    seed: int,
    progress: Progress = ignore,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Move pictures float32 (B, C, H, W) away from the labels `truth` (B,), within `eps`, `stride` a step.

    Gives the pictures float32 (B, H, W, C) that fooled, else of the highest loss; that loss (B,), in nats; and restart
    and step int (B,) at which each was fooled: both ON_THE_PICTURE where it was answered wrongly as it is, NEVER where
    nothing fooled. `progress` may raise to stop.
    """
    kept, highest = clean.clone(), torch.full((len(clean),), -float("inf"))
    restart, step = torch.full((2, len(clean)), NEVER)

    def judge(x: torch.Tensor, which: torch.Tensor, r: int, s: int) -> torch.Tensor:
        """Keep what is the best so far; the gradient (n, C, H, W)."""
        logits, losses, slope = gradient(answers, x, truth[which])
        wrong, losses = logits.argmax(1) != truth[which], losses.float()
        better = wrong | (losses > highest[which])
        kept[which[better]], highest[which[better]] = x[better], losses[better]
        restart[which[wrong]], step[which[wrong]] = r, s
        return slope

    judge(clean, torch.arange(len(clean)), ON_THE_PICTURE, ON_THE_PICTURE)
    total = restarts * (steps + 1)
    for r in range(restarts if eps > 0 else 0):
        which = torch.nonzero(restart == NEVER)[:, 0]
        x = start(clean[which], norm, eps, (seed, r))
        for s in range(steps + 1):
            progress(r * (steps + 1) + s, total)
            if not len(which):
                break
            slope = judge(x, which, r, s)
            left = restart[which] == NEVER
            which, x, slope = which[left], x[left], slope[left]
            x = project(clean[which], x + stride * norm.step(slope), norm, eps)
    progress(total, total)
    return kept.movedim(1, -1).numpy(), highest.numpy(), restart.numpy(), step.numpy()


def start(clean: torch.Tensor, norm: Norm, eps: float, seed: tuple[int, int]) -> torch.Tensor:
    """Uniform in the ball around each picture (B, C, H, W), then clipped to [0, 1]; it depends on no other picture."""
    noise = torch.empty_like(clean)
    for i, picture in enumerate(clean.numpy()):
        dice = np.random.default_rng((*seed, zlib.crc32(picture.tobytes())))
        noise[i] = torch.from_numpy(norm.start(dice, picture.shape))
    return project(clean, clean + eps * noise, norm, eps)


def project(clean: torch.Tensor, moved: torch.Tensor, norm: Norm, eps: float) -> torch.Tensor:
    """The nearest to `moved` in the ball around `clean`, both (B, C, H, W), clipped to [0, 1].

    float32, and no rounding takes it outside of either.
    """
    centre = clean.double()
    offset = norm.project(moved.double() - centre, eps)
    answer = (centre + offset).clamp(0, 1).float()
    outside = (answer.double() - centre).abs() > offset.abs()
    return torch.where(outside, torch.nextafter(answer, clean), answer)
