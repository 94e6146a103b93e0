"""Files of ours that are read back: a kill, a full disk, a bad copy or a hand may have left them damaged.

And the words for it: one sentence for what is wrong, the same in the terminal and on the pages.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

REINSTALL = "install Receptive again, or measure it again"


class Damaged(ValueError):
    """A file of ours that is not as it was written: which one, what is wrong with it, and what to do."""


@contextmanager
def read_back(path: Path, error: type[ValueError] = Damaged, remedy: str = "delete it to start anew") -> Iterator[None]:
    """What fails inside is the fault of the file at `path`, which is said with what to do; what the system says stays.

    Raises `error`, OSError.
    """
    try:
        yield
    except Exception as fault:  # parsers and whoever takes what they give raise nearly anything
        if isinstance(fault, OSError) and fault.errno is not None:  # pyarrow's own have none
            raise
        said = " ".join(str(fault).split())[:160] or type(fault).__name__
        raise error(f"expected {path} as it was written, got one that is damaged ({said}): {remedy}") from fault


def record_of(path: Path) -> Any:
    """A record of measured numbers, which comes along with the project. Raises Damaged, OSError."""
    with read_back(path, remedy=REINSTALL):
        return json.loads(path.read_text())


def in_words(error: Exception) -> str:
    """An error in one line; what the system says of a file gets what was expected and what to do."""
    said = str(error) or type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        where = error.filename2 or error.filename or "what is printed"
        remedy = "check the path, its permissions and the room on its disk"
        said = f"expected to read or write {where}, got {error.strerror}: {remedy}"
    return " ".join(said.split())


T = TypeVar("T")


KEPT = 64  # readings


def kept(read: Callable[[Path], T], path: Path) -> T:
    """`read(path)`, a file or a folder of JSON files, remembered until one of them changes. Raises Damaged, OSError."""
    files = [path] if path.suffix else sorted(path.glob("*.json"))
    stamp = tuple((f.name, f.stat().st_mtime_ns, f.stat().st_size) for f in files if f.is_file())
    return _kept(read, path, stamp)  # type: ignore[no-any-return]


@functools.lru_cache(maxsize=KEPT)
def _kept(read: Callable[[Path], Any], path: Path, stamp: object) -> Any:
    with read_back(path, remedy=REINSTALL):
        return read(path)


def _json(path: Path) -> dict[str, Any]:
    return dict(record_of(path)) if path.is_file() else {}


def with_nulls(values: np.ndarray) -> list[Any]:
    """An array of any shape as nested lists for JSON, which has no NaN: null stands for it."""
    plain = values.astype(object)
    plain[np.isnan(values)] = None
    return plain.tolist()  # type: ignore[no-any-return]
