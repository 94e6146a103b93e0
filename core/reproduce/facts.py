"""Write down the facts that follow from definitions: assets/results/claims/exact.json, for pages without torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.base.files import write_json
from core.base.worker import Progress, ignore
from core.claims import records
from core.claims.fact import FACTS
from core.networks.weights import ASSETS
from core.training.ship import today

PATH = ASSETS / "results" / records.EXACT


def measure(path: Path = PATH, names: Sequence[str] | None = None, progress: Progress = ignore) -> Path:
    """Compute the facts of these names, all by default, and write PATH: about a minute on one core.

    Raises ValueError for an unknown name. `progress(done, total)` may raise to stop.
    """
    names = tuple(FACTS) if names is None else names
    if unknown := sorted(set(names) - set(FACTS)):
        raise ValueError(f"expected facts of {', '.join(FACTS)}, got {', '.join(unknown)}: choose among them")
    facts = {}
    for i, name in enumerate(names):
        progress(i, len(names))
        found = FACTS[name]()
        facts[name] = {
            "value": found.value,
            "low": found.value if found.low is None else found.low,
            "high": found.value if found.high is None else found.high,
            "shown": found.shown,
            "data": found.data,
        }
    progress(len(names), len(names))
    write_json(path, {"facts": facts, "command": "receptive reproduce", **today()})
    return path
