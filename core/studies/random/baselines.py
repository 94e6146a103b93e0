"""What random features are compared with: untrained deep networks, and k-means features of patches.

As Xue & Roshan (arXiv 1806.05789) do. The untrained networks are torchvision's with its own initialisation, asked for
what their classifier would see. Batch norms normalise by running statistics that are set once, to those of some of the
pictures: the initial ones (mean 0, variance 1) would leave them without effect, and each batch's own would make a
picture's features depend on the batch.

k-means features are those of Coates, Lee & Ng (AISTATS 2011): patches are normalised in contrast and whitened, each
centroid answers max(0, mean distance to the centroids - distance to it), and the answers are summed over quadrants.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from core.base.heavy import F, nn, sk_cluster, torch, tv_models
from core.base.worker import Progress, each, ignore, part
from core.compute.spaces import headless

Features = Callable[..., np.ndarray]
LEAST_SIDE = 32  # pixels; below it VGG's and DenseNet's last maps vanish
BATCH = 64
STATISTICS = 256  # pictures, at even steps, that the batch norms' statistics come from


@dataclass(frozen=True)
class Baseline:
    """`run(pictures, progress, seed=0, learn_from=None)`: uint8 (N, H, W, C) -> float32 (N, D).

    What is measured on pictures without their labels (statistics, patches) is measured on `learn_from`, by default on
    `pictures` themselves: give the training pictures, else test features are not comparable with them.
    """

    title: str
    citation: str
    run: Features


# ---- untrained deep networks ---------------------------------------------------------------------


def untrained(
    pictures: np.ndarray,
    progress: Progress = ignore,
    *,
    arch: str,
    seed: int = 0,
    learn_from: np.ndarray | None = None,
) -> np.ndarray:
    """uint8 (N, H, W, C) -> float32 (N, D): the input of an untrained network's last linear layer.

    Pictures are scaled up to 32 px, grey ones repeated in three channels; pixels lie in [0, 1], less the mean of those
    to learn from and divided by their deviation, by channel. Raises ValueError for fewer than two to learn from.
    """
    base = pictures if learn_from is None else learn_from
    if len(base) < 2:
        raise ValueError(f"expected at least 2 pictures to take statistics from, got {len(base)}: give more of them")
    few = as_colour(base[np.linspace(0, len(base) - 1, min(len(base), STATISTICS)).round().astype(int)])
    mean, std = few.mean((0, 2, 3), keepdim=True), few.std((0, 2, 3), keepdim=True).clamp(min=1 / 255)
    net = fresh(arch, seed)
    found = []
    with torch.inference_mode():
        settle(net, (few - mean) / std)
        for start in range(0, len(pictures), BATCH):
            x = (as_colour(pictures[start : start + BATCH]) - mean) / std
            found.append(net(x.contiguous(memory_format=torch.channels_last)).numpy())
            progress(min(start + BATCH, len(pictures)), len(pictures))
    return np.concatenate(found)


def fresh(arch: str, seed: int) -> nn.Module:
    """torchvision's network as initialised from `seed`, in eval mode, without its last linear layer."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        net = tv_models.get_model(arch, weights=None)
    return headless(net.eval()).to(memory_format=torch.channels_last)


def as_colour(pictures: np.ndarray) -> torch.Tensor:
    """uint8 (N, H, W, C) -> float32 (N, 3, H', W') in [0, 1], scaled so that the short side has 32 px or more."""
    x = torch.from_numpy(np.ascontiguousarray(pictures)).movedim(-1, 1).float() / 255
    short = min(x.shape[-2:])
    if short < LEAST_SIDE:
        size = [round(side * LEAST_SIDE / short) for side in x.shape[-2:]]
        x = F.interpolate(x, size, mode="bilinear")
    return x.expand(-1, 3, -1, -1)


def settle(net: nn.Module, x: torch.Tensor) -> None:
    """Give every batch norm the mean and variance of what reaches it from `x` (B, 3, H, W)."""
    norms = [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
        norm.train()
    net(x)
    for norm in norms:
        norm.eval()


# ---- k-means features (Coates, Lee & Ng 2011) ----------------------------------------------------

CENTROIDS = 400
PATCH = 6
PATCHES = 50_000  # drawn to whiten and to cluster
CONTRAST_FLOOR = 10.0  # added to a patch's variance, pixels in 0..255
WHITENING_FLOOR = 0.1  # added to the variances of normalised patches
KMEANS_BATCH = 2_000
PASSES = 10
QUADRANTS = 4
AT_ONCE = 8  # pictures; their distances to the centroids take 9 MB at 32 px


@dataclass(frozen=True, eq=False)
class Codebook:
    """`mean` (P,) and `whiten` (P, P) of contrast-normalised patches, `centroids` (K, P) of whitened ones."""

    mean: np.ndarray
    whiten: np.ndarray
    centroids: np.ndarray


def k_means(
    pictures: np.ndarray,
    progress: Progress = ignore,
    *,
    seed: int = 0,
    centroids: int = CENTROIDS,
    learn_from: np.ndarray | None = None,
) -> np.ndarray:
    """uint8 (N, H, W, C) -> float32 (N, 4 * centroids). Raises ValueError for pictures smaller than a patch."""
    book = learn(pictures if learn_from is None else learn_from, seed, centroids, part(progress, 0, 2))
    return encode(pictures, book, part(progress, 1, 2))


def learn(pictures: np.ndarray, seed: int = 0, centroids: int = CENTROIDS, progress: Progress = ignore) -> Codebook:
    """A codebook from random patches of the pictures uint8 (N, H, W, C). Raises ValueError: smaller than a patch."""
    dice = np.random.default_rng(seed)
    patches = normalised(draw(pictures, PATCHES, dice))
    mean, whiten = whitening(patches)
    white = (patches - mean) @ whiten
    model = sk_cluster.MiniBatchKMeans(centroids, init="random", n_init=1, random_state=seed)
    # batch by batch, so that it can be watched and stopped
    orders = [np.array_split(dice.permutation(PATCHES), PATCHES // KMEANS_BATCH) for _ in range(PASSES)]
    for which in each([which for order in orders for which in order], progress):
        model.partial_fit(white[which])
    return Codebook(mean, whiten, model.cluster_centers_.astype(np.float32))


def draw(pictures: np.ndarray, count: int, dice: np.random.Generator) -> np.ndarray:
    """`count` patches (count, 6 * 6 * C) float32 at random places of random pictures uint8 (N, H, W, C)."""
    view = windows(pictures)
    n, rows, columns = view.shape[:3]
    which = tuple(dice.integers(0, size, count) for size in (n, rows, columns))
    return view[which].reshape(count, -1).astype(np.float32)


def windows(pictures: np.ndarray) -> np.ndarray:
    """uint8 (N, H, W, C) -> a view (N, H-5, W-5, C, 6, 6) of every patch. Raises ValueError if there is none."""
    if min(pictures.shape[1:3]) < PATCH:
        raise ValueError(f"expected pictures of {PATCH} px and more, got {pictures.shape[1:3]}: choose larger ones")
    return np.lib.stride_tricks.sliding_window_view(pictures, (PATCH, PATCH), (1, 2))


def normalised(patches: np.ndarray) -> np.ndarray:
    """Patches (..., P) less their mean, divided by their deviation."""
    centred = patches - patches.mean(-1, keepdims=True)
    return np.asarray(centred / np.sqrt(centred.var(-1, keepdims=True) + CONTRAST_FLOOR))


def whitening(patches: np.ndarray, floor: float = WHITENING_FLOOR) -> tuple[np.ndarray, np.ndarray]:
    """Mean (P,) and symmetric matrix (P, P), float32: (patches - mean) @ matrix has covariance
    V diag(d / (d + floor)) V', of patches (n, P) whose covariance is V diag(d) V' (ZCA)."""
    mean = patches.mean(0, dtype=np.float64)
    variances, directions = np.linalg.eigh(np.cov(patches.T.astype(np.float64)))
    matrix = (directions / np.sqrt(np.maximum(variances, 0) + floor)) @ directions.T
    return mean.astype(np.float32), matrix.astype(np.float32)


def triangle(white: np.ndarray, centroids: np.ndarray) -> np.ndarray:
    """Whitened patches (n, P) -> (n, K): max(0, mean distance to the centroids - distance to each)."""
    distance: np.ndarray = white @ (-2 * centroids.T)
    distance += np.square(white).sum(1, keepdims=True) + np.square(centroids).sum(1)
    np.sqrt(np.maximum(distance, 0, out=distance), out=distance)
    return np.asarray(np.maximum(distance.mean(1, keepdims=True) - distance, 0))


def encode(pictures: np.ndarray, book: Codebook, progress: Progress = ignore) -> np.ndarray:
    """uint8 (N, H, W, C) -> float32 (N, 4 K): the triangle activations summed over the four quadrants."""
    found = np.empty((len(pictures), QUADRANTS * len(book.centroids)), np.float32)
    for start in range(0, len(pictures), AT_ONCE):
        view = windows(pictures[start : start + AT_ONCE])
        n, rows, columns = view.shape[:3]
        white = (normalised(view.reshape(n * rows * columns, -1).astype(np.float32)) - book.mean) @ book.whiten
        active = triangle(white, book.centroids).reshape(n, rows, columns, -1)
        found[start : start + n] = quadrants(active).reshape(n, -1)
        progress(start + n, len(pictures))
    return found


def quadrants(maps: np.ndarray) -> np.ndarray:
    """(N, H, W, K) -> (N, 4, K): sums over the quadrants; a middle row or column belongs to the lower or right one."""
    h, w = maps.shape[1] // 2, maps.shape[2] // 2
    corners = [maps[:, r, c].sum((1, 2)) for r in (slice(h), slice(h, None)) for c in (slice(w), slice(w, None))]
    return np.stack(corners, 1)


BASELINES: dict[str, Baseline] = {
    "vgg16": Baseline("untrained VGG16", "Simonyan & Zisserman 2015", partial(untrained, arch="vgg16")),
    "resnet18": Baseline("untrained ResNet-18", "He et al. 2016", partial(untrained, arch="resnet18")),
    "densenet121": Baseline("untrained DenseNet-121", "Huang et al. 2017", partial(untrained, arch="densenet121")),
    "k-means": Baseline("k-means features", "Coates, Lee & Ng 2011", k_means),
}
