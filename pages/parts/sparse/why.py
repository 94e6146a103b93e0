"""Why: a convolution that explains its input, and a threshold that can be moved after training."""

from __future__ import annotations

import streamlit as st

from core.studies.sparse import why_figures
from pages.parts.common import charts

TEXT = r"""
A convolution asks how well each filter fits the picture. A **sparse coding layer** asks which few **atoms** of a
dictionary $D$, laid over each other, make the picture: its output, the **code** $z$, is the answer to an optimisation
problem, found by a few unrolled steps of FISTA. What no sparse sum of atoms explains, noise for instance, is left in
the **residual** $x - D{*}z$. The weight $\lambda$ sets the price of a code that is not zero, and because it is a number
in the layer and not a weight, it can be turned after training: the noisier the picture, the more the residual grows,
and the larger the $\lambda$ that serves best.
"""
OBJECTIVE = r"z = \arg\min_{z\ge 0}\ \tfrac12\lVert x - D{*}z\rVert_2^2 + \lambda\lVert z\rVert_1"
STEP = r"z_{k+1} = \bigl[\,y_k - \eta D^{\top}(D{*}y_k - x) - \eta\lambda\,\bigr]_+"


def show() -> None:
    st.header("Why", anchor="why")
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.markdown(TEXT)
        st.latex(OBJECTIVE)
        st.latex(STEP)
        st.markdown(
            "**Beware**: the threshold is $\\eta\\lambda$, so it must follow every change of $\\lambda$ and of the "
            "weights; here it is computed from both at every call. A $\\lambda$ picked on the test pictures "
            "(**oracle**) says what could be gained; one **estimated** from the residual is what can be had."
        )
    with right:
        row = st.columns([3, 2], vertical_alignment="bottom")
        lam = row[0].slider("λ of the toy", 0.0, 1.0, 0.4, 0.05, key="sparse-toy", persist_state="session")
        only = row[1].toggle("z ≥ 0", True, key="sparse-toy-sign", persist_state="session", help="The networks' codes.")
        charts.show(why_figures.threshold_figure(lam, only), "sparse-threshold")
