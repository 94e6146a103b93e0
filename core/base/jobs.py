"""Commands of ours that run beside the app, each in a process of its own: a training goes on while pages come and go.

A run is a folder: `about.json` (what was asked), `result.json` (what the command writes as it goes), `errors.txt`,
`process.json` (who is at it, for every server that looks) and `lock`, which that process holds for as long as it lives.
The process lives no longer than the server that began it, by whatever death.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import psutil
from filelock import FileLock

from core.base.files import cache_folder, unwritable, write_json

KEPT = 30  # runs of a kind; the oldest are dropped when a new one begins
BESIDE = "core.terminal.beside"  # the module that a process of ours runs: it stands on the last floor
AT_ONCE = 2  # processes; each takes a core for as long as it runs
PATIENCE = 5.0  # seconds that a process gets to end before it is killed
BIRTH = 60.0  # seconds that a process gets to say that it is there; a fraction of one is usual
LOOK = 0.02  # seconds between two looks at a process that is waited for
SAME = 1.0  # seconds between two readings of one process's start: another one has its number later
State = Literal["running", "finished", "stopped", "failed"]
_begun: list[subprocess.Popen[bytes]] = []  # kept until they have ended, which the system wants to be asked about


class NotBegun(RuntimeError):
    """Why a command cannot begin now, and what to do."""


@dataclass(frozen=True)
class Run:
    """A command that was started: `about` is what `begin` was told, `began` and `seconds` are on the wall clock."""

    folder: Path
    about: Mapping[str, Any]
    began: float

    @property
    def result(self) -> Any:
        """What the command has written so far, None before its first word."""
        return _read(self.folder / "result.json")

    @property
    def error(self) -> str:
        """The last line that the command said in its own defence."""
        try:
            lines = (self.folder / "errors.txt").read_text(errors="replace").split("\n")
        except OSError:
            return ""
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    @property
    def seconds(self) -> float:
        """How long it has been running, or ran until it last wrote something."""
        if state(self) == "running":
            return time.time() - self.began
        try:
            return max(0.0, (self.folder / "result.json").stat().st_mtime - self.began)
        except OSError:
            return 0.0


def begin(kind: str, name: str, arguments: Sequence[str], about: Mapping[str, Any]) -> Run:
    """Start `python -m core ARGUMENTS --json FOLDER/result.json` unless the run of this name is running already,
    whoever began it.

    What a finished or stopped run of this name has written is replaced by the new one's first word, not before.
    Raises NotBegun: too many run, the cache folder cannot be written, or the process refuses.
    """
    folder = _home(kind) / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(_home(kind).parent / "lock", timeout=BIRTH):  # two sessions, or two servers, may ask at once
            running = find(kind, name)
            if running is not None and state(running) == "running":
                return running
            if sum(_process(other) is not None for other in _home(kind).parent.glob("*/*")) >= AT_ONCE:
                raise NotBegun(
                    f"expected fewer than {AT_ONCE} trainings at once on this machine: stop one, or wait for its end"
                )
            for old in [one for one in runs(kind) if one.folder != folder][KEPT - 1 :]:
                forget(old)
            return _start(Run(folder, dict(about), time.time()), arguments)
    except OSError as error:  # a Timeout is one, too
        raise NotBegun(unwritable("what it writes", folder, error)) from error


def _start(run: Run, arguments: Sequence[str]) -> Run:
    """Start the run's process and wait until it is at it. Raises NotBegun with its own words, OSError."""
    folder = run.folder
    write_json(folder / "about.json", {"about": run.about, "began": run.began})
    for left in ("finished", "failed", "process.json"):
        (folder / left).unlink(missing_ok=True)
    threads = max(1, (os.cpu_count() or 2) - 1)  # one core stays with the app
    with (folder / "errors.txt").open("wb") as errors:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                BESIDE,
                str(folder),
                *arguments,
                "--json",
                str(folder / "result.json"),
            ],
            cwd=Path(__file__).parents[2],
            env=os.environ | {"OMP_NUM_THREADS": str(threads)},
            stdin=_leash(),
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
    _begun[:] = [one for one in _begun if one.poll() is None] + [process]
    end = time.monotonic() + BIRTH
    while _process(folder) is None and process.poll() is None and time.monotonic() < end:
        time.sleep(LOOK)
    if process.poll() is not None and state(run) == "stopped":
        raise NotBegun(run.error or f"expected a process for {arguments[0]}, it ended without a word: start it again")
    return run


def stop(run: Run) -> None:
    """End the process, whichever server began it; what it has written stays."""
    for end in (psutil.Process.terminate, psutil.Process.kill):
        process = _process(run.folder)
        if process is None:
            return
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            end(process)
        last = time.monotonic() + PATIENCE
        while _process(run.folder) is not None and time.monotonic() < last:
            time.sleep(LOOK)


def state(run: Run) -> State:
    """What became of it. A run that did not reach its end counts as stopped."""
    if _process(run.folder) is not None:
        return "running"
    if (run.folder / "finished").exists():
        return "finished"
    return "failed" if (run.folder / "failed").exists() else "stopped"


def find(kind: str, name: str) -> Run | None:
    """The run of this name, None if there is none."""
    return _run(_home(kind) / name)


def runs(kind: str) -> list[Run]:
    """The runs that are kept, the newest first."""
    try:
        found = [_run(path) for path in _home(kind).iterdir()]
    except OSError:
        return []
    return sorted((run for run in found if run is not None), key=lambda run: -run.began)


def forget(run: Run) -> None:
    """Stop it and remove what it wrote."""
    stop(run)
    if state(run) != "running":  # somebody else's, whom we may not stop
        shutil.rmtree(run.folder, ignore_errors=True)


@functools.cache
def _leash() -> int:
    """The end of a pipe for processes to read from; this one holds the other end for as long as it lives."""
    end, _ = os.pipe()
    return end


def living(pid: int, began: float) -> psutil.Process | None:
    """The process of this number, if it lives and began when it is noted to have (s since 1970): numbers come again.

    Raises TypeError, ValueError for what is no such number.
    """
    try:
        found = psutil.Process(pid)
        same = abs(found.create_time() - began) < SAME and found.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return None
    return found if same else None


def live_by(leash: Callable[[], object]) -> None:
    """End this process, in the middle of what it does, when `leash` returns or fails: it reads from a pipe whose other
    end the parent holds, until it lets go, on purpose or by a kill."""

    def wait() -> None:
        with suppress(EOFError, OSError):
            leash()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _home(kind: str) -> Path:
    return (cache_folder() / "runs" / kind).absolute()  # the process works elsewhere


def _process(folder: Path) -> psutil.Process | None:
    """The living process that is at this folder, None if there is none."""
    noted = _read(folder / "process.json")
    try:
        return living(noted["pid"], noted["began"])
    except (TypeError, KeyError, ValueError):
        return None  # nobody, or torn


def _run(folder: Path) -> Run | None:
    known = _read(folder / "about.json")
    try:
        return Run(folder, dict(known["about"]), float(known["began"]))
    except (TypeError, KeyError, ValueError):
        return None  # not one of ours, or torn


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None
