"""Why: a convolution that explains its input, and a threshold that can be moved after training."""

from __future__ import annotations

import streamlit as st

from core.base.prose import section
from core.studies.sparse import why_figures
from pages.parts.common import charts


def show() -> None:
    st.header("Why", anchor="why")
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.markdown(section("sparse_codes", "why"))
    with right:
        row = st.columns([3, 2], vertical_alignment="bottom")
        lam = row[0].slider("λ of the toy", 0.0, 1.0, 0.4, 0.05, key="sparse-toy", persist_state="session")
        only = row[1].toggle("z ≥ 0", True, key="sparse-toy-sign", persist_state="session", help="The networks' codes.")
        charts.show(why_figures.threshold_figure(lam, only), "sparse-threshold")
