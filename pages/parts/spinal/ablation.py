"""Which part of the spinal head matters: layers, width, parts and their order, varied one at a time."""

from __future__ import annotations

import streamlit as st

from core.studies.spinal import ablation, ablation_figures
from core.studies.spinal.ablation import PAPER, VARIED
from pages.parts.common import charts
from pages.parts.common.address import bound
from pages.parts.common.words import again, plain


def show() -> None:
    """Folded away; what `receptive measure spinal-ablation` found."""
    with bound(st.expander, "Which part of the spinal head matters?", key="spinal ablation", on_change="rerun") as box:
        if not box.open:
            return
        found = ablation.measured()
        if found is None:
            st.markdown("Not measured on this machine yet: run `receptive measure spinal-ablation`.")
            return
        result, about = found
        names = {title: vary for vary, title in VARIED.items()}
        vary = names[bound(st.selectbox, "What is varied", list(names), key="spinal-vary")]
        finding = ablation.finding(result, vary)
        st.markdown(plain(finding))
        charts.show(ablation_figures.sizes(result, vary), "spinal-ablation")
        params = result.params
        st.caption(
            plain(
                f"{about['data']}. Backbone: {about['backbone']}; {params.epochs} epochs, the last one counts; seeds "
                f"0 to {params.seeds - 1}, the same for every head. All else is the paper's: {PAPER.layers} layers of "
                f"width {PAPER.width}, {PAPER.split} parts, {PAPER.order}. Large marks: means with 95 % intervals "
                "over the seeds (Student's t), not over pictures; differences are paired by seed. Of twenty such "
                "intervals one misses by chance. "
            )
            + again(about["command"], about["date"], about["commit"])
        )
