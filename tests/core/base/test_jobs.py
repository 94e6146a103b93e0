"""Commands beside the app: they run, are stopped, fail in words, and what they wrote stays."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
from filelock import FileLock

from core.base import jobs
from core.base.records import from_json
from core.studies.spinal.heads import Result

ROOT = Path(__file__).parents[3]
KIND = "spinal-heads"
QUICK = ["spinal-heads", "--heads", "spinal", "--seeds", "1", "--epochs", "1"]
LONG = ["spinal-heads", "--seeds", "10", "--epochs", "150"]
SERVER = f"""
import time
from core.base import jobs as aside
print(aside.begin({KIND!r}, "long", {LONG!r}, {{"title": "digits"}}).folder, flush=True)
time.sleep(600)
"""


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path))
    yield tmp_path
    for run in jobs.runs(KIND):
        jobs.forget(run)


def until(true, patience=90):
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.fixture
def server():
    """Another process that has begun the long run, as another server, or one before this, would."""
    process = subprocess.Popen([sys.executable, "-c", SERVER], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline().strip().endswith("long")
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_run_ends_and_keeps_what_it_wrote():
    run = jobs.begin(KIND, "quick", QUICK, {"title": "digits"})
    assert jobs.state(run) == "running"
    assert jobs.begin(KIND, "quick", QUICK, {}).began == run.began  # one run of a name
    until(lambda: jobs.state(run) != "running")
    assert jobs.state(run) == "finished"
    assert from_json(Result, run.result).epochs_done == 1
    assert run.seconds > 0
    found = jobs.find(KIND, "quick")
    assert found.about == {"title": "digits"}
    assert jobs.state(found) == "finished"
    jobs.forget(found)
    assert jobs.find(KIND, "quick") is None
    assert not found.folder.exists()


def test_a_stopped_run_keeps_its_curves_and_too_many_are_refused():
    run = jobs.begin(KIND, "long", LONG, {})
    other = jobs.begin(KIND, "other", LONG, {})
    with pytest.raises(jobs.NotBegun, match="expected fewer than 2 trainings at once"):
        jobs.begin(KIND, "third", LONG, {})
    jobs.stop(other)
    until(lambda: run.result is not None)
    jobs.stop(run)
    assert jobs.state(run) == "stopped"
    partial = from_json(Result, run.result)
    assert 0 < partial.epochs_done < 3 * 10 * 150
    jobs.stop(run)  # once more does nothing
    assert [one.folder.name for one in jobs.runs(KIND)] == ["other", "long"]
    again = jobs.begin(KIND, "long", LONG, {})
    assert jobs.state(again) == "running"
    assert from_json(Result, again.result) is not None  # until its own first word


def test_a_failed_run_says_why():
    run = jobs.begin(KIND, "bad", ["spinal-heads", "--data", "no-such-data"], {})
    until(lambda: jobs.state(run) != "running")
    assert jobs.state(run) == "failed"
    assert run.error.startswith("expected one of digits")
    assert run.result is None
    assert run.seconds == 0


def test_broken_folders_are_passed_over(home):
    for name, text in (
        ("empty", None),
        ("torn", '{"about": {'),
        ("number", "3"),
        ("list", "[]"),
        ("half", '{"about": 1}'),
    ):
        folder = home / "runs" / KIND / name
        folder.mkdir(parents=True)
        if text is not None:
            (folder / "about.json").write_text(text)
    assert jobs.runs(KIND) == []
    assert jobs.find(KIND, "torn") is None
    assert jobs.find(KIND, "number") is None


def test_the_oldest_are_dropped(home, monkeypatch):
    monkeypatch.setattr(jobs, "KEPT", 3)
    for i in range(4):
        folder = home / "runs" / KIND / f"run{i}"
        folder.mkdir(parents=True)
        (folder / "about.json").write_text(json.dumps({"about": {}, "began": float(i)}))
    run = jobs.begin(KIND, "new", ["--help"], {})
    assert [one.folder.name for one in jobs.runs(KIND)] == ["new", "run3", "run2"]
    until(lambda: jobs.state(run) != "running")


# ---- whose a run is ------------------------------------------------------------------------------


def test_a_training_ends_with_a_server_that_is_killed(server):
    run = jobs.find(KIND, "long")
    assert jobs.state(run) == "running"
    training = psutil.Process(json.loads((run.folder / "process.json").read_text())["pid"])
    until(lambda: run.result is not None)  # in the middle of what it does
    server.send_signal(signal.SIGKILL)
    until(lambda: jobs.state(run) != "running")
    assert jobs.state(run) == "stopped"
    assert not training.is_running() or training.status() == psutil.STATUS_ZOMBIE
    assert jobs.state(jobs.begin(KIND, "long", LONG, {})) == "running"


def test_a_run_of_another_server_is_found_counted_and_stopped_and_not_begun_twice(server):
    run = jobs.find(KIND, "long")
    assert jobs.state(run) == "running"
    assert run.about == {"title": "digits"}
    again = jobs.begin(KIND, "long", LONG, {"title": "another"})
    assert again == run
    assert len(at(run.folder)) == 1
    jobs.begin(KIND, "second", LONG, {})
    with pytest.raises(jobs.NotBegun, match="expected fewer than 2 trainings at once"):
        jobs.begin(KIND, "third", LONG, {})
    jobs.stop(run)
    assert jobs.state(run) == "stopped"
    assert at(run.folder) == []


def at(folder):
    """The processes of a run, whoever began them."""
    return [p for p in psutil.process_iter(["cmdline"]) if str(folder) in (p.info["cmdline"] or ())]


def test_two_starts_at_the_same_moment_are_one(tmp_path):
    code = SERVER.replace("time.sleep(600)", "input()")
    servers = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    for one in servers:
        assert one.stdout.readline()
    assert len(at(jobs.find(KIND, "long").folder)) == 1
    for one in servers:
        one.communicate(b"\n")
    until(lambda: jobs.state(jobs.find(KIND, "long")) == "stopped", 10)


def test_a_folder_that_a_process_holds_refuses_another_in_one_sentence(home):
    folder = home / "runs" / KIND / "held"
    folder.mkdir(parents=True)
    alone = r"^expected to be alone in .*held, another process is at it: wait"
    # whatever became of what the process noted: its clock, or another machine's numbers
    with FileLock(folder / "lock"), pytest.raises(jobs.NotBegun, match=alone):
        jobs.begin(KIND, "held", QUICK, {})
    assert not (folder / "result.json").exists()


def test_one_that_still_lets_go_of_its_folder_is_waited_for(home):
    """A killed process may be counted as gone while its last thread holds the lock: Train again was refused then."""
    folder = home / "runs" / KIND / "ending"
    folder.mkdir(parents=True)
    lock = FileLock(folder / "lock", thread_local=False)
    lock.acquire()
    ending = threading.Timer(2, lock.release)
    ending.start()
    run = jobs.begin(KIND, "ending", ["spinal-heads", "--help"], {})
    ending.join()
    until(lambda: jobs.state(run) != "running")
    assert jobs.state(run) == "finished"


def test_the_number_of_a_process_that_is_gone_may_be_anothers(home):
    folder = home / "runs" / KIND / "old"
    folder.mkdir(parents=True)
    (folder / "about.json").write_text(json.dumps({"about": {}, "began": 1.0}))
    began = psutil.Process().create_time()
    for noted in (
        {"pid": os.getpid(), "began": began - 60},
        {"pid": 2**31 - 1, "began": began},
        {"pid": 10**30, "began": began},
        {"pid": -1, "began": began},
        {"pid": "1", "began": began},
        {"pid": os.getpid()},
        [],
        None,
    ):
        (folder / "process.json").write_text(json.dumps(noted))
        assert jobs.state(jobs.find(KIND, "old")) == "stopped"
        jobs.stop(jobs.find(KIND, "old"))  # ends nobody, and not this process
    (folder / "process.json").write_text(json.dumps({"pid": os.getpid(), "began": began}))
    assert jobs.state(jobs.find(KIND, "old")) == "running"
    (folder / "process.json").unlink()


def test_what_became_of_a_run_is_known_to_the_next_server():
    watch = f"while aside.state(aside.find({KIND!r}, 'long')) == 'running': time.sleep(0.1)"
    failing = SERVER.replace(repr(LONG), repr(["spinal-heads", "--data", "no-such-data"]))
    words = [sys.executable, "-c", failing.replace("time.sleep(600)", watch)]
    subprocess.run(words, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    run = jobs.find(KIND, "long")
    assert jobs.state(run) == "failed"
    assert run.error.startswith("expected one of digits")


# ---- no room -------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["file", "file/below", "/proc/receptive"])
def test_a_cache_folder_that_cannot_be_written_is_one_sentence(where, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path / where))
    with pytest.raises(jobs.NotBegun, match=r"^expected to keep what it writes in .*, got .*: make room there, or"):
        jobs.begin(KIND, "new", QUICK, {})
    assert jobs.runs(KIND) == []
    assert jobs.find(KIND, "new") is None


def test_a_cache_folder_may_be_given_from_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECEPTIVE_CACHE", "cache")
    run = jobs.begin(KIND, "bad", ["spinal-heads", "--data", "no-such-data"], {})
    until(lambda: jobs.state(run) != "running")
    assert jobs.state(run) == "failed"
    assert (tmp_path / "cache" / "runs" / KIND / "bad" / "failed").exists()
