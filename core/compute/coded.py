"""A picture in the first layer of an SDNet: its codes, what they rebuild, and how the solver gets there.

Between pixels in [0, 1] and the normalised values that the layer codes; lambda is in normalised units, as the paper's.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from core.base.heavy import torch
from core.base.worker import Progress, ignore
from core.networks import engine
from core.networks.card import Network, inside
from core.networks.engine import Engine
from core.pictures.preprocess import denormalise, in_channels, normalise

if TYPE_CHECKING:
    from core.models.sparse import CodedNetwork, Solver


@dataclass(frozen=True, eq=False)
class Coded:
    """`codes` float32 (K, H', W'); `reconstruction` float32 (H, W, 3), pixels that may leave [0, 1]."""

    codes: np.ndarray
    reconstruction: np.ndarray

    @property
    def nonzero(self) -> float:
        """The share of codes that are not exactly zero."""
        return float((self.codes != 0).mean())


def sdnet_of(network: Network) -> CodedNetwork:
    """A network in float32 whose first layer codes. Raises ValueError for one without a sparse coding layer."""
    net: CodedNetwork = inside(network).plain  # type: ignore[assignment]
    if not getattr(net, "is_coded", False):
        raise ValueError(f"expected an SDNet, got {network.card.name}: choose a network with a sparse coding layer")
    return net


def tail_of(network: Network) -> Engine:
    """The network after its codes, (B, K, H', W') -> logits, in the precisions of its own engine; copies nothing.

    The norm between the codes and the first block stays: it scales what a padded convolution reads.
    """
    from core.models.sparse import Tail

    own = inside(network)
    fast = None if own.fast is None else Tail(own.fast)
    return Engine(Tail(own.plain), Tail(own.exact), fast, own.swift_tail)


def to_input(network: Network, pixels: np.ndarray) -> torch.Tensor:
    """float (..., H, W, 3) in [0, 1] -> what the network sees: float32 (..., its channels, H, W)."""
    x = torch.from_numpy(np.ascontiguousarray(pixels)).float().movedim(-1, -3)
    return normalise(in_channels(x, len(network.preprocessing.mean)), network.preprocessing)


def to_pixels(network: Network, x: torch.Tensor) -> np.ndarray:
    """The inverse of `to_input`: (..., channels, H, W) -> float32 (..., H, W, channels), which may leave [0, 1]."""
    return denormalise(x, network.preprocessing).movedim(-3, -1).numpy()


def code(
    network: Network,
    pixels: np.ndarray,
    lam: float,
    steps: int | None = None,
    solver: Solver | None = None,
    progress: Progress = ignore,
) -> Coded:
    """Code one picture, float (H, W, 3) in [0, 1], at its own resolution (§3).

    `steps` and `solver` are the network's own by default; `progress(steps done, steps)` may raise to stop.
    Raises ValueError for a network without a coding layer, for less than one step, and for an unknown solver.
    """
    layer = sdnet_of(network).dictionary
    x = to_input(network, pixels)[None]
    with torch.inference_mode():
        codes = layer.codes(x, lam, steps, solver, progress)
        rebuilt = layer.reconstruct(codes, x)[:, :3]
        return Coded(codes[0].numpy(), to_pixels(network, rebuilt[0]))


def objectives(
    network: Network, pixels: np.ndarray, lam: float, steps: int, solver: Solver, progress: Progress = ignore
) -> np.ndarray:
    """(steps,) the objective of one picture (H, W, 3) after 1, 2, … steps (§3)."""
    layer = sdnet_of(network).dictionary
    x = to_input(network, pixels)[None]
    found = []
    with torch.inference_mode():
        for codes in islice(layer.iterates(x, lam, solver), steps):
            found.append(float(layer.objective(x, codes, lam)))
            progress(len(found), steps)
    return np.array(found)


@dataclass(frozen=True, eq=False)
class Along:
    """One picture at L lambdas: `logits` (L, K), `nonzero` (L,), `reconstructions` (L, H, W, 3)."""

    logits: np.ndarray
    nonzero: np.ndarray
    reconstructions: np.ndarray


def along_lambda(
    network: Network, pixels: np.ndarray, lams: np.ndarray, steps: int | None = None, solver: Solver | None = None
) -> Along:
    """What the network answers, codes and rebuilds at each of `lams` (L,): one batch, in float32 (§4.3).

    `pixels` float (H, W, 3) in [0, 1]. Raises ValueError as `code` does.
    """
    layer = sdnet_of(network).dictionary
    x, codes = codes_along(network, pixels, lams, steps, solver)
    with torch.inference_mode():
        rebuilt = layer.reconstruct(codes, x)[:, :3]
        shares = (codes != 0).flatten(1).float().mean(1)
        return Along(answers_of(network, codes), shares.numpy(), to_pixels(network, rebuilt))


def logits_along(
    network: Network, pixels: np.ndarray, lams: np.ndarray, steps: int | None = None, solver: Solver | None = None
) -> np.ndarray:
    """float32 (L, classes): the answers of `along_lambda` alone."""
    return answers_of(network, codes_along(network, pixels, lams, steps, solver)[1])


def codes_along(
    network: Network, pixels: np.ndarray, lams: np.ndarray, steps: int | None, solver: Solver | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """What the network sees, (L, C, H, W), and its codes (L, K, H', W') at each of `lams` (L,)."""
    levels = torch.from_numpy(np.asarray(lams, np.float32))
    x = to_input(network, pixels)[None].expand(len(levels), -1, -1, -1)
    with torch.inference_mode():
        return x, sdnet_of(network).dictionary.codes(x, levels, steps, solver)


def answers_of(network: Network, codes: torch.Tensor) -> np.ndarray:
    """Codes (L, K, H', W') -> float32 logits (L, classes), with the top-1 of one at a time."""
    return engine.logits(tail_of(network), lambda which: codes[which], len(codes), exact=True).logits


def answer(network: Network, pixels: np.ndarray) -> np.ndarray:
    """(K,) float32 logits of one picture (H, W, 3) in [0, 1]."""
    x = to_input(network, pixels)[None]
    return np.asarray(engine.logits(network.engine, lambda which: x[which], 1, exact=True).logits[0])
