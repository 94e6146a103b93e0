"""How far do you get without learning anything? The page of core/studies/random_features.py."""

from __future__ import annotations

import streamlit as st

from core import first_look
from core.own_data import in_form
from core.studies import STUDIES, random_features, random_maps
from pages.parts import (
    at_hand,
    frame,
    provenance,
    random_attack,
    random_background,
    random_choose,
    random_curve,
    random_data,
    random_measured,
    random_retrieval,
    random_why,
    take_away,
    tray,
)
from pages.parts import random_maps as maps

STUDY = next(s for s in STUDIES if s.slug == "random_features")

frame.require(STUDY.slug)
provenance.heading(STUDY)
picture, other = tray.chosen(), tray.held()
data = random_data.choose()
if data is None:
    st.info("The digits are always on this machine: choose them to look at random features at once.")
else:
    params = random_choose.controls(data)
    mapped, photographs = random_choose.beside(data)
    provenance.badges(list(dict.fromkeys([mapped, photographs])))
    network = at_hand.one(mapped)
    map_params = maps.controls(random_maps.Params(data.title))
    drawn = first_look.find("random_maps", [mapped], data.digest, map_params)
    scene = maps.Scene(
        data.every,
        data.title,
        params.spec(data.channels),
        network,
        map_params,
        None if drawn is None else random_maps.from_dict(drawn),
        in_form(picture.image, data.size, data.channels, data.bright_on_dark),
        data.digest,
        None if other is None else in_form(other.image, data.size, data.channels, data.bright_on_dark),
    )
    maps.show(scene)
    found = first_look.find("random_features", [], data.digest, params)
    result = random_curve.show(data, params, None if found is None else random_features.from_dict(found))
    asked = at_hand.one(photographs)
    if asked is not None:
        with frame.going_on():
            random_retrieval.show(picture, asked)
        with frame.going_on():
            random_background.show(picture, asked)
    with frame.going_on():
        random_attack.show()
    random_why.show(data, picture, params)
with frame.going_on():
    random_measured.show()
if data is not None and result is not None:
    name = data.name if data.name != "own" else "FOLDER"
    take_away.show(
        STUDY.slug,
        random_features.table(result),
        lambda source: random_features.command(params, name),
        lambda source: random_features.snippet(params, name),
        picture,
    )
