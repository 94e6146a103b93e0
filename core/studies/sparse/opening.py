"""Which noise shows, on this picture, what lambda can do?

One picture bears more noise than another: under what is chosen for the first, the next is lost at every lambda. So a
noise is looked for at which the answer, taken by the noise, comes back (Dai et al., NeurIPS 2022, §4.3). It is chosen
for its effect, and the page says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.base.softmax import softmax
from core.base.worker import Progress, ignore
from core.compute import coded
from core.networks.card import Network
from core.pictures import noise
from core.pictures.image import RGBImage
from core.pictures.preprocess import seen
from core.studies.sparse.codes import Params

KINDS = ("impulse", "gaussian", "speckle")  # in this order, until one is good ENOUGH
LAMS = (0.5, 0.9, 1.4)  # tried under a noise that changes the answer
LEVELS = 2  # of each kind: the weakest that changes the answer, and the next
ENOUGH = 0.3  # of the answer's probability once it is back


@dataclass(frozen=True)
class Opening:
    """A noise of `level`, and the `lam` at which the answer is surest under it; of how many noises `tried` it was
    chosen, and whether it is one that lambda `rescued` the answer from. If none is, it is the strongest of its kind
    that leaves the answer as it is, and "none" of level 0 where each of them changes it."""

    noise: str
    level: float
    lam: float
    tried: int
    rescued: bool


@dataclass(frozen=True, eq=False)
class Asked:
    """An SDNet before a `clean` picture (H, W, 3) in [0, 1], of which it says class `wanted` at its `trained` lambda;
    `tried`: the noises so far."""

    network: Network
    clean: np.ndarray
    trained: float
    wanted: int
    tried: set[tuple[str, float]]

    def back(self, kind: str, level: float, lams: tuple[float, ...]) -> np.ndarray:
        """(L,) the probability of `wanted` under a noise at each lambda, 0 where the answer is another one."""
        self.tried.add((kind, level))
        noisy = noise.add(self.clean[None], kind, level, [Params.seed])[0]
        shares = softmax(coded.logits_along(self.network, noisy, np.array(lams)))
        return np.asarray(np.where(shares.argmax(1) == self.wanted, shares[:, self.wanted], 0))

    def weakest(self, kind: str) -> int:
        """Index of the weakest level that changes the answer, by bisection; the number of levels if none does."""
        levels = noise.KINDS[kind].levels
        low, high = 0, len(levels)
        while low < high:
            middle = (low + high) // 2
            if self.back(kind, levels[middle], (self.trained,))[0]:
                low = middle + 1
            else:
                high = middle
        return low


def run(network: Network, image: RGBImage, progress: Progress = ignore) -> Opening:
    """Look for the noise. `progress(kinds done, kinds)` may raise to stop.

    Raises ValueError for a network without a coding layer.
    """
    clean = seen(image, network.preprocessing).astype(np.float32) / 255
    trained = float(coded.sdnet_of(network).dictionary.lam)
    wanted = int(coded.logits_along(network, clean, np.array([trained]))[0].argmax())
    asked = Asked(network, clean, trained, wanted, set())
    best, left, most, strength = (noise.NONE, 0.0, trained), (noise.NONE, 0.0), 0.0, 0.0
    progress(0, len(KINDS))
    for done, kind in enumerate(KINDS, 1):
        levels = noise.KINDS[kind].levels
        first = asked.weakest(kind)
        if first / len(levels) > strength:
            left, strength = (kind, levels[first - 1]), first / len(levels)
        for level in levels[first : first + LEVELS]:
            back = asked.back(kind, level, LAMS)
            if back.max() > most:
                best, most = (kind, level, LAMS[int(back.argmax())]), float(back.max())
        enough = most >= ENOUGH
        progress(len(KINDS) if enough else done, len(KINDS))
        if enough:
            break
    if most:
        return Opening(*best, len(asked.tried), True)
    return Opening(*left, trained, len(asked.tried), False)
