"""The paper says, we measured: one row a race, with a verdict that follows from its intervals."""

from __future__ import annotations

import streamlit as st

from core.base.prose import section
from core.base.renamed import today
from core.studies.spinal import dataset, paper
from pages.parts.common import charts
from pages.parts.common.words import code, plain


def show() -> None:
    st.header("The paper says, we measured", anchor="measured")
    found = dataset.measured()
    if found:
        st.markdown(plain(dataset.finding(found)))
        charts.numbers_table(dataset.claims(found), alt="Accuracy of each head by data set, beside the paper's")
        st.caption(section("spinal_heads", "measured"))
        last = list(found.values())[-1]
        again = " · ".join(code(today(one.command)) for one in found.values())
        st.caption(f"Measure again: {again} " + plain(f"(the last: {last.date}, commit {last.commit})."))
    else:
        st.markdown("Not measured on this machine yet: run `receptive measure spinal:digits:small_cnn`.")
    with st.expander("The paper's own numbers"):
        st.markdown("**The paper's**; not measured here, unless the table above says so.")
        charts.numbers_table(paper.table(), alt="Best accuracies as the paper reports them")
        st.caption("Kabir et al., arXiv 2007.03347.")
    with st.expander("Limits of these numbers"):
        st.markdown(section("spinal_heads", "limits"))
