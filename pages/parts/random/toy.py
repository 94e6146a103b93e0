"""A toy: one random filter of nine weights, thrown anew or dragged, and the signs that it leaves on the picture."""

from __future__ import annotations

import base64

import streamlit as st

from core.base.prose import section
from core.figures.palette import signed_scale
from core.pictures.preprocess import in_form
from pages.parts.common import player
from pages.parts.common.tray import Picture
from pages.parts.random.nearest import photograph

SIDE = 96  # px of the picture that the filter runs over
_toy = player.component(
    "receptive_random_filter",
    __file__,
    '<div class="toy"><img><div class="filter"><div class="weights"></div><button type="button" class="dice"></button>'
    '</div><figure><canvas role="img"></canvas><figcaption></figcaption></figure></div>',
)


def show(picture: Picture) -> None:
    grey = in_form(picture.image, SIDE, 1)[0, ..., 0]
    scale = signed_scale()
    st.markdown(section("random_features", "toy"))
    _toy(
        data={
            "side": SIDE,
            "grey": base64.b64encode(grey.tobytes()).decode(),
            "picture": photograph(picture.image),
            "title": picture.title,
            "colours": [colour for _, colour in scale],
            "words": {
                "dice": section("random_features", "toy dice"),
                "weights": [
                    section("random_features", "toy weight", row=row, column=column)
                    for row in (1, 2, 3)
                    for column in (1, 2, 3)
                ],
                "said": section("random_features", "toy said"),
                "alt": section("random_features", "toy alt"),
            },
        },
        key="random toy",
        height="content",
    )
