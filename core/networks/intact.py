"""The weights files that come along, and whether they are still the bytes that were trained."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from core.base.files import write_json
from core.base.records import in_words, read_back
from core.networks.download import WeightsError

DIGESTS = "digests.json"  # beside the files: the SHA-256 of each one's bytes by its name


def missing(name: str) -> str:
    """The sentence for a packaged network without a file."""
    return f"expected the packaged network {name}, found no file of it: {remedy(name)}"


def damaged(path: Path, why: str) -> WeightsError:
    """The error for a packaged file that cannot be used."""
    return WeightsError(
        f"expected the packaged network {path.stem} as it was trained, got a file that is damaged ({why}): "
        f"{remedy(path.stem)}"
    )


@contextmanager
def telling(path: Path) -> Iterator[None]:
    """What fails inside is the fault of a packaged file's header. Raises WeightsError as `damaged`."""
    try:
        yield
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise damaged(path, "its header does not tell what it is") from error


def remedy(name: str) -> str:
    return f"install Receptive again, or train it again with: receptive train {name}"


def read(path: Path) -> bytes:
    """A packaged file's bytes, as they were trained. Raises WeightsError if it is damaged or cannot be read."""
    data = _bytes(path)
    check(path, sha256(data).hexdigest())
    return data


@functools.lru_cache(maxsize=64)
def digest(path: Path) -> str:
    """SHA-256 of a packaged file's bytes: what results computed with it are remembered under.

    Raises WeightsError if it cannot be read.
    """
    return sha256(_bytes(path)).hexdigest()


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise damaged(path, in_words(error)) from error


def check(path: Path, found: str) -> None:
    """Raises WeightsError unless this is the SHA-256 that is noted for the file."""
    noted = digests(path.parent).get(path.name, "none")
    if found != noted:
        raise damaged(path, f"its SHA-256 begins with {found[:16]}, the one on the list with {noted[:16]}")


def digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of the files in a folder by their names, as `receptive train` noted them; {} without a list.

    Raises WeightsError if the list is damaged.
    """
    path = folder / DIGESTS
    if not path.exists():
        return {}
    with read_back(path, WeightsError, "install Receptive again"):
        return {str(name): str(noted) for name, noted in json.loads(path.read_text()).items()}


def note(path: Path) -> None:
    """Put a fresh weights file on its folder's list. Raises WeightsError if the list is damaged, OSError."""
    found = sha256(path.read_bytes()).hexdigest()
    write_json(path.parent / DIGESTS, digests(path.parent) | {path.name: found})
