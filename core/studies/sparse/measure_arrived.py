"""Measure how much of a noise arrives at photographs; write assets/results/sparse_codes/arrived.json."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.base.files import today
from core.base.records import save
from core.data.labelled import DATA, labelled, opened
from core.networks import lite
from core.pictures.preprocess import seen
from core.studies.sparse import arrived
from core.studies.sparse.arrived import Measured
from core.studies.sparse.codes import FOLDER
from core.training.measurement import Asked, Measurement, command

KEY = "noise-arrived"
IMAGES, DIGITS = 200, 4  # photographs at even steps; after the point


def run(asked: Asked) -> Path:
    """Add every noise to the photographs, and write the record."""
    every, side = labelled(asked.data.given(DATA)), lite.PREPROCESSING.size
    photographs = [every[i] for i in np.linspace(0, len(every) - 1, min(IMAGES, len(every))).round().astype(int)]
    pixels = (seen(opened(path), lite.PREPROCESSING) for path, _ in photographs)
    record = Measured(
        kinds=arrived.run(pixels, len(photographs), arrived.SEED, asked.progress),
        images=len(photographs),
        side=side,
        seed=arrived.SEED,
        data=f"{DATA}: {len(photographs):,} photographs at even steps, as lite0 sees them ({side} px)",
        command=command(KEY, DATA),
        **today(),
    )
    save(path := asked.results / FOLDER.name / arrived.RECORD, record, digits=DIGITS, indent=None)
    return path


ARRIVED = Measurement(KEY, f"{FOLDER.name}/{arrived.RECORD}", (DATA,), (), 3, run)
