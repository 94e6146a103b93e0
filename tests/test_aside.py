"""Commands beside the app: they run, are stopped, fail in words, and what they wrote stays."""

import json
import time

import pytest

from core import aside
from core.studies.spinal_heads import from_dict

KIND = "spinal-heads"
QUICK = ["spinal-heads", "--heads", "spinal", "--seeds", "1", "--epochs", "1"]
LONG = ["spinal-heads", "--seeds", "10", "--epochs", "150"]


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
    aside._processes.clear()  # as after a restart of the app
    assert aside.state(found) == "finished"
    aside.forget(found)
    assert aside.find(KIND, "quick") is None
    assert not found.folder.exists()


def test_a_stopped_run_keeps_its_curves_and_too_many_are_refused():
    run = aside.begin(KIND, "long", LONG, {})
    other = aside.begin(KIND, "other", LONG, {})
    with pytest.raises(aside.Busy, match="expected fewer than 2 trainings at once"):
        aside.begin(KIND, "third", LONG, {})
    aside.stop(other)
    until(lambda: run.result is not None)
    aside.stop(run)
    assert aside.state(run) == "stopped"
    partial = from_dict(run.result)
    assert 0 < partial.epochs_done < 3 * 10 * 150
    aside.stop(run)  # once more does nothing
    assert [one.folder.name for one in aside.runs(KIND)] == ["other", "long"]
    aside._processes.clear()
    assert aside.state(run) == "stopped"


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
