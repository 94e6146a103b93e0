"""Why: a mean of patches, a window to drag over them, and which convolutions decide how large a patch is."""

from __future__ import annotations

import streamlit as st

from core.base.prose import section
from core.models.receptive_field import KEPT_STAGES, growth
from core.networks.card import Network
from core.studies.patch import STUDY, why_figures
from pages.parts.common import charts, provenance
from pages.parts.common.address import folded
from pages.parts.patch import window
from pages.parts.patch.choose import Scene


def show(scene: Scene | None, network: Network | None) -> None:
    """`network` is the one of the scene whose patches the window shows; None where there is none."""
    st.header(section("patch_evidence", "why heading"), anchor="why")
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.markdown(section("patch_evidence", "why"))
        provenance.paper(STUDY)
    with right:
        if scene is not None and network is not None:
            window.show(scene, network)
    folded(section("patch_evidence", "formula heading"), "patch formula")(formula)()
    folded(section("patch_evidence", "growth heading"), "patch growth")(grown)()


def formula() -> None:
    st.markdown(section("patch_evidence", "formula"))


def grown() -> None:
    """What one position has seen after each stage."""
    kept = st.select_slider(
        section("patch_evidence", "kept stages"),
        list(KEPT_STAGES),
        3,
        key="patch-kept",
        persist_state="session",
        help=section("patch_evidence", "kept stages help"),
    )
    charts.show(why_figures.growth_figure(growth(kept)), "patch-growth")
