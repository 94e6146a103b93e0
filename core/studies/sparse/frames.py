"""A noisy picture at every lambda, as frames that a browser plays; and what turning lambda does to the answer.

After Dai et al. (NeurIPS 2022, §4.3): lambda is raised after training when the picture is noisy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from core.base.softmax import softmax
from core.base.worker import Progress, ignore
from core.compute import coded
from core.networks.card import Network
from core.pictures import noise
from core.pictures.image import RGBImage
from core.pictures.noise import Arrived
from core.studies.sparse import codes, opening
from core.studies.sparse.codes import LAMBDAS, Curves, Params
from core.studies.sparse.figures import address, to_bytes

TOP = 3  # answers shown
FEW = opening.LAMS  # come first: where what was looked for was found
MOST = 6.0  # times the contrast that a picture is shown with
Kind = Literal["none", "stays", "lost", "rescued", "fooled"]


@dataclass(frozen=True, eq=False)
class Frames:
    """`curves` at L lambdas; `rebuilt` (L), `noisy` and `clean`: pictures of `height` x `width` px as data addresses,
    what is rebuilt at the contrast of the clean one; `clean_logits` (K,): what the network answers to the picture
    without noise, at its `training_lam`, and `twin_clean` (K,) its plain twin, empty without one; `arrived`: what the
    noise did to the picture."""

    models: tuple[str, ...]
    labels: tuple[str, ...]
    picture: str  # digest
    noise: str
    level: float
    seed: int
    training_lam: float
    height: int
    width: int
    curves: Curves
    clean_logits: np.ndarray
    twin_clean: np.ndarray
    clean: str
    noisy: str
    rebuilt: tuple[str, ...]
    arrived: Arrived

    @cached_property
    def answers(self) -> np.ndarray:
        """int (L,): the most probable class at each lambda."""
        return np.asarray(self.curves.logits.argmax(1))

    @property
    def whole(self) -> bool:
        """Whether every lambda is there, not the few of a first look."""
        return set(LAMBDAS) <= set(self.curves.lams.tolist())

    @property
    def wanted(self) -> int:
        """The class that the network answers without noise, as trained."""
        return int(self.clean_logits.argmax())

    def at(self, lam: float) -> int:
        """The frame of the nearest lambda."""
        return int(np.abs(self.curves.lams - lam).argmin())

    def best(self, frame: int) -> list[tuple[str, float]]:
        """The most probable labels of a frame, with their probabilities."""
        return top(self.curves.logits[frame], self.labels)

    @property
    def twin_best(self) -> list[tuple[str, float]]:
        """The same of the plain twin, which has one answer; none without a twin."""
        return top(self.curves.twin_logits, self.labels) if len(self.curves.twin_logits) else []


def top(logits: np.ndarray, labels: Sequence[str], count: int = TOP) -> list[tuple[str, float]]:
    """The `count` most probable labels of logits (K,), best first."""
    shares = softmax(logits)
    return [(labels[i], float(shares[i])) for i in np.argsort(-shares, kind="stable")[:count]]


@dataclass(frozen=True)
class Told:
    """What turning lambda does to the answer. `label`: without noise, of probability `sure`; `noisy`: with it, as
    trained; `first`, `last`: the lambdas between which `label` is the answer again ("rescued"), or the one from which
    on it is no longer (`first` of "lost"); `other`: what is answered from there on.

    `kind`: "none" without noise, "stays" and "lost" where the noise changed nothing, "fooled" where no lambda helps.
    """

    kind: Kind
    label: str
    sure: float
    noisy: str
    first: float = 0.0
    last: float = 0.0
    other: str = ""


def without_lambda(params: Params) -> Params:
    """Settings as the frames depend on them: whatever lambda is chosen, as the network sees the picture."""
    return replace(params, lam=Params.lam, resolution="network")


def run(
    networks: Sequence[Network],
    image: RGBImage,
    params: Params,
    progress: Progress = ignore,
    *,
    few: bool = False,
    known: Frames | None = None,
) -> Frames:
    """All frames of a picture, of `without_lambda(params)`; `few`: those of FEW lambdas and the training's.

    `known`: few that are there already, and are not made again. `progress(lambdas done, lambdas)` may raise to stop.
    Raises ValueError as `codes.run` does.
    """
    network, params = networks[0], without_lambda(params)
    curves, pixels = codes.swept(
        networks, image, params, progress, grid=FEW if few else LAMBDAS, estimates=not few,
        known=None if known is None else known.curves,
    )  # fmt: skip
    clean, noisy = codes.pictures(image, params, network.preprocessing)
    rebuilt = tuple(address(to_bytes(contrasted(picture, clean))) for picture in pixels)
    if known is not None:
        return joined(known, curves, rebuilt)
    lam = coded.sdnet_of(network).dictionary.lam
    answered = coded.logits_along(network, clean, np.array([lam]), params.steps, params.solver)
    return Frames(
        models=tuple(n.card.name for n in networks),
        labels=network.labels,
        picture=image.digest,
        noise=params.noise,
        level=params.level,
        seed=params.seed,
        training_lam=lam,
        height=clean.shape[0],
        width=clean.shape[1],
        curves=curves,
        clean_logits=answered[0],
        twin_clean=coded.answer(networks[1], clean) if len(networks) > 1 else np.empty(0),
        clean=address(to_bytes(clean)),
        noisy=address(to_bytes(noisy)),
        rebuilt=rebuilt,
        arrived=noise.arrived(clean, noisy),
    )


def joined(known: Frames, more: Curves, rebuilt: tuple[str, ...]) -> Frames:
    """The known frames and more of the same picture under the same settings, in the order of their lambdas."""
    both = known.curves, more
    lams, order = np.unique(np.concatenate([one.lams for one in both]), return_index=True)
    nonzero, psnr, logits = (
        np.concatenate([getattr(one, name) for one in both])[order] for name in ("nonzero", "psnr", "logits")
    )
    every = [*known.rebuilt, *rebuilt]
    curves = replace(more, lams=lams, nonzero=nonzero, psnr=psnr, logits=logits)
    return replace(known, curves=curves, rebuilt=tuple(every[i] for i in order))


def contrasted(picture: np.ndarray, like: np.ndarray) -> np.ndarray:
    """A picture (H, W, 3) at the contrast of another one, at most MOST times its own: two steps of the solver leave
    codes too small, and a pale picture."""
    spread = float(picture.std())
    factor = min(float(like.std()) / spread, MOST) if spread > 0 else 1.0
    return np.asarray(like.mean((0, 1)) + factor * (picture - picture.mean((0, 1))))


def told(frames: Frames) -> Told:
    """Whether turning lambda brings the answer back that the network gives without noise."""
    lams, right = frames.curves.lams, frames.answers == frames.wanted
    trained = frames.at(frames.training_lam)
    label, sure = top(frames.clean_logits, frames.labels, 1)[0]
    noisy = frames.labels[frames.answers[trained]]
    if not right[trained]:
        found = span(right, trained)
        if found is None:
            return Told("fooled", label, sure, noisy)
        return Told("rescued", label, sure, noisy, float(lams[found[0]]), float(lams[found[1]]))
    beyond = np.flatnonzero(~right[trained:])
    kind: Kind = "none" if frames.noise == "none" else "stays"
    if not len(beyond):
        return Told(kind, label, sure, noisy)
    first = trained + int(beyond[0])
    return Told("lost", label, sure, noisy, first=float(lams[first]), other=frames.labels[frames.answers[first]])


def resting(frames: Frames) -> float:
    """The lambda to look at first: the middle of where the answer is back, else the training's."""
    found = told(frames)
    return (found.first + found.last) / 2 if found.kind == "rescued" else frames.training_lam


def span(right: np.ndarray, trained: int) -> tuple[int, int] | None:
    """First and last frame of the longest run of `right` (L,) above the trained lambda, else below; None without."""
    for low, high in ((trained + 1, len(right)), (0, trained)):
        edges = np.flatnonzero(np.diff(np.r_[0, right[low:high].astype(int), 0]))
        runs = edges.reshape(-1, 2)
        if len(runs):
            start, end = runs[np.diff(runs, axis=1).argmax()]
            return low + int(start), low + int(end) - 1
    return None
