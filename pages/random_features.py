"""How far do you get without learning anything? The page of core/studies/random/features.py."""

from __future__ import annotations

import streamlit as st

from core.networks.card import Card
from core.pictures.preprocess import in_form
from core.studies import first_look as studies_first_look
from core.studies.random import STUDY, features
from core.studies.random import maps as random_maps
from pages.parts.common import at_hand, frame, provenance, take_away, tray
from pages.parts.random import attack, background, choose, curve, maps, measured, photographs, retrieval, why
from pages.parts.random import data as random_data


def on_maps(data: random_data.Data, params: features.Params, mapped: Card) -> None:
    """The maps of a data set that is here, with the reader's picture in its form."""
    network = at_hand.one(mapped)
    map_params = maps.controls(random_maps.Params(data.title))
    drawn = studies_first_look.find("random_maps", random_maps.Result, [mapped], data.digest, map_params)
    form = data.size, data.channels, data.bright_on_dark
    held = None if other is None else in_form(other.image, *form)
    query, spec = in_form(picture.image, *form), params.spec(data.channels)
    maps.show(maps.Scene(data.every, data.title, spec, network, map_params, drawn, query, held))


frame.require(STUDY.slug)
provenance.heading(STUDY)
picture, other = tray.chosen(), tray.held()
title = random_data.choose(picture.image)
is_photograph = title == random_data.PHOTOGRAPHS
if is_photograph:
    with frame.going_on():
        photographs.show(picture, other)
    st.header("How far do they get on digits?", anchor="digits")
data = random_data.read_chosen(title)
result = None
if data is None:
    st.info("The digits are always on this machine: choose them to look at random features at once.")
else:
    params = choose.controls(data)
    mapped, photograph_network = choose.beside(data)
    if not is_photograph:
        provenance.badges(list(dict.fromkeys([mapped, photograph_network])))
        on_maps(data, params, mapped)
    found = studies_first_look.find("random_features", features.Result, [], data.digest, params)
    result = curve.show(data, params, found)
    asked = at_hand.one(photograph_network)
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
