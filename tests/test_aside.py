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

from core import aside
from core.studies.spinal_heads import from_dict

ROOT = Path(__file__).parents[1]
KIND = "spinal-heads"
QUICK = ["spinal-heads", "--heads", "spinal", "--seeds", "1", "--epochs", "1"]
LONG = ["spinal-heads", "--seeds", "10", "--epochs", "150"]
SERVER = f"""
import time
from core import aside
print(aside.begin({KIND!r}, "long", {LONG!r}, {{"title": "digits"}}).folder, flush=True)
time.sleep(600)
"""


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path))
    yield tmp_path
    for run in aside.runs(KIND):
        aside.forget(run)


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
    run = aside.begin(KIND, "quick", QUICK, {"title": "digits"})
    assert aside.state(run) == "running"
    assert aside.begin(KIND, "quick", QUICK, {}).began == run.began  # one run of a name
    until(lambda: aside.state(run) != "running")
    assert aside.state(run) == "finished"
    assert from_dict(run.result).epochs_done == 1
    assert run.seconds > 0
    found = aside.find(KIND, "quick")
    assert found.about == {"title": "digits"}
    assert aside.state(found) == "finished"
    aside.forget(found)
    assert aside.find(KIND, "quick") is None
    assert not found.folder.exists()


def test_a_stopped_run_keeps_its_curves_and_too_many_are_refused():
    run = aside.begin(KIND, "long", LONG, {})
    other = aside.begin(KIND, "other", LONG, {})
    with pytest.raises(aside.NotBegun, match="expected fewer than 2 trainings at once"):
        aside.begin(KIND, "third", LONG, {})
    aside.stop(other)
    until(lambda: run.result is not None)
    aside.stop(run)
    assert aside.state(run) == "stopped"
    partial = from_dict(run.result)
    assert 0 < partial.epochs_done < 3 * 10 * 150
    aside.stop(run)  # once more does nothing
    assert [one.folder.name for one in aside.runs(KIND)] == ["other", "long"]
    again = aside.begin(KIND, "long", LONG, {})
    assert aside.state(again) == "running"
    assert from_dict(again.result) is not None  # until its own first word


def test_a_failed_run_says_why():
    run = aside.begin(KIND, "bad", ["spinal-heads", "--data", "no-such-data"], {})
    until(lambda: aside.state(run) != "running")
    assert aside.state(run) == "failed"
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
    assert aside.runs(KIND) == []
    assert aside.find(KIND, "torn") is None
    assert aside.find(KIND, "number") is None


def test_the_oldest_are_dropped(home, monkeypatch):
    monkeypatch.setattr(aside, "KEPT", 3)
    for i in range(4):
        folder = home / "runs" / KIND / f"run{i}"
        folder.mkdir(parents=True)
        (folder / "about.json").write_text(json.dumps({"about": {}, "began": float(i)}))
    run = aside.begin(KIND, "new", ["--help"], {})
    assert [one.folder.name for one in aside.runs(KIND)] == ["new", "run3", "run2"]
    until(lambda: aside.state(run) != "running")


# ---- whose a run is ------------------------------------------------------------------------------


def test_a_training_ends_with_a_server_that_is_killed(server):
    run = aside.find(KIND, "long")
    assert aside.state(run) == "running"
    training = psutil.Process(json.loads((run.folder / "process.json").read_text())["pid"])
    until(lambda: run.result is not None)  # in the middle of what it does
    server.send_signal(signal.SIGKILL)
    killed = time.monotonic()
    until(lambda: aside.state(run) != "running", 10)
    assert time.monotonic() - killed < 5
    assert aside.state(run) == "stopped"
    assert not training.is_running() or training.status() == psutil.STATUS_ZOMBIE
    assert aside.state(aside.begin(KIND, "long", LONG, {})) == "running"


def test_a_run_of_another_server_is_found_counted_and_stopped_and_not_begun_twice(server):
    run = aside.find(KIND, "long")
    assert aside.state(run) == "running"
    assert run.about == {"title": "digits"}
    again = aside.begin(KIND, "long", LONG, {"title": "another"})
    assert again == run
    assert len(at(run.folder)) == 1
    aside.begin(KIND, "second", LONG, {})
    with pytest.raises(aside.NotBegun, match="expected fewer than 2 trainings at once"):
        aside.begin(KIND, "third", LONG, {})
    aside.stop(run)
    assert aside.state(run) == "stopped"
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
    assert len(at(aside.find(KIND, "long").folder)) == 1
    for one in servers:
        one.communicate(b"\n")
    until(lambda: aside.state(aside.find(KIND, "long")) == "stopped", 10)


def test_a_folder_that_a_process_holds_refuses_another_in_one_sentence(home):
    folder = home / "runs" / KIND / "held"
    folder.mkdir(parents=True)
    alone = r"^expected to be alone in .*held, another process is at it: wait"
    # whatever became of what the process noted: its clock, or another machine's numbers
    with FileLock(folder / "lock"), pytest.raises(aside.NotBegun, match=alone):
        aside.begin(KIND, "held", QUICK, {})
    assert not (folder / "result.json").exists()


def test_one_that_still_lets_go_of_its_folder_is_waited_for(home):
    """A killed process may be counted as gone while its last thread holds the lock: Train again was refused then."""
    folder = home / "runs" / KIND / "ending"
    folder.mkdir(parents=True)
    lock = FileLock(folder / "lock", thread_local=False)
    lock.acquire()
    ending = threading.Timer(2, lock.release)
    ending.start()
    run = aside.begin(KIND, "ending", QUICK, {})
    ending.join()
    until(lambda: aside.state(run) != "running")
    assert aside.state(run) == "finished"


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
        assert aside.state(aside.find(KIND, "old")) == "stopped"
        aside.stop(aside.find(KIND, "old"))  # ends nobody, and not this process
    (folder / "process.json").write_text(json.dumps({"pid": os.getpid(), "began": began}))
    assert aside.state(aside.find(KIND, "old")) == "running"
    (folder / "process.json").unlink()


def test_what_became_of_a_run_is_known_to_the_next_server():
    watch = f"while aside.state(aside.find({KIND!r}, 'long')) == 'running': time.sleep(0.1)"
    failing = SERVER.replace(repr(LONG), repr(["spinal-heads", "--data", "no-such-data"]))
    words = [sys.executable, "-c", failing.replace("time.sleep(600)", watch)]
    subprocess.run(words, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    run = aside.find(KIND, "long")
    assert aside.state(run) == "failed"
    assert run.error.startswith("expected one of digits")


# ---- no room -------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["file", "file/below", "/proc/receptive"])
def test_a_cache_folder_that_cannot_be_written_is_one_sentence(where, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path / where))
    with pytest.raises(aside.NotBegun, match=r"^expected to keep what it writes in .*, got .*: make room there, or"):
        aside.begin(KIND, "new", QUICK, {})
    assert aside.runs(KIND) == []
    assert aside.find(KIND, "new") is None


def test_a_cache_folder_may_be_given_from_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECEPTIVE_CACHE", "cache")
    run = aside.begin(KIND, "bad", ["spinal-heads", "--data", "no-such-data"], {})
    until(lambda: aside.state(run) != "running")
    assert aside.state(run) == "failed"
    assert (tmp_path / "cache" / "runs" / KIND / "bad" / "failed").exists()
