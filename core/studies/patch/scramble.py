"""Does the order of the parts matter? The picture is cut into tiles that change places (Brendel & Bethge 2019, §3).

A BagNet's logit is a mean over patches, whatever their order. It still moves a little: a patch that lies across a
seam is a new one, and a tile that moves by anything but a multiple of the stride changes where the grid falls on it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.base.heavy import torch
from core.base.refuse import SEEDS
from core.base.settings import check as check_settings
from core.base.settings import setting
from core.base.worker import Progress, ignore, part
from core.data.split import Split
from core.models.receptive_field import STRIDE
from core.networks import engine
from core.networks.card import Network
from core.networks.packaged import check_comparable
from core.pictures.preprocess import to_tensor

TILES = (1, 2, 3, 4, 6, 8, 12, 16)  # tiles per side
SMALLEST_TILE = 2  # px, where the tiles are chosen from the input's size


@dataclass(frozen=True)
class Params:
    """`tiles` per side, rising from 1 (the untouched picture); shuffle s of each has the seed `seed` + s.

    Raises ValueError for tiles that do not rise from 1, or a number of shuffles or a seed that makes no sense.
    """

    tiles: tuple[int, ...] = TILES
    shuffles: int = setting(5, limits=(1, 50))
    seed: int = setting(0, limits=SEEDS, unit="a seed of {}")

    def __post_init__(self) -> None:
        check_settings(self)
        if self.tiles[:1] != (1,) or any(a >= b for a, b in itertools.pairwise(self.tiles)):
            raise ValueError(f"expected tiles per side that rise from 1, got {self.tiles}: begin with the whole")


@dataclass(frozen=True, eq=False)
class Result:
    """M networks, T numbers of tiles per side, S shuffles; the first of the T is the untouched picture.

    `whole` (M, T): share of a BagNet's patches that no seam crosses, NaN for other networks.
    """

    models: tuple[str, ...]
    patches: tuple[int | None, ...]  # (M,) side of a BagNet's patches in px, None for other networks
    labels: tuple[str, ...]
    target: int
    tiles: tuple[int, ...]  # (T,) per side
    seed: int
    probability: np.ndarray  # (M, T, S) of the target class
    top1: np.ndarray  # (M, T, S) class index
    top1_probability: np.ndarray  # (M, T, S)
    whole: np.ndarray


def tiles_of(side: int) -> tuple[int, ...]:
    """Those of TILES that leave SMALLEST_TILE px or more a tile of a picture of `side` px."""
    return tuple(n for n in TILES if side // n >= SMALLEST_TILE)


def shuffle(pixels: np.ndarray, tiles: int, seed: int) -> np.ndarray:
    """uint8 (H, W, 3) with its tiles x tiles equal tiles in another order, in which none stays where it was.

    Where a side is no multiple of `tiles`, what is left over is a border, as even as can be, that stays untouched.
    1 tile gives the picture back. Raises ValueError for tiles smaller than a pixel.
    """
    h, w = (side // tiles if tiles > 0 else 0 for side in pixels.shape[:2])
    if min(h, w) < 1:
        raise ValueError(
            f"expected 1 to {min(pixels.shape[:2])} tiles per side for {pixels.shape[1]}x{pixels.shape[0]} px, "
            f"got {tiles}: choose fewer"
        )
    top, left = ((side - tiles * step) // 2 for side, step in zip(pixels.shape[:2], (h, w), strict=True))
    inside = slice(top, top + tiles * h), slice(left, left + tiles * w)
    cut = pixels[inside].reshape(tiles, h, tiles, w, 3).swapaxes(1, 2).reshape(tiles * tiles, h, w, 3)
    moved = cut[order(tiles * tiles, seed)].reshape(tiles, tiles, h, w, 3).swapaxes(1, 2)
    answer = pixels.copy()
    answer[inside] = moved.reshape(tiles * h, tiles * w, 3)
    return answer


def order(count: int, seed: int) -> np.ndarray:
    """(count,) a random permutation that leaves nothing in its place, each as likely as any other."""
    rng, here = np.random.default_rng(seed), np.arange(count)
    drawn = here
    while count > 1 and (drawn == here).any():  # about one permutation in e is as asked
        drawn = rng.permutation(count)
    return drawn


def share_whole(height: int, width: int, tiles: int, patch: int | None) -> float:
    """Share of the patches of a BagNet's own grid that lie within one tile (or within none) of a shuffled picture; NaN
    for a network without patches."""

    def along(length: int, side: int) -> float:
        step = length // tiles
        border = (length - tiles * step) // 2
        seams = border + step * np.arange(0, tiles + 1)
        starts = np.arange(0, length - side + 1, STRIDE)[:, None]
        return float((~((starts < seams) & (seams < starts + side)).any(1)).mean())

    if patch is None:
        return float("nan")
    return 1.0 if tiles == 1 else along(height, patch) * along(width, patch)


def run(
    networks: Sequence[Network], pixels: np.ndarray, target: int, params: Params, progress: Progress = ignore
) -> Result:
    """Every network on uint8 pixels (H, W, 3) and on all their shuffles, in float32.

    Raises ValueError if there is no network, their labels differ, or the class or so many tiles do not exist.
    """
    check(networks, target)
    size, t, s = (pixels.shape[0], pixels.shape[1]), len(params.tiles), params.shuffles
    jobs = [(1, 0)] + [(n, params.seed + i) for n in params.tiles[1:] for i in range(s)]
    pictures = [shuffle(pixels, n, seed) for n, seed in jobs[1:]]
    views = np.stack([pixels, *pictures])
    probability = [
        answers(network, views, part(progress, m, len(networks))).probability for m, network in enumerate(networks)
    ]
    # the untouched picture was asked once, and stands for all of its shuffles
    every = np.concatenate([np.zeros(s, int), np.arange(1, len(views))]).reshape(t, s)
    p = np.stack(probability)[:, every]  # (M, T, S, K)
    return Result(
        models=tuple(n.card.name for n in networks),
        patches=tuple(n.card.patch for n in networks),
        labels=networks[0].labels,
        target=target,
        tiles=params.tiles,
        seed=params.seed,
        probability=p[..., target],
        top1=p.argmax(-1),
        top1_probability=p.max(-1),
        whole=np.array([[share_whole(*size, count, n.card.patch) for count in params.tiles] for n in networks]),
    )


def answers(network: Network, views: np.ndarray, progress: Progress = ignore) -> engine.Answers:
    """What a network says to uint8 pictures (n, H, W, 3) or (n, H, W) of its own size, in float32."""
    return engine.logits(
        network.engine,
        lambda which: to_tensor(views[which], network.preprocessing),
        len(views),
        progress,
        exact=True,
    )


def check(networks: Sequence[Network], target: int) -> None:
    """Raises ValueError if there is no network, their labels differ, or the class does not exist."""
    check_comparable(networks)
    if not 0 <= target < len(networks[0].labels):
        raise ValueError(f"expected a class of 0 to {len(networks[0].labels) - 1}, got {target}: choose one of them")


def measure(
    networks: Sequence[Network],
    split: Split,
    tiles: Sequence[int] = TILES,
    seed: int = 0,
    progress: Progress = ignore,
) -> np.ndarray:
    """(M, T) accuracy in [0, 1] on a labelled set, each picture shuffled once; picture i has the seed `seed` + i.

    The same shuffled pictures go to every network, made when it is their turn, so memory stays bounded.
    """
    check(networks, 0)
    answer = np.empty((len(networks), len(tiles)))
    for m, network in enumerate(networks):
        for t, count in enumerate(tiles):

            def inputs(which: np.ndarray, network: Network = network, count: int = count) -> torch.Tensor:
                views = np.stack([shuffle(split.pixels[i], count, seed + int(i)) for i in which])
                return to_tensor(views, network.preprocessing)

            told = part(progress, m * len(tiles) + t, answer.size)
            top1 = engine.logits(network.engine, inputs, len(split), told).top1
            answer[m, t] = (top1 == split.labels).mean()
    return answer


def same_answer(result: Result) -> np.ndarray:
    """(M, T) share of the shuffles at which the top-1 is that of the untouched picture."""
    return np.asarray((result.top1 == result.top1[:, :1, :1]).mean(2))


def finding(result: Result, titles: Sequence[str], tiles: int) -> str:
    """The one sentence that says what shuffling `tiles` x `tiles` tiles does to each network."""
    t, s = result.tiles.index(tiles), result.probability.shape[2]
    mean = result.probability.mean(2)
    if tiles == 1:
        parts = [f"{p[0]:.2f} for {title}" for title, p in zip(titles, mean, strict=True)]
        return f"Untouched, the probability of {result.labels[result.target]} is {listed(parts)}."
    kept = same_answer(result)[:, t] * s
    parts = [
        f"from {p[0]:.2f} to {p[t]:.2f} for {title} (same answer at {k:.0f} of {s})"
        for title, p, k in zip(titles, mean, kept, strict=True)
    ]
    what = f"Cut into {tiles} × {tiles} tiles and shuffled, the probability of {result.labels[result.target]} goes "
    return what + f"{listed(parts)}."


def listed(parts: Sequence[str]) -> str:
    """a, b and c."""
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
