"""Why: the sampling theorem, a toy to drag, the blur's kernel and what it leaves of each frequency."""

from __future__ import annotations

import streamlit as st

from core.studies.shift import inside, inside_figures
from pages.parts.common import charts

TEXT = r"""
A convolution moves with the picture; **subsampling** does not. Max-pooling with stride 2 keeps every second sample
of a map that still holds detail as fine as one sample, so what it keeps depends on whether the picture starts at an
even or an odd pixel: the sampling theorem is broken, and the lost detail comes back as **aliasing**. The usual
signal-processing remedy is to blur before sampling. Zhang (2019, §3.2) splits pooling in two: a **dense** maximum
with stride 1, which moves with the picture, then a **blur** and the subsampling together, and does the same
to strided convolutions and average pooling.
"""
FORMULAE = (
    r"\text{MaxPool}_{k,s} \to \downarrow_s \circ \text{Blur}_m \circ \text{Max}_{k,1}",
    r"\text{Blur}_m = b_m b_m^{\top}, \quad b_m[i] = \tbinom{m-1}{i} \,/\, 2^{m-1}",
)


def show() -> None:
    st.header("Why", anchor="why")
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.markdown(TEXT)
        for formula in FORMULAE:
            st.latex(formula)
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
    sweep = inside.toy_sweep(samples, size)
    response = inside.blur_response(size)
    left, right = st.columns([2, 3], gap="large")
    with left:
        charts.show(inside_figures.toy_sweep_figure(sweep), "shift-toy-sweep")
    with right:
        charts.show(inside_figures.blur_figure(response), "shift-blur")
    how_to_read()


def how_to_read() -> None:
    with st.expander("How to read this page"):
        st.markdown(
            "- **Map**: each square is one shift of the picture; colour is the probability of the class in question. "
            "A shift-invariant network would give one flat colour.\n"
            "- **Boundary**: what moves in at the edge. Only under *circular* shifts, and only if the network's own "
            "padding wraps round too, can a network be exactly shift-invariant; a *true crop* brings new content, "
            "which may rightly change the answer a little; *reflect* brings a mirror image.\n"
            "- **Answer, top-1**: the class with the largest logit. A *flip* is a shift at which it differs.\n"
            "- **Consistency**: the share of pairs of shifts that agree on top-1,"
        )
        st.latex(r"\text{consistency} = \Pr_{d \ne d'}\big[\arg\max F(x_d) = \arg\max F(x_{d'})\big]")
        st.markdown(
            "- **Internal distance**: cosine distance between the shifted features and the features of the shifted "
            "picture, averaged over positions,"
        )
        st.latex(r"\delta_l(d) = 1 - \cos\big(\text{Shift}_d(F_l(x)),\; F_l(\text{Shift}_d(x))\big)")
        st.markdown(
            "- **Normalised total variation** of learned filters: the sum of absolute differences of neighbouring "
            "weights over the sum of absolute weights; smaller is smoother.\n"
            "- **Precision**: answers are computed in bfloat16 where the processor has it; every shift whose two "
            "best logits are close is recomputed in float32, so that the answer (top-1) is float32's at every shift."
        )
