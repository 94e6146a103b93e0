"""Everything that is behind the claims, measured again: which measurements a name means, and a run of many.

A run keeps its records and what long measurements have finished of themselves in one working folder, so that a killed
one goes on there. The packaged records are not touched.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from core.base import resume
from core.base.worker import Progress
from core.claims.claim import Claim
from core.data.public import OWN_READER
from core.networks import packaged, weights
from core.overview import board
from core.reproduce.table import MEASUREMENTS
from core.training.measurement import Asked, Data

WORK = Path("runs/reproduce")
FINISHED, RESULTS = "finished", "results"  # below a working folder


def keys_of(name: str) -> list[str]:
    """The measurement of this key, or all of a group: "spinal" is every "spinal:…"."""
    return [key for key in MEASUREMENTS if key == name or key.startswith(f"{name}:")]


def unknown(name: str, what: str, known: Sequence[str]) -> ValueError:
    """What to raise for a name that is none of those, with the nearest."""
    near = [one for one in known if one.endswith(f":{name}")] or difflib.get_close_matches(name, known, n=3, cutoff=0)
    return ValueError(f"expected {what}, got {name!r}: did you mean {', '.join(near)}?")


def measurements(names: Sequence[str]) -> list[str]:
    """The keys that these names mean. Raises ValueError with the nearest ones."""
    for name in names:
        if not keys_of(name):
            raise unknown(name, "the key of a measurement", list(MEASUREMENTS))
    return list(dict.fromkeys(key for name in names for key in keys_of(name)))


def chosen(names: Sequence[str]) -> tuple[list[Claim], list[str]]:
    """The claims of these names, and the measurements behind them; all claims by default. A name may also be what
    `keys_of` knows. Raises ValueError with the nearest names."""
    known = {claim.name: claim for claim in board.CLAIMS}
    for name in names:
        if name not in known and not keys_of(name):
            raise unknown(name, "the name of a claim", [*known, *MEASUREMENTS])
    asked = [known[name] for name in dict.fromkeys(names or known) if name in known]
    keys = {key for claim in asked for key in claim.measurement} | {key for name in names for key in keys_of(name)}
    return asked, sorted(keys, key=list(MEASUREMENTS).index)


@dataclass(frozen=True)
class Plan:
    """What is to be measured, short ones first; what an earlier run finished; what cannot be: key -> what it lacks."""

    todo: tuple[str, ...]
    finished: tuple[str, ...]
    lacking: dict[str, str]


def lacks(key: str, data: Data) -> str:
    """The data sets and packaged networks that a measurement needs and that are not here, "" if all are."""
    fetched = {name: f" (or: receptive download-data {public})" for public, name in OWN_READER.items()}
    below = [f"{name} below --data{fetched.get(name, '')}" for name in data.missing(MEASUREMENTS[key].data)]
    known = packaged.cards()
    return " and ".join([*below, *(f"the packaged network {n}" for n in MEASUREMENTS[key].networks if n not in known)])


def plan(keys: Sequence[str], data: Data, work: Path) -> Plan:
    """Of these measurements."""
    done = [key for key in keys if is_finished(key, work)]
    lacking = {key: why for key in keys if key not in done and (why := lacks(key, data))}
    todo = [key for key in keys if key not in done and key not in lacking]
    todo.sort(key=lambda key: MEASUREMENTS[key].minutes)
    return Plan(tuple(todo), tuple(done), lacking)


def inputs(key: str) -> str:
    """SHA-256, eight hexadecimal digits, of those of the weights files that decide what is measured that are there."""
    files = weights.packaged()
    names = [name for name in MEASUREMENTS[key].networks if name in files]
    return sha256(b"".join(sha256(files[name].read_bytes()).digest() for name in names)).hexdigest()[:8]


def finished(key: str, work: Path) -> Path:
    """What says that an earlier run in WORK measured it with the weights that are packaged now."""
    return resume.part(work / FINISHED, f"{key}-{inputs(key)}")


def is_finished(key: str, work: Path) -> bool:
    """Whether it was, and its record is still there."""
    return finished(key, work).is_file() and MEASUREMENTS[key].written(work / RESULTS)


def measure(key: str, data: Data, work: Path, progress: Progress) -> None:
    """Measure one in full and remember that it is finished; its record goes below WORK/results.

    Raises ValueError if another run is at it in the same folder, and what `Measurement.run` raises.
    """
    if not is_finished(key, work):
        finished(key, work).unlink(missing_ok=True)
    asked = Asked(data, work / RESULTS, work, progress)
    remember = resume.remembering(work / FINISHED, {"measurement": key})
    remember(f"{key}-{inputs(key)}", lambda: str(MEASUREMENTS[key].run(asked)))
