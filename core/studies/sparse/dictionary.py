"""Which atoms of the dictionary rebuild this picture?

The reconstruction is the mean colour plus a sum over atoms, D*z = sum_k D_k * z_k (Dai et al., NeurIPS 2022, §3), so
that each atom's part of it can be looked at, and the picture rebuilt from the strongest ones alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from core.base.heavy import torch
from core.base.worker import Progress, ignore
from core.compute import coded
from core.networks.card import Network
from core.studies.sparse.codes import Params, decibels, psnr

CLOSE = 0.5  # dB that one does not see
MOST_AT_ONCE, PART_VALUES = 16, 2**25  # contributions, and floats of them, that are held at a time


@dataclass(frozen=True, eq=False)
class Result:
    """One picture in K atoms of k x k pixels.

    `atoms` float32 (K, k, k, 3), unit norm in normalised values; `codes` float32 (K, H', W'), the code (i, j) belonging
    to the pixel (stride i, stride j) and those around it; `usage` (K,): the share of each channel's codes that are not
    zero; `energy` (K,): the mean square over pixels and colours of each atom's contribution D_k * z_k, in pixel values
    (contributions overlap, so the energies of all do not add up to that of the reconstruction); `order` (K,): the atoms
    by falling energy; `psnr` (K + 1,): dB between the coded picture and what the n strongest atoms rebuild (clipped to
    [0, 1]), n = 0 … K; `psnr_clean` the same against the clean picture, empty without one; `size` (H, W).
    """

    network: str
    lam: float
    stride: int
    size: tuple[int, int]
    atoms: np.ndarray
    codes: np.ndarray
    usage: np.ndarray
    energy: np.ndarray
    order: np.ndarray
    psnr: np.ndarray
    psnr_clean: np.ndarray

    @property
    def used(self) -> int:
        """How many atoms have a code that is not zero."""
        return int((self.usage > 0).sum())

    def rank(self, atom: int) -> int:
        """1 for the strongest atom."""
        return int(np.flatnonzero(self.order == atom)[0]) + 1


def run(
    network: Network,
    pixels: np.ndarray,
    params: Params,
    progress: Progress = ignore,
    *,
    clean: np.ndarray | None = None,
) -> Result:
    """Code one picture, float (H, W, 3) in [0, 1], with the lambda, steps and solver of `params`, and weigh its atoms;
    few contributions are held at a time.

    `progress(contributions computed, 2 K)` may raise to stop. Raises ValueError for a network without a coding layer,
    and for a clean picture of another size.
    """
    if clean is not None and clean.shape != pixels.shape:
        raise ValueError(f"expected a clean picture of {pixels.shape}, got {clean.shape}: give the same one")
    layer, size = coded.sdnet_of(network).dictionary, (pixels.shape[0], pixels.shape[1])
    codes = coded.code(network, pixels, params.lam, params.steps, params.solver).codes
    targets = [pixels] if clean is None else [pixels, clean]
    energy, order, curves = _weighed(network, codes, targets, progress)
    with torch.inference_mode():
        atoms = layer.atoms[:, :3].permute(0, 2, 3, 1).contiguous().numpy()
    return Result(
        network=network.card.name,
        lam=params.lam,
        stride=layer.stride,
        size=size,
        atoms=atoms,
        codes=codes,
        usage=(codes != 0).mean((1, 2)),
        energy=energy,
        order=order,
        psnr=curves[0],
        psnr_clean=curves[1] if clean is not None else np.zeros(0),
    )


def _weighed(
    network: Network, codes: np.ndarray, targets: Sequence[np.ndarray], progress: Progress
) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """The atoms' energies and order, and for each target the PSNR of what the n strongest rebuild."""
    size, count = (targets[0].shape[0], targets[0].shape[1]), len(codes)
    energy = np.zeros(count)
    for k, part in enumerate(_parts(network, codes, size, np.arange(count))):
        energy[k] = np.square(part).mean(dtype=np.float64)
        progress(k + 1, 2 * count)
    order = np.argsort(-energy, kind="stable")
    so_far = np.tile(np.array(network.preprocessing.mean, np.float32), (*size, 1))
    curves = [[psnr(target, so_far)] for target in targets]
    for n, part in enumerate(_parts(network, codes, size, order), 1):
        so_far += part
        for curve, target in zip(curves, targets, strict=True):
            curve.append(psnr(target, so_far.clip(0, 1)))
        progress(count + n, 2 * count)
    return energy, order, [np.array(curve) for curve in curves]


def _parts(network: Network, codes: np.ndarray, size: tuple[int, int], which: np.ndarray) -> Iterator[np.ndarray]:
    """The contributions D_k * z_k of the atoms `which`, one by one: float32 (H, W, 3), signed pixel values.

    Some at a time are made by one transposed convolution with a filter a contribution: one channel alone costs as much.
    """
    layer = coded.sdnet_of(network).dictionary
    like = torch.empty(1).expand(1, 1, *size)  # only its shape is asked for
    std = torch.tensor(network.preprocessing.std)
    at_once = max(1, min(MOST_AT_ONCE, PART_VALUES // (3 * size[0] * size[1])))
    for start in range(0, len(which), at_once):
        some = which[start : start + at_once]
        with torch.inference_mode():
            atoms = layer.atoms[some][:, :3] * std[:, None, None]
            apart = torch.zeros(len(some), len(some), *atoms.shape[1:])
            apart[range(len(some)), range(len(some))] = atoms
            made = layer.synthesise(torch.from_numpy(codes[some])[None], like, apart.flatten(1, 2))[0]
        for part in made.view(len(some), 3, *size):
            yield np.asarray(part.permute(1, 2, 0).numpy())


def contribution(network: Network, result: Result, atom: int) -> np.ndarray:
    """float32 (H, W, 3), signed pixel values: D_k * z_k. All of them and the mean colour are the reconstruction."""
    return next(_parts(network, result.codes, result.size, np.array([atom])))


def rebuilt(network: Network, result: Result, n: int) -> np.ndarray:
    """float32 (H, W, 3): the mean colour and the contributions of the n strongest atoms; may leave [0, 1]."""
    layer, which = coded.sdnet_of(network).dictionary, result.order[: max(n, 1)]  # torch convolves no 0 channels
    codes = torch.from_numpy(result.codes[which])[None] * (n > 0)
    with torch.inference_mode():
        made = layer.synthesise(codes, torch.empty(1).expand(1, 1, *result.size), layer.atoms[which])[0, :3]
        return coded.to_pixels(network, made)


def atom_limit(result: Result) -> float:
    """The largest tap of any atom: the contrast at which all are shown."""
    return float(np.abs(result.atoms).max())


def atom_pixels(result: Result, atom: int) -> np.ndarray:
    """uint8 (k, k, 3): an atom around mid grey, all atoms at the one contrast of `atom_limit`."""
    return signed_pixels(result.atoms[atom], atom_limit(result))


def signed_pixels(values: np.ndarray, limit: float) -> np.ndarray:
    """Signed colours (..., 3) -> uint8: 0 is mid grey, -limit and +limit are the ends."""
    shown = 127.5 + 127.5 * (values / limit if limit > 0 else values)
    return np.asarray(shown.clip(0, 255).round().astype(np.uint8))


def enough(result: Result) -> int:
    """The fewest of the strongest atoms from which on the picture is less than CLOSE dB worse than with all."""
    below = np.flatnonzero(result.psnr < result.psnr[-1] - CLOSE)
    return int(below[-1]) + 1 if len(below) else 0


def finding(result: Result) -> str:
    """The one sentence that says what is on screen."""
    count = len(result.usage)
    if not result.used:
        return (
            f"At λ = {result.lam:g} none of the {count} atoms is used: every code is zero, and the mean colour is all "
            f"that is rebuilt ({decibels(result.psnr[-1])})."
        )
    first, n = int(result.order[0]), enough(result)
    strongest = "the mean colour alone comes" if n == 0 else "the strongest alone comes" if n == 1 else ""
    return (
        f"At λ = {result.lam:g} this picture uses {result.used} of {count} atoms, most strongly atom {first} "
        f"({result.usage[first]:.0%} of its codes are not zero); {strongest or f'the {n} strongest come'} within "
        f"{CLOSE:g} dB of what all rebuild ({decibels(result.psnr[-1])} to the coded picture)."
    )


def said(result: Result, atom: int) -> str:
    """One atom in numbers."""
    if result.usage[atom] == 0:
        return f"Atom {atom} is not used at λ = {result.lam:g}: all its codes are zero, and it contributes nothing."
    return (
        f"Atom {atom}, the {ordinal(result.rank(atom))}strongest of {len(result.usage)}: "
        f"{result.usage[atom]:.1%} of its codes are not zero, the largest is {np.abs(result.codes[atom]).max():.2f}; "
        f"what it contributes has a root mean square of {math.sqrt(result.energy[atom]):.4f} of white."
    )


def ordinal(n: int) -> str:
    """What to put before "strongest": nothing, 2nd, 3rd …"""
    if n == 1:
        return ""
    end = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{end} "
