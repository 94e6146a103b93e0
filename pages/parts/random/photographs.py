"""The reader's photograph among thousands of others, which come along as numbers: its nearest, and where it lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from core import networks
from core.base.files import at_home
from core.base.prose import section
from core.base.refuse import DataError
from core.compute import gallery
from core.compute.gallery import Gallery
from core.networks.card import Card
from core.studies.random import answers as random_answers
from core.studies.random import nearby, photographs
from core.studies.random.answers import Said
from core.studies.random.maps import Placed, Space
from core.studies.random.nearby import Nearby
from pages.parts.common import at_hand, provenance, stage, waiting
from pages.parts.common.doors import folder_field
from pages.parts.common.tray import Picture
from pages.parts.common.words import Markdown, note, plain
from pages.parts.random import answers, nearest, points

FOLDER = "random photographs folder"


def more() -> str:
    """What stands under "More" beside photographs: the folder of the very set, "" where it is not given."""
    return folder_field(
        st,
        section("random_features", "folder"),
        FOLDER,
        persist_state="session",
        help=section("random_features", "folder help"),
    )


def show(picture: Picture, held: Picture | None, root: str) -> tuple[Gallery, Nearby] | None:
    """The verdict, the three rows of nearest photographs, and what the network answers."""
    found = gallery.read()
    if found is None:
        provenance.missing("measure random:photographs --data FOLDER")
        return None
    card = networks.find(gallery.NETWORK)
    near = ask(found, picture, card, "random photograph nearest")
    if near is None:
        return None
    said = random_answers.packaged(card, picture.image.digest)
    if said is None and (network := at_hand.one(card)) is not None:
        said = answers.ask(picture.image, network, "random photograph answers")
    scene = scene_of(found, near, picture, root, "random photograph thumbnails")
    nearest.verdict(scene, beyond(found), stage.NOTHING if said is None else elsewhere(found, card, said))
    nearest.show(scene, "random nearest photographs")
    if not root:
        st.caption(section("random_features", "blurred"))
    stage.shown(picture)
    if said is not None:
        answers.show([(card, said)])
    provenance.badges([card])
    if held is not None and (second := ask(found, held, card, "random photograph held")) is not None:
        provenance.held(held)
        nearest.show(scene_of(found, second, held, root, "random held thumbnails"), "random nearest held")
    return found, near


def elsewhere(found: Gallery, card: Card, said: Said) -> Markdown:
    """That the picture's own kind may be missing, where the network is unsure of it or names none of the gallery's."""
    label, probability = said.best[0]
    if probability >= stage.SURE and nearby.is_among(label, found.names):
        return stage.NOTHING
    share, title = plain(f"{probability:.0%}"), plain(card.title)
    return Markdown(
        section(
            "random_features", "elsewhere", kinds=len(found.names), title=title, label=plain(label), probability=share
        )
    )


def beyond(found: Gallery) -> Markdown:
    """How much of the kinds each space keeps over all photographs."""
    shares = found.agreement
    return Markdown(
        section(
            "random_features",
            "beyond photographs",
            n=len(found),
            half=100 * nearby.give_or_take(list(shares.values()), len(found)),
            chance=plain(f"{nearby.chance(found.labels):.0%}"),
            pixels=plain(f"{shares['pixels']:.0%}"),
            random=plain(f"{shares['random']:.0%}"),
            trained=plain(f"{shares['trained']:.0%}"),
        )
    )


def ask(found: Gallery, picture: Picture, card: Card, at: str) -> Nearby | None:
    """The nearest photographs: packaged, remembered, or found now; None if they could not be."""
    look = photographs.packaged_nearest(found, card, picture.image.digest)
    network = None if look is not None else at_hand.one(card)
    if network is None:
        return look
    what = section("random_features", "finding nearest")
    return waiting.ask(photographs.nearest_to, found, picture.image, network, what=what, at=at)


def scene_of(found: Gallery, near: Nearby, picture: Picture, root: str, at: str) -> nearest.Scene:
    def sources(rows: Sequence[int]) -> Mapping[int, str]:
        shown: dict[int, np.ndarray] = {}
        if root:
            what = section("random_features", "reading nearest")
            try:
                shown = waiting.ask(photographs.thumbnails, found, at_home(root), list(rows), what=what, at=at) or {}
            except DataError as error:
                note(str(error))
        like = dict(zip(rows, photographs.likenesses(found, np.array(rows)), strict=True))
        return {row: nearest.jpeg(shown.get(row, like[row])) for row in rows}

    mine = nearest.photograph(picture.image)
    look: nearest.Look = "sharp" if root else "blurred"
    return nearest.Scene(near, found.labels, found.names, picture.title, mine, sources, look)


def maps(found: Gallery, near: Nearby, picture: Picture) -> None:
    """The three maps of all photographs, the reader's marked among them."""
    card = networks.find(gallery.NETWORK)
    st.header(section("random_features", "maps title"), anchor="maps")
    placed = place(found, picture, card)
    if placed is None:
        return
    result = photographs.result_of(found)
    points.show(points.photographs(found, result, placed, picture.title), "random-photographs-map")
    st.caption(section("random_features", "map legend"))
    st.caption(section("random_features", "photographs", data=plain(found.about["data"]), side=gallery.SIDE))
    st.caption(provenance.again(found.about))


def place(found: Gallery, picture: Picture, card: Card) -> dict[Space, Placed] | None:
    """Where the picture lies on the maps: packaged, remembered, or computed now; None if it could not be."""
    look = photographs.packaged(found, card, picture.image.digest)
    network = None if look is not None else at_hand.one(card)
    if network is None:
        return look
    what = section("random_features", "placing")
    return waiting.ask(photographs.place, found, picture.image, network, what=what, at="random photograph")
