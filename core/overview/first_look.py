"""Results that are packaged with the app, so that a visitor's first page is finished on arrival.

`receptive first-look` writes them; a page uses one only if picture, weights and settings are the very same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.base.records import Damaged, read_back
from core.networks import packaged as networks
from core.networks.intact import digest as digest_of
from core.networks.packaged import Card
from core.networks.weights import ASSETS

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

FOLDER = ASSETS / "results" / "first_look"


def key(cards: Sequence[Card], picture: str, params: DataclassInstance) -> dict[str, Any]:
    """What a packaged result was made from: the picture's digest, each weights file's digest, and the settings."""
    return {"picture": picture, "networks": files(cards), "params": asdict(params)}


def files(cards: Sequence[Card]) -> list[list[str | None]]:
    """The name of each network, with its weights file's digest. Raises WeightsError for a file that cannot be read."""
    return [[card.name, digest_of(card.file) if card.file else None] for card in cards]


def packaged(slug: str) -> dict[str, Any] | None:
    """A study's packaged result with its key; None without one, or if it is damaged: then it is computed anew."""
    path = FOLDER / f"{slug}.json"
    if not path.exists():
        return None
    with suppress(Damaged), read_back(path):
        record = json.loads(path.read_text())
        return {"key": dict(record["key"]), "result": dict(record["result"])}
    return None


def find(slug: str, cards: Sequence[Card], picture: str, params: DataclassInstance) -> dict[str, Any] | None:
    """The fields of the packaged result of a study made from exactly this, or None."""
    record = packaged(slug)
    return dict(record["result"]) if record and record["key"] == key(cards, picture, params) else None


def latest(slug: str, cards: Sequence[Card]) -> dict[str, Any] | None:
    """The fields of the packaged result of a study made with these networks, whatever else it was made from."""
    record = packaged(slug)
    return dict(record["result"]) if record and record["key"]["networks"] == files(cards) else None


def write() -> Iterator[tuple[Path, str]]:
    """Make every study's packaged result again; yields each file and its finding."""
    from core.base.files import write_json
    from core.pictures.samples import DEFAULT_SAMPLE, load_sample
    from core.studies.patch import evidence
    from core.studies.shift import sweep
    from core.studies.sparse import codes

    image = load_sample(DEFAULT_SAMPLE)
    for study, names, rounded in (
        (sweep, networks.DEFAULT_NETWORKS, {"probability": 5, "top1_probability": 5}),
        (evidence, networks.DEFAULT_BAGNETS, {"evidence": 3}),
        (codes, networks.DEFAULT_SDNETS, dict.fromkeys(codes.ARRAYS, 5)),
    ):
        loaded, params = [networks.load(networks.find(name)) for name in names], study.Params()
        fields = study.as_dict(study.run(loaded, image, params))
        for name, digits in rounded.items():
            fields[name] = round_all(fields[name], digits)
        slug = study.__name__.rpartition(".")[2]
        about = {"key": key([n.card for n in loaded], image.digest, params), "command": "receptive first-look"}
        write_json(FOLDER / f"{slug}.json", {**about, "result": fields}, indent=None)
        yield FOLDER / f"{slug}.json", study.finding(study.from_dict(fields), [n.card.title for n in loaded])
    yield from write_random()


def write_random() -> Iterator[tuple[Path, str]]:
    """The digits in random-feature space: the maps of all three spaces, and the accuracy that goes with them."""
    from core.base.files import write_json
    from core.data import named, own
    from core.studies.random import features
    from core.studies.random import maps as random_maps

    train, test = (named.load("digits", split=split) for split in ("train", "test"))
    digest, params, drawn = named.digest(train, test), features.Params(), random_maps.Params()
    network = networks.load(networks.find(networks.CEILINGS["digits"]))
    maps = random_maps.run(own.together(train, test), params.spec(1), network, drawn)
    accuracy = features.run("digits", train, test, params)
    for slug, made_of, fields, finding in (
        ("random_maps", key([network.card], digest, drawn), random_maps.as_dict(maps), random_maps.finding(maps)),
        (
            "random_features",
            key([], digest, params),
            features.as_dict(accuracy),
            features.finding(accuracy),
        ),
    ):
        path = FOLDER / f"{slug}.json"
        write_json(path, {"key": made_of, "command": "receptive first-look", "result": fields}, indent=None)
        yield path, finding


def round_all(values: Any, digits: int) -> Any:
    """Nested lists of numbers, rounded: a packaged picture needs no more."""
    return [round_all(v, digits) for v in values] if isinstance(values, list) else round(values, digits)
