"""Temporary folders of ours: what a run that was killed has left behind is removed by the next one."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from filelock import FileLock

from core.base.jobs import living

OURS = re.compile(r"receptive-(\d+)-(\d+)-\w+")  # the number of the process that made it, and when that began
LOCK = ".lock"  # held by that process for as long as it lives


@contextmanager
def scratch() -> Iterator[Path]:
    """A temporary folder of this process's own, gone at the end; those of dead processes are removed first.

    Raises OSError without room for it.
    """
    home = Path(tempfile.gettempdir())
    for folder in [path for path in home.glob("receptive-*") if is_left(path)]:
        shutil.rmtree(folder, ignore_errors=True)
    me = psutil.Process()
    prefix = f"receptive-{me.pid}-{me.create_time():.0f}-"
    with tempfile.TemporaryDirectory(prefix=prefix) as name, FileLock(Path(name) / LOCK):
        yield Path(name)


def is_left(folder: Path) -> bool:
    """Whether it is a folder of ours, made by this user, whose process is gone: noted as dead, and its lock free."""
    found = OURS.fullmatch(folder.name)
    if found is None or folder.is_symlink() or not folder.is_dir():
        return False
    try:
        if hasattr(os, "getuid") and folder.stat().st_uid != os.getuid():
            return False
        with FileLock(folder / LOCK, timeout=0):  # after a change of the clock, or in another container, only it tells
            return living(int(found[1]), float(found[2])) is None
    except OSError:  # it is held, or has just gone
        return False
