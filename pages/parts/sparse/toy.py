"""The toy of the Why: twelve responses under a line of lambda to drag; the low ones are noise, and vanish first."""

from __future__ import annotations

import streamlit as st

from core.base.prose import section
from core.figures.palette import accent, network_colours
from core.studies.sparse import why_figures
from pages.parts.common.player import component, words

FIRST = 15  # of LAMS: where the line stands at first
_toy = component("receptive_sparse_toy", __file__, '<div class="toy"></div>')


def show() -> None:
    st.markdown(section("sparse_codes", "toy"))
    _toy(
        key="sparse-toy",
        data={
            "lams": list(why_figures.LAMS),
            "first": FIRST,
            "responses": list(why_figures.RESPONSES),
            "codes": why_figures.codes().round(3).tolist(),
            "picture": list(why_figures.OF_PICTURE),
            "colours": [accent(), network_colours([None])[0]],
            "player": words(section("sparse_codes", "toy slider")),
            "words": {
                "picture": section("sparse_codes", "toy picture"),
                "noise": section("sparse_codes", "toy noise"),
                "left": section("sparse_codes", "toy left"),
                "alt": section("sparse_codes", "toy alt"),
            },
        },
    )
