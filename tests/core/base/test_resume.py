"""A measurement in parts: nothing is computed twice, parts are shared with other runs, and others' are refused."""

import json

import pytest
from filelock import FileLock

from core.base import resume
from core.base.resume import Busy, in_parts, remembering


def never():
    raise AssertionError("computed again")


def test_what_was_computed_once_is_read_back(tmp_path):
    remember = remembering(tmp_path / "work", {"epochs": 3, "sizes": (1, 2)})
    assert remember("svm 3 1", lambda: (0.1, None)) == [0.1, None]  # as JSON has it, the first time too
    again = remembering(tmp_path / "work", {"epochs": 3, "sizes": (1, 2)})
    assert again("svm 3 1", never) == [0.1, None]
    kept = json.loads((tmp_path / "work" / "svm_3_1.json").read_text())
    assert set(kept) == {"of", "value", "date", "commit"}
    assert kept["of"] == {"epochs": 3, "sizes": [1, 2]}


def test_a_part_of_something_else_is_refused(tmp_path):
    remembering(tmp_path, {"epochs": 3})("a", lambda: 1)
    with pytest.raises(
        ValueError, match=r"^expected a part of \{'epochs': 4\}, got one of \{'epochs': 3\}: delete .*a"
    ):
        remembering(tmp_path, {"epochs": 4})("a", never)


def test_what_fails_leaves_no_part(tmp_path):
    remember = remembering(tmp_path)
    with pytest.raises(ZeroDivisionError):
        remember("a", lambda: 1 // 0)
    assert list(tmp_path.glob("*.json")) == []
    assert remember("a", lambda: 1) == 1


def test_a_part_that_another_run_is_at_is_left_to_it_and_the_others_are_made(tmp_path):
    remember, made = remembering(tmp_path), []
    parts = {name: lambda name=name: made.append(name) or name for name in "abc"}
    with (
        FileLock(f"{resume.part(tmp_path, 'b')}.lock"),
        pytest.raises(Busy, match=r"expected no other run at .*b\.json"),
    ):
        in_parts(remember, parts)
    assert made == ["a", "c"]
    told = []
    assert in_parts(remember, parts, lambda done, total: told.append((done, total))) == ["a", "b", "c"]
    assert made == ["a", "c", "b"]
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_a_part_that_another_run_finishes_meanwhile_is_read(tmp_path):
    remember = remembering(tmp_path)
    lock = FileLock(f"{resume.part(tmp_path, 'a')}.lock")
    lock.acquire()

    def second():
        resume.part(tmp_path, "a").write_text(json.dumps({"of": {}, "value": "theirs"}))
        lock.release()
        return "mine"

    assert in_parts(remember, {"a": never, "b": second}) == ["theirs", "mine"]
