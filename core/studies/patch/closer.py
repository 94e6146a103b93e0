"""One patch looked at closely: its crop, its own logits, and where in the picture such patches lie.

A patch's logits are what it adds to the image's, times the number of patches (Brendel & Bethge, ICLR 2019, §2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.base.softmax import softmax
from core.base.worker import Progress, ignore
from core.compute import patches
from core.compute.patches import centres
from core.networks.card import Network
from core.pictures.preprocess import to_tensor
from core.studies.patch import evidence
from core.studies.patch.evidence import Map, Result

MOST_ALIKE = 6_000  # patches


@dataclass(frozen=True, eq=False)
class Patch:
    """A patch cut out and asked alone: `crop` uint8 (q, q, 3), its `logits` (K,) and `probability` (K,)."""

    crop: np.ndarray
    logits: np.ndarray

    @property
    def probability(self) -> np.ndarray:
        """(K,), sums to 1."""
        return softmax(self.logits)


def patch_at(network: Network, pixels: np.ndarray, y: int, x: int) -> Patch:
    """The patch around the pixel (y, x), cut out of the picture uint8 (H, W, 3) and asked alone (§2).

    Raises ValueError for a network that is no BagNet.
    """
    net = patches.bagnet_of(network)
    logits = patches.alone(net, to_tensor(pixels, network.preprocessing), np.array([[y, x]]), net.patch)[0]
    return Patch(crop_at(network, pixels, y, x), logits)


def crop_at(network: Network, pixels: np.ndarray, y: int, x: int) -> np.ndarray:
    """uint8 (q, q, 3) around a pixel; outside of the picture lies the mean colour, as the network sees it."""
    q = network.card.patch or 1
    mean = np.rint(255 * np.array(network.preprocessing.mean)).astype(np.uint8)
    field = np.broadcast_to(mean, (pixels.shape[0] + q - 1, pixels.shape[1] + q - 1, 3)).copy()
    field[q // 2 : q // 2 + pixels.shape[0], q // 2 : q // 2 + pixels.shape[1]] = pixels
    return field[y : y + q, x : x + q]


def alike_step(network: Network, pixels: np.ndarray) -> int:
    """Pixels between the patches of (H, W, 3) that are compared: their features must stay within a few dozen MB."""
    steps = [step for step in (2, 4, 8) if step == 8 or evidence.is_refined(network.card)]
    return next((s for s in steps if pixels.shape[0] * pixels.shape[1] / s**2 <= MOST_ALIKE), steps[-1])


def alike(network: Network, pixels: np.ndarray, y: int, x: int, progress: Progress = ignore, *, step: int = 4) -> Map:
    """Cosine similarity (1, h, w) in [-1, 1] of every `step`-th pixel's patch to the patch around (y, x).

    Compared are the last features less their mean over the picture, before the linear head.
    """
    net = patches.bagnet_of(network)
    view = to_tensor(pixels, network.preprocessing)
    found = patches.collect(net, view, None, progress, step=step)
    features = patches.compose(found, view.shape[1], view.shape[2], step)  # (C, h, w)
    mine = patches.feature_at(net, view, y, x)
    mean = features.mean((1, 2))
    features -= mean[:, None, None]
    mine = mine - mean
    lengths = np.linalg.norm(features, axis=0) * np.linalg.norm(mine)
    cosine = np.einsum("chw,c->hw", features, mine) / np.maximum(lengths, 1e-12)
    rows, columns = (np.arange(0, side, step) for side in view.shape[1:])
    return Map(rows, columns, (0,), cosine[None].clip(-1, 1).astype(np.float32))


def spots(found: Map, count: int, gap: int, without: tuple[int, int] | None = None) -> list[tuple[int, int, float]]:
    """Up to `count` best places (y, x, value) of a one-channel map, at least `gap` px from each other and from
    `without`."""
    values = found.values[0]
    if without:
        y, x = without
        near = (np.abs(found.y - y) < gap)[:, None] & (np.abs(found.x - x) < gap)
        values = np.where(near, -np.inf, values)
    step = int(found.y[1] - found.y[0]) if len(found.y) > 1 else gap
    chosen = apart(values, -(-gap // step), count)
    return [(int(found.y[row]), int(found.x[column]), float(values[row, column])) for row, column in chosen]


def apart(values: np.ndarray, gap: int, count: int) -> list[tuple[int, int]]:
    """(H', W') -> up to `count` (row, column), the largest first, each `gap` or more from the others along an axis.

    Of equals, the first in reading order.
    """
    left = values.astype(np.float64)
    found: list[tuple[int, int]] = []
    while len(found) < count and np.isfinite(left).any():
        i, j = (int(v) for v in np.unravel_index(left.argmax(), left.shape))
        found.append((i, j))
        left[max(0, i - gap + 1) : i + gap, max(0, j - gap + 1) : j + gap] = -np.inf
    return found


def nearest(result: Result, m: int, y: int, x: int) -> tuple[int, int]:
    """The patch of network m's own grid whose middle is nearest to a pixel: the logit is the mean over that grid."""
    rows, columns = (centres(n, result.patch[m]) for n in (result.height, result.width))
    return int(rows[np.abs(rows - y).argmin()]), int(columns[np.abs(columns - x).argmin()])


def on_grid(result: Result, m: int, y: int, x: int) -> bool:
    """Whether the patch around a pixel is one of network m's own grid."""
    return nearest(result, m, y, x) == (y, x)


def share(result: Result, m: int, patch: Patch) -> tuple[float, float]:
    """What one patch of network m's grid adds to the image's logit for the target, in logits and as its share.

    The image's logit is the mean over the grid, so a patch adds its own logit over their number (§2).
    """
    adds = float(patch.logits[result.target]) / result.patches[m]
    logit = float(result.logits[m, result.target])
    return adds, adds / logit if logit else float("nan")
