"""Commands of ours that run beside the app, each in a process of its own: a training goes on while pages come and go.

A run is a folder: `about.json` (what was asked), `result.json` (what the command writes as it goes), `errors.txt`.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from core.download import cache_folder
from core.files import write_json

KEPT = 30  # runs of a kind; the oldest are dropped when a new one begins
AT_ONCE = 2  # processes; each takes a core for as long as it runs
PATIENCE = 5.0  # seconds that a process gets to end before it is killed
State = Literal["running", "finished", "stopped", "failed"]
_processes: dict[Path, subprocess.Popen[bytes]] = {}


class Busy(RuntimeError):
    """As many commands run already as this machine is given."""


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
        written = self.folder / "result.json"
        return max(0.0, written.stat().st_mtime - self.began) if written.exists() else 0.0


def begin(kind: str, name: str, arguments: Sequence[str], about: Mapping[str, Any]) -> Run:
    """Start `python -m core ARGUMENTS --json FOLDER/result.json` unless the run of this name is running already.

    What a finished or stopped run of this name has written is replaced by the new one's first word, not before.
    Raises Busy, with what to do, if too many run.
    """
    folder = _home(kind) / name
    running = find(kind, name)
    if running is not None and state(running) == "running":
        return running
    if sum(process.poll() is None for process in _processes.values()) >= AT_ONCE:
        raise Busy(f"expected fewer than {AT_ONCE} trainings at once on this machine: stop one, or wait for its end")
    folder.mkdir(parents=True, exist_ok=True)
    for old in [one for one in runs(kind) if one.folder != folder][KEPT - 1 :]:
        forget(old)
    run = Run(folder, dict(about), time.time())
    write_json(folder / "about.json", {"about": run.about, "began": run.began})
    (folder / "finished").unlink(missing_ok=True)
    threads = max(1, (os.cpu_count() or 2) - 1)  # one core stays with the app
    with (folder / "errors.txt").open("wb") as errors:
        _processes[folder] = subprocess.Popen(
            [sys.executable, "-m", "core", *arguments, "--json", str(folder / "result.json")],
            cwd=Path(__file__).parents[1],
            env=os.environ | {"OMP_NUM_THREADS": str(threads)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
    return run


def stop(run: Run) -> None:
    """End the process; what it has written stays."""
    process = _processes.get(run.folder)
    if process is None or process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def state(run: Run) -> State:
    """What became of it. A run of an earlier app that did not reach its end counts as stopped."""
    process = _processes.get(run.folder)
    code = process.poll() if process is not None else None
    if process is not None and code is None:
        return "running"
    if code == 0 or (run.folder / "finished").exists():
        (run.folder / "finished").touch()
        return "finished"
    return "failed" if code is not None and code > 0 else "stopped"


def find(kind: str, name: str) -> Run | None:
    """The run of this name, None if there is none."""
    return _run(_home(kind) / name)


def runs(kind: str) -> list[Run]:
    """The runs that are kept, the newest first."""
    home = _home(kind)
    found = [_run(path) for path in home.iterdir()] if home.is_dir() else []
    return sorted((run for run in found if run is not None), key=lambda run: -run.began)


def forget(run: Run) -> None:
    """Stop it and remove what it wrote."""
    stop(run)
    _processes.pop(run.folder, None)
    shutil.rmtree(run.folder, ignore_errors=True)


def _home(kind: str) -> Path:
    return cache_folder() / "runs" / kind


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


@atexit.register
def _end_all() -> None:
    for process in _processes.values():
        if process.poll() is None:
            process.terminate()
