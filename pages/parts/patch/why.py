"""Why: a mean of patches, and which convolutions decide how large a patch is."""

from __future__ import annotations

import streamlit as st

from core.models.receptive_field import KEPT_STAGES, growth
from core.studies.patch import why_figures
from pages.parts.common import charts

TEXT = r"""
A BagNet is a ResNet-50 in which most $3\times3$ convolutions became $1\times1$ ones and **nothing is padded**, so
each position of its last map has seen one patch of $q\times q$ pixels and nothing else. A linear head gives every
patch its own logits, the **evidence** $e_c(p)$, and the image's logit is their mean: where a patch lies plays no
part, as in a bag of words. What a heat map of other networks only approximates is therefore exact here: the maps on
this page are the very numbers that are added up. A dense pass answers the patches of a grid of 8 px; the same
network on the picture moved by 0 to 7 px each way answers the patch around **every** pixel, 64 passes that share
their early layers.
"""
FORMULA = r"F_c(x) = \frac{1}{N}\sum_{p=1}^{N} e_c(p), \qquad e_c(p) = w_c^{\top} f(\text{patch}_p) + b_c"


def show() -> None:
    st.header("Why", anchor="why")
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.markdown(TEXT)
        st.latex(FORMULA)
        st.markdown(
            "**Beware**: batch normalisation must be in evaluation mode; in training mode every patch would see the "
            "others through the batch's statistics, and the map would be wrong."
        )
    with right:
        kept = st.select_slider(
            "Stages that keep a 3×3 convolution",
            list(KEPT_STAGES),
            3,
            key="patch-kept",
            persist_state="session",
            help="The stem always has one. The paper's networks keep it in two, three or four stages.",
        )
        layers = growth(kept)
        charts.show(why_figures.growth_figure(layers), "patch-growth")
