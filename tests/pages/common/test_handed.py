"""What a callback gives to a widget outlasts a browser that has not heard of it, and nothing else."""

from __future__ import annotations

import pytest

from pages.parts.common import handed


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    state: dict[str, object] = {"lambda": 0.9}
    monkeypatch.setattr(handed.st, "session_state", state)
    return state


@pytest.mark.parametrize("late", [0.9, 0.4, 0.1])
def test_a_late_word_of_an_earlier_value_takes_nothing_back(session: dict[str, object], late: float) -> None:
    handed.hand({"lambda": 0.4})
    handed.hold()
    handed.hand({"lambda": 0.1})  # the run before was cut short
    session["lambda"] = late  # what the browser's next event says
    handed.hold()
    assert session["lambda"] == 0.1


def test_what_the_reader_chooses_meanwhile_holds(session: dict[str, object]) -> None:
    handed.hand({"lambda": 0.4})
    session["lambda"] = 1.2
    handed.hold()
    assert session["lambda"] == 1.2


def test_once_drawn_the_reader_may_go_back_to_where_it_was(session: dict[str, object]) -> None:
    handed.hand({"lambda": 0.4})
    handed.hold()
    handed.drawn()
    session["lambda"] = 0.9
    handed.hold()
    assert session["lambda"] == 0.9
