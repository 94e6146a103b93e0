"""Files that are written whole or not at all, and tables whose words no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import platformdirs

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


def cache_folder() -> Path:
    """Where downloads are kept: $RECEPTIVE_CACHE, or the user's cache folder. It may not exist yet."""
    chosen = os.environ.get("RECEPTIVE_CACHE")
    return Path(chosen) if chosen else platformdirs.user_cache_path("receptive", appauthor=False)


def unwritable(what: str, folder: Path, error: OSError) -> str:
    """The sentence for `what` that cannot be kept in a folder below `cache_folder()`."""
    return (
        f"expected to keep {what} in {folder}, got {error.strerror or error}: "
        "make room there, or set RECEPTIVE_CACHE to a folder that can be written"
    )


ROOT = Path(__file__).parents[2]
APP_FOLDER = ROOT / "receptive" if (ROOT / "receptive").is_dir() else ROOT  # a wheel has one for app, pages, assets
ASSETS = APP_FOLDER / "assets"


def program_version() -> str:
    """The installed version, and in a checkout the commit too."""
    try:
        known = version("receptive")
    except PackageNotFoundError:
        known = ""
    return " · ".join(filter(None, [known, f"commit {commit()}" if in_checkout() else ""]))


def in_checkout() -> bool:
    """Whether this is a checkout: elsewhere git would tell the commit of whatever is around."""
    return (ROOT / ".git").exists()


def commit() -> str:
    """The commit that the code stands at, for a weights file's provenance, "-dirty" where the code has changed since;
    'unknown' outside a checkout."""
    if not in_checkout():
        return "unknown"
    run = partial(subprocess.run, capture_output=True, text=True, check=True, cwd=ROOT, timeout=10)
    try:
        stands = run(["git", "rev-parse", "--short=12", "HEAD"]).stdout.strip()
        # what is measured lands in assets/: the first of two records does not make the second's code another
        changed = run(["git", "status", "--porcelain", "--untracked-files=no", "--", ":!assets"]).stdout
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return stands + ("-dirty" if changed else "")


def today() -> dict[str, str]:
    """When, and from which commit, something is measured."""
    return {"date": datetime.now(UTC).date().isoformat(), "commit": commit()}
