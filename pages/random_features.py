"""How far do you get without learning anything? The page of core/studies/random/features.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.base.prose import section
from core.pictures.digit_form import in_form_of
from core.studies import first_look as studies_first_look
from core.studies.random import STUDY, features, nearby
from core.studies.random import maps as random_maps
from pages.parts.common import at_hand, frame, provenance, stage, take_away, tray
from pages.parts.random import (
    attack,
    background,
    choose,
    curve,
    digits,
    maps,
    measured,
    nearest,
    photographs,
    retrieval,
    why,
)
from pages.parts.random import data as random_data


def among_photographs(root: str) -> Mapping[str, Sequence[object]] | None:
    """The hero and the maps of a photograph among photographs, and the table of its nearest."""
    with hero, frame.going_on():
        shown = photographs.show(picture, other, root)
    if shown is None:
        return None
    with frame.going_on():
        photographs.maps(*shown, picture)
    found, near = shown
    return nearby.table(near, found.labels, found.names, list(nearest.titles().values()))


def among(data: random_data.Data, controls: choose.Controls) -> None:
    """The hero and the maps of a data set that is here, with the reader's picture in its form."""
    mapped, settings = controls.mapped, controls.maps
    drawn = studies_first_look.find("random_maps", random_maps.Result, [mapped], data.digest, settings)
    query = in_form_of(picture.image, data.size, data.channels, data.bright_on_dark)
    made_of = data.every, data.title, controls.params.spec(data.channels), at_hand.one(mapped), settings, drawn, query
    scene = maps.Scene(*made_of, picture.title, data.bright_on_dark)
    with hero, frame.going_on():
        digits.show(scene, picture, other)
        provenance.badges([mapped])
    with frame.going_on():
        maps.show(scene)


frame.require(STUDY.slug)
provenance.heading(STUDY)
picture, other = tray.chosen(), tray.held()
hero = st.container(key="rx-hero").container(key="random-hero")
with st.container(key="random-controls"):
    left, middle, right = st.columns([1.4, 2, 1], vertical_alignment="bottom")
    title = random_data.choose(picture.image, left)
    is_photograph = title == random_data.PHOTOGRAPHS
    data = random_data.read_chosen(title)
    more = right.popover(section("common", "more"), icon=":material/tune:") if data or is_photograph else None
    controls = None if data is None or is_photograph else choose.controls(data, middle, more)
table = None
if is_photograph:
    with more:
        root = photographs.more()
    table = among_photographs(root)
elif data is None:
    st.info(section("random_features", "digits are here"))
else:
    among(data, controls)
st.header(section("random_features", "closer title"), anchor="closer")
if data is not None:
    if controls is None:
        st.subheader(section("random_features", "on digits"), anchor="digits")
        middle, right = st.columns([3, 1], vertical_alignment="bottom")
        controls = choose.controls(data, middle, right.popover(section("common", "more"), icon=":material/tune:"))
    found = studies_first_look.find("random_features", features.Result, [], data.digest, controls.params)
    result = curve.show(data, controls.params, found)
    if table is None and result is not None:
        table = features.table(result)
    asked = at_hand.one(controls.asked)
    if asked is not None:
        with frame.going_on():
            retrieval.show(picture, asked)
        with frame.going_on():
            background.show(picture, asked)
with frame.going_on():
    attack.show()
if data is not None and controls is not None:
    why.show(data, picture, controls.params)
with frame.going_on():
    measured.show()
stage.try_next(STUDY)
if data is not None and controls is not None:
    name = data.name if data.name != "own" else "FOLDER"
    take_away.show(
        STUDY.slug,
        table or {},
        lambda source: features.command(controls.params, name),
        lambda source: features.snippet(controls.params, name),
        picture,
    )
