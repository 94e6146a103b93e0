"""One network at many lambdas: what does not depend on lambda is computed once, the rest by the engine's ladder.

A lambda is the first layer's (Dai et al., NeurIPS 2022, §4), in normalised units. The first gradient step D^T x is the
same for every lambda; each lambda then costs the remaining steps of the solver and the rest of the network, which the
engine runs folded, channels-last and in bfloat16, with float32 where it decides.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice, product

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.base.heavy import inference
from core.base.worker import Progress, ignore
from core.compute.coded import sdnet_of, tail_of, to_input
from core.models.sparse import SparseConv2d, steps_of, threshold
from core.networks import engine
from core.networks.card import Network

BLOCK = 256  # pictures whose first gradient step is kept at a time
CACHED = 2**18  # codes that are worked on together: about 1 MB
TILE = 2  # side of the squares of pixels that are synthesised as one (see `synthesis`)
Synthesis = Callable[[Tensor, Tensor], Tensor]


def synthesis(layer: SparseConv2d, atoms: Tensor) -> Synthesis:
    """The layer's D*z of its atoms (K, n C, k, k), exact to float32's rounding: codes, and what has the shape of the
    pictures -> pictures.

    A convolution that writes squares of pixels at once, as channels: three channels alone leave most of the processor's
    lanes empty. Its filters are the atoms as they lie at every place of a square.
    """
    (count, channels, k, _), stride, padding = atoms.shape, layer.stride, layer.padding

    def own(codes: Tensor, like: Tensor) -> Tensor:
        return layer.synthesise(codes, like, atoms)

    if TILE % stride or padding > k - 1:
        return own
    before = -(-(k - 1 - padding) // stride)  # codes before a square's own that reach into it
    reach = (TILE - 1 + padding) // stride + before + 1  # codes that do, along an axis
    tiles = torch.zeros(channels, TILE, TILE, count, reach, reach)
    for (y, i, row), (x, j, column) in product(taps(k, stride, padding, before, reach), repeat=2):
        tiles[:, y, x, :, i, j] = atoms[:, :, row, column].T
    tiles = tiles.flatten(0, 2).contiguous(memory_format=torch.channels_last)

    def tiled(codes: Tensor, like: Tensor) -> Tensor:
        at = TILE // stride
        after = [
            at * (n // TILE - 1) + reach - m - before for n, m in zip(like.shape[2:], codes.shape[2:], strict=True)
        ]
        if any(side % TILE for side in like.shape[2:]) or any(one != before for one in after):
            return own(codes, like)
        return F.pixel_shuffle(F.conv2d(codes, tiles, stride=at, padding=before), TILE)

    return tiled


def taps(k: int, stride: int, padding: int, before: int, reach: int) -> list[tuple[int, int, int]]:
    """(pixel of a square, code that reaches it, tap of its atom) along an axis, wherever there is such a tap."""
    places = product(range(TILE), range(reach))
    found = [(pixel, i, pixel + padding + stride * (before - i)) for pixel, i in places]
    return [one for one in found if 0 <= one[2] < k]


@dataclass(frozen=True, eq=False)
class Started:
    """Pictures `x` (B, n C, H, W) as the layer sees them, and `first` (B, K, H', W'): their first gradient step.

    `atoms` (K, n C, k, k) are the layer's.
    """

    layer: SparseConv2d
    atoms: Tensor
    synthesis: Synthesis
    x: Tensor
    first: Tensor

    @property
    def together(self) -> int:
        """How many pictures' codes stay in the processor's cache."""
        return max(1, CACHED // self.first[0].numel())

    def codes(self, which: np.ndarray, lam: np.ndarray) -> Tensor:
        """(n, K, H', W') codes of pictures `which` (n,), each at its own lambda (n,)."""
        picked, levels = torch.from_numpy(which), torch.from_numpy(lam.astype(np.float32)).view(-1, 1, 1, 1)
        pairs = zip(torch.split(picked, self.together), torch.split(levels, self.together), strict=True)
        return torch.cat([self.solve(self.x[part], self.first[part], level) for part, level in pairs])

    def solve(self, x: Tensor, first: Tensor, level: float | Tensor) -> Tensor:
        """The layer's codes (n, K, H', W') for x (n, n C, H, W), whose first gradient step `first` is known.

        `level`: lambda, one number or a Tensor (n, 1, 1, 1) of one a picture.
        """
        layer, step = self.layer, self.layer.step_size

        def gradient(codes: Tensor) -> Tensor:
            return layer.analyse(self.synthesis(codes, x) - x, self.atoms)

        def prox(v: Tensor) -> Tensor:
            return threshold(v, step, torch.as_tensor(level), layer.mu, layer.non_negative)

        steps = steps_of(gradient, prox, first, step, layer.solver or "textbook")
        return next(islice(steps, layer.steps - 1, None))


def start(network: Network, pixels: np.ndarray) -> Started:
    """What no lambda changes of float (B, H, W, 3) pictures. Raises ValueError for a network without a dictionary."""
    layer = sdnet_of(network).dictionary
    atoms = layer.atoms.contiguous(memory_format=torch.channels_last)
    x = layer.repeated(to_input(network, pixels))
    return Started(layer, atoms, synthesis(layer, atoms), x, layer.step_size * layer.analyse(x, atoms))


def logits(
    network: Network,
    pixels: np.ndarray,
    lams: Sequence[float] | None,
    progress: Progress = ignore,
    *,
    exact: bool = False,
) -> np.ndarray:
    """float32 (L, B, classes) of float (B, H, W, 3) pictures in [0, 1] at every lambda, with float32's top-1.

    Without `lams`, of any network as it is: L = 1. `exact=True` answers all in float32. `progress(answers, all L B)`
    may raise to stop. Raises ValueError for lambdas where there is no dictionary, and without pictures or lambdas.
    """
    if lams is None:
        inputs = lambda which: to_input(network, pixels[which])  # noqa: E731
        return engine.logits(network.engine, inputs, len(pixels), progress, exact=exact).logits[None]
    return answer(network, pixels, np.repeat(np.asarray(lams, float)[:, None], len(pixels), 1), progress, exact=exact)


def logits_at(network: Network, pixels: np.ndarray, lam: np.ndarray, *, exact: bool = False) -> np.ndarray:
    """float32 (B, classes), each picture at its own lambda (B,); otherwise as `logits`.

    Raises ValueError unless there is a lambda for each picture, and as `logits` does.
    """
    if np.shape(lam) != (len(pixels),):
        raise ValueError(f"expected a lambda for each of {len(pixels)} pictures, got {np.shape(lam)}: give (B,)")
    return np.asarray(answer(network, pixels, np.asarray(lam, float)[None], exact=exact)[0])


@inference
def answer(
    network: Network, pixels: np.ndarray, lams: np.ndarray, progress: Progress = ignore, *, exact: bool = False
) -> np.ndarray:
    """(L, B, classes) for lambdas (L, B)."""
    check(lams)
    tail, found = tail_of(network), []
    for begin in range(0, len(pixels), BLOCK):
        some = lams[:, begin : begin + BLOCK]
        ready = start(network, pixels[begin : begin + BLOCK])

        def inputs(which: np.ndarray, ready: Started = ready, some: np.ndarray = some) -> Tensor:
            return ready.codes(which % some.shape[1], some.flat[which])

        def watch(done: int, _: int, before: int = begin * len(lams)) -> None:
            progress(before + done, lams.size)

        answers = engine.logits(tail, inputs, some.size, watch, exact=exact)
        found.append(answers.logits.reshape(*some.shape, -1))
    return np.concatenate(found, axis=1)


def mean_square(left: Tensor) -> Tensor:
    """(B, C, H, W) -> (B,)."""
    return left.square().flatten(1).mean(1)


def roughness(left: Tensor) -> Tensor:
    """(B, C, H, W), sides of 3 or more -> (B,): the deviation of white noise with as large second differences.

    From their mean magnitude (Immerkær 1996): what is smooth, as a picture's shading is, does not count.
    """
    once = left.new_tensor([1.0, -2.0, 1.0])
    twice = torch.outer(once, once)[None, None] / 6  # so that white noise keeps its deviation
    rough = F.conv2d(left.flatten(0, 1)[:, None], twice).abs()
    return math.sqrt(math.pi / 2) * rough.reshape(len(left), -1).mean(1)


@inference
def residuals(
    network: Network,
    pixels: np.ndarray,
    lams: Sequence[float],
    progress: Progress = ignore,
    measure: Callable[[Tensor], Tensor] = mean_square,
) -> np.ndarray:
    """float32 (L, B): `measure` of x - D*z, by default its mean square over a picture's values, in normalised units.

    The first layer alone. Pictures, progress and errors as in `logits`.
    """
    check(np.repeat(np.asarray(lams, float)[:, None], len(pixels), 1))
    found = []
    for begin in range(0, len(pixels), BLOCK):
        ready = start(network, pixels[begin : begin + BLOCK])
        pieces = (torch.split(whole, ready.together) for whole in (ready.x, ready.first))
        for x, first in zip(*pieces, strict=True):
            rebuilt = (ready.synthesis(ready.solve(x, first, lam), x) for lam in lams)
            found.append(torch.stack([measure(x - again) for again in rebuilt]))
        progress(min(begin + BLOCK, len(pixels)) * len(lams), len(pixels) * len(lams))
    return torch.cat(found, 1).numpy()


def check(lams: np.ndarray) -> None:
    """Raises ValueError where there is nothing to answer, or one of the lambdas (L, B) is below 0."""
    if not lams.size:
        raise ValueError(f"expected pictures and lambdas, got {lams.shape[1]} and {lams.shape[0]}: give one or more")
    if not (lams >= 0).all():
        raise ValueError(f"expected lambdas of 0 or more, got {lams.min()}: a negative one rewards large codes")
