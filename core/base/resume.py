"""A long measurement in parts: a killed run goes on where it was, and several runs of one command share the work."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core.base.files import today, write_json
from core.base.records import read_back
from core.base.worker import Progress, ignore

Compute = Callable[[], Any]
Remember = Callable[[str, Compute], Any]


class Busy(ValueError):
    """Another run is at this part."""


def part(folder: Path, key: str) -> Path:
    """The file of a part: what no file name may hold becomes an underscore."""
    return folder / (re.sub(r"[^\w.-]", "_", key) + ".json")


def remembering(folder: Path, of: Mapping[str, Any] | None = None) -> Remember:
    """`remember(key, compute)`: what `compute` once returned (plain values for JSON), kept in a file of FOLDER.

    `of` tells what the parts are made from. Raises Busy while another run is at the part, ValueError if it is damaged
    or was made from something else, OSError.
    """
    what = json.loads(json.dumps(dict(of or {})))

    def remember(key: str, compute: Compute) -> Any:
        path = part(folder, key)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(f"{path}.lock", timeout=0):
                if not path.exists():
                    write_json(path, {"of": what, "value": compute()} | today(), indent=None)
        except Timeout:
            raise Busy(f"expected no other run at {path}, found one: run this again later") from None
        with read_back(path):
            kept = json.loads(path.read_text())
            found, value = kept["of"], kept["value"]
        if found != what:
            raise ValueError(f"expected a part of {what}, got one of {found}: delete {path}")
        return value

    return remember


def in_parts(remember: Remember, parts: Mapping[str, Compute], progress: Progress = ignore) -> list[Any]:
    """The value of every part; one that another run is at is left to it until all others are there. Raises as
    `remembering` does."""
    for i, (key, compute) in enumerate(parts.items()):
        progress(i, len(parts))
        with suppress(Busy):
            remember(key, compute)
    values = [remember(key, compute) for key, compute in parts.items()]
    progress(len(parts), len(parts))
    return values
