"""Measure retrieval over the Corel pack and the pull of the background; write assets/results/random_features/."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from core import networks
from core.base.files import today
from core.base.records import save
from core.base.worker import Progress, ignore
from core.compute import spaces
from core.compute.sign_counts import Spec, as_features, build, extract
from core.data.sets import DATASETS
from core.data.split import Split, every
from core.pictures.files import find_pictures, open_pictures
from core.pictures.preprocess import square
from core.studies.random import background_dataset, retrieval_dataset
from core.studies.random.claims import retrieval_record
from core.studies.random.features import FOLDER
from core.studies.random.retrieval import SIZE, Embed
from core.training.measurement import COREL, PHOTOGRAPHS, POINT, Asked, Measurement, Part, Quick, command, there

NETWORK = "photo_resnet"
SEEDS = (0, 1, 2)
CHUNK = 64
COREL_SPECS = tuple(Spec(10_000, 3, 2, 3, seed) for seed in SEEDS)  # kernel and depth are the paper's for Corel
BACKGROUND_SPECS = tuple(Spec(1_000, 3, 2, 3, seed) for seed in SEEDS)
BACKGROUND_DATA = PHOTOGRAPHS
QUERIES, GALLERY = 200, 2_000  # test and training photographs, at even steps
QUICK_QUERIES = 60  # test photographs of the quick check


def measure_retrieval(
    data: Path,
    progress: Progress = ignore,
    cache: Path | None = None,
    *,
    folder: Path = FOLDER,
    specs: Sequence[Spec] = COREL_SPECS,
) -> Path:
    """Leave one out over the pictures of DATA/train/GROUP (or DATA/GROUP), folder names being the groups.

    With `cache`, a folder, a killed run goes on there. Raises DataError if there is no picture, and ValueError if one
    cannot be read.
    """
    found = find_pictures(data / "train" if (data / "train").is_dir() else data)
    groups = tuple(sorted({f.folder for f in found}))
    broken: list[str] = []
    pictures, labels = [], []
    for images, classes in open_pictures(found, groups, CHUNK, broken):
        pictures += [square(image, SIZE) for image in images]
        labels += classes
    if broken:
        raise ValueError(f"expected pictures that can be read, got {broken[0]}: take it out of the folder")
    shown = np.stack(pictures)
    measured = retrieval_dataset.measure(
        shown,
        np.array(labels),
        groups,
        specs,
        networks.load(networks.find(NETWORK)),
        names=[f.name for f in found],
        about={
            "data": f"Corel retrieval gallery, {len(shown)} pictures in {len(groups)} groups, leave one out; the "
            "benchmark's separate queries, which carry a red frame, are not used",
            "command": command("retrieval", COREL),
            **today(),
        },
        random=on_disk(cache, "corel"),
        progress=progress,
    )
    path = folder / retrieval_dataset.RECORD
    digits = retrieval_dataset.DIGITS
    averages = (
        replace(r, average=round(r.average, digits), average_error=round(r.average_error, digits))
        for r in measured.rankings
    )
    save(path, replace(measured, rankings=tuple(averages)), digits=digits, indent=None)
    return path


def measure_background(
    train: Split,
    test: Split,
    progress: Progress = ignore,
    cache: Path | None = None,
    *,
    folder: Path = FOLDER,
    specs: Sequence[Spec] = BACKGROUND_SPECS,
) -> Path:
    """What changes with the background, and with the object, of test photographs; neighbours among training ones."""
    queries, gallery = every(test, QUERIES), every(train, GALLERY)
    about = DATASETS[BACKGROUND_DATA]
    measured = background_dataset.measure(
        queries,
        gallery,
        specs,
        networks.load(networks.find(NETWORK)),
        about={
            "data": f"{about.title} ({about.form}): {len(queries)} test photographs, neighbours among {len(gallery):,} "
            "training ones, both at even steps",
            "command": command("background", BACKGROUND_DATA),
            **today(),
        },
        random=on_disk(cache, "background"),
        progress=progress,
    )
    path = folder / background_dataset.RECORD
    save(path, measured, digits=retrieval_dataset.DIGITS)
    return path


def on_disk(cache: Path | None, name: str) -> Embed:
    """Random features whose counts are kept in CACHE, a folder; in memory only without one."""
    if cache is None:
        return spaces.random

    def embed(pictures: np.ndarray, spec: Spec, progress: Progress = ignore) -> np.ndarray:
        path = cache / f"{name}-{len(pictures)}-{spec.features}-{spec.seed}.npy"
        return as_features(extract(spec, pictures, path, progress), build(spec), *pictures.shape[1:3])

    return embed


# ---- the measurements ----------------------------------------------------------------------------


def run_retrieval(asked: Asked) -> Path:
    folder = asked.results / FOLDER.name
    return measure_retrieval(asked.data.given(COREL), asked.progress, asked.work / "random", folder=folder)


def check_retrieval(asked: Asked) -> list[Part]:
    """With one draw of the features over the whole gallery; besides, that draw's precision and the pixels' own."""
    spec, folder = COREL_SPECS[asked.seed % len(COREL_SPECS)], asked.results / FOLDER.name
    measure_retrieval(asked.data.given(COREL), asked.progress, folder=folder, specs=(spec,))
    before, now = (there(retrieval_record(path)) for path in (asked.packaged, asked.results))
    found = []
    for ranking in now.rankings:
        old = next(r for r in before.of(ranking.space, ranking.metric) if r.seed == ranking.seed)
        what = f"mean average precision by {ranking.space} ({ranking.metric})"
        found.append(Part(what, old.average, ranking.average, POINT / 2))
    return found


def run_background(asked: Asked) -> Path:
    both, folder = asked.data.both(BACKGROUND_DATA), asked.results / FOLDER.name
    return measure_background(*both, asked.progress, asked.work / "random", folder=folder)


def check_background(asked: Asked) -> list[Part]:
    """Fewer queries among all neighbours, with one draw of the features."""
    spec, folder = BACKGROUND_SPECS[asked.seed % len(BACKGROUND_SPECS)], asked.results / FOLDER.name
    train, some = asked.data.split(BACKGROUND_DATA, "train"), asked.test(BACKGROUND_DATA, QUICK_QUERIES)
    measure_background(train, some, asked.progress, folder=folder, specs=(spec,))
    return []


RETRIEVAL = Measurement(
    "retrieval",
    f"{FOLDER.name}/{retrieval_dataset.RECORD}",
    (COREL,),
    (NETWORK,),
    6,
    run_retrieval,
    Quick(
        "one draw of the features over the whole gallery, pixels and the trained network",
        60,
        check_retrieval,
        writes=True,
    ),
)
BACKGROUND = Measurement(
    "background",
    f"{FOLDER.name}/{background_dataset.RECORD}",
    (BACKGROUND_DATA,),
    (NETWORK,),
    2,
    run_background,
    Quick(
        f"{QUICK_QUERIES} of the test photographs among all neighbours, one draw of the features",
        10,
        check_background,
        writes=True,
    ),
)
