"""Which head reads lite0's features of photographs best, and what does each say to the reader's own?

The transfer of Kabir et al. (arXiv 2007.03347, the paper's last tables: Caltech-101 is one of them) on features that
come along (core.compute.gallery): four heads, one recipe, every seed of all on the same batches.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.base.heavy import torch
from core.base.records import REINSTALL, Damaged
from core.base.records import read as read_record
from core.base.softmax import softmax
from core.base.worker import Progress, each, ignore
from core.compute import gallery, spaces
from core.compute.gallery import Gallery
from core.networks import weights
from core.networks.card import Network
from core.pictures.image import RGBImage
from core.studies.spinal import transfer
from core.studies.spinal.heads import FOLDER
from core.studies.spinal.transfer import HEADS, Features, Head, Params

DATASET = "Caltech-101's photographs"
RECORD, HEADS_FILE = FOLDER / "photographs.json", FOLDER / "photographs.safetensors"
PLAN = Params(epochs=20)
SHIPPED_SEED = 0  # of the heads that answer


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
    mean, scale = spaces.standard(found.features[: found.train])
    x = torch.from_numpy((gallery.features_of(network, [image]) - mean) / scale).float()
    state = weights.read_state(HEADS_FILE)
    rows = []
    for head in each(list(HEADS), progress):
        net = transfer.build_head(PLAN, head, x.shape[1], len(found.classes))
        mine = {name.removeprefix(f"{head}."): v for name, v in state.items() if name.startswith(f"{head}.")}
        weights.load_into(net, mine)
        with torch.inference_mode():
            rows.append(softmax(net.eval()(x).numpy())[0])
    return Answers(tuple(HEADS), found.names, image.digest, np.stack(rows))


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
