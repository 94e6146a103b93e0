"""Which little patches made the network say so?

A BagNet's logits are the mean over its q x q patches' own logits, so each patch's evidence for a class can be read
off exactly (Brendel & Bethge, ICLR 2019, §2 and Figure 2): on the network's own grid, or around every pixel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from core.base.settings import check, setting
from core.base.softmax import softmax
from core.base.worker import Progress, each, ignore, part
from core.compute import patches, placing
from core.compute.patches import Leaf
from core.models.receptive_field import seen_of
from core.networks import lite, quoting
from core.networks.card import Card, Network
from core.networks.own_options import Opened
from core.pictures.image import RGBImage
from core.pictures.preprocess import to_tensor, whole
from core.studies import first_look, quoted
from core.studies.patch.scramble import listed

Resolution = Literal["coarse", "full"]
RESOLUTIONS: tuple[Resolution, ...] = ("coarse", "full")
SHORT_LIMITS = (48, 320)  # pixels
FEW_CLASSES = 32  # up to this many classes a full map keeps them all, so that another class costs nothing
CLIP = 99  # percentile of |evidence| at which the colours end (the paper's)


@dataclass(frozen=True)
class Params:
    """`short`: side in px to which the picture's short side is scaled, None for the networks' own input size.

    `target`: class index, None for the one that most of the networks answer (`voted`); `other`: the class whose
    evidence is subtracted, None for none; `resolution`: patches of the network's own grid, or around every pixel.

    Raises ValueError for a side or a resolution that does not exist.
    """

    short: int | None = setting(
        None, "Short side in px that the networks see.", limits=SHORT_LIMITS, unit="a short side of {} px"
    )
    target: int | None = setting(
        None, "Class label or index; by default what most of the networks answer.", is_class=True, option="--class"
    )
    other: int | None = setting(None, "A class whose evidence is subtracted.", is_class=True, option="--against")
    resolution: Resolution = setting(
        "full", "coarse (the network's own grid) or full (every pixel).", choices=RESOLUTIONS
    )

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, eq=False)
class Map:
    """`values` (C, h, w): evidence for `classes` of the patches centred at pixel rows `y` and columns `x`."""

    y: np.ndarray
    x: np.ndarray
    classes: tuple[int, ...]
    values: np.ndarray

    def of(self, target: int, other: int | None = None) -> np.ndarray:
        """(h, w) evidence for a class, less that for another."""
        mine = self.values[self.classes.index(target)]
        return np.asarray(mine if other is None else mine - self.values[self.classes.index(other)])


@dataclass(frozen=True, eq=False)
class Result:
    """M networks on one picture of `height` x `width` px as they see it. Evidence has the unit of the logits.

    `evidence[m]` (h, w) is that for `target` (less that for `other`) of the q x q patches centred at the pixels
    `y[m]`, `x[m]`; the mean of the network's own grid is its logit. `patches[m]`: how many its own grid has. Where
    `patch[m]` is 0 the map is a class activation map: each position has seen nearly all of the picture. `map_says[m]`:
    the class whose evidence has the largest mean over the map, -1 where it was not made for all of them.
    """

    models: tuple[str, ...]
    labels: tuple[str, ...]
    picture: str  # digest
    height: int
    width: int
    resolution: Resolution
    target: int
    other: int | None
    patch: tuple[int, ...]
    patches: tuple[int, ...]
    logits: np.ndarray  # (M, K)
    y: tuple[np.ndarray, ...]
    x: tuple[np.ndarray, ...]
    evidence: tuple[np.ndarray, ...]
    map_says: tuple[int, ...] = ()


def has_map(card: Card) -> bool:
    """Whether the network of a card tells every position's own logits: a BagNet, or lite0 and its copies."""
    return bool(card.patch) or lite.is_family(card.arch)


def is_refined(card: Card) -> bool:
    """Whether a network's map can be drawn around every pixel within seconds: the BagNets'."""
    return bool(card.patch) and not lite.is_family(card.arch)


def seen(network: Network, image: RGBImage, short: int | None) -> np.ndarray:
    """uint8 (H, W, 3): the picture as the network sees it.

    Raises ValueError if a patch of it would not fit in.
    """
    pixels = whole(image, short or network.preprocessing.size)
    if network.card.patch is not None and min(pixels.shape[:2]) < network.card.patch:
        raise ValueError(f"expected a short side of {network.card.patch} px or more, got {short}: choose a larger one")
    return pixels


def coarse(network: Network, pixels: np.ndarray, progress: Progress = ignore) -> Map:
    """Evidence for every class on the network's own grid, in one dense pass over the picture uint8 (H, W, 3) (§2).

    Of a network that pads it is the class activation map (Zhou et al., CVPR 2016), by the same identity.
    Raises ValueError for a network whose logits are not means over positions.
    """
    net = patches.evident(network)
    values = patches.evidence(net, to_tensor(pixels, network.preprocessing))
    progress(1, 1)
    height, width = pixels.shape[:2]
    down, across = values.shape[1:]
    found = placing.of_patches(net.patch, height, width) if net.patch else placing.padded((down, across), height, width)
    # whole px: of an even number the second of the two that a middle lies between
    y, x = (np.floor(at + 0.5).astype(int) for at in (found.y, found.x))
    return Map(y, x, tuple(range(len(values))), values)


def phases(
    network: Network,
    pixels: np.ndarray,
    classes: Sequence[int],
    progress: Progress = ignore,
    *,
    step: int = 1,
    after: int | None = None,
) -> list[Leaf]:
    """Exact evidence around every `step`-th pixel of uint8 (H, W, 3), without those that `after` has
    (core.compute.patches).

    Raises ValueError for a network that is no BagNet, and for a step that is not of core.compute.patches.STEPS.
    """
    net = patches.bagnet_of(network)
    head = patches.head_of(net, classes)
    return patches.collect(net, to_tensor(pixels, network.preprocessing), head, progress, step=step, after=after)


def composed(found: Sequence[Leaf], pixels: np.ndarray, classes: Sequence[int], step: int) -> Map:
    """The map, in pixels of the picture (H, W, 3), of all phases down to `step`."""
    height, width = pixels.shape[:2]
    values = patches.compose(found, height, width, step)
    return Map(np.arange(0, height, step), np.arange(0, width, step), tuple(classes), values)


def full(network: Network, pixels: np.ndarray, classes: Sequence[int], progress: Progress = ignore) -> Map:
    """Exact evidence for some classes of the patch around every pixel of uint8 (H, W, 3). ValueError if no BagNet."""
    return composed(phases(network, pixels, classes, progress), pixels, classes, 1)


def kept_classes(count: int, target: int, other: int | None) -> tuple[int, ...]:
    """The classes that a full map keeps: all of a few, else those asked for."""
    asked_for = {target} if other is None else {target, other}
    return tuple(range(count)) if count <= FEW_CLASSES else tuple(sorted(asked_for))


def run(networks: Sequence[Network], image: RGBImage, params: Params, progress: Progress = ignore) -> Result:
    """The evidence maps of every network. All must be BagNets that share their labels.

    Raises ValueError: no network, no BagNet, other labels, a class that does not exist, too small a side.
    """
    if not networks or any(n.labels != networks[0].labels for n in networks):
        raise ValueError(
            f"expected networks that share labels, got {[n.card.name for n in networks]}: compare a family"
        )
    pixels = [seen(n, image, params.short) for n in networks]
    passes = 2 if params.resolution == "full" else 1
    grids = [coarse(n, p) for n, p in each(list(zip(networks, pixels, strict=True)), part(progress, 0, passes))]
    maps = grids
    if params.resolution == "full":
        target = asked(networks[0].labels, [g.values.mean((1, 2)) for g in grids], params)
        classes = kept_classes(len(networks[0].labels), target, params.other)
        watch = part(progress, 1, passes)
        maps = [
            full(n, p, classes, part(watch, i, len(networks))) if is_refined(n.card) else grid
            for i, (n, p, grid) in enumerate(zip(networks, pixels, grids, strict=True))
        ]
    return assemble(networks, grids, maps, image, pixels[0], params)


def packaged(cards: Sequence[Card], image: RGBImage, params: Params) -> Result | None:
    """The Result that comes along, if it was made from exactly this."""
    return first_look.find("patch_evidence", Result, cards, image.digest, params)


def voted(logits: Sequence[np.ndarray]) -> int:
    """The class that most of the networks answer, of their logits (K,); of several, that of the greatest mean
    probability, and of equals the first."""
    answers = [int(one.argmax()) for one in logits]
    mean = np.mean([softmax(one) for one in logits], 0)
    return min(answers, key=lambda c: (-answers.count(c), -mean[c], c))


def asked(labels: Sequence[str], logits: Sequence[np.ndarray], params: Params) -> int:
    """The class asked for; by default what the networks of `logits` (K,) answer together (`voted`).

    Raises ValueError for a class that does not exist, and where it is the one whose evidence is to be subtracted.
    """
    target = voted(logits) if params.target is None else params.target
    for index in (target, params.other):
        if index is not None and not 0 <= index < len(labels):
            raise ValueError(f"expected a class of 0 to {len(labels) - 1}, got {index}: choose one of them")
    if target == params.other:
        raise ValueError(
            f"expected two classes to compare, got {labels[target]} for both: subtract another one, or none, as "
            "nothing would be left"
        )
    return target


def assemble(
    networks: Sequence[Network],
    grids: Sequence[Map],
    maps: Sequence[Map],
    image: RGBImage,
    pixels: np.ndarray,
    params: Params,
) -> Result:
    """The Result from each network's own grid (all classes) and the maps to be shown, which may be the same; `pixels`
    uint8 (H, W, 3): the picture as the networks see it."""
    logits = [g.values.mean((1, 2)) for g in grids]
    target = asked(networks[0].labels, logits, params)
    height, width = pixels.shape[:2]
    return Result(
        models=tuple(n.card.name for n in networks),
        labels=networks[0].labels,
        picture=image.digest,
        height=height,
        width=width,
        resolution=params.resolution,
        target=target,
        other=params.other,
        patch=tuple(n.card.patch or 0 for n in networks),
        patches=tuple(g.values[0].size for g in grids),
        logits=np.stack(logits),
        y=tuple(m.y for m in maps),
        x=tuple(m.x for m in maps),
        evidence=tuple(m.of(target, params.other) for m in maps),
        map_says=tuple(
            int(m.values.mean((1, 2), dtype=float).argmax()) if len(m.values) == len(networks[0].labels) else -1
            for m in maps
        ),
    )


def limit(result: Result) -> float:
    """The evidence at which the colours of all maps end: the 99th percentile of |x| over all of them."""
    every = np.abs(np.concatenate([e.ravel() for e in result.evidence]))
    return float(np.percentile(every, CLIP)) or 1.0


def sides_seen(result: Result, m: int) -> tuple[int, int]:
    """The rows and columns of the picture that network m sees, from the first on; beyond them lies its blind rim."""
    if not result.patch[m]:
        return result.height, result.width
    return seen_of(result.patch[m], result.height), seen_of(result.patch[m], result.width)


def in_sight(result: Result, m: int) -> np.ndarray:
    """(h', w'): network m's evidence without that around pixels of its blind rim, which no logit depends on."""
    bottom, right = sides_seen(result, m)
    return result.evidence[m][: (result.y[m] < bottom).sum(), : (result.x[m] < right).sum()]


def half_of_the_evidence(result: Result) -> np.ndarray:
    """(M,) smallest share of the patches that holds half of the positive evidence; nan where there is none."""
    shares = []
    for m in range(len(result.evidence)):
        falling = np.sort(np.maximum(in_sight(result, m), 0).ravel())[::-1].astype(float)
        total = falling.cumsum()
        shares.append((np.searchsorted(total, total[-1] / 2) + 1) / len(total) if total[-1] > 0 else np.nan)
    return np.array(shares)


def strongest(result: Result, m: int) -> tuple[int, int]:
    """(y, x) in pixels: the centre of the patch of network m that says most for the class asked for."""
    values = in_sight(result, m)
    row, column = np.unravel_index(values.argmax(), values.shape)
    return int(result.y[m][row]), int(result.x[m][column])


def class_of(result: Result) -> str:
    """The class that the maps explain, and the one whose evidence is subtracted."""
    less = "" if result.other is None else f" rather than {result.labels[result.other]}"
    return result.labels[result.target] + less


def finding(result: Result, titles: Sequence[str]) -> str:
    """The one sentence that says what the maps show."""
    name = class_of(result)
    parts = []
    for title, share, patch in zip(titles, half_of_the_evidence(result), result.patch, strict=True):
        what = "patch" if patch else "position"
        many = what + ("es" if patch else "s")
        parts.append(f"{100 * share:.0f} % of the {many} of {title}" if np.isfinite(share) else f"no {what} of {title}")
    said = [result.labels[i] for i in result.logits.argmax(1)]
    answers = ", ".join(f"{title} says {answer}" for title, answer in zip(titles, said, strict=True))
    if len(said) > 1 and len(set(said)) == 1:
        answers = f"All say {said[0]}"
    return f"{answers}. Half of the evidence for {name} comes from {listed(parts)}."


def command(result: Result, params: Params, source: str, opened: Mapping[str, Opened] = quoting.NONE) -> str:
    """The terminal command that computes this Result again from the picture `source`, with the weights files `opened`.

    Raises quoting.Apart.
    """
    asked_for = replace(params, target=result.target)
    return quoted.command("patch-evidence", asked_for, source, result.models, opened, "--png", "map.png")


def snippet(result: Result, params: Params, source: str, opened: Mapping[str, Opened] = quoting.NONE) -> str:
    """Python lines that make the hero figure again from `core`, as `fig`."""
    seen = ", evidence.seen(nets[0], image, params.short)"
    return quoted.snippet("patch", "evidence", params, source, result.models, opened, seen)
