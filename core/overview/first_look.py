"""Results that are packaged with the app, so that a visitor's first page is finished on arrival.

`receptive first-look` writes them; a page uses one only if picture, weights and settings are the very same.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core import networks
from core.base.records import as_json, from_json
from core.networks import families
from core.studies.first_look import FOLDER, key


def write() -> Iterator[tuple[Path, str]]:
    """Make every study's packaged result again; yields each file and its finding."""
    from core.base.files import write_json
    from core.pictures.samples import DEFAULT_SAMPLE, load_sample
    from core.studies.patch import evidence
    from core.studies.shift import sweep
    from core.studies.sparse import codes

    image = load_sample(DEFAULT_SAMPLE)
    for slug, study, names, rounded in (
        ("shift_sweep", sweep, families.DEFAULT_NETWORKS, {"probability": 5, "top1_probability": 5}),
        ("patch_evidence", evidence, families.DEFAULT_BAGNETS, {"evidence": 3}),
        ("sparse_codes", codes, families.DEFAULT_SDNETS, dict.fromkeys(codes.ARRAYS, 5)),
    ):
        loaded, params = [networks.load(networks.find(name)) for name in names], study.Params()
        fields = as_json(study.run(loaded, image, params))
        for name, digits in rounded.items():
            fields[name] = round_all(fields[name], digits)
        about = {"key": key([n.card for n in loaded], image.digest, params), "command": "receptive first-look"}
        write_json(FOLDER / f"{slug}.json", {**about, "result": fields}, indent=None)
        yield FOLDER / f"{slug}.json", study.finding(from_json(study.Result, fields), [n.card.title for n in loaded])
    yield from write_random()


def write_random() -> Iterator[tuple[Path, str]]:
    """The digits in random-feature space: the maps of all three spaces, and the accuracy that goes with them."""
    from core.base.files import write_json
    from core.data import named
    from core.data import split as data_split
    from core.studies.random import features
    from core.studies.random import maps as random_maps

    train, test = (named.load("digits", split=split) for split in ("train", "test"))
    digest, params, drawn = data_split.digest(train, test), features.Params(), random_maps.Params()
    network = networks.load(networks.find(families.CEILINGS["digits"]))
    maps = random_maps.run(data_split.together(train, test), params.spec(1), network, drawn)
    accuracy = features.run("digits", train, test, params)
    for slug, made_of, fields, finding in (
        (
            "random_maps",
            key([network.card], digest, drawn),
            as_json(maps, random_maps.DECIMALS),
            random_maps.finding(maps),
        ),
        (
            "random_features",
            key([], digest, params),
            as_json(accuracy),
            features.finding(accuracy),
        ),
    ):
        path = FOLDER / f"{slug}.json"
        write_json(path, {"key": made_of, "command": "receptive first-look", "result": fields}, indent=None)
        yield path, finding


def round_all(values: Any, digits: int) -> Any:
    """Nested lists of numbers, rounded: a packaged picture needs no more."""
    return [round_all(v, digits) for v in values] if isinstance(values, list) else round(values, digits)
