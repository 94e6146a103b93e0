"""A long measurement in parts: a killed run goes on where it was, and several runs of one command share the work."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core.base.files import today, write_json
from core.base.records import read_back
from core.base.worker import Progress, ignore


def finished(
    parts: Sequence[Path], what: dict[str, Any], train: Callable[[int], Any], progress: Progress = ignore
) -> list[Any]:
    """The value of every part: read from its file, or made by train(i) and kept there.

    Raises ValueError if a part is damaged or was made from something else than `what`, or another run is still at one.
    """
    what = json.loads(json.dumps(what))
    for i, part in enumerate(parts):
        progress(i, len(parts))
        part.parent.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(f"{part}.lock", timeout=0):
                if not part.exists():
                    write_json(part, {"of": what, "value": train(i)} | today())
        except Timeout:
            continue
    missing = [part.name for part in parts if not part.exists()]
    if missing:
        raise ValueError(f"expected all {len(parts)} parts, {len(missing)} are in training: run this again later")
    values = []
    for part in parts:
        with read_back(part):
            kept = json.loads(part.read_text())
            of, value = kept["of"], kept["value"]
        if of != what:
            raise ValueError(f"expected a part of {what}, got one of {of}: delete {part}")
        values.append(value)
    progress(len(parts), len(parts))
    return values


Compute = Callable[[], Any]


Remember = Callable[[str, Compute], Any]


def remembering(path: Path) -> Remember:
    """`remember(key, compute)`: what `compute` once returned (plain values for JSON), kept in PATH between runs.

    It raises ValueError if that file is damaged.
    """

    def kept() -> dict[str, Any]:
        with read_back(path):
            return dict(json.loads(path.read_text())) if path.exists() else {}

    def remember(key: str, compute: Compute) -> Any:
        if key not in (known := kept()):
            value = compute()
            known = {**kept(), key: value}  # another process may have added to it meanwhile
            write_json(path, known, indent=None)
        return known[key]

    return remember
