"""Does raising lambda help against somebody who knows it? Projected gradient descent (Madry et al. 2018) through the
whole unrolled network.

The question is put to the robustness that Dai et al. (NeurIPS 2022) report. The gradient is that of the cross-entropy
through every step of the solver, in float32, on pixels in [0, 1] (core.compute.attacks); each step moves by a fixed
share of eps, so more steps continue fewer ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np

from core.base.heavy import torch
from core.base.refuse import SEEDS
from core.base.settings import check, setting
from core.base.worker import Progress, ignore, part
from core.compute import attacks
from core.compute.coded import sdnet_of
from core.networks.card import Network, inside
from core.pictures.preprocess import normalise

Norm = Literal["linf", "l2"]
NORMS: tuple[Norm, ...] = ("linf", "l2")
NORM_WORDS: dict[Norm, str] = {"linf": "L∞", "l2": "L2"}
STEP_SHARE = 0.25  # of eps
CHUNK = 64  # pictures attacked at once
MOST = attacks.NEVER - 1  # steps, and restarts


@dataclass(frozen=True)
class Params:
    """`eps`: radius of the ball in pixels of [0, 1], for "l2" over all pixels and channels of a picture together.

    Raises ValueError for what does not exist.
    """

    norm: Norm = setting("linf", choices=NORMS)
    eps: float = 2 / 255
    steps: int = setting(20, limits=(1, MOST))
    restarts: int = setting(2, limits=(1, MOST))
    seed: int = setting(0, limits=SEEDS, unit="as the seed")

    def __post_init__(self) -> None:
        check(self)
        if not 0 <= self.eps < float("inf"):
            raise ValueError(f"expected an eps of 0 or more, got {self.eps}: it is a distance in pixels of [0, 1]")


@dataclass(frozen=True, eq=False)
class Result:
    """B pictures. `pictures` float32 (B, H, W, 3) in [0, 1]: the one that fooled, else the one of the highest loss.

    `fooled` bool (B,): the answer is not the label. `loss` (B,): cross-entropy of the picture kept, in nats.
    `restart`, `step` int (B,): when it was fooled: from start 0, 1, … after 0, 1, … steps; both
    core.compute.attacks.ON_THE_PICTURE where the untouched picture was answered wrongly, NEVER where nothing fooled.
    """

    pictures: np.ndarray
    fooled: np.ndarray
    loss: np.ndarray
    restart: np.ndarray
    step: np.ndarray


def attack(
    network: Network,
    pictures: np.ndarray,
    labels: np.ndarray,
    params: Params,
    lam: float | None = None,
    progress: Progress = ignore,
) -> Result:
    """Fool `network` about float (B, H, W, 3) pictures in [0, 1], away from int (B,) `labels`.

    `lam`: the first layer's lambda, which the attack knows; the layer's own by default. Where a picture's attack starts
    depends on the picture, the seed and the restart, not on the other pictures. `progress` may raise to stop.
    Raises ValueError for what are no pictures, labels that do not fit, a lambda where there is no dictionary, or a
    network that only answers.
    """
    if pictures.ndim != 4 or not len(pictures) or not (pictures.min() >= 0 and pictures.max() <= 1):
        raise ValueError(f"expected pictures (B, H, W, 3) of [0, 1], got {pictures.shape} {pictures.dtype}")
    count = len(network.labels)
    if np.shape(labels) != (len(pictures),) or np.min(labels) < 0 or np.max(labels) >= count:
        raise ValueError(f"expected {len(pictures)} labels of 0 to {count - 1}, got {labels!r}: one a picture")
    if lam is not None:
        sdnet_of(network)
    clean = torch.from_numpy(np.ascontiguousarray(pictures, dtype=np.float32)).movedim(-1, 1).contiguous()
    truth = torch.from_numpy(np.asarray(labels, np.int64))
    chunks = [slice(i, i + CHUNK) for i in range(0, len(clean), CHUNK)]
    parts = [
        attacks.ascend(
            lambda x: answers(network, x, lam),
            clean[c],
            truth[c],
            attacks.NORMS[params.norm],
            eps=params.eps,
            stride=STEP_SHARE * params.eps,
            steps=params.steps,
            restarts=params.restarts,
            seed=params.seed,
            progress=part(progress, i, len(chunks)),
        )
        for i, c in enumerate(chunks)
    ]
    pictures, loss, restart, step = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Result(pictures, restart != attacks.NEVER, loss, restart, step)


def answers(network: Network, x: torch.Tensor, lam: float | None) -> torch.Tensor:
    """Logits (B, K) of pixels (B, 3, H, W) in [0, 1], differentiable in them."""
    seen = normalise(x, network.preprocessing)
    if lam is None:
        return inside(network).plain(seen)  # type: ignore[no-any-return]
    net = sdnet_of(network)
    return net.tail(net.dictionary(seen, lam))


def curve(
    network: Network,
    pictures: np.ndarray,
    labels: np.ndarray,
    params: Params,
    eps: Sequence[float],
    lam: float | None = None,
    progress: Progress = ignore,
) -> np.ndarray:
    """bool (E, B): fooled within each of the rising radii `eps`; what fools within a smaller ball lies in the larger.

    Raises ValueError as `attack` does, and for radii that do not rise.
    """
    if not eps or any(a >= b for a, b in pairwise(eps)):
        raise ValueError(f"expected radii that rise, got {tuple(eps)}: sort them")
    fooled = np.zeros((len(eps), len(pictures)), bool)
    for e, radius in enumerate(eps):
        left = np.flatnonzero(~fooled[e])
        told = part(progress, e, len(eps))
        if len(left):
            found = attack(network, pictures[left], labels[left], replace(params, eps=radius), lam, told)
            fooled[e:, left] = found.fooled
        told(1, 1)
    return fooled


@dataclass(frozen=True, eq=False)
class Look:
    """One picture float32 (H, W, 3), `clean` and `adversarial`; probabilities (K,) `before` and `after`; the label
    attacked is the answer before.
    """

    labels: tuple[str, ...]
    clean: np.ndarray
    adversarial: np.ndarray
    before: np.ndarray
    after: np.ndarray
    step: int

    @property
    def difference(self) -> np.ndarray:
        """float32 (H, W, 3)."""
        return np.asarray(self.adversarial - self.clean)

    def distance(self, norm: Norm) -> float:
        """Length of the difference in the norm, in pixels of [0, 1]."""
        far = self.difference.astype(np.float64)
        return float(np.abs(far).max() if norm == "linf" else np.linalg.norm(far))


def look(
    network: Network, pixels: np.ndarray, params: Params, lam: float | None = None, progress: Progress = ignore
) -> Look:
    """Attack the network's own answer to one uint8 picture (H, W, 3). Raises ValueError as `attack` does."""
    clean = pixels.astype(np.float32) / 255
    before = probabilities(network, clean, lam)
    found = attack(network, clean[None], np.array([before.argmax()]), params, lam, progress)
    after = probabilities(network, found.pictures[0], lam)
    return Look(network.labels, clean, found.pictures[0], before, after, int(found.step[0]))


def verdict(found: Look, title: str, params: Params) -> str:
    """One sentence: whether the answer changed, into what, and how far the picture had to move."""
    old, new = (int(p.argmax()) for p in (found.before, found.after))
    if new == old:
        return (
            f"{title} goes on saying {found.labels[old]}, from {found.before[old]:.2f} down to {found.after[old]:.2f}: "
            f"this attack of {params.steps} steps found nothing else."
        )
    far = found.distance(params.norm)
    moved = f"{far * 255:.2f}/255" if params.norm == "linf" else f"{far:.3f}"
    return (
        f"{title} said {found.labels[old]} ({found.before[old]:.2f}) and says {found.labels[new]} "
        f"({found.after[new]:.2f}) once the picture moved by {NORM_WORDS[params.norm]} {moved}, after "
        f"{found.step} step{'' if found.step == 1 else 's'}."
    )


def probabilities(network: Network, picture: np.ndarray, lam: float | None) -> np.ndarray:
    """(K,) for float32 (H, W, 3) in [0, 1]."""
    with torch.inference_mode():
        x = torch.from_numpy(picture).movedim(-1, 0)[None]
        return np.asarray(answers(network, x, lam)[0].softmax(0).numpy())
