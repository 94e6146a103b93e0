"""`receptive batch shift-sweep` against before's: whole commands in turn, start-up and all, each by its own defaults.

Run with `pytest -n 0 -o python_files='bench_*.py' tests/benchmarks/bench_batch.py -s`, RECEPTIVE_BEFORE naming the
worktree of before. Few photographs are the usual case and the row of the table: before takes them in one process, as
they are one part. With two parts it has a process a core, as we have.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from core.pictures.samples import SAMPLES, load_sample
from tests.benchmarks import table

PAIRS = 5
NETWORK = "photo_resnet"  # of those that before has, the one that it sweeps first
FEW, PARTS = 10, 32  # photographs: less than a part of 16, and two parts
HERE = Path(__file__).parents[2]
SAME = ("picture", "network", "label", "shifts", "consistency", "flips", "target", "lowest_dy", "lowest_dx")
CLOSE = ("probability", "lowest")


def photographs(folder: Path, count: int, seed: int = 0) -> Path:
    """`count` cuts of the samples, no two the same, each of most of its picture."""
    dice = np.random.default_rng(seed)
    folder.mkdir()
    for i in range(count):
        pixels = load_sample(SAMPLES[i % len(SAMPLES)].name).pixels
        top, left = dice.integers(0, np.array(pixels.shape[:2]) // 5)
        Image.fromarray(pixels[top:, left:]).save(folder / f"{i:02}.png")
    return folder


def seconds(tree: Path, folder: Path, out: Path, *words: str) -> float:
    """How long the command of that worktree takes."""
    line = [sys.executable, "-m", "core", "batch", "shift-sweep", folder, "--model", NETWORK, "--out", out, *words]
    begun = time.perf_counter()
    subprocess.run(
        list(map(str, line)), cwd=tree, env=os.environ | {"PYTHONPATH": str(tree)}, check=True, capture_output=True
    )
    return time.perf_counter() - begun


def check_same(ours: Path, theirs: Path) -> None:
    """Whether two files say the same of the same pictures, probabilities as float32 can."""
    one, other = (pq.read_table(path).select([*SAME, *CLOSE]).to_pydict() for path in (ours, theirs))
    for name in SAME:
        assert one[name] == other[name], name
    for name in CLOSE:
        np.testing.assert_allclose(one[name], other[name], rtol=1e-4)


@pytest.mark.skipif("RECEPTIVE_BEFORE" not in os.environ, reason="RECEPTIVE_BEFORE names no worktree of before")
@pytest.mark.parametrize("count", [FEW, PARTS])
def test_a_batch_against_before(count: int, tmp_path: Path) -> None:
    before, folder = Path(os.environ["RECEPTIVE_BEFORE"]), photographs(tmp_path / "in", count)
    ours, theirs = [], []
    for tree in (HERE, before):  # compiles what Python has not compiled yet
        seconds(tree, folder, tmp_path / f"{tree.name}-warm.parquet", "--set", "max_shift=1")
    for i in range(PAIRS):
        mine, old = tmp_path / f"{i}-ours.parquet", tmp_path / f"{i}-before.parquet"
        ours.append(seconds(HERE, folder, mine))
        theirs.append(seconds(before, folder, old))
        check_same(mine, old)
        print(f"\n{count} pictures: ours {ours[-1]:.1f} s, before {theirs[-1]:.1f} s", flush=True)
    ratios = np.divide(theirs, ours)
    rate = count / np.median(ours), count / np.median(theirs)
    print(
        f"\n| {count} photographs, `{NETWORK}` | {rate[0]:.2f} rows a second | {rate[1]:.2f} | "
        f"{np.median(ratios):.2g} ({ratios.min():.2g} to {ratios.max():.2g}; {PAIRS} pairs) |"
    )
    if count == FEW:
        table.record("batch", ours, theirs, f"{FEW} photographs, `{NETWORK}`, start-up and all")
