"""Why: what the paper argues, what is saved, and a spinal network set by hand to equal a plain one."""

from __future__ import annotations

import streamlit as st

from core import cache
from core.studies.spinal import why
from core.studies.spinal import why_figures as figures
from pages.parts.common import charts
from pages.parts.common.words import plain

TEXT = r"""
A **fully connected** head multiplies every feature by every hidden unit. A **spinal** head (Kabir et al. 2020, §II)
takes its input in gradually, as the spinal cord takes in touch: the features are cut into **parts**, a small layer
sees one part and the outputs of the layer before it, and the **read-out** sees the outputs of *all* layers. The saving
is in the first product: a unit has one part's weights and the width's instead of all the features'. The paper argues
that this costs less at no loss, and that gradients cannot vanish on the way, because every layer reaches the output
directly. A plain head saves as much by having fewer hidden units, which is why the one of matched size stands beside
it on this page.
"""
FORMULAE = (
    r"h_1 = f(W_1\, x_A)",
    r"h_i = f\bigl(W_i\,[\,x_{p(i)},\, h_{i-1}\,]\bigr)",
    r"y = V\,[\,h_1, \dots, h_L\,] + c",
)
PROOF = r"""
A hidden unit of a plain network needs $s = w \cdot x + b$ of the *whole* input, and a spinal layer sees one part of it.
So a layer adds its part's share of $s$ to what the layer before hands on, as two numbers, $\max(s, 0)$ and
$\max(-s, 0)$, because an activation would cut a negative sum. The layer that sees the last part ends the sum, adds
the bias, and holds the unit for the read-out. Any network with one hidden layer can be equalled like that, and those
approximate every continuous function: so do spinal networks.
"""


def show() -> None:
    st.header("Why", anchor="why")
    cache.wait_until_warm()
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.markdown(TEXT)
    with right:
        for formula in FORMULAE:
            st.latex(formula)
    counted()
    construction()


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
    live, every = why.published()
    st.caption(
        "Heads of the paper's networks, counted here from the networks themselves; multiplications for one input. The "
        "published code of the regression runs its third and fourth layer a second time in place of the fifth and "
        f"sixth, which are left without effect: {live:,} of its {every:,} parameters are live. The network here runs "
        "all six."
    )


def construction() -> None:
    st.subheader("Anything a plain network can compute", anchor="construction")
    st.markdown(PROOF)
    one, two, three = st.columns(3)
    start = why.Toy()
    toy = why.Toy(
        one.slider(
            "Hidden units H", *why.UNIT_LIMITS, start.units, key="spinal-toy-units", persist_state="session",
            help="Of the plain network, which is fitted to the dotted curve.",
        ),
        two.slider(
            "Width w", *why.WIDTH_LIMITS, start.width, key="spinal-toy-width", persist_state="session",
            help="Units of a spinal layer. Two carry one sum, so the last one of an odd width is idle.",
        ),
        three.slider(
            "Parts", *why.SPLIT_LIMITS, start.split, key="spinal-toy-split", persist_state="session",
            help="In which the 8 inputs arrive.",
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
        f"The plain network's hidden weights are drawn with seed {why.SEED} and its read-out is fitted by least "
        f"squares at {len(twins.t)} points, where it misses the dotted curve by at most {twins.error:.2g}; the spinal "
        "one is computed from its weights, and nothing in it is trained. Both run in double precision."
    )
