"""Which head reads lite0's features of photographs best, and what does each say to the reader's own?

The transfer of Kabir et al. (arXiv 2007.03347, the paper's last tables: Caltech-101 is one of them) on features that
come along (core.compute.gallery): four heads, one recipe, every seed of all on the same batches.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.base.heavy import nn, torch
from core.base.records import REINSTALL, Damaged
from core.base.records import read as read_record
from core.base.softmax import softmax
from core.base.worker import Progress, each, ignore
from core.compute import gallery, spaces
from core.compute.gallery import Gallery
from core.networks import engine, weights
from core.networks.card import Network
from core.pictures.image import RGBImage
from core.pictures.preprocess import seen, to_tensor
from core.pictures.samples import SAMPLES, load_sample
from core.studies.spinal import so_far, transfer
from core.studies.spinal.heads import FOLDER
from core.studies.spinal.so_far import SoFar
from core.studies.spinal.transfer import HEADS, Features, Head, Params

DATASET = "Caltech-101's photographs"
RECORD, HEADS_FILE = FOLDER / "photographs.json", FOLDER / "photographs.safetensors"
PLAN = Params(epochs=20)
SHIPPED_SEED = 0  # of the heads that answer
UNLIKE = 0.95  # of the test photographs, at least, are more alike to what was learned from than one that is unlike it


@dataclass(frozen=True, eq=False)
class Result:
    """`accuracy` (H, S) in [0, 1] of the test photographs after the last epoch, by head and seed."""

    params: Params
    heads: tuple[Head, ...]
    train: int
    test: int
    accuracy: np.ndarray


@functools.lru_cache(maxsize=1)  # a page and each of its jobs ask for the same
def features_of(found: Gallery) -> Features:
    """The gallery's features, each with mean 0 and deviation 1 over the photographs to learn from."""
    mean, scale = spaces.standard(found.features[: found.train])
    values = ((found.features - mean) / scale).astype(np.float32)
    known, asked = values[: found.train], values[found.train :]
    of = found.labels[: found.train], found.labels[found.train :]
    return Features(gallery.NETWORK, DATASET, known, of[0], asked, of[1], found.classes)


@dataclass(frozen=True, eq=False)
class Answers:
    """What H heads say to one photograph: `probability` (H, K) over `classes`."""

    heads: tuple[Head, ...]
    classes: tuple[str, ...]
    picture: str
    probability: np.ndarray

    @property
    def top1(self) -> np.ndarray:
        """(H,)"""
        return np.asarray(self.probability.argmax(1))

    @property
    def said(self) -> list[str]:
        """Each head's answer in words."""
        return [self.classes[i] for i in self.top1]


def answer(found: Gallery, image: RGBImage, network: Network, progress: Progress = ignore) -> Answers:
    """What the heads that come along say to a photograph. Raises WeightsError where their file is damaged."""
    nets = heads(found, PLAN)
    return asked(nets, found, image, standardised(found, image, network), progress)


def asked(
    nets: Mapping[Head, nn.Module], found: Gallery, image: RGBImage, x: torch.Tensor, progress: Progress = ignore
) -> Answers:
    """What heads say to the features (1, D) of a photograph."""
    rows = []
    for head in each(list(nets), progress):
        with torch.inference_mode():
            rows.append(softmax(nets[head](x).numpy())[0])
    return Answers(tuple(nets), found.names, image.digest, np.stack(rows))


def standardised(found: Gallery, image: RGBImage, network: Network) -> torch.Tensor:
    """float32 (1, D): what the heads see of a photograph."""
    mean, scale = spaces.standard(found.features[: found.train])
    return torch.from_numpy((gallery.features_of(network, [image]) - mean) / scale).float()


def comes_along(head: Head, params: Params) -> bool:
    """Whether the head that comes along is the one that these settings would train."""
    if head in ("linear", "hidden"):  # the spinal head's sizes are nothing to them
        return replace(params, seeds=PLAN.seeds, width=PLAN.width, layers=PLAN.layers, split=PLAN.split) == PLAN
    return replace(params, seeds=PLAN.seeds) == PLAN


def states(found: Gallery, params: Params, progress: Progress = ignore) -> dict[str, np.ndarray]:
    """The weights of every head that does not come along, trained now from SHIPPED_SEED, as HEADS_FILE names them,
    each of the same shape as there.

    `progress` may raise to stop. Raises ValueError for a spinal head with more parts than features.
    """
    told = features_of(found)
    made: dict[str, np.ndarray] = {}
    for head in each([head for head in HEADS if not comes_along(head, params)], progress):
        net = transfer.trained_on(told, params, head, SHIPPED_SEED)
        made |= {f"{head}.{name}": value.numpy() for name, value in net.state_dict().items()}
    return made


def heads(found: Gallery, params: Params, trained: Mapping[str, np.ndarray] | None = None) -> dict[Head, nn.Module]:
    """Every head in eval mode: from what `states` has `trained` (same shapes), else from the file that comes along.

    Raises WeightsError where that is damaged.
    """
    packaged, fresh = weights.read_state(HEADS_FILE), {k: torch.from_numpy(v) for k, v in (trained or {}).items()}
    made: dict[Head, nn.Module] = {}
    for head in HEADS:
        net = transfer.build_head(params, head, found.features.shape[1], len(found.classes))
        state = packaged if comes_along(head, params) else fresh
        mine = {name.removeprefix(f"{head}."): v for name, v in state.items() if name.startswith(f"{head}.")}
        weights.load_into(net, mine)
        made[head] = net.eval()
    return made


@dataclass(frozen=True, eq=False)
class Look:
    """One photograph before the heads: their `answers`, how the spinal one comes to its own, the share of the test
    photographs that are `more_alike` to those that the heads have learned from, and the network's own answer, of its
    own labels: its name and its probability.
    """

    answers: Answers
    so_far: SoFar
    more_alike: float
    own: tuple[str, float]

    @property
    def unlike(self) -> bool:
        """Whether the photograph is unlike those that the heads have learned from."""
        return self.more_alike >= UNLIKE


def look(
    found: Gallery,
    image: RGBImage,
    network: Network,
    params: Params,
    trained: Mapping[str, np.ndarray],
    progress: Progress = ignore,
) -> Look:
    """All that is said of one photograph. `trained`: what `states` made. Raises as `heads`."""
    nets, x = heads(found, params, trained), standardised(found, image, network)
    own = engine.logits(
        network.engine, to_tensor(seen(image, network.preprocessing)[None], network.preprocessing).__getitem__, 1,
        exact=True,
    ).probability[0]  # fmt: skip
    best = int(own.argmax())
    return Look(
        asked(nets, found, image, x, progress),
        so_far.read(nets["spinal"], x),  # type: ignore[arg-type]
        float((likenesses(found) > nearest(found, x.numpy())).mean()),
        (network.labels[best], float(own[best])),
    )


def best_known(found: Gallery, network: Network, progress: Progress = ignore) -> str:
    """The name of the sample picture that the spinal head is surest about where the other heads agree and it is like
    what they learned from. `progress(samples done, samples)` may raise to stop; raises as `heads`."""
    nets, sure = heads(found, PLAN), {}
    for sample in each(SAMPLES, progress):
        image = load_sample(sample.name)
        x = standardised(found, image, network)
        told = asked(nets, found, image, x)
        alike = float((likenesses(found) > nearest(found, x.numpy())).mean()) < UNLIKE
        agreed = len(set(told.top1.tolist())) == 1
        sure[sample.name] = (alike and agreed, float(told.probability[told.heads.index("spinal")].max()))
    return max(sure, key=lambda name: sure[name])


def nearest(found: Gallery, vectors: np.ndarray) -> np.ndarray:
    """(n,) cosines of vectors (n, D), as the heads see them, with the nearest photograph that they learned from."""
    known = features_of(found).train
    known = known / np.linalg.norm(known, axis=1, keepdims=True)
    return np.asarray((vectors / np.linalg.norm(vectors, axis=1, keepdims=True) @ known.T).max(1))


@functools.lru_cache(maxsize=1)
def likenesses(found: Gallery) -> np.ndarray:
    """(M,) `nearest` of every test photograph: what a newcomer's is compared with."""
    return nearest(found, features_of(found).test)


def finding(answers: Answers) -> str:
    """What each head says to the photograph, and whether they agree."""
    sure = answers.probability.max(1)
    if len(set(answers.said)) == 1:
        listed = ", ".join(f"{HEADS[head]} {p:.2f}" for head, p in zip(answers.heads, sure, strict=True))
        return f"All heads say {answers.said[0]}: {listed}."
    told = zip(answers.heads, answers.said, sure, strict=True)
    return "The heads disagree: " + ", ".join(f"{HEADS[head]} says {word} ({p:.2f})" for head, word, p in told) + "."


def there() -> tuple[Result, dict[str, str]]:
    """The record that comes along. Raises Damaged where it is missing or damaged, OSError."""
    found = measured()
    if found is None:
        raise Damaged(f"expected {RECORD.name} of the heads on photographs, found none: {REINSTALL}")
    return found


def measured(path: Path = RECORD) -> tuple[Result, dict[str, str]] | None:
    """What `receptive measure spinal:photographs` wrote, with where it came from; None without the file."""
    return read_record(path, Result)
