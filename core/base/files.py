"""Files that are written whole or not at all, and tables whose words no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # the wide ones begin formulas too
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)


def whole(path: Path, write: Callable[[Path], object]) -> None:
    """All of a file or nothing, on the disk, even if the machine stops here; its folder is made.

    `write` is given the path of a fresh file beside it. What is there and no file, such as /dev/stdout, is written in
    place, and a link stays a link. Raises ValueError without a name, OSError, and what `write` raises.
    """
    if not path.name:
        raise ValueError(f"expected a file to write, got {str(path)!r}: name one")
    if path.exists() and not path.is_file():
        write(path)
        return
    target = behind_links(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{uuid.uuid4().hex}.tmp")  # not after the file, whose name may be as long as names get
    try:
        write(fresh)
        with fresh.open("rb+") as stream:
            os.fsync(stream.fileno())
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


def at_home(path: str) -> Path:
    """A path as it is typed, its ~ in place of the home folder. Path.expanduser raises for the home of nobody."""
    return Path(os.path.expanduser(path))


def behind_links(path: Path) -> Path:
    """The file that a path to write leads to, whether or not there is one. Raises OSError for links in a circle."""
    target = Path(os.path.realpath(path))  # Path.resolve raises RuntimeError for them
    with suppress(FileNotFoundError):
        target.stat()  # Path.exists takes them for nothing there
    return target


def write_text(path: Path, text: str) -> None:
    """UTF-8, whole or not at all."""
    whole(path, lambda fresh: fresh.write_text(text, encoding="utf-8", newline=""))


def write_json(path: Path, record: object, indent: int | None = 1) -> None:
    """One readable file, whole or not at all."""
    write_text(path, json.dumps(record, indent=indent) + "\n")


def csv_text(columns: Mapping[str, Sequence[object]]) -> str:
    """A CSV file of columns of one length, whose words are no formulas."""
    safe, text = no_formulas(columns), io.StringIO(newline="")
    csv.writer(text).writerows([list(safe), *zip(*safe.values(), strict=True)])
    return text.getvalue()


def no_formulas(columns: Mapping[str, Sequence[object]]) -> dict[str, list[object]]:
    """The columns, with an apostrophe before each word that a spreadsheet would take for a formula; numbers stay."""
    return {str(as_text(name)): [as_text(value) for value in values] for name, values in columns.items()}


def as_text(value: object) -> object:
    """A cell, with an apostrophe before it if it is a word that begins like a formula and is no number."""
    if not isinstance(value, str):
        return value
    text = value.encode(errors="backslashreplace").decode()  # a file's name may hold bytes that are no text
    return f"'{text}" if text.startswith(FORMULAS) and not NUMBER.fullmatch(text) else text
