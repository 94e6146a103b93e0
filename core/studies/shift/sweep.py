"""Does a one-pixel shift change the answer?

Every network answers the picture at every shift (dy, dx) within a radius (Zhang, ICML 2019, §4.3 and Figure 1).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from core.base.settings import check, setting
from core.base.worker import Progress, ignore, part
from core.networks import engine, quoting
from core.networks.card import Network
from core.networks.engine import Answers
from core.networks.own_options import Opened
from core.networks.packaged import check_comparable
from core.pictures.image import RGBImage, from_pixels
from core.pictures.preprocess import (
    BOUNDARIES,
    Boundary,
    Frame,
    field_of_view,
    in_its_light,
    shift_offsets,
    shifted,
    to_tensor,
)
from core.studies import quoted

Line = Literal["diagonal", "horizontal", "vertical", "anti-diagonal"]
LINES: dict[Line, tuple[int, int]] = {
    "diagonal": (1, 1),
    "horizontal": (0, 1),
    "vertical": (1, 0),
    "anti-diagonal": (1, -1),
}
Resizer = Literal["none", "antialiased", "opencv", "nearest"]
RESIZERS: tuple[Resizer, ...] = get_args(Resizer)
LEAST = 8  # px of a picture that are left when it moves by its own pixels
MAX_SHIFT_LIMITS = (1, 24)  # pixels; a reflection cannot reach further than the smallest input, 32 px
ON_THE_WAY = (1, 4, 8)  # radii: a page shows what is known of these before it knows all


@dataclass(frozen=True)
class Params:
    """`max_shift` R in input pixels; `boundary`: what moves in at the edge; `target`: class index, None for the
    top-1 of the first network on the unshifted picture.

    `resizer`: with "none" the picture is scaled once and then moves by the network's pixels; with any other it moves by
    its own pixels, R of its rim left out all round, and is scaled afterwards: by the network's own filter
    ("antialiased"), or by one that skips pixels.

    Raises ValueError for a radius, a boundary or a resizer that does not exist, and for a resizer where what moves in
    is not more of the photo.
    """

    max_shift: int = setting(
        16, "Largest shift, in input pixels.", limits=MAX_SHIFT_LIMITS, unit="a largest shift of {} px"
    )
    boundary: Boundary = setting("crop", "crop, circular or reflect.", choices=BOUNDARIES)
    target: int | None = setting(None, "Class label or index; the first network's top-1 by default.", is_class=True)
    resizer: Resizer = setting(
        "none", "Move the photo by its own pixels and scale it then: antialiased, opencv or nearest.", choices=RESIZERS
    )

    def __post_init__(self) -> None:
        check(self)
        if self.resizer != "none" and self.boundary != "crop":
            raise ValueError(
                f"expected the boundary crop for a photo that moves by its own pixels, got {self.boundary}: choose crop"
            )


@dataclass(frozen=True, eq=False)
class Result:
    """M networks at S = (2R+1)^2 shifts, row by row from (-R, -R); positive moves the picture down and right.

    `top1_probability` belongs to each shift's own top-1. `float32` tells which shifts were answered in float32;
    elsewhere the probabilities are bfloat16's, whose logits strayed by at most `logit_error` where both were run.
    """

    models: tuple[str, ...]
    labels: tuple[str, ...]
    picture: str  # digest
    max_shift: int
    boundary: str
    target: int
    offsets: np.ndarray  # (S, 2) int, (dy, dx) in input pixels
    probability: np.ndarray  # (M, S) of the target class
    top1: np.ndarray  # (M, S) class index
    top1_probability: np.ndarray  # (M, S)
    float32: np.ndarray  # (M, S) bool
    logit_error: np.ndarray  # (M,)
    mean_top1: np.ndarray  # (M,) class index of the likeliest class by the mean of the probabilities over all shifts
    mean_probability: np.ndarray  # (M,) that class's mean probability

    @property
    def side(self) -> int:
        return 2 * self.max_shift + 1

    @property
    def centre(self) -> int:
        """Index of the unshifted picture."""
        return len(self.offsets) // 2

    def index(self, dy: int, dx: int) -> int:
        """Index of a shift, clamped to the map."""
        r = self.max_shift
        row, column = (min(max(d, -r), r) + r for d in (dy, dx))
        return row * self.side + column


def run(networks: Sequence[Network], image: RGBImage, params: Params, progress: Progress = ignore) -> Result:
    """Answer the picture at every shift with every network. All networks must share labels and input size.

    Raises ValueError if there is no network, or their labels differ.
    """
    check_comparable(networks)
    answers = [answer(n, image, params, part(progress, i, len(networks))) for i, n in enumerate(networks)]
    return assemble(networks, answers, image, params)


def reaches(max_shift: int) -> tuple[int, ...]:
    """The radii that a sweep is shown at on its way to `max_shift`, which is the last: each at least twice the one
    before, so that what is shown early takes a small share of the whole."""
    return (*(r for r in ON_THE_WAY if 2 * r <= max_shift), max_shift)


def answer(
    network: Network,
    image: RGBImage,
    params: Params,
    progress: Progress = ignore,
    reach: int | None = None,
    inner: Answers | None = None,
) -> Answers:
    """One network's logits (S, K) at every shift, with float32's top-1 (core.networks.engine).

    `reach`: only those of up to so many px, seen as for the whole sweep; `inner`: what is known of a smaller reach, and
    not asked again. Raises ValueError for a reach beyond `params.max_shift`.
    """
    r = params.max_shift
    offsets = shift_offsets(r if reach is None else reach)
    if reach is not None and not 0 <= reach <= r:
        raise ValueError(f"expected a reach of 0 to {r} px, got {reach}: ask for a larger sweep")
    new = np.ones(len(offsets), bool) if inner is None else abs(offsets).max(1) > reach_of(inner)
    asked = offsets[new]
    found = engine.logits(network.engine, moved(network, image, params, asked), len(asked), progress)
    return found if inner is None else _joined(new, found, inner)


def moved(network: Network, image: RGBImage, params: Params, offsets: np.ndarray) -> engine.Batch:
    """What the network sees of the picture at `offsets` (S, 2): indices (n,) -> inputs (n, C, size, size)."""
    prep, r = network.preprocessing, params.max_shift
    if params.resizer != "none":
        lit = in_its_light(image, prep)
        return lambda which: to_tensor(
            np.stack([crop_at(lit, prep, params, *d) for d in offsets[which].tolist()]), prep
        )
    view = to_tensor(field_of_view(in_its_light(image, prep), prep, r, params.boundary), prep)
    return lambda which: shifted(view, prep.size, r, offsets[which])


def reach_of(answers: Answers) -> int:
    """The radius of the sweep that these are the answers of, in px."""
    return (math.isqrt(len(answers.logits)) - 1) // 2


def _joined(new: np.ndarray, found: Answers, inner: Answers) -> Answers:
    """Those `found` where `new` (S,) is true, and the `inner` ones elsewhere."""
    logits = np.empty((len(new), found.logits.shape[1]), found.logits.dtype)
    exact = np.empty(len(new), bool)
    for where, part_of in ((new, found), (~new, inner)):
        logits[where], exact[where] = part_of.logits, part_of.exact
    return Answers(logits, exact, max(found.error, inner.error))


def assemble(networks: Sequence[Network], answers: Sequence[Answers], image: RGBImage, params: Params) -> Result:
    """The Result for `params.target` from each network's answers, as far as these reach.

    Raises ValueError for a class that does not exist.
    """
    labels, reach = networks[0].labels, reach_of(answers[0])
    unshifted = len(answers[0].logits) // 2
    target = params.target if params.target is not None else int(answers[0].top1[unshifted])
    if not 0 <= target < len(labels):
        raise ValueError(f"expected a class of 0 to {len(labels) - 1}, got {target}: choose one of them")
    probability = [a.probability for a in answers]  # M of (S, K)
    means = [average(a) for a in answers]
    return Result(
        models=tuple(n.card.name for n in networks),
        labels=labels,
        picture=image.digest,
        max_shift=reach,
        boundary=params.boundary,
        target=target,
        offsets=shift_offsets(reach),
        probability=np.stack([p[:, target] for p in probability]),
        top1=np.stack([a.top1 for a in answers]),
        top1_probability=np.stack([p.max(1) for p in probability]),
        float32=np.stack([a.exact for a in answers]),
        logit_error=np.array([a.error for a in answers]),
        mean_top1=np.array([mean.argmax() for mean in means]),
        mean_probability=np.array([mean.max() for mean in means]),
    )


def flips(result: Result) -> np.ndarray:
    """(M,) at how many shifts the top-1 differs from that of the unshifted picture."""
    return np.asarray((result.top1 != result.top1[:, [result.centre]]).sum(1))


def sureness(result: Result) -> tuple[np.ndarray, np.ndarray]:
    """(M,) the top probability of the unshifted picture, and (M,) the least over all shifts."""
    return result.top1_probability[:, result.centre], result.top1_probability.min(1)


def consistency(result: Result) -> np.ndarray:
    """(M,) share of the pairs of different shifts that agree on top-1, in [0, 1] (§4.1, on one picture)."""
    s = len(result.offsets)
    counts = np.stack([np.bincount(row, minlength=len(result.labels)) for row in result.top1])
    return np.asarray((counts * (counts - 1)).sum(1) / (s * (s - 1)))


def worst_shift(result: Result) -> np.ndarray:
    """(M,) index of the shift an adversary would choose: least probability for the class asked for (§4.3)."""
    return np.asarray(result.probability.argmin(1))


def along(result: Result, line: Line) -> np.ndarray:
    """(2R+1,) indices of the shifts on a line through the unshifted picture."""
    dy, dx = LINES[line]
    return np.array([result.index(t * dy, t * dx) for t in range(-result.max_shift, result.max_shift + 1)])


def flip_points(result: Result, line: Line) -> np.ndarray:
    """(M, 2R+1) bool: where top-1 differs from the point before on the line."""
    top1 = result.top1[:, along(result, line)]
    changed = top1[:, 1:] != top1[:, :-1]
    return np.concatenate([np.zeros((len(top1), 1), bool), changed], axis=1)


def crop_at(image: RGBImage, frame: Frame, params: Params, dy: int, dx: int) -> np.ndarray:
    """uint8 (size, size, 3): the picture as a network of that frame (a Card, or Preprocessing) sees it, moved."""
    r, size = params.max_shift, frame.size
    if params.resizer != "none":
        how = None if params.resizer == "antialiased" else params.resizer
        return field_of_view(own_pixels(image, r, dy, dx), frame, 0, "crop", how)
    view = field_of_view(image, frame, r, params.boundary)
    return np.ascontiguousarray(view[r - dy : r - dy + size, r - dx : r - dx + size])


def least_side(reach: int) -> int:
    """The shorter side, in px, of the smallest picture that moves by `reach` px of its own."""
    return 2 * reach + LEAST


def own_pixels(image: RGBImage, reach: int, dy: int, dx: int) -> RGBImage:
    """The picture without `reach` px of its rim, moved by (dy, dx) of its own pixels. Raises ValueError where it is too
    small for that."""
    height, width = image.pixels.shape[:2]
    if min(height, width) < least_side(reach):
        raise ValueError(
            f"expected a picture of {least_side(reach)} px or more to move it by {reach} of its own, got "
            f"{min(height, width)}: choose a smaller shift or a larger picture"
        )
    return from_pixels(image.pixels[reach - dy : height - reach - dy, reach - dx : width - reach - dx])


def average(answers: Answers) -> np.ndarray:
    """(K,): the mean over all shifts of the probabilities, each the softmax of one shift's logits."""
    return np.asarray(answers.probability.mean(0))


def finding(result: Result, titles: Sequence[str]) -> str:
    """The one sentence that says what the sweep found."""
    s = len(result.offsets)
    first = result.labels[result.top1[0, result.centre]]
    parts = [f"{title} at {n:,}" for title, n in zip(titles, flips(result), strict=True)]
    return (
        f"Unshifted, {titles[0]} says {first}. Of {s:,} shifts, the answer changes for "
        + (", for ".join(parts) if len(parts) < 3 else ", for ".join(parts[:-1]) + ", and for " + parts[-1])
        + "."
    )


def command(result: Result, params: Params, source: str, opened: Mapping[str, Opened] = quoting.NONE) -> str:
    """The terminal command that computes this Result again from the picture `source`, with the weights files `opened`.

    Raises quoting.Apart.
    """
    return quoted.command("shift-sweep", params, source, result.models, opened)


def snippet(result: Result, params: Params, source: str, opened: Mapping[str, Opened] = quoting.NONE) -> str:
    """Python lines that make the hero figure again from `core`, as `fig`."""
    return quoted.snippet("shift", "sweep", params, source, result.models, opened)
