"""Measure what the sizes of the spinal head do, on digits: one finished part a setting and seed."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import numpy as np

from core.base.files import today
from core.base.records import save
from core.base.resume import in_parts, remembering
from core.base.worker import Progress, ignore
from core.data.sets import DATASETS
from core.data.split import Split
from core.models.heads import BACKBONES
from core.studies.spinal import ablation
from core.studies.spinal.ablation import BACKBONE, DATASET, RECORD, Params
from core.training.measurement import POINT, Asked, Measurement, Part, Quick, command, one_thread, there

PLAN = Params()  # what is packaged
NAME = f"{RECORD.parent.name}/{RECORD.name}"


def measure(
    train: Split,
    test: Split,
    work: Path,
    progress: Progress = ignore,
    params: Params = PLAN,
    path: Path = RECORD,
) -> Path:
    """Train every setting from every seed and write assets/results/spinal_heads/ablation.json.

    Each finished network leaves a part in WORK: a killed run goes on from there, and several runs of the same command
    share the work. Raises ValueError while another run has not finished its part.
    """
    result = ablation.blank(train, test, params)
    jobs = [(setting, seed) for seed in range(params.seeds) for setting in result.settings]
    parts = {
        f"ablation_{s.head}_{s.shape.layers}x{s.shape.width}_{s.shape.split}{s.shape.order}_seed{seed}": partial(
            ablation.one, train, test, s, seed, params.epochs
        )
        for s, seed in jobs
    }
    of = {"epochs": params.epochs, "train": len(train), "test": len(test)}
    values = in_parts(remembering(work, of), parts, progress)
    accuracy = np.reshape(values, (params.seeds, len(result.settings))).T
    about = DATASETS[DATASET]
    told = {
        "params": asdict(params),
        "data": f"{about.title} ({about.form})",
        "backbone": BACKBONES[BACKBONE].title,
        "command": command("spinal-ablation", DATASET),
        **today(),
    }
    save(path, replace(result, accuracy=accuracy), told)
    return path


def run(asked: Asked) -> Path:
    return measure(*asked.data.both(DATASET), asked.work / "spinal", asked.progress, path=asked.results / NAME)


@one_thread()
def check(asked: Asked) -> list[Part]:
    """One setting of the packaged ablation from one seed."""
    old, _ = there(ablation.measured(asked.packaged / NAME))
    c, s = asked.seed % len(old.settings), asked.seed % old.params.seeds
    setting = old.settings[c]
    now = ablation.one(*asked.data.both(DATASET), setting, s, old.params.epochs)
    return [Part(f"{setting.head} {setting.shape}, seed {s}: accuracy", float(old.accuracy[c, s]), now, 2 * POINT)]


ABLATION = Measurement(
    "spinal-ablation",
    NAME,
    (DATASET,),
    (),
    8,
    run,
    Quick("one network of the ablation trained again", 4, check),
)
