"""Resizers, two measures of steadiness, and sweeps, over many pictures: written down for the page and a claim."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core import networks
from core.base import resume
from core.base.files import today
from core.base.records import as_json, from_json, save
from core.base.worker import part
from core.data.labelled import DATA, labelled, opened, said
from core.data.sets import DATASETS
from core.data.split import every
from core.pictures.image import RGBImage, from_pixels
from core.pictures.preprocess import Boundary
from core.studies.shift import many, resizers, two_measures
from core.studies.shift.many import FIVE, Ask, Many, Swept, everywhere, five_crops
from core.studies.shift.resizers import MOVES, PAIRS, RESIZERS, WINDOW, Kept
from core.studies.shift.sweep import Params
from core.studies.shift.two_measures import Steady
from core.training.measurement import CIFAR, PHOTOGRAPHS, Asked, Measurement, Quick, command

STEPS = {"photo_resnet": 1, "lite0": 4}  # every so many photographs
QUICK_STEPS = {"photo_resnet": 10, "lite0": 50}
STEP = 2  # of two_measures: every so many photographs
CROP: Boundary = "crop"
TURN: Boundary = "circular"
NEAR = 2  # px
FEW, SOME, MANY = 60, 200, 300  # pictures: fewest of the large networks
SWEPT = {  # by data set: the plain network and the blurred one
    PHOTOGRAPHS: ("photo_resnet", "photo_resnet_blur5"),
    CIFAR: ("cifar_vgg", "cifar_vgg_blur5"),
    DATA: ("lite0", "lite0_blur5"),
}
Listed = Sequence[tuple[Path | RGBImage, int]]  # pictures, or where they lie, and their classes


def run_resizers(family: str, asked: Asked, step: int = 0) -> Path:
    """Every network of a family behind every resizer; write RESULTS/resizers/FAMILY.json."""
    names, step = PAIRS[family], step or STEPS[family]
    pictures = labelled(asked.data.given(DATA))[::step]
    rows = [
        resizers.answers_kept(networks.load(networks.find(name)), pictures, part(asked.progress, i, len(names)))
        for i, name in enumerate(names)
    ]
    written = command(f"resizers:{family}", DATA)
    record = Kept(names, RESIZERS, np.stack(rows), len(MOVES), WINDOW, step, said(pictures), written, *today().values())
    save(path := asked.results / resizers.FOLDER / f"{family}.json", record, indent=None)
    return path


def run_two_measures(name: str, asked: Asked) -> Path:
    """One network under one pixel and in pairs of crops; write RESULTS/two_measures/NAME.json."""
    pictures = labelled(asked.data.given(DATA))[::STEP]
    found = two_measures.answer(networks.load(networks.find(name)), pictures, asked.progress)
    written = command(f"two-measures:{name}", DATA)
    record = Steady(name, *found, two_measures.PAIRS, STEP, said(pictures), written, *today().values())
    save(path := asked.results / two_measures.FOLDER / f"{name}.json", record, indent=None)
    return path


def ways_of(data: str) -> dict[str, tuple[int, Ask]]:
    """How the two networks of a data set are asked, and about how many pictures."""
    if data != DATA:
        return {way: (MANY, everywhere(Params(NEAR, way))) for way in (CROP, TURN)}
    return {
        CROP: (SOME, everywhere(Params(NEAR, CROP))),
        TURN: (FEW, everywhere(Params(NEAR, TURN))),
        FIVE: (MANY, five_crops),
    }


def run_many(data: str, asked: Asked) -> Path:
    """The two networks of a data set, way by way; write RESULTS/many_pictures/PLAIN.json."""
    names, ways = SWEPT[data], ways_of(data)
    pair = [networks.load(networks.find(name)) for name in names]
    remember = resume.remembering(asked.work / f"many-{names[0]}", {"networks": names})

    def of_way(i: int, way: str, listed: Listed, how: Ask) -> Any:
        opening = (opened_of(one) for one in listed)
        return as_json(many.ask(pair, opening, len(listed), way, how, part(asked.progress, i, len(ways))))

    swept, about = [], ""
    for i, (way, (count, how)) in enumerate(ways.items()):
        listed, about = of_data(data, asked, count)
        swept.append(from_json(Swept, remember(f"{way} {NEAR} {len(listed)}", partial(of_way, i, way, listed, how))))
    record = Many(names, tuple(swept), about, command(f"many:{names[0]}", data), *today().values())
    save(path := asked.results / many.FOLDER / f"{names[0]}.json", record, indent=None)
    return path


def of_data(data: str, asked: Asked, count: int) -> tuple[Listed, str]:
    """About `count` pictures of a data set, at even steps, with their classes, and what the set is in words."""
    if data == DATA:
        pictures = labelled(asked.data.given(DATA))
        return pictures[:: max(1, len(pictures) // count)], said(pictures)
    split, known = every(asked.data.split(data, "test"), count), DATASETS[data]
    images = [(from_pixels(pixels), int(label)) for pixels, label in zip(split.pixels, split.labels, strict=True)]
    return images, f"{known.title} ({known.form}), test set"


def opened_of(one: tuple[Path | RGBImage, int]) -> tuple[RGBImage, int]:
    picture, label = one
    return (opened(picture) if isinstance(picture, Path) else picture), label


MEASUREMENTS = (
    *(
        Measurement(
            f"resizers:{family}",
            f"{resizers.FOLDER}/{family}.json",
            (DATA,),
            names,
            8,
            partial(run_resizers, family),
            Quick(
                f"every {QUICK_STEPS[family]}th of the photographs",
                10,
                partial(run_resizers, family, step=QUICK_STEPS[family]),
                writes=True,
            ),
        )
        for family, names in PAIRS.items()
    ),
    *(
        Measurement(
            f"two-measures:{name}",
            f"{two_measures.FOLDER}/{name}.json",
            (DATA,),
            (name,),
            2,
            partial(run_two_measures, name),
        )
        for name in two_measures.NAMES
    ),
    *(
        Measurement(
            f"many:{names[0]}",
            f"{many.FOLDER}/{names[0]}.json",
            (data,),
            names,
            10,
            partial(run_many, data),
        )
        for data, names in SWEPT.items()
    ),
)
