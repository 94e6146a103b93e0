"""Which pixels belong to the object in a box? GrabCut (Rother, Kolmogorov & Blake 2004) on superpixels.

What lies outside the box is background. Two mixtures of colours, the object's and the background's, and the colour
edges between neighbouring superpixels decide about what lies inside, by a minimum cut; then the mixtures are fitted
anew, a few times over.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image

from core.base.heavy import color, segmentation, sk_exceptions, sk_mixture, sp_sparse, sparse_graph

LEAST = 0.1  # of the box: what is found is smaller than any object that is worth a box
LONGEST = 256  # px; a larger picture is segmented at this size
SUPERPIXEL = 5  # px, side of a superpixel
SMALLEST_SUPERPIXEL = 2  # px; small pictures have a hundred superpixels or more
FEW_SUPERPIXELS = 20  # along the shorter side
COMPACTNESS = 10.0  # SLIC's: the weight of place against colour, in LAB units
COLOURS = 5  # of each mixture, as GrabCut has it
ROUNDS = 5
SMOOTHNESS = 12.0  # cost of a whole superpixel's side between equal colours, in nats
LEAST_VARIANCE = 4.0  # LAB units squared: a colour that is narrower cannot be seen to be
WORST = 40.0  # nats; one odd superpixel must not outweigh all its neighbours
UNITS = 1000  # capacities are whole numbers of 1 / UNITS nats


@dataclass(frozen=True)
class Box:
    """A box in shares of the picture's height and width, 0 at top and left, 1 at bottom and right.

    Raises ValueError for a box that is empty or leaves the picture.
    """

    top: float = 0.15
    left: float = 0.15
    bottom: float = 0.85
    right: float = 0.85

    def __post_init__(self) -> None:
        if not (0 <= self.top < self.bottom <= 1 and 0 <= self.left < self.right <= 1):
            raise ValueError(
                f"expected 0 <= top < bottom <= 1 and 0 <= left < right <= 1, got {self}: draw the box inside"
            )

    def inside(self, height: int, width: int) -> np.ndarray:
        """bool (H, W): the pixels in the box, at least one."""
        found = np.zeros((height, width), bool)
        found[span(self.top, self.bottom, height), span(self.left, self.right, width)] = True
        return found


MIDDLE = Box()


def span(low: float, high: float, side: int) -> slice:
    """The pixels of a side between two shares of it, at least one."""
    first = min(round(low * side), side - 1)
    return slice(first, max(first + 1, round(high * side)))


def mask(image: np.ndarray, box: Box) -> np.ndarray:
    """The object in the box: uint8 (H, W, 3) -> bool (H, W), never empty and never outside the box.

    Where no object stands out from what is around it (a box over the whole picture, a flat picture, less than LEAST of
    the box found) it is the box.
    Raises ValueError for anything but a uint8 picture of three colours.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f"expected a uint8 picture (H, W, 3), got {image.dtype} {image.shape}: convert it first")
    height, width = image.shape[:2]
    inside = box.inside(height, width)
    small = shrunk(image)
    found = cut_out(small, box.inside(*small.shape[:2]))
    rows = np.arange(height) * small.shape[0] // height
    columns = np.arange(width) * small.shape[1] // width
    object_ = found[rows[:, None], columns] & inside
    return object_ if object_.sum() >= LEAST * inside.sum() else inside


def shrunk(image: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3) -> the picture with at most LONGEST pixels along its longer side."""
    height, width = image.shape[:2]
    share = LONGEST / max(height, width)
    if share >= 1:
        return image
    size = (max(1, round(width * share)), max(1, round(height * share)))
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BILINEAR))


def cut_out(image: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """bool (H, W): the superpixels of the object, of those that lie mostly inside; `inside` if all are."""
    lab = color.rgb2lab(image)
    segments = superpixels(image)
    count = segments.max() + 1
    area = np.bincount(segments.ravel(), minlength=count)
    colours = np.stack([np.bincount(segments.ravel(), lab[..., c].ravel(), count) / area for c in range(3)], 1)
    maybe = np.bincount(segments.ravel(), inside.ravel(), count) > area / 2
    if maybe.all() or not maybe.any():
        return inside
    pairs, costs = edges(segments, colours)
    is_object = maybe
    for _ in range(ROUNDS):
        against = likelihood_cost(colours, is_object)
        chosen = minimum_cut(against, maybe, pairs, costs)
        if not chosen.any() or (chosen == is_object).all():
            break
        is_object = chosen
    return inside if (is_object == maybe).all() else np.asarray(is_object[segments])


def superpixels(image: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3) -> int (H, W): SLIC's segments 0..n-1."""
    height, width = image.shape[:2]
    side = max(SMALLEST_SUPERPIXEL, min(SUPERPIXEL, min(height, width) // FEW_SUPERPIXELS))
    count = max(1, height * width // side**2)
    found = segmentation.slic(image, count, COMPACTNESS, start_label=0, channel_axis=-1)
    return np.unique(found, return_inverse=True)[1].reshape(found.shape)


def edges(segments: np.ndarray, colours: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Neighbouring superpixels (E, 2), and what it costs (E,) in nats to part them: less across a colour edge."""
    sides = [
        (segments[:, :-1], segments[:, 1:]),
        (segments[:-1], segments[1:]),
    ]
    touching = np.concatenate([np.stack([a.ravel(), b.ravel()], 1) for a, b in sides])
    touching = np.sort(touching[touching[:, 0] != touching[:, 1]], axis=1)
    pairs, length = np.unique(touching, axis=0, return_counts=True)
    apart = np.square(colours[pairs[:, 0]] - colours[pairs[:, 1]]).sum(1)
    typical = max(2 * float(apart.mean()), LEAST_VARIANCE) if len(apart) else 1.0
    return pairs, SMOOTHNESS * length / max(1.0, float(length.mean())) * np.exp(-apart / typical)


def likelihood_cost(colours: np.ndarray, is_object: np.ndarray) -> np.ndarray:
    """(2, n) nats: how badly each superpixel's colour fits the mixture of the background, and of the object."""
    fits = []
    for which in (~is_object, is_object):
        own = colours[which]
        parts = min(COLOURS, len(np.unique(own.round(3), axis=0)))
        mixture = sk_mixture.GaussianMixture(parts, random_state=0, reg_covar=LEAST_VARIANCE)
        with warnings.catch_warnings():  # a mixture that has not quite settled is good enough
            warnings.simplefilter("ignore", sk_exceptions.ConvergenceWarning)
            mixture.fit(own if len(own) > 1 else own.repeat(2, 0))
        fits.append(-mixture.score_samples(colours))
    best = np.minimum(*fits)
    return np.asarray(np.minimum(np.stack(fits) - best, WORST))


def minimum_cut(against: np.ndarray, maybe: np.ndarray, pairs: np.ndarray, costs: np.ndarray) -> np.ndarray:
    """bool (n,): the superpixels on the object's side of the cheapest cut; those that are not `maybe` never are."""
    n = len(maybe)
    source, sink = n, n + 1  # object and background
    every = np.arange(n)
    certain = round(UNITS * (WORST + SMOOTHNESS * n))
    to_sink = np.where(maybe, np.rint(UNITS * against[1]), certain)
    to_source = np.where(maybe, np.rint(UNITS * against[0]), 0)
    between = np.rint(UNITS * costs)
    rows = np.concatenate([np.full(n, source), every, pairs[:, 0], pairs[:, 1]])
    columns = np.concatenate([every, np.full(n, sink), pairs[:, 1], pairs[:, 0]])
    values = np.concatenate([to_source, to_sink, between, between]).astype(np.int32)
    capacity = sp_sparse.csr_array((values, (rows, columns)), shape=(n + 2, n + 2))
    left = capacity - sparse_graph.maximum_flow(capacity.tocsr(), source, sink).flow
    left.data = np.maximum(left.data, 0)
    left.eliminate_zeros()
    reached = sparse_graph.breadth_first_order(left, source, return_predecessors=False)
    chosen = np.zeros(n + 2, bool)
    chosen[reached] = True
    return np.asarray(chosen[:n] & maybe)
