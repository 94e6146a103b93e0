"""Spinal heads at a glance: what each head answers to any picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.base.prose import section
from core.base.worker import Progress, ignore
from core.compute import gallery
from core.models.heads import SHORT
from core.networks import families
from core.networks.card import Network
from core.pictures.drawn import sort_of
from core.pictures.image import RGBImage
from core.studies.spinal import answers, photographs, transfer
from core.studies.study import Glance, Tile


@dataclass(frozen=True)
class Found:
    """What each of `heads`, by its title, says, and how sure it is; they know `classes` kinds of things."""

    heads: tuple[str, ...]
    labels: tuple[str, ...]
    probability: tuple[float, ...]
    classes: int


FOUND = Found


def networks(image: RGBImage) -> tuple[str, ...]:
    """lite0, whose features the heads of photographs read; for a drawing, the networks of digits."""
    return tuple(families.HEADED.values()) if sort_of(image) == "drawing" else (gallery.NETWORK,)


def run(networks: Sequence[Network], image: RGBImage, progress: Progress = ignore) -> Found:
    """Ask every head. Raises Damaged, OSError, WeightsError."""
    if len(networks) > 1:
        found = answers.run(networks, image, progress=progress)
        titles, classes, probability = [SHORT[head] for head in found.heads], found.labels, found.probability
    else:
        told = photographs.answer(gallery.there(), image, networks[0], progress)
        titles, classes, probability = [transfer.HEADS[head] for head in told.heads], told.classes, told.probability
    best = probability.argmax(1)
    labels = tuple(classes[k] for k in best)
    return Found(tuple(titles), labels, tuple(float(p) for p in probability.max(1)), len(classes))


def shown(found: Found, image: RGBImage) -> Glance:
    """A bar a head, and how many of them agree."""
    tiles = (
        Tile(head, words=((label, p, ""),), plain="spinal" not in head)
        for head, label, p in zip(found.heads, found.labels, found.probability, strict=True)
    )
    [(label, count)] = Counter(found.labels).most_common(1)
    heads, kinds = len(found.heads), found.classes
    said = (
        section("home", "spinal look, all", label=label, heads=heads, kinds=kinds)
        if count == heads
        else section("home", "spinal look", label=label, count=count, heads=heads, kinds=kinds)
    )
    return Glance(said, tuple(tiles))
