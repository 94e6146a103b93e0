"""The reader's picture among a data set that is here, in its form: its nearest by the features that were chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from core import cache
from core.base.prose import section
from core.base.worker import Progress, part
from core.cache import Call
from core.compute import spaces
from core.compute.sign_counts import Spec
from core.networks.card import Network
from core.pictures.digit_form import in_form_of, loses_margin
from core.studies.random import dataset, nearby
from core.studies.random import maps as random_maps
from core.studies.random.features import FOLDER
from core.studies.random.maps import Result, Space
from core.studies.random.nearby import Nearby
from pages.parts.common import provenance, stage, waiting
from pages.parts.common.tray import Picture
from pages.parts.common.words import Markdown, plain
from pages.parts.random import answers, maps, nearest
from pages.parts.random.maps import Scene

KEY = "random nearest"


def show(scene: Scene, picture: Picture, held: Picture | None) -> None:
    """The verdict, the three rows, and what the trained network answers.

    While others are found the rows that were last shown stay, dimmed.
    """
    indices = random_maps.chosen(scene.split, scene.params)
    call = call_of(scene, scene.query)
    for first in call.args[1].values():  # kept: the maps want them, too
        cache.job(first, KEY)
    cache.job(call, KEY)
    near = cache.finished(call, waiting.SHOW_AFTER)
    if near is None and nearest.again(KEY):
        waiting.later(call, section("random_features", "finding nearest"), lambda _: st.rerun())
        return
    if near is None:
        [near] = waiting.ask_all([call], section("random_features", "finding nearest"), KEY)
    if near is None:
        return
    labels, form = scene.split.labels[indices], form_of(scene, indices, near, scene.query, picture)
    said = None
    if scene.network is not None and set(scene.network.labels) == set(scene.split.classes):
        said = answers.ask(scene.query, scene.network, "random digit answers")
    unsure = Markdown("")
    if said is not None and scene.network is not None:
        unsure = stage.doubt(scene.network.card.title, *said.best[0])
    nearest.verdict(form, beyond(maps.there(scene), labels), unsure)
    nearest.show(form, KEY)
    stage.shown(picture)
    if said is not None and scene.network is not None:
        answers.show([(scene.network.card, said)])
    cut(scene, picture)
    if held is not None:
        show_held(scene, held, indices)


def cut(scene: Scene, picture: Picture) -> None:
    """That pictures lose their margin where they are compared with digits that have none, and what that is worth."""
    _, side, _, channels = scene.split.pixels.shape
    said = []
    if loses_margin(picture.image, side, channels, scene.ink):
        said.append(section("random_features", "cut drawing"))
    if scene.network is not None and spaces.is_cut(scene.split.pixels.shape, scene.network):
        said.append(section("random_features", "cut pictures", title=plain(scene.network.card.title)))
        found = dataset.cut(scene.title, scene.network.card.name, FOLDER)
        if found is not None and found.with_margin is not None:
            shares = {"cut": plain(f"{found.own_head:.1%}"), "margin": plain(f"{found.with_margin:.1%}")}
            values = {"n": found.test_images, "data": plain(scene.title), **shares}
            said.append(section("random_features", "cut measured", **values))
    if said:
        st.caption(" ".join(said))


def show_held(scene: Scene, held: Picture, indices: np.ndarray) -> None:
    """The same rows for a second picture."""
    _, side, _, channels = scene.split.pixels.shape
    query = in_form_of(held.image, side, channels, scene.ink)
    what = section("random_features", "finding nearest")
    [near] = waiting.ask_all([call_of(scene, query)], what, "random nearest held")
    if near is not None:
        provenance.held(held)
        nearest.show(form_of(scene, indices, near, query, held), "random nearest held")


def call_of(scene: Scene, query: np.ndarray) -> Call[Nearby]:
    vectors = {space: maps.vectors_call(scene, space) for space in random_maps.spaces_of(scene.network)}
    return Call(find, query, vectors, scene.spec, scene.network)


def find(
    query: np.ndarray,
    vectors: Mapping[Space, Call[np.ndarray]],
    spec: Spec,
    network: Network | None,
    progress: Progress,
) -> Nearby:
    count = len(vectors) + 1
    galleries = {space: cache.known(call, part(progress, i, count)) for i, (space, call) in enumerate(vectors.items())}
    queries = {space: random_maps.vectors(query, space, spec, network) for space in vectors}
    return nearby.find(queries, galleries, progress=part(progress, count - 1, count))


def form_of(scene: Scene, indices: np.ndarray, near: Nearby, query: np.ndarray, picture: Picture) -> nearest.Scene:
    def sources(rows: Sequence[int]) -> Mapping[int, str]:
        return {row: nearest.png(scene.split.pixels[indices[row]]) for row in rows}

    labels, classes = scene.split.labels[indices], scene.split.classes
    return nearest.Scene(near, labels, classes, picture.title, nearest.png(query[0]), sources, "hard")


def beyond(known: Result | None, labels: np.ndarray) -> Markdown:
    """How much of the kinds each space keeps over all pictures, where the maps are there to tell."""
    if known is None or len(known.maps) < len(nearest.titles()):
        return Markdown("")
    shares = {one.space: one.agreement for one in known.maps}
    return Markdown(
        section(
            "random_features",
            "beyond",
            n=len(known),
            data=plain(known.data),
            half=100 * nearby.give_or_take(list(shares.values()), len(known)),
            chance=plain(f"{nearby.chance(labels):.0%}"),
            pixels=plain(f"{shares['pixels']:.0%}"),
            random=plain(f"{shares['random']:.0%}"),
            trained=plain(f"{shares['trained']:.0%}"),
        )
    )
