"""The claims' page through Streamlit's AppTest: its finding, its rows, its filters, its links and where they lead."""

from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from core.claims import claim as claims_claim
from core.claims.live import lives
from core.overview import board, board_figures
from pages.parts.common import seen
from pages.parts.common.words import plain
from tests.helpers.pages import APP


def page(**query):
    app = AppTest.from_file(APP, default_timeout=120)
    app.query_params["study"] = "claims"
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


def test_the_page_opens_with_a_finding_that_is_computed_and_shows_every_claim():
    assert len(sentences(page())) == sum(c.study == "shift_sweep" for c in board.CLAIMS)
    app = page(claims_study="all")
    rows = board.board()
    assert app.title[0].value == "What do the papers claim, and what did we measure?"
    assert next(m.value for m in app.markdown if m.value.startswith("#### ")) == f"#### {board_figures.finding(rows)}"
    assert claims_claim.RULE in [" ".join(m.value.split()) for m in app.markdown]
    shown = sentences(app)
    assert len(shown) == len(rows)
    for (claim, _, _), text in zip(rows, shown, strict=True):
        assert text.startswith(f"**{claim.sentence}**")
        if claim.source == claims_claim.OURS:
            assert "A claim of this project's own." in text
            continue
        assert claim.source[1:] in text
        number = (claim.paper or claims_claim.NO_NUMBER).replace(" %", "\N{NO-BREAK SPACE}%")
        assert f":small[{claim.whose}: {number}.]" in text
    told = " ".join(caption.value for caption in app.caption).replace("\N{NO-BREAK SPACE}", " ")
    former = [one for claim, ours, _ in rows for one in claims_claim.former(claim, ours, board.RESULTS)]
    assert {one.how == claims_claim.FIRST_RULE for one in former} == {True, False}
    for one in former:
        if one.how == claims_claim.FIRST_RULE:
            begins = f"By {one.how} (given up on {one.until}, with answers known), this is"
        else:
            begins = f"Until {one.until}, by {one.how}:"
        assert f"{begins} **{one.verdict}**, {plain(one.ours.shown)}." in told
    said = " ".join(m.value for m in app.markdown)
    for claim, ours, verdict in rows:
        assert f" {verdict}]" in said
        assert (f"`{claim.command}`" in said) == (ours is not None)
    folded = [e for e in app.expander if e.label == "How it was tested"]
    measured = [(claim, ours) for claim, ours, _ in rows if ours is not None]
    assert all(claim.command in e.markdown[0].value for (claim, _), e in zip(measured, folded, strict=True))
    assert not any(ours.data in m.value and ours.shown in m.value for m in app.markdown for _, ours in measured)


def test_every_claim_leads_to_its_study_with_its_settings_its_name_and_the_picture_that_shows_its_verdict():
    found = links(page(claims_study="all"))
    assert len(found) == len(board.CLAIMS)
    live = lives(board.RESULTS)
    for (claim, _, verdict), (opened, query) in zip(board.board(), found, strict=True):
        assert opened == claim.study
        want = {k: [v] if isinstance(v, str) else list(v) for k, v in claim.settings.items()}
        if claim.name in live:
            want |= {k: [v] for k, v in live[claim.name].settings}
            if shown := live[claim.name].shows(verdict):
                want["picture"] = [shown[0]]
        assert query == want | {"claim": [claim.name]}


def test_an_address_of_the_board_when_it_stood_on_home_still_leads_there():
    app = AppTest.from_file(APP, default_timeout=120)
    app.query_params["claims-study"] = "Patch evidence"
    app.run()
    assert app.title[0].value == "What do the papers claim, and what did we measure?"
    assert app.segmented_control(key="claims-study").value == "Patch evidence"


def test_the_filters_follow_the_address_and_the_clicks():
    app = page(claims_study="Sparse codes", claims_verdict="contradicted")
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
    app = page(claims_study="all", claims_verdict="not tested here")
    said = [m.value for m in app.markdown if m.value.startswith("Not measured: ")]
    rows = [(c, v) for c, _, v in board.board() if v == "not tested here"]
    assert said == [f"Not measured: {c.why_not or claims_claim.NOT_PACKAGED}." for c, _ in rows]


SEEN = "blur-consistency-vgg"  # a claim about single pictures


def come(name, **query):
    """The study's page as the board's link opens it."""
    claim, _, verdict = next(row for row in board.board() if row[0].name == name)
    app = AppTest.from_file(APP, default_timeout=120)
    app.query_params["study"] = claim.study
    for setting, value in (seen.settings(claim, verdict, lives(board.RESULTS).get(name)) | query).items():
        app.query_params[setting] = value
    return app.run()


def test_a_claim_is_seen_on_the_picture_that_shows_it_beside_its_data_sets_figure():
    _, ours, verdict = next(row for row in board.board() if row[0].name == SEEN)
    live = lives(board.RESULTS)[SEEN]
    app = come(SEEN)
    assert not app.exception
    name, value = live.shows(verdict)
    assert app.session_state["picture"] == name
    said = [m.value.replace("\\", "") for m in app.markdown]
    assert any(ours.shown.replace(" %", "\xa0%") in one and "On one picture it may be otherwise" in one for one in said)
    assert any(
        one.startswith("**On this picture**") and f"{value:.2f}".replace("-", "−") in one
        and f"{live.held} of {live.told}" in one for one in said
    )  # fmt: skip
    app.button(key="seen close").click().run()
    assert not any(m.value.startswith("**On this picture**") for m in app.markdown)


def test_on_another_picture_the_banner_tells_what_the_claim_comes_to_there():
    live = lives(board.RESULTS)[SEEN]
    value, name = min(zip(live.values, live.names, strict=True))
    app = come(SEEN, picture=name)
    assert app.session_state["picture"] == name
    assert any(f"{value:.2f}".replace("-", "−") in m.value.replace("\\", "") for m in app.markdown)


def test_an_address_with_a_claim_that_does_not_exist_opens_the_page():
    app = AppTest.from_file(APP, default_timeout=120)
    app.query_params["study"], app.query_params["claim"] = "networks", "none *of* these"
    app.run()
    assert not app.exception
    assert app.title


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
