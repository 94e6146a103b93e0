"""Measure how much of a noise arrives at photographs; write assets/results/sparse_codes/arrived.json."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.base.files import today
from core.base.records import save
from core.base.worker import Progress, ignore
from core.data.labelled import DATA, Labelled, labelled, opened
from core.networks import lite
from core.pictures.preprocess import seen
from core.studies.sparse import arrived
from core.studies.sparse.arrived import Measured
from core.studies.sparse.codes import FOLDER
from core.training.measurement import Asked, Measurement, Part, Quick, command, there

KEY = "noise-arrived"
IMAGES, QUICK = 200, 10  # photographs at even steps; of these, the first are seen again by the quick check
DIGITS = 4
TOLERANCE = 1e-4  # another numpy may draw other noise in the last digits only


def found(photographs: Labelled, progress: Progress = ignore) -> dict[str, arrived.Kind]:
    """What arrives of every noise at these photographs as lite0 sees them."""
    pixels = (seen(opened(path), lite.PREPROCESSING) for path, _ in photographs)
    return arrived.run(pixels, len(photographs), arrived.SEED, progress)


def some(asked: Asked) -> Labelled:
    """IMAGES photographs of the data set at even steps."""
    every = labelled(asked.data.given(DATA))
    return [every[i] for i in np.linspace(0, len(every) - 1, min(IMAGES, len(every))).round().astype(int)]


def run(asked: Asked) -> Path:
    """Add every noise to the photographs, and write the record."""
    photographs, side = some(asked), lite.PREPROCESSING.size
    record = Measured(
        kinds=found(photographs, asked.progress),
        images=len(photographs),
        side=side,
        seed=arrived.SEED,
        data=f"{DATA}: {len(photographs):,} photographs at even steps, as lite0 sees them ({side} px)",
        command=command(KEY, DATA),
        **today(),
    )
    save(path := asked.results / FOLDER.name / arrived.RECORD, record, digits=DIGITS, indent=None)
    return path


def check(asked: Asked) -> list[Part]:
    """The first of the photographs again: the mean deviation and shift over them and all levels."""
    before = there(arrived.measured(asked.packaged / FOLDER.name)).kinds
    now = found(some(asked)[:QUICK], asked.progress)
    return [
        Part(
            f"{what} of {kind} noise on {QUICK} photographs",
            float(getattr(before[kind], what)[:, :QUICK].mean()),
            float(getattr(one, what).mean()),
            TOLERANCE,
        )
        for kind, one in now.items()
        for what in ("deviation", "shift")
    ]


ARRIVED = Measurement(
    KEY, f"{FOLDER.name}/{arrived.RECORD}", (DATA,), (), 3, run, Quick(f"{QUICK} of the photographs", 10, check)
)
