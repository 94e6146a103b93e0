"""Results as JSON and back, and files of ours that are read back: a kill, a full disk or a hand may have damaged them.

One codec for frozen dataclasses of arrays, by their fields' types; and the words for what is wrong with a file: one
sentence, the same in the terminal and on the pages.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from core.base.files import write_json

T = TypeVar("T")
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


def in_words(error: Exception) -> str:
    """An error in one line; what the system says of a file gets what was expected and what to do."""
    said = str(error) or type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        where = error.filename2 or error.filename or "what is printed"
        remedy = "check the path, its permissions and the room on its disk"
        said = f"expected to read or write {where}, got {error.strerror}: {remedy}"
    return " ".join(said.split())


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


def raw(path: Path) -> dict[str, Any]:
    """A record's fields as they are in the file, {} without one. Raises Damaged, OSError."""
    if not path.is_file():
        return {}
    with read_back(path, remedy=REINSTALL):
        return dict(json.loads(path.read_text()))


# ---- the codec -----------------------------------------------------------------------------------


def as_json(value: Any, digits: int | None = None) -> Any:
    """What JSON can hold of a dataclass, an array or whatever holds them: an object of the fields in their order, and
    nested lists; NaN, which JSON has not, is null. The numbers of float arrays are rounded to `digits` after the point.
    """
    if dataclasses.is_dataclass(value):
        return {field.name: as_json(getattr(value, field.name), digits) for field in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        if value.dtype.kind != "f":
            return value.tolist()
        plain = (value if digits is None else value.astype(float).round(digits)).astype(object)
        plain[np.isnan(value)] = None
        return plain.tolist()
    if isinstance(value, Mapping):
        return {key: as_json(one, digits) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(one, digits) for one in value]
    if isinstance(value, np.generic):
        return as_json(value.item())
    return None if isinstance(value, float) and math.isnan(value) else value


def from_json(kind: type[T], fields: Mapping[str, Any]) -> T:
    """The dataclass that `as_json` wrote, by its fields' types; what it has no field for is left out.

    An array gets the dtype of its annotation (`NDArray[np.float32]`), a plain np.ndarray that of its numbers; null in
    it is NaN. Raises ValueError if fields without a default are missing, and what the class raises.
    """
    known = dataclasses.fields(kind)  # type: ignore[arg-type]
    missing = [f.name for f in known if f.name not in fields and f.default is f.default_factory is dataclasses.MISSING]
    if missing:
        what = f"{kind.__module__}.{kind.__qualname__}"
        raise ValueError(f"expected the fields of {what}, got none for {', '.join(missing)}: write it again")
    hints = _hints(kind)  # type: ignore[arg-type]
    return kind(**{f.name: _value(hints[f.name], fields[f.name]) for f in known if f.name in fields})


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _value(kind: Any, value: Any) -> Any:
    """A field's value from JSON, by its type."""
    origin, inner = get_origin(kind) or kind, get_args(kind)
    if origin is np.ndarray:
        dtype = get_args(inner[1])[0] if inner and get_args(inner[1]) else None
        found = np.array(value, None if dtype is Any else dtype)
        return found.astype(float) if found.dtype == object else found  # null is NaN then
    if origin in (Union, UnionType):
        others = [one for one in inner if one is not type(None)]
        return value if value is None or len(others) > 1 else _value(others[0], value)
    if origin is tuple:
        kinds = inner[:1] * len(value) if inner[1:] == (...,) else inner
        return tuple(_value(one, part) for one, part in zip(kinds, value, strict=True))
    if origin is list and inner:
        return [_value(inner[0], part) for part in value]
    if isinstance(origin, type) and issubclass(origin, Mapping) and inner:
        return {key: _value(inner[1], part) for key, part in value.items()}
    if dataclasses.is_dataclass(origin):
        return from_json(origin, value)  # type: ignore[arg-type]
    return math.nan if kind is float and value is None else value


def save(
    path: Path,
    value: Any,
    about: Mapping[str, Any] | None = None,
    *,
    digits: int | None = None,
    indent: int | None = 1,
) -> None:
    """A record, whole or not at all: a dataclass that tells itself where it comes from, or a result with what is to be
    told `about` it beside it. Raises OSError."""
    fields = as_json(value, digits)
    write_json(path, fields if about is None else {"result": fields, **about}, indent)


def read(path: Path, kind: type[T]) -> tuple[T, dict[str, Any]] | None:
    """The dataclass that `save` wrote, and what the file tells beside it; None without a file.

    Raises Damaged, OSError.
    """
    if not path.is_file():
        return None
    with read_back(path, remedy=REINSTALL):
        record = json.loads(path.read_text())
        names = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
        fields = record if "result" in names or "result" not in record else record.pop("result")
        about = {name: value for name, value in record.items() if fields is not record or name not in names}
        return from_json(kind, fields), about


def read_one(path: Path, kind: type[T]) -> T | None:
    """The dataclass that `save` wrote, without what the file tells beside it; None without a file.

    Raises Damaged, OSError.
    """
    found = read(path, kind)
    return None if found is None else found[0]


def read_all(paths: Iterable[Path], kind: type[T]) -> dict[str, T]:
    """The dataclass in each of the files that are there, by their names without the ending, in order of these.

    Raises Damaged, OSError.
    """
    found = ((path.stem, read_one(path, kind)) for path in sorted(paths))
    return {name: one for name, one in found if one is not None}
