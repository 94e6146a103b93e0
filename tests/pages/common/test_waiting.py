"""Asking the inference worker from a page: one answer a call, Stop, and going on."""

import time

import pytest
from streamlit.runtime.caching import clear_session_resource_cache
from streamlit.testing.v1 import AppTest

from core import cache
from core.base.worker import Stopped
from core.cache import Call
from tests.pages.common import test_waiting as here

ASKED = []
PAGE = """
import streamlit as st
from pages.parts.common import waiting
from tests.pages.common.test_waiting import doubled
try:
    answer = waiting.ask(doubled, {value!r}, what="Doubling it", at="there")
except TypeError as error:
    answer = error
st.markdown(f"answer {{answer}}")
"""


def doubled(value, progress):
    ASKED.append(value)
    progress(1, 1)
    return 2 * value  # TypeError for None


def page(value):
    return AppTest.from_string(PAGE.format(value=value), default_timeout=30)


def said(app):
    assert not app.exception
    return [m.value for m in app.markdown]


def test_an_answer_is_computed_once_for_all_who_ask():
    ASKED.clear()
    app = page(101).run()
    assert said(app) == said(app.run()) == said(page(101).run()) == ["answer 202"]
    assert ASKED == [101]
    assert said(page(102).run()) == ["answer 204"]
    assert not app.button


def test_what_was_stopped_is_said_and_goes_on_when_asked():
    ASKED.clear()
    app = page(103)
    app.session_state["there stopped"] = [Call(here.doubled, 103).key]
    app.run()
    assert said(app) == [
        ":material/front_hand: Stopped: doubling it. What was finished is shown.",
        "answer None",
    ]
    assert ASKED == []
    app.button(key="there go on").click().run()
    assert said(app) == ["answer 206"]


def test_what_was_finished_before_the_stop_is_shown():
    app = page(104).run()
    app.session_state["there stopped"] = [Call(here.doubled, 104).key]
    assert said(app.run())[-1] == "answer 208"
    assert cache.finished(Call(here.doubled, 104)) == 208


def test_a_stop_of_other_arguments_is_not_this_ones():
    app = page(105)
    app.session_state["there stopped"] = [Call(here.doubled, 106).key]
    assert said(app.run()) == ["answer 210"]


def test_an_error_of_the_work_is_raised_on_the_page():
    assert "unsupported operand" in said(page(None).run())[0]


def slow(value, progress):
    for _ in range(1200):  # a minute
        progress(0, 1)
        time.sleep(0.05)


def begun_by_a_page(value):
    """What a page goes on without, and what it would wait for; neither is done."""
    from core import cache
    from pages.parts.common import waiting
    from tests.pages.common import test_waiting

    by_itself, asked = (cache.Call(test_waiting.slow, (value, name)) for name in ("by itself", "asked"))
    waiting.ask_on([by_itself], "Looking on", "there", until=0.0)
    cache.job(asked, "there too")


@pytest.mark.parametrize(
    "end", [lambda: clear_session_resource_cache("test session id"), lambda: AppTest.from_function(left).run()],
    ids=["the tab is closed", "the page is left"],
)  # fmt: skip
def test_what_a_page_began_by_itself_ends_with_it_and_what_was_asked_for_goes_on(end, request):
    value = request.node.name
    app = AppTest.from_function(begun_by_a_page, args=(value,)).run()
    assert not app.exception
    by_itself, asked = (cache.job(Call(slow, (value, name))) for name in ("by itself", "asked"))
    assert not by_itself.stopping.is_set()
    end()
    with pytest.raises(Stopped):
        by_itself.future.result(60)
    assert not asked.stopping.is_set()


def left():
    from pages.parts.common import waiting

    waiting.leave_page()
