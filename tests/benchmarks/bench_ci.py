"""How long the default test run takes, and `.ci/run` in all: one run of the latter, which must pass."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

from tests.benchmarks import table

HERE = Path(__file__).parents[2]
TESTS, ALL = 8 * 60, 12 * 60  # seconds wanted


def test_ci() -> None:
    begun = time.monotonic()
    done = subprocess.run([HERE / ".ci" / "run"], cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    took = time.monotonic() - begun
    assert done.returncode == 0, done.stdout[-20_000:]
    *_, tests = re.findall(r"passed.* in ([\d.]+)s", done.stdout)
    table.record("tests", [float(tests)], [TESTS])
    table.record("ci", [took], [ALL])
