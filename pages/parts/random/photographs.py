"""The reader's photograph among thousands of others, which come along as numbers: three maps, three answers."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core import networks
from core.base.files import at_home
from core.base.prose import section
from core.base.refuse import DataError
from core.compute import gallery
from core.compute.gallery import Gallery
from core.networks.card import Card
from core.studies.random import maps_figures as figures
from core.studies.random import photographs
from core.studies.random.maps import TITLES, Placed, Space
from pages.parts.common import at_hand, charts, provenance, waiting
from pages.parts.common.doors import folder_field
from pages.parts.common.tray import Picture
from pages.parts.common.words import note, plain

FOLDER = "random photographs folder"


def show(picture: Picture, held: Picture | None) -> None:
    """The finding, the maps with a star where the photograph lies, and its nearest in each space."""
    found = gallery.read()
    if found is None:
        provenance.missing("measure random:photographs --data FOLDER")
        return
    card = networks.find(gallery.NETWORK)
    provenance.badges([card])
    placed = ask(found, picture, card, "random photograph")
    if placed is None:
        return
    st.markdown(f"#### {plain(photographs.finding(found, placed))}")
    maps(found, placed, picture)
    st.markdown(plain(photographs.spread(found)))
    st.caption(section("random_features", "photographs", data=plain(found.about["data"]), side=gallery.SIDE))
    st.caption(provenance.again(found.about))
    root = folder_field(
        st, "Folder of these photographs, to see them", FOLDER, persist_state="session",
        help="They do not come along, only their numbers do. With a copy of the set (train/CLASS, test/CLASS) on this "
        "machine the nearest ones are shown as pictures.",
    )  # fmt: skip
    nearest(found, placed, root, "random photograph thumbnails")
    if held is not None and (second := ask(found, held, card, "random photograph held")) is not None:
        provenance.held(held)
        st.markdown(plain(photographs.finding(found, second)))
        nearest(found, second, root, "random photograph thumbnails held")


def ask(found: Gallery, picture: Picture, card: Card, at: str) -> dict[Space, Placed] | None:
    """Where a picture lies: packaged, remembered, or computed now; None if it could not be."""
    look = photographs.packaged(found, card, picture.image.digest)
    network = None if look is not None else at_hand.one(card)
    if network is None:
        return look
    return waiting.ask(photographs.place, found, picture.image, network, what="Placing your picture", at=at)


def maps(found: Gallery, placed: dict[Space, Placed], picture: Picture) -> None:
    result = photographs.result_of(found)
    for column, space in zip(st.columns(len(TITLES)), TITLES, strict=True):
        with column:
            fig = figures.map_figure(result, space, photographs.alike(found, placed[space]), placed[space])
            plot = figures.as_plot(fig, result, space, picture.title)
            charts.show(plot, f"random-photographs-{space}")


def nearest(found: Gallery, placed: dict[Space, Placed], root: str, at: str) -> None:
    """The nearest photographs of every space: in words, and as pictures where the set is on this machine."""
    shown: dict[int, np.ndarray] = {}
    if root:
        rows = sorted({int(row) for one in placed.values() for row in one.nearest})
        try:
            read = waiting.ask(photographs.thumbnails, found, at_home(root), rows, what="Reading the nearest", at=at)
            shown = read or {}
        except DataError as error:
            note(str(error))
    for column, (space, one) in zip(st.columns(len(placed), gap="medium"), placed.items(), strict=True):
        with column:
            st.markdown(f"**{plain(TITLES[space])}**")
            names = [found.names[found.labels[row]] for row in one.nearest]
            if shown:
                with st.container(horizontal=True):
                    for row, name, away in zip(one.nearest, names, one.distances, strict=True):
                        charts.enlarged(shown[int(row)], 1, f"{name} · {away:.2f}", f"Neighbour: {name}")
            else:
                for name, away in zip(names, one.distances, strict=True):
                    st.markdown(plain(f"{name} · {away:.2f}"))
