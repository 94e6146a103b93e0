"""Packaged results of the studies' first pictures: what a page shows before anything is computed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any, TypeVar

from core import networks
from core.base.files import ASSETS
from core.base.records import Damaged, as_json, from_json, read_back
from core.networks.card import Card
from core.networks.intact import digest as digest_of
from core.pictures.samples import DEFAULT_SAMPLE, load_sample
from core.studies.study import FirstLook

T = TypeVar("T")
FOLDER = ASSETS / "results" / "first_look"


def key(cards: Sequence[Card], picture: str, params: Any) -> dict[str, Any]:
    """What a packaged result was made from: the picture's digest, each weights file's digest, and the settings."""
    return {"picture": picture, "networks": files(cards), "params": asdict(params)}


def files(cards: Sequence[Card]) -> list[list[str | None]]:
    """The name of each network, with its weights file's digest. Raises WeightsError for a file that cannot be read."""
    return [[card.name, digest_of(card.file) if card.file else None] for card in cards]


def find(slug: str, kind: type[T], cards: Sequence[Card], picture: str, params: Any) -> T | None:
    """The packaged result of a study, a `kind`, made from exactly this, or None."""
    wanted = key(cards, picture, params)
    return _packaged(slug, kind, lambda made_from: made_from == wanted, picture)


def latest(slug: str, kind: type[T], cards: Sequence[Card]) -> T | None:
    """The packaged result of a study, a `kind`, made with these networks, whatever else it was made from."""
    wanted = files(cards)
    return _packaged(slug, kind, lambda made_from: made_from["networks"] == wanted)


def _packaged(slug: str, kind: type[T], fits: Callable[[dict[str, Any]], bool], named: str = "") -> T | None:
    """A study's packaged result if what it was made from `fits`; None if it is damaged: then it is computed anew.

    `named`: what a fitting file has in it, so that others, which may be megabytes of numbers, are not parsed.
    """
    path = FOLDER / f"{slug}.json"
    if not path.exists():
        return None
    with suppress(Damaged), read_back(path):
        text = path.read_text()
        if named not in text:
            return None
        record = json.loads(text)
        return from_json(kind, record["result"]) if fits(record["key"]) else None
    return None


def of_sample(slug: str, asked: Any, names: Sequence[str], digits: Mapping[str, int]) -> FirstLook:
    """What Study.first_looks gives of the sample picture: that study's module `asked`, with its Params by default, of
    the networks `names`, some fields rounded to `digits`."""
    image, params = load_sample(DEFAULT_SAMPLE), asked.Params()
    loaded = [networks.load(networks.find(name)) for name in names]
    result = asked.run(loaded, image, params)
    fields = as_json(result) | {name: as_json(getattr(result, name), count) for name, count in digits.items()}
    cards = [network.card for network in loaded]
    finding = asked.finding(from_json(asked.Result, fields), [card.title for card in cards])
    return slug, key(cards, image.digest, params), fields, finding
