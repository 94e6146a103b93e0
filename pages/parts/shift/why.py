"""Why: the sampling theorem in three sentences, a toy to drag, and folded away the formula and the blur's kernel."""

from __future__ import annotations

import streamlit as st

from core.base.prose import section
from core.studies.shift import STUDY, inside, inside_figures
from pages.parts.common import charts, provenance
from pages.parts.shift import toy


def show() -> None:
    st.header(section("shift_sweep", "why heading"), anchor="why")
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.markdown(section("shift_sweep", "why"))
        provenance.paper(STUDY)
    with right:
        st.markdown(section("shift_sweep", "toy"))
        toy.show()
    with st.expander(section("shift_sweep", "formula heading")):
        st.markdown(section("shift_sweep", "formula"))
        response = inside.blur_response(st.session_state["shift-taps"])
        charts.show(inside_figures.blur_figure(response), "shift-blur")
    with st.expander(section("shift_sweep", "how to read heading")):
        st.markdown(section("shift_sweep", "how to read this page"))
