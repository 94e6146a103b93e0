"""Why: a mean of patches, and which convolutions decide how large a patch is."""

from __future__ import annotations

import streamlit as st

from core.base.prose import section
from core.models.receptive_field import KEPT_STAGES, growth
from core.studies.patch import why_figures
from pages.parts.common import charts


def show() -> None:
    st.header("Why", anchor="why")
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.markdown(section("patch_evidence", "why"))
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
