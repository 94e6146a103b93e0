"""Why: what the paper argues, what is saved, and a spinal network set by hand to equal a plain one."""

from __future__ import annotations

import streamlit as st

from core import cache
from core.base.prose import section
from core.studies.spinal import STUDY, regression, why
from core.studies.spinal import why_figures as figures
from pages.parts.common import charts, provenance
from pages.parts.common.address import bound
from pages.parts.common.words import plain

FORMULAE = (
    r"h_1 = f(W_1\, x_A)",
    r"h_i = f\bigl(W_i\,[\,x_{p(i)},\, h_{i-1}\,]\bigr)",
    r"y = V\,[\,h_1, \dots, h_L\,] + c",
)


def show() -> None:
    st.header(section("spinal_heads", "why title"), anchor="why")
    cache.wait_until_warm()
    st.markdown(section("spinal_heads", "why"))
    provenance.paper(STUDY)
    construction()
    with st.expander(section("spinal_heads", "formulas")):
        for formula in FORMULAE:
            st.latex(formula)
        counted()


def counted() -> None:
    """The paper's savings, and what its published code leaves out."""
    whole = st.column_config.NumberColumn(format="localized")
    table = why.savings()
    charts.numbers_table(
        table,
        column_config={
            "saved, %": st.column_config.NumberColumn(format="%.1f"),
            **{name: whole for name in table if name.startswith(("multiplications", "parameters"))},
        },
        alt="Multiplications and parameters of the paper's plain and spinal heads",
    )
    every, live = regression.counts("published")
    st.caption(section("spinal_heads", "counted", live=live, every=every))


def construction() -> None:
    st.subheader(section("spinal_heads", "construction title"), anchor="construction")
    st.markdown(section("spinal_heads", "construction"))
    one, two, three = st.columns(3)
    start = why.Toy()
    toy = why.Toy(
        bound(
            one.slider, section("spinal_heads", "toy units"), *why.UNIT_LIMITS, start.units, key="spinal-toy-units",
            help=section("spinal_heads", "toy units help"),
        ),
        bound(
            two.slider, section("spinal_heads", "width"), *why.WIDTH_LIMITS, start.width, key="spinal-toy-width",
            help=section("spinal_heads", "toy width help"),
        ),
        bound(
            three.slider, section("spinal_heads", "parts"), *why.SPLIT_LIMITS, start.split, key="spinal-toy-split",
            help=section("spinal_heads", "toy parts help"),
        ),
    )  # fmt: skip
    twins = why.run(toy)
    st.markdown(plain(why.finding(twins)))
    left, right = st.columns([3, 2], gap="large")
    with left:
        charts.show(figures.curves(twins), "spinal-twins")
    with right:
        charts.show(figures.wiring(twins), "spinal-wiring")
    st.caption(
        section("spinal_heads", "construction, how to read", seed=why.SEED, points=len(twins.t), error=twins.error)
    )
