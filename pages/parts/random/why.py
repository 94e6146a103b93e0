"""Why: a random feature is a random question with a yes or a no, asked everywhere and averaged."""

from __future__ import annotations

import streamlit as st

from core.pictures.preprocess import in_form
from core.studies.random import look as random_look
from core.studies.random.features import Params
from pages.parts.common import charts, waiting
from pages.parts.common.tray import Picture
from pages.parts.random.data import Data

SIDE = 64  # px at which one feature looks at the reader's picture: enough to see what it sees
TEXT = r"""
Draw a small filter by chance, lay it everywhere on the picture, and keep only the **sign** of each answer. Pool, let
two more random filters look at the map, keep their signs again, and average what is left: one **feature**, a number
from −1 to 1. It says how often a random question is answered yes. A thousand such questions are a description of the
picture, and a linear classifier only has to weigh them. No filter is ever changed.
"""
FORMULA = r"f_i(x) = \frac{1}{HW}\sum_{u,v} \operatorname{sign}\bigl(w''_i * \operatorname{sign}(w'_i * "
FORMULA += (
    r"\operatorname{pool}\,\operatorname{sign}(w_i * x + b_i) + b'_i) + b''_i\bigr)_{uv}, \qquad w, b \sim N(0, 1)"
)
AFTER = (
    "Each feature has its own chain of filters (**depthwise**): no map ever meets another, so k features are k "
    "independent draws, and feature $i$ stays the same however many follow. A mean of signs is twice the proportion of "
    "positive values less one, which time series classification knows as ROCKET's PPV. The features are invariant to "
    "nothing by design; what shifts leave alone, they owe to the averaging."
)


def show(data: Data, picture: Picture, params: Params) -> None:
    st.header("Why", anchor="why")
    st.markdown(TEXT)
    st.latex(FORMULA)
    st.markdown(AFTER)
    spec, pixels = params.spec(data.channels), in_form(picture.image, SIDE, data.channels)[0]
    first = waiting.ask(random_look.balanced, pixels, spec, what="Choosing a feature", at="random first")
    key = f"random-one-{picture.image.digest[:8]}-{data.name}-{params.features}"
    index = st.slider("One feature, number", 0, params.features - 1, first or 0, key=key, persist_state="session")
    look = waiting.ask(random_look.run, pixels, spec, index, what="Looking through one feature", at="random look")
    if look is None:
        return
    charts.show(
        random_look.figure(look, dark=charts.dark()),
        "random-look",
        f"The signs that random feature {index} leaves on the picture after each convolution",
        random_look.table(look),
    )
    st.caption(
        f"Your picture at {SIDE} px. Positive and negative signs in the two colours of the signed scale. The slider "
        "goes through the features that describe every picture on this page; it begins with the most undecided one."
    )
