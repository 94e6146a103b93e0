"""Results that are packaged with the app, so that a visitor's first page is finished on arrival.

`receptive first-look` writes them; a page uses one only if picture, weights and settings are the very same.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from core.base.files import write_json
from core.studies import STUDIES
from core.studies.first_look import FOLDER


def write() -> Iterator[tuple[Path, str]]:
    """Make every study's packaged results again; yields each file and its finding."""
    for study in STUDIES:
        for name, key, fields, finding in study.first_looks():
            path = FOLDER / f"{name}.json"
            write_json(path, {"key": key, "command": "receptive first-look", "result": fields}, indent=None)
            yield path, finding
