"""Processor time of `receptive report` of a photograph that nobody has asked about, before's and ours in turn."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from core.pictures.samples import load_sample
from tests.benchmarks import table
from tests.benchmarks.sides import BEFORE, NEEDS_BEFORE, OURS, environment

PHOTOGRAPHS = ("astronaut", "coffee", "motorcycle", "china", "flower")


def seconds(side: Path, photo: Path, folder: Path) -> float:
    """User and system time of the process and its threads."""
    command = [sys.executable, "-m", "core", "report", str(photo), "--out", str(folder / "report.html")]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    running = subprocess.Popen(command, cwd=side, env=environment(side, folder), **quiet)
    _, status, used = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    assert running.returncode == 0
    return used.ru_utime + used.ru_stime


@NEEDS_BEFORE
def test_a_report(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    took: dict[Path, list[float]] = {BEFORE: [], OURS: []}
    for name in PHOTOGRAPHS:  # cut anew, so that nothing packaged is of them
        top, left = rng.integers(1, 9, 2)
        photo = tmp_path / f"{name}.jpg"
        Image.fromarray(load_sample(name).pixels[top:, left:]).save(photo, quality=95)
        for side, values in took.items():
            values.append(seconds(side, photo, tmp_path))
    table.record("report", took[OURS], took[BEFORE], "25 shifts of the 224 px networks, before 1,089 of its 64 px ones")
