"""Why: a random feature is a random question with a yes or a no, asked everywhere and averaged."""

from __future__ import annotations

import streamlit as st

from core.base.prose import section
from core.pictures.preprocess import in_form
from core.studies.random import STUDY
from core.studies.random import look as random_look
from core.studies.random.features import Params
from pages.parts.common import charts, provenance, waiting
from pages.parts.common.tray import Picture
from pages.parts.random import toy
from pages.parts.random.data import Data

SIDE = 64  # px at which one feature looks at the reader's picture: enough to see what it sees


def show(data: Data, picture: Picture, params: Params) -> None:
    st.header(section("random_features", "why title"), anchor="why")
    st.markdown(section("random_features", "why"))
    toy.show(picture)
    with st.expander(section("random_features", "formula")):
        st.markdown(section("random_features", "formula text"))
        one(data, picture, params)
    provenance.paper(STUDY)


def one(data: Data, picture: Picture, params: Params) -> None:
    """One of the features that describe every picture, layer by layer."""
    spec, pixels = params.spec(data.channels), in_form(picture.image, SIDE, data.channels)[0]
    what = section("random_features", "choosing feature")
    first = waiting.ask(random_look.balanced, pixels, spec, what=what, at="random first")
    key = f"random-one-{picture.image.digest[:8]}-{data.name}-{params.features}"
    label = section("random_features", "one feature slider")
    index = st.slider(label, 0, params.features - 1, first or 0, key=key, persist_state="session")
    what = section("random_features", "through feature")
    look = waiting.ask(random_look.run, pixels, spec, index, what=what, at="random look")
    if look is None:
        return
    charts.show(random_look.figure(look), "random-look")
    st.caption(section("random_features", "one feature", side=SIDE))
