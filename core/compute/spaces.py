"""The spaces in which pictures are compared: their pixels, features that nobody learned, and a trained network's; and
how far apart, or alike, pictures are in one of them.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.base.heavy import F, nn, torch
from core.base.worker import Progress, each, ignore
from core.compute.sign_counts import Spec, build, check_pixels, features
from core.networks.card import Network
from core.pictures.digit_form import COUNTED, counted
from core.pictures.preprocess import in_channels, normalise

PIXELS, RANDOM, TRAINED = SPACES = ("pixels", "random", "trained")
WORDS = {PIXELS: "pixels", RANDOM: "random features", TRAINED: "trained network"}
BATCH = 256
FEW = 64  # pictures that the plain random network is asked about; more are worth compiling for
Metric = Literal["euclidean", "cosine"]
METRICS: tuple[Metric, ...] = ("euclidean", "cosine")
MARGINLESS = "digits"  # the data set whose pictures have no margin
ALL_BUT_EQUAL = 1e-6  # of the sum of two squared lengths


def pixels(pictures: np.ndarray, progress: Progress = ignore) -> np.ndarray:
    """uint8 (N, H, W, C) -> float32 (N, H W C) in [0, 1]."""
    progress(len(pictures), len(pictures))
    return pictures.reshape(len(pictures), -1).astype(np.float32) / 255


def random(pictures: np.ndarray, spec: Spec, progress: Progress = ignore) -> np.ndarray:
    """uint8 (N, H, W, C) -> float32 (N, spec.features) in [-1, 1]."""
    net = build(spec)
    if len(pictures) > FEW:
        return features(net, pictures, progress)
    check_pixels(net, pictures)
    with torch.inference_mode():  # the kernels of `features` take seconds to compile
        x = torch.from_numpy(np.array(pictures)).movedim(-1, 1).float() / 255
        return torch.cat([net(x[i : i + 1]) for i in each(range(len(x)), progress)]).numpy()


def trained(pictures: np.ndarray, network: Network, progress: Progress = ignore) -> np.ndarray:
    """uint8 (N, H, W, C) -> float32 (N, D): what the network's last linear layer sees, or its logits (`reader`).

    Pictures come to the network as `as_input` gives them.
    """
    net = reader(network)
    found = []
    with torch.inference_mode():
        for start in range(0, len(pictures), BATCH):
            x = as_input(pictures[start : start + BATCH], network)
            found.append(net(x).flatten(1).numpy())
            progress(min(start + BATCH, len(pictures)), len(pictures))
    return np.concatenate(found)


def reader(network: Network) -> nn.Module:
    """(B, C, S, S) -> (B, D): what the network's last linear layer sees; the logits of one that only answers. Raises
    ValueError where there is no such layer."""
    net = network.engine.exact
    return net if network.card.answers_only else headless(net)


def as_input(pictures: np.ndarray, network: Network) -> torch.Tensor:
    """uint8 (N, H, W, C) -> (N, channels, size, size) as the network wants it.

    Pictures of another size are scaled to the network's, grey ones shown to a colour network in all its channels. A
    network that learned scikit-learn's digits, which have no margin, sees grey pictures as these were made.
    """
    return scaled(counted(pictures) if is_cut(pictures.shape, network) else pictures, network)


def scaled(pictures: np.ndarray, network: Network) -> torch.Tensor:
    """`as_input` of whole pictures, uint8 (N, H, W, C) -> (N, channels, size, size), with whatever margin they have."""
    prep = network.preprocessing
    x = in_channels(torch.from_numpy(np.array(pictures)).movedim(-1, 1).float() / 255, len(prep.mean))
    if x.shape[-2:] != (prep.size, prep.size):
        x = F.interpolate(x, (prep.size, prep.size), mode="bilinear", antialias=True)
    return normalise(x, prep).contiguous(memory_format=torch.channels_last)


def is_cut(shape: tuple[int, ...], network: Network) -> bool:
    """Whether pictures of (N, H, W, C) lose their margin before the network sees them."""
    return network.card.family == MARGINLESS and shape[1:] != (COUNTED, COUNTED, 1) and shape[-1] == 1


def headless(net: nn.Module) -> nn.Module:
    """A copy of `net` whose last linear layer passes on what it is given. Raises ValueError if there is none."""
    linear = [name for name, module in net.named_modules() if isinstance(module, nn.Linear)]
    if not linear:
        raise ValueError("expected a network that ends in a linear layer, found none: choose another network")
    bare = copy.deepcopy(net)
    holder, _, leaf = linear[-1].rpartition(".")
    setattr(bare.get_submodule(holder), leaf, nn.Identity())
    return bare


def standard(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean (D,) and deviation (D,) of vectors (N, D), the latter 1 for a constant feature, which says nothing."""
    deviation = vectors.std(0)
    return vectors.mean(0), np.where(deviation > 0, deviation, 1)


def distances(queries: np.ndarray, gallery: np.ndarray, metric: Metric = "euclidean") -> np.ndarray:
    """float64 (Q, N) between vectors (Q, D) and (N, D). Cosine: 1 - cos in [0, 2]; a zero vector is 1 from all.

    Equal vectors are exactly 0 apart by the Euclidean one. Raises ValueError for another metric or other shapes.
    """
    if metric not in METRICS:
        raise ValueError(f"expected a metric of {list(METRICS)}, got {metric!r}: choose one of them")
    if queries.ndim != 2 or gallery.ndim != 2 or queries.shape[1] != gallery.shape[1]:
        raise ValueError(f"expected vectors (Q, D) and (N, D), got {queries.shape} and {gallery.shape}")
    if metric == "euclidean":
        return euclidean(queries.astype(np.float64), gallery.astype(np.float64))
    return np.asarray((1 - directions(queries) @ directions(gallery).T).clip(0, 2))


def euclidean(queries: np.ndarray, gallery: np.ndarray) -> np.ndarray:
    """float64 (Q, D), (N, D) -> (Q, N). A matrix product is ten times as fast as differences, but loses the digits of
    vectors that are all but equal: those pairs are done again."""
    sizes = np.square(queries).sum(1)[:, None] + np.square(gallery).sum(1)
    squares = sizes - 2 * queries @ gallery.T
    for q, n in np.argwhere(squares <= ALL_BUT_EQUAL * sizes):
        squares[q, n] = np.square(queries[q] - gallery[n]).sum()
    return np.asarray(np.sqrt(squares))


def directions(vectors: np.ndarray) -> np.ndarray:
    """Each row of (N, D) scaled to length 1, in float64; a row of zeros stays."""
    wide = vectors.astype(np.float64)
    length = np.linalg.norm(wide, axis=1, keepdims=True)
    return np.asarray(wide / np.where(length > 0, length, 1))


@dataclass(frozen=True)
class Similarity:
    """Mean cosine similarity of pairs `between` two classes and `within` one; the smaller their ratio, the better
    the space keeps classes apart."""

    between: float
    within: float

    @property
    def ratio(self) -> float:
        return self.between / self.within


def similarity(vectors: np.ndarray, labels: np.ndarray) -> Similarity:
    """Over all pairs of two different pictures of `vectors` (N, D); no mean is subtracted.

    A vector of zeros is like nothing, not even itself. Raises ValueError unless there are two classes and one of them
    has two pictures.
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors.astype(np.float64) / np.where(lengths > 0, lengths, 1)
    names, index, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    sums = np.zeros((len(names), vectors.shape[1]))
    np.add.at(sums, index, unit)
    inside, everything = float((sums**2).sum()), float((sums.sum(0) ** 2).sum())  # each picture with itself, too
    pairs_within, pairs = int((sizes * (sizes - 1)).sum()), len(labels) * (len(labels) - 1)
    if not pairs_within or pairs == pairs_within:
        raise ValueError(f"expected two classes or more, one with two pictures, got {len(labels)} in {len(names)}")
    itself = float((unit**2).sum())
    return Similarity((everything - inside) / (pairs - pairs_within), (inside - itself) / pairs_within)
