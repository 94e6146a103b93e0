"""Why: a convolution that explains its input, and a threshold that can be moved after training."""

from __future__ import annotations

import streamlit as st

from core.base.prose import section
from core.studies.study import Study
from pages.parts.common import provenance
from pages.parts.sparse import toy


def show(study: Study) -> None:
    st.header(section("sparse_codes", "why name"), anchor="why")
    left, right = st.columns([1, 1], gap="large")
    with left:
        st.markdown(section("sparse_codes", "why"))
        with st.expander(section("sparse_codes", "formula name")):
            st.markdown(section("sparse_codes", "formula"))
        provenance.paper(study)
    with right:
        toy.show()
