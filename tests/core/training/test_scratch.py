"""Temporary folders: what a killed run has left goes with the next one's start, and nobody else's does."""

import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from filelock import FileLock

from core.training.scratch import LOCK, scratch

ROOT = Path(__file__).parents[3]
QUICK = [sys.executable, "-m", "core", "reproduce", "--quick"]
GONE = 2**22 + 1  # no process of Linux has this number


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The system's temporary folder, for this process and those that it starts."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def ours(home):
    return sorted(path.name for path in home.glob("receptive-*"))


@contextmanager
def begun(home):
    """A re-check that is in the middle of it, by its folder's name; killed at the end."""
    before = set(ours(home))
    with subprocess.Popen([*QUICK, "exact"], cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        try:
            end = time.monotonic() + 60
            while not (new := set(ours(home)) - before):  # what others left goes first
                assert process.poll() is None
                assert time.monotonic() < end
                time.sleep(0.05)
            [name] = new
            yield name
        finally:
            process.kill()


def test_a_killed_re_check_leaves_nothing_beyond_the_next_start(home):
    with begun(home) as left:
        pass
    assert ours(home) == [left]
    with begun(home) as other:
        assert ours(home) == [other]
        words = [*QUICK, "exact", "--minutes", "0.001"]  # no time for any: it only begins and ends
        subprocess.run(words, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
        assert ours(home) == [other]  # of one that lives
    with scratch() as folder:
        assert ours(home) == [folder.name]
    assert ours(home) == []


def test_nobody_elses_folder_is_touched(home):
    me = psutil.Process()
    kept = [
        "receptive-abc",  # as another program may call its own
        f"receptive-{me.pid}-{me.create_time():.0f}-new",  # of a process that lives and has not locked it yet
        "receptive-x-y-z",
        f"receptive-{GONE}-1-held",
        "other",
    ]
    for name in kept:
        (home / name).mkdir()
    (home / f"receptive-{GONE}-1-file").touch()
    (home / "other" / "precious").touch()
    (home / f"receptive-{GONE}-1-link").symlink_to(home / "other")
    gone = [f"receptive-{GONE}-1-left", f"receptive-{os.getpid()}-1-reused"]  # its number is another process's now
    for name in gone:
        (home / name / "results").mkdir(parents=True)
    before = ours(home)
    with FileLock(home / f"receptive-{GONE}-1-held" / LOCK), scratch() as folder:
        assert set(before) - set(ours(home)) == set(gone)
        assert set(ours(home)) - set(before) == {folder.name}
        with scratch() as another:
            assert folder.is_dir()
            assert another != folder
    assert (home / "other" / "precious").exists()
