"""Measure the regression experiment of the spinal study: one finished part a target and network."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from core.studies import spinal_regression as study
from core.studies.spinal_regression import CURVES, DIGITS, Look, Network, Params, Target
from core.training.ship import today, write_json
from core.worker import Progress, ignore, part

PLAN = Params()  # what is packaged
WORK = Path("runs/spinal_regression")


def measure(progress: Progress = ignore, work: Path = WORK, params: Params = PLAN, path: Path = study.RECORD) -> Path:
    """Train every network on every target from every seed; write PATH, by default the packaged record.

    Each finished pair of a target and a network leaves a part in WORK: a killed run goes on from there. Raises
    ValueError if a part there belongs to other params.
    """
    pairs: list[tuple[Target, Network]] = [(t, n) for t in params.targets for n in params.networks]
    races: dict[tuple[Target, Network], list[Look]] = {}
    for i, pair in enumerate(pairs):
        kept = work / f"regression_{'_'.join(pair)}.json"
        if not kept.exists():
            race = study.race(params, *pair, part(progress, i, len(pairs)))
            write_json(kept, {"params": plain(params), "looks": [as_lists(look) for look in race]} | today(), None)
        progress(i + 1, len(pairs))
        races[pair] = read(kept, params)
    record = {
        "result": study.as_dict(study.collect(params, races)),
        "targets": {t: in_words(t) for t in params.targets},
        "optimiser": f"SGD, Nesterov momentum, one cycle of {params.epochs} epochs, peak rate {study.PEAK_RATE}",
        "command": study.COMMAND,
        **today(),
    }
    write_json(path, record, None)
    return path


def in_words(target: Target) -> dict[str, object]:
    """A target function in words: its formula, where its inputs lie, and whether it is the paper's or ours."""
    function = study.FUNCTIONS[target]
    return {"formula": function.formula, "inputs": [function.low, function.high], "whose": function.whose}


def plain(params: Params) -> dict[str, object]:
    """The params as JSON gives them back."""
    return json.loads(json.dumps(asdict(params)))  # type: ignore[no-any-return]


def as_lists(look: Look) -> dict[str, object]:
    return {"epoch": look.epoch} | {name: np.round(getattr(look, name), DIGITS).tolist() for name in CURVES}


def read(path: Path, params: Params) -> list[Look]:
    """The looks of a finished part."""
    kept = json.loads(path.read_text())
    if kept["params"] != plain(params):
        raise ValueError(f"expected a part of {params}, got one of {kept['params']}: delete {path}")
    return [Look(look["epoch"], **{name: np.array(look[name]) for name in CURVES}) for look in kept["looks"]]
