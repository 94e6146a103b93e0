"""Measure the regression experiment of the spinal study: one finished part a target and network."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from core.base.files import today, write_json
from core.base.records import as_json, from_json
from core.base.resume import finished
from core.base.worker import Progress, ignore
from core.studies.spinal import regression as study
from core.studies.spinal.regression import DIGITS, Look, Network, Params, Target

PLAN = Params()  # what is packaged
WORK = Path("runs/spinal_regression")


def measure(progress: Progress = ignore, work: Path = WORK, params: Params = PLAN, path: Path = study.RECORD) -> Path:
    """Train every network on every target from every seed; write PATH, by default the packaged record.

    Each finished pair of a target and a network leaves a part in WORK: a killed run goes on from there, and several
    runs of the same command share the work. Raises ValueError if a part there belongs to other params, or another run
    is still at one.
    """
    pairs: list[tuple[Target, Network]] = [(t, n) for t in params.targets for n in params.networks]
    values = finished(
        [work / f"regression_{'_'.join(pair)}.json" for pair in pairs],
        {"params": asdict(params)},
        lambda i: [as_json(look, DIGITS) for look in study.race(params, *pairs[i])],
        progress,
    )
    races = {pair: [from_json(Look, fields) for fields in value] for pair, value in zip(pairs, values, strict=True)}
    record = {
        "result": as_json(study.collect(params, races), DIGITS),
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
