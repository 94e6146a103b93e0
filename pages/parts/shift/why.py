"""Why: the sampling theorem, a toy to drag, the blur's kernel and what it leaves of each frequency."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.base.prose import section
from core.studies.shift import inside, inside_figures
from pages.parts.common import charts


def show() -> None:
    st.header("Why", anchor="why")
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.markdown(section("shift_sweep", "why"))
        size = st.slider(
            "Blur, taps m",
            1,
            7,
            3,
            key="shift-taps",
            persist_state="session",
            help="1 is no blur, 2 a box, 3 a triangle.",
        )
        signal = st.selectbox("Toy signal", list(inside.TOY_SIGNALS), key="shift-toy", persist_state="session")
        samples = inside.TOY_SIGNALS[signal]
        shift = st.slider(
            "Move the signal, samples", 0, len(samples) - 1, 0, key="shift-toy-shift", persist_state="session"
        )
    toy = inside.toy(samples, shift, size)
    with right:
        charts.show(inside_figures.toy_figure(toy), "shift-toy-figure")
    sweep = inside.toy(samples, np.arange(len(samples)), size)
    response = inside.blur_response(size)
    left, right = st.columns([2, 3], gap="large")
    with left:
        charts.show(inside_figures.toy_sweep_figure(sweep), "shift-toy-sweep")
    with right:
        charts.show(inside_figures.blur_figure(response), "shift-blur")
    with st.expander("How to read this page"):
        st.markdown(section("shift_sweep", "how to read this page"))
