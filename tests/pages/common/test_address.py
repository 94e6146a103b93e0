"""What stands in an address reaches no widget that cannot take it: no address ends in the exception page."""

import ast
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from pages.parts.common.address import ACCEPTED
from tests.helpers.pages import first_visit, nodes, visit

ROOT = Path(__file__).parents[3]
PAGES = ["", "networks", "claims", "shift_sweep", "patch_evidence", "sparse_codes", "random_features", "spinal_heads"]
ODD = ["", "inf", "-1e309", "nan", "0.5", "\x00", "None", "[]", "true", "-1e300", "猫", "1_0", "%"]


NUMBERS = ("number_input", "slider")  # kinds that failed on infinity; those of which one is required, on nothing


@pytest.mark.parametrize("slug", PAGES)
def test_no_page_fails_on_what_its_address_says(slug):
    """Every widget of a page at once; what would have ended in the exception page is struck out of the address."""
    kinds = {name: widget for widget in nodes(first_visit(slug)) if (name := name_of(widget))}
    several = {name for name, widget in kinds.items() if isinstance(getattr(widget, "value", None), list)}
    odd = {name: "inf" if kinds[name].type in NUMBERS else "" for name in kinds if name not in several}
    assert odd
    for query in filter(None, (odd, dict.fromkeys(several, ""))):
        app = visit(slug, **query)
        assert not app.exception, query
        here = {name_of(widget) for widget in nodes(app)}  # one that a mended setting took away leaves its value
        left = {name: app.query_params.get(name) for name in odd if name in here and name in app.query_params}
        assert query is not odd or not [name for name, value in left.items() if value in (odd[name], [odd[name]])]


def name_of(widget):
    return getattr(getattr(widget, "proto", None), "query_param_key", "")


def test_two_values_for_one_are_struck_out():
    app = visit("shift_sweep", **{"shift-R": ["2", "3"]})
    assert not app.exception
    assert "shift-R" not in app.query_params


# ---- the filter itself ---------------------------------------------------------------------------


def every_kind():
    """One widget of each kind, as the script of a small app."""
    import streamlit as st

    from pages.parts.common.address import bound

    bound(st.number_input, "whole", -64, 64, 0, key="whole")
    bound(st.number_input, "seed", 0, 9999, key="seed")
    bound(st.number_input, "place", 0, 10, None, key="place")
    bound(st.number_input, "rate", 1.0, 1000.0, None, key="rate")
    bound(st.slider, "reach", 0, 64, 16, key="reach")
    bound(st.slider, "share", 0.0, 1.0, 0.5, 0.05, key="share")
    bound(st.select_slider, "steps", (1, 2, 3, 5), 2, key="steps")
    bound(st.selectbox, "class", ["a", "b", "inf"], key="class")
    bound(st.segmented_control, "one", ["a", "b"], default="a", required=True, key="one")
    bound(st.segmented_control, "rounds", (0, 1, 2), default=1, required=True, key="rounds")
    bound(st.segmented_control, "none or one", ["a", "b"], key="free")
    bound(st.pills, "several", ["a", "b"], selection_mode="multi", default=["a"], key="pills")
    bound(st.multiselect, "some", ["a", "b", "c"], max_selections=2, key="some")
    bound(st.toggle, "on", key="on")
    bound(st.expander, "more", key="more", on_change="rerun")


KEYS = {
    "whole": lambda v: type(v) is int and -64 <= v <= 64,
    "seed": lambda v: type(v) is int and 0 <= v <= 9999,
    "place": lambda v: v is None or (type(v) is int and 0 <= v <= 10),
    "rate": lambda v: v is None or 1 <= v <= 1000,
    "reach": lambda v: type(v) is int and 0 <= v <= 64,
    "share": lambda v: math.isfinite(v) and 0 <= v <= 1,
    "steps": lambda v: v in (1, 2, 3, 5),
    "class": lambda v: v in ("a", "b", "inf"),
    "one": lambda v: v in ("a", "b"),
    "rounds": lambda v: v in (0, 1, 2),
    "free": lambda v: v in (None, "a", "b"),
    "pills": lambda v: set(v) <= {"a", "b"},
    "some": lambda v: set(v) <= {"a", "b", "c"} and len(v) <= 2,
    "on": lambda v: type(v) is bool,
    "more": lambda v: type(v) is bool,
}
numbers = st.floats().map(str) | st.integers().map(str)
texts = st.sampled_from([*ODD, "a", "b", "1", "2", "1e309", "TRUE", "9" * 400]) | numbers | st.text(max_size=8)


@settings(max_examples=30, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(KEYS)), st.lists(texts, min_size=1, max_size=3), min_size=4))
def test_every_kind_of_widget_keeps_to_its_limits(query):
    app = AppTest.from_function(every_kind, default_timeout=30)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    for key, within in KEYS.items():
        assert within(app.session_state[key]), key


def test_what_a_widget_offers_is_still_taken():
    query = {"whole": "-3", "place": "7", "rate": "2.5", "reach": "40", "share": "0.25", "steps": "5", "class": "inf",
             "one": "b", "rounds": "2", "free": "b", "pills": "b", "some": ["c", "nobody"], "on": "true",
             "more": "TRUE"}  # fmt: skip
    app = AppTest.from_function(every_kind, default_timeout=30)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    wanted = {"whole": -3, "place": 7, "rate": 2.5, "reach": 40, "share": 0.25, "steps": 5, "class": "inf", "one": "b",
              "rounds": 2, "free": "b", "pills": ["b"], "some": ["c"], "on": True, "more": True, "seed": 0}  # fmt: skip
    assert {key: app.session_state[key] for key in KEYS} == wanted


def test_no_page_binds_a_widget_by_itself():
    for path in [ROOT / "app.py", *sorted((ROOT / "pages").rglob("*.py"))]:
        for call in (n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)):
            assert path.name == "address.py" or all(k.arg != "bind" for k in call.keywords), (path, call.lineno)
            if isinstance(call.func, ast.Name) and call.func.id == "bound":
                assert call.args[0].attr in ACCEPTED, (path, call.lineno)


# ---- folded parts --------------------------------------------------------------------------------


def two_parts():
    """One part that the address tells of, one that it does not, and who was drawn."""
    import streamlit as st

    from pages.parts.common.address import folded

    @folded("First?", "first part")
    def first(word):
        st.markdown(f"first {word}")

    @folded("Second?", "second part", told=False)
    def second():
        st.markdown("second")

    first("word")
    second()


def drawn(app):
    app.run()
    assert not app.exception
    return [m.value for m in app.markdown]


def test_a_folded_part_runs_when_it_is_opened():
    app = AppTest.from_function(two_parts)
    assert drawn(app) == []
    assert [e.label for e in app.expander] == ["First?", "Second?"]
    app.session_state["first part"] = True
    assert drawn(app) == ["first word"]
    app.session_state["second part"] = True
    assert drawn(app) == ["first word", "second"]


def test_the_address_opens_a_part_that_it_tells_of():
    app = AppTest.from_function(two_parts)
    app.query_params["first part"], app.query_params["second part"] = "true", "true"
    assert drawn(app) == ["first word"]
