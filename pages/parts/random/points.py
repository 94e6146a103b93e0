"""The maps as canvases: every picture at its point, small; names where there is room; the reader's picture marked.

Canvases and not WebGL: a browser keeps few of its contexts, and drops the oldest of a page that draws many.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from core.base.prose import section
from core.compute.gallery import Gallery
from core.figures.palette import USER
from core.studies.random import maps_figures as figures
from core.studies.random import photographs as random_photographs
from core.studies.random.maps import Placed, Result, Space
from core.studies.random.maps_figures import Sheet
from pages.parts.common import player
from pages.parts.random.nearest import titles

HALF = 32_000  # of a map's side, in the whole numbers that its points are sent in
_maps = player.component(
    "receptive_points",
    __file__,
    '<div class="points"><div class="tools"></div><div class="maps"></div>'
    '<div class="tip" hidden><canvas></canvas><span></span></div><p class="status" role="status"></p>'
    '<p class="stale" hidden></p></div>',
)


@dataclass(frozen=True, eq=False)
class Points:
    """A Result with its pictures on a `sheet`, None without; `ink`: bright strokes on black, drawn in their class's
    colour. `selected`: rows of the Result, None to choose none; `choose` is called when the reader draws a lasso."""

    result: Result
    sheet: Sheet | None
    placed: Mapping[Space, Placed] | None
    title: str
    ink: bool = False
    selected: Sequence[int] | None = None
    choose: Callable[[str], None] | None = None


def photographs(found: Gallery, result: Result, placed: Mapping[Space, Placed], title: str) -> Points:
    """The photographs that come along, each as its 50 numbers show it."""
    return Points(result, _likenesses(found.digest, found), placed, title)


@st.cache_resource(max_entries=1, show_spinner=False)
def _likenesses(digest: str, _found: Gallery) -> Sheet:
    return figures.sheet(random_photographs.likenesses(_found, np.arange(len(_found)))[:, ::2, ::2])


def show(points: Points, key: str) -> None:
    """The maps, side by side where there is room."""
    st.session_state[key] = data(points)
    _draw(st.session_state[key], key, "", points.choose)


def again(key: str) -> None:
    """The maps that were last shown, if any, dimmed and named, while others are on their way."""
    if key in st.session_state:
        told = st.session_state[key]
        _draw(told, key, told["still"], None)


def _draw(told: dict[str, Any], key: str, stale: str, choose: Callable[[str], None] | None) -> None:
    at = f"{key} canvas"
    hears = {} if choose is None else {"on_selected_change": lambda: choose(at)}
    _maps(data=told | {"stale": stale, "lasso": choose is not None}, key=at, height="content", **hears)


def rows(key: str, count: int) -> list[int]:
    """Of `count` points those in the lasso that a browser has sent, without what no browser of ours would send."""
    sent = st.session_state[key].get("selected")
    found = sent.get("rows") if isinstance(sent, dict) else None
    return sorted({row for row in found if type(row) is int and 0 <= row < count}) if isinstance(found, list) else []


def data(points: Points) -> dict[str, Any]:
    """All that the browser needs, in plain numbers, words and base64 of whole numbers (little-endian int16, uint16)."""
    result, words = points.result, titles()
    told = []
    for found in result.maps:
        at = None if points.placed is None else points.placed.get(found.space)
        side = float(np.abs(found.positions).max()) * figures.MARGIN
        star = None if at is None else at.position / side * HALF
        told.append(
            {
                "title": words[found.space],
                "agreement": section("random_features", "agreement", share=100 * found.agreement),
                "alt": section(
                    "random_features", "map alt", n=len(result), space=words[found.space], title=points.title
                ),
                "xy": base64.b64encode((found.positions / side * HALF).astype("<i2").tobytes()).decode(),
                "star": None if star is None else [float(v) for v in star.clip(-HALF, HALF)],
                "near": [] if at is None else [int(row) for row in at.nearest],
                "colours": {str(label): colour for label, colour in figures.told_apart(result, at).items()},
            }
        )
    sheet = points.sheet
    return {
        "maps": told,
        "still": section("random_features", "still before", title=points.title, k=result.features),
        "half": HALF,
        "labels": base64.b64encode(result.labels.astype("<u2").tobytes()).decode(),
        "classes": [str(name) for name in result.classes],
        "sheet": None if sheet is None else vars(sheet),
        "ink": points.ink,
        "user": USER,
        "selected": None if points.selected is None else [int(row) for row in points.selected],
        "words": {
            "yours": section("random_features", "your picture"),
            "closer": section("random_features", "zoom in"),
            "away": section("random_features", "zoom out"),
            "whole": section("random_features", "zoom reset"),
            "move": section("random_features", "move map"),
            "nearest": section("random_features", "near on map"),
        },
    }
