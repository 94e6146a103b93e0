"""How a page shows a figure: its words for those who do not see it, and its numbers when they are asked for."""

import json

from streamlit.testing.v1 import AppTest

import pages.parts.common.charts  # noqa: F401  # says whom the theme is asked of
from core.figures import theme


def page():
    import plotly.graph_objects as go
    import streamlit as st

    from core.figures import palette
    from core.figures.blocks import Plot
    from pages.parts.common import charts

    def table():
        st.session_state["made"] = st.session_state.get("made", 0) + 1
        return {"word": ["=1+1", "b"], "number": [1.5, 2.0]}

    plot = Plot(palette.style(go.Figure(go.Scatter(y=[1, 2]))), "Two points", table)
    charts.show(plot, "with numbers")
    charts.show(Plot(plot.figure, plot.alt).telling("The second is higher."), "alone")


def test_a_figure_carries_its_words_and_its_numbers_are_made_when_they_are_opened():
    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.exception
    first, alone = app.get("plotly_chart")
    assert first.proto.alt == "Two points"
    assert alone.proto.alt == "Two points. The second is higher."
    assert json.loads(first.proto.config)["toImageButtonOptions"]["filename"] == "receptive-with numbers"
    assert [box.label for box in app.expander] == ["The numbers as a table"]
    assert "made" not in app.session_state
    assert not app.dataframe
    app.session_state["with numbers table"] = True
    app.run()
    assert app.session_state["made"] == 1
    [numbers] = app.dataframe
    assert list(numbers.value["number"]) == [1.5, 2.0]
    assert numbers.value["word"][0] != "=1+1"  # no cell is a formula in the file that the browser saves


def test_a_page_draws_in_its_readers_theme_whatever_thread_runs_it(monkeypatch):
    def drawn():
        app = AppTest.from_function(page, default_timeout=60).run()
        return json.loads(app.get("plotly_chart")[0].proto.spec)["layout"]["font"]["color"]

    light = drawn()
    monkeypatch.setattr(theme, "_reader", [lambda: "dark"])
    assert drawn() != light
