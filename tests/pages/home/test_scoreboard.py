"""The scoreboard on the home page, through Streamlit's AppTest: its finding, its rows, its filters and its links."""

from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from core.claims import claim as claims_claim
from core.overview import board, board_figures
from tests.helpers.pages import APP


def home(**query):
    app = AppTest.from_file(APP, default_timeout=120)
    for name, value in query.items():
        app.query_params[name.replace("_", "-")] = value
    app.run()
    assert not app.exception
    return app


def links(app):
    """(page, settings) of every way from a claim to its study."""
    protos = [element.proto for element in app.get("page_link")]
    return [(p.page, parse_qs(p.query_string)) for p in protos if p.label == "See it live"]


def sentences(app):
    return [m.value for m in app.markdown if "\n:small[" in m.value and m.value.startswith("**")]


def test_home_opens_with_a_finding_that_is_computed_and_shows_every_claim():
    assert len(sentences(home())) == sum(c.study == "shift_sweep" for c in board.CLAIMS)
    app = home(claims_study="all")
    rows = board.board()
    assert app.title[0].value == "Five ways to watch a network see"
    assert next(m.value for m in app.markdown if m.value.startswith("#### ")) == f"#### {board_figures.finding(rows)}"
    assert claims_claim.RULE in [c.value for c in app.caption]
    shown = sentences(app)
    assert len(shown) == len(rows)
    for (claim, _, _), text in zip(rows, shown, strict=True):
        assert text.startswith(f"**{claim.sentence}**")
        assert claim.source[1:] in text
        number = (claim.paper or claims_claim.NO_NUMBER).replace(" %", "\N{NO-BREAK SPACE}%")
        assert f":small[{claim.whose}: {number}.]" in text
    said = " ".join(m.value for m in app.markdown)
    for claim, ours, verdict in rows:
        assert f" {verdict}]" in said
        assert (f"`{claim.command}`" in said) == (ours is not None)


def test_every_claim_leads_to_its_study_with_exactly_its_settings():
    found = links(home(claims_study="all"))
    assert len(found) == len(board.CLAIMS)
    for claim, (page, query) in zip(board.CLAIMS, found, strict=True):
        assert page == claim.study
        assert query == {k: [v] if isinstance(v, str) else list(v) for k, v in claim.settings.items()}


def test_the_filters_follow_the_address_and_the_clicks():
    app = home(claims_study="Sparse codes", claims_verdict="contradicted")
    want = [c.sentence for c, _, v in board.board() if c.study == "sparse_codes" and v == "contradicted"]
    assert [s.split("**")[1] for s in sentences(app)] == want
    app.segmented_control(key="claims-verdict").set_value("all").run()
    assert len(sentences(app)) == sum(c.study == "sparse_codes" for c in board.CLAIMS)
    app.segmented_control(key="claims-study").set_value("Shift sweep").run()
    app.segmented_control(key="claims-verdict").set_value("contradicted").run()
    assert not app.exception
    none = sum(c.study == "shift_sweep" and v == "contradicted" for c, _, v in board.board())
    assert f"{none} of {len(board.CLAIMS)} claims" in [m.value for m in app.markdown]


def test_what_is_not_measured_says_why():
    app = home(claims_study="all", claims_verdict="not tested here")
    said = [m.value for m in app.markdown if m.value.startswith("Not measured: ")]
    rows = [(c, v) for c, _, v in board.board() if v == "not tested here"]
    assert said == [f"Not measured: {c.why_not or claims_claim.NOT_PACKAGED}." for c, _ in rows]


@pytest.mark.parametrize("claim", ["blur-consistency-vgg", "lambda-rises-shot", "resnet-fails-on-scrambled"])
def test_a_link_opens_the_study_as_the_claim_was_measured(claim):
    """One with networks to choose, one with a level on a slider, one in a folded part of the page."""
    found = next(known for known in board.CLAIMS if known.name == claim)
    app = AppTest.from_file(APP, default_timeout=120)
    app.query_params["study"] = found.study
    for name, value in found.settings.items():
        app.query_params[name] = value if isinstance(value, str) else list(value)
    app.run()
    assert not app.exception
    for name, value in found.settings.items():
        state = app.session_state[name]
        assert str(state if isinstance(value, str) else tuple(state)) in (str(value), f"{value}.0", str(value).title())
