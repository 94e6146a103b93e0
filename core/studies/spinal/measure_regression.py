"""Measure the regression experiment of the spinal study: one finished part a target and network."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from core.base.files import today
from core.base.records import as_json, from_json, save
from core.base.resume import in_parts, remembering
from core.base.worker import Progress, ignore, part
from core.studies.spinal import regression as study
from core.studies.spinal.claims import regression_record
from core.studies.spinal.regression import DIGITS, Look, Network, Params, Target
from core.training.measurement import RELATIVE, Asked, Measurement, Part, Quick, one_thread, there

PLAN = Params()  # what is packaged
NAME = f"{study.RECORD.parent.name}/{study.RECORD.name}"
TARGETS: tuple[Target, ...] = ("sum", "product")  # of the claims about regression
NETWORKS: tuple[Network, ...] = ("fc", "spinal")
# Of the error at the end: the sum is learned the same to 4 digits; on the product a network leaves a plateau sooner or
# later by its rounding alone, and of 8 that were trained again on one machine the ends were up to 5 % apart.
AT_THE_END = {"sum": RELATIVE, "product": 0.15}


def measure(work: Path, progress: Progress = ignore, params: Params = PLAN, path: Path = study.RECORD) -> Path:
    """Train every network on every target from every seed; write PATH, by default the packaged record.

    Each finished pair of a target and a network leaves a part in WORK: a killed run goes on from there, and several
    runs of the same command share the work. Raises ValueError if a part there belongs to other params, or another run
    is still at one.
    """
    pairs: list[tuple[Target, Network]] = [(t, n) for t in params.targets for n in params.networks]
    parts = {f"regression_{'_'.join(pair)}": partial(looks_of, params, *pair) for pair in pairs}
    values = in_parts(remembering(work, {"params": asdict(params)}), parts, progress)
    races = {pair: [from_json(Look, fields) for fields in value] for pair, value in zip(pairs, values, strict=True)}
    functions = {t: study.FUNCTIONS[t] for t in params.targets}
    told = {
        "targets": {
            t: {"formula": f.formula, "inputs": [f.low, f.high], "whose": f.whose} for t, f in functions.items()
        },
        "optimiser": f"SGD, Nesterov momentum, one cycle of {params.epochs} epochs, peak rate {study.PEAK_RATE}",
        "command": study.COMMAND,
        **today(),
    }
    save(path, study.collect(params, races), told, digits=DIGITS, indent=None)
    return path


def looks_of(params: Params, target: Target, network: Network) -> Any:
    return [as_json(look, DIGITS) for look in study.race(params, target, network)]


def run(asked: Asked) -> Path:
    return measure(asked.work / "spinal", asked.progress, path=asked.results / NAME)


def fitted(target: str) -> str:
    """The claim about regression on this target."""
    return f"spinal-regression-{target}"


@one_thread()
def check(asked: Asked) -> list[Part]:
    """The paper's two targets, plain and spinal, one seed, all epochs: the first look and the last."""
    old, _ = there(regression_record(asked.packaged))
    s, params = asked.seed % old.params.seeds, old.params
    pairs = [(t, n) for t in TARGETS for n in NETWORKS]
    found = []
    for i, (target, network) in enumerate(pairs):
        looks = study.race(params, target, network, [s], part(asked.progress, i, len(pairs)))
        before = old.mse[params.targets.index(target), params.networks.index(network), s]  # (E,)
        for at, off in ((0, RELATIVE), (-1, AT_THE_END[target])):
            what = f"{network} on the {target}, seed {s}, held-out error after {looks[at].epoch} epochs"
            found.append(
                Part(what, float(before[at]), float(looks[at].mse[0]), off * float(before[at]), (fitted(target),))
            )
    return found


REGRESSION = Measurement(
    "spinal-regression",
    NAME,
    (),
    (),
    15,
    run,
    Quick("one seed of the paper's two targets trained again, plain and spinal", 20, check),
)
