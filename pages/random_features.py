"""How far do you get without learning anything? The page of core/studies/random/features.py."""

from __future__ import annotations

import streamlit as st

from core.pictures.preprocess import in_form
from core.studies import first_look as studies_first_look
from core.studies.random import STUDY, features
from core.studies.random import maps as random_maps
from pages.parts.common import at_hand, frame, provenance, take_away, tray
from pages.parts.random import attack, background, choose, curve, maps, measured, retrieval, why
from pages.parts.random import data as random_data

frame.require(STUDY.slug)
provenance.heading(STUDY)
picture, other = tray.chosen(), tray.held()
data = random_data.choose()
if data is None:
    st.info("The digits are always on this machine: choose them to look at random features at once.")
else:
    params = choose.controls(data)
    mapped, photographs = choose.beside(data)
    provenance.badges(list(dict.fromkeys([mapped, photographs])))
    network = at_hand.one(mapped)
    map_params = maps.controls(random_maps.Params(data.title))
    drawn = studies_first_look.find("random_maps", random_maps.Result, [mapped], data.digest, map_params)
    scene = maps.Scene(
        data.every,
        data.title,
        params.spec(data.channels),
        network,
        map_params,
        drawn,
        in_form(picture.image, data.size, data.channels, data.bright_on_dark),
        None if other is None else in_form(other.image, data.size, data.channels, data.bright_on_dark),
    )
    maps.show(scene)
    found = studies_first_look.find("random_features", features.Result, [], data.digest, params)
    result = curve.show(data, params, found)
    asked = at_hand.one(photographs)
    if asked is not None:
        with frame.going_on():
            retrieval.show(picture, asked)
        with frame.going_on():
            background.show(picture, asked)
    with frame.going_on():
        attack.show()
    why.show(data, picture, params)
with frame.going_on():
    measured.show()
if data is not None and result is not None:
    name = data.name if data.name != "own" else "FOLDER"
    take_away.show(
        STUDY.slug,
        features.table(result),
        lambda source: features.command(params, name),
        lambda source: features.snippet(params, name),
        picture,
    )
