"""What Home shows of a picture: what a network takes it for, and each study's quick look; the sample's come along."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from core import networks
from core.base.records import as_json
from core.base.softmax import softmax
from core.base.worker import Progress, ignore
from core.networks import engine, families, lite
from core.networks.card import Card, Network
from core.pictures.drawn import sort_of
from core.pictures.image import RGBImage
from core.pictures.preprocess import seen, to_tensor
from core.pictures.samples import DEFAULT_SAMPLE, load_sample
from core.studies import STUDIES, first_look
from core.studies.study import FirstLook, Study

BEST, DIGITS = 3, 4  # answers that are told; digits after the point that are packaged
ANSWER = "home_answer"


@dataclass(frozen=True)
class NoParams:
    """A quick look has nothing to set."""


@dataclass(frozen=True)
class Answer:
    """What a network, called `title`, takes a picture for: its likeliest classes with their probabilities."""

    title: str
    labels: tuple[str, ...]
    probability: tuple[float, ...]


def answers_with(image: RGBImage) -> str:
    """The name of the network that says what a picture is: of photographs, or of digits for a drawing."""
    return families.HEADED["spinal"] if sort_of(image) == "drawing" else lite.NAME


def answer(network: Network, image: RGBImage, progress: Progress = ignore) -> Answer:
    """What it says to the picture as it is."""
    x = to_tensor(seen(image, network.preprocessing), network.preprocessing)[None]
    shares = softmax(engine.logits(network.engine, lambda which: x[which], 1, exact=True).logits[0])
    best = shares.argsort()[::-1][:BEST]
    progress(1, 1)
    return Answer(network.card.title, tuple(network.labels[k] for k in best), tuple(float(shares[k]) for k in best))


def name_of(study: Study) -> str:
    """How the packaged look of a study is called."""
    return f"home_{study.slug}"


def packaged(name: str, kind: type[Any], cards: Sequence[Card], image: RGBImage) -> Any:
    """The packaged look `name`, a `kind`, if it is of exactly this picture and these networks, else None."""
    return first_look.find(name, kind, cards, image.digest, NoParams())


def first_looks() -> Iterator[FirstLook]:
    """What Home shows of the sample picture, computed again."""
    image = load_sample(DEFAULT_SAMPLE)
    network = networks.load(networks.find(answers_with(image)))
    said = answer(network, image)
    yield ANSWER, first_look.key([network.card], image.digest, NoParams()), as_json(said), said.labels[0]
    for study in STUDIES:
        loaded = [networks.load(networks.find(name)) for name in study.looks_with(image)]
        found = study.look(loaded, image)
        made_of = first_look.key([one.card for one in loaded], image.digest, NoParams())
        yield name_of(study), made_of, as_json(found, DIGITS), study.glance(found, image).finding
