"""A photograph before the heads on lite0's features, at any number of spinal layers, and how they do over many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import streamlit as st

from core import cache
from core.base.prose import section
from core.base.worker import Progress
from core.cache import Call
from core.compute import gallery
from core.compute.gallery import Gallery
from core.figures.palette import uri
from core.networks import packaged
from core.networks.card import Card, Network
from core.pictures.preprocess import seen
from core.studies.spinal import photographs, photographs_figures, transfer, transfer_figures
from core.studies.spinal.photographs import Look
from core.studies.spinal.transfer import HEADS, Head, Params
from pages.parts.common import charts, provenance, stage, tray, waiting
from pages.parts.common.address import bound, folded
from pages.parts.common.at_hand import one
from pages.parts.common.tray import Picture
from pages.parts.common.words import Markdown, plain
from pages.parts.spinal import hero
from pages.parts.spinal.any import LAYERS, more

KEY = "spinal-photo"
TITLES: dict[Head, str] = {"spinal": "spinal", "hidden": "plain", "matched": "narrow"}  # of the three that answer
BEST = 3  # answers of each


def show(at: hero.Places, picture: Picture, held: Picture | None) -> Params | None:
    """The first screen; the settings that the reader chose, None where what it takes is not there."""
    found, record, card = gallery.read(), photographs.measured(), packaged.cards().get(gallery.NETWORK)
    if found is None or record is None:
        provenance.missing("measure spinal:photographs")
        return None
    network = one(card) if card else None
    if card is None or network is None:
        return None
    params = controls(at)
    cache.wait_until_warm()
    with at.hero:
        what = section("spinal_heads", "training heads", layers=params.layers)
        alone = replace(params, seeds=photographs.PLAN.seeds)  # of which the heads that answer are one
        trained = waiting.ask(photographs.states, found, alone, what=what, at="spinal photo heads")
        if trained is None:
            return params
        look = asked(found, picture, network, alone, trained, "spinal photo")
        if look is None:
            return params
        hero.show(scene(look, picture, network, alone))
        stage.shown(picture)
    with at.verdict:
        result, _ = record
        mean, half = transfer.minus(result.accuracy, "hidden")
        what = section("spinal_heads", "photographs of", classes=len(found.classes))
        told = photographs.features_of(found)
        spinal, full = (transfer.counts(told, result.params, head)[0] for head in ("spinal", "hidden"))
        unsure = doubt(look, card)
        lost = bool(unsure) and (look.unlike or len({said(look, head)[0] for head in TITLES}) > 1)
        hero.say(verdict(look), hero.beyond(mean, half, (spinal, full), result.test, what), unsure, lost)
        if lost:
            known_one(found, network)
    with at.answers:
        answers(look, card)
        provenance.badges([card])
        if held is not None and (other := asked(found, held, network, alone, trained, "spinal photo held")):
            provenance.held(held)
            st.markdown(f"**{verdict(other)}**")
            answers(other, card)
    with at.closer:
        st.caption(section("spinal_heads", "hero caption"))
        st.caption(section("spinal_heads", "how alike", alike=look.more_alike, unlike=photographs.UNLIKE))
        hero.table(look.so_far, look.answers.classes)
        told = look.answers
        charts.folded_table(KEY, lambda: photographs_figures.table(told), photographs.finding(told))
        st.caption(
            section(
                "spinal_heads", "photographs", classes=len(found.classes), train=result.train, test=result.test,
                data=plain(record[1]["data"]), seed=photographs.SHIPPED_SEED,
            )
        )  # fmt: skip
    return params


def controls(at: hero.Places) -> Params:
    """The number of spinal layers, large; the rest folded."""
    first = photographs.PLAN
    with at.control:
        layers = bound(
            st.slider, section("spinal_heads", "layers"), *LAYERS, first.layers, key=f"{KEY}-layers", width=320,
            help=section("spinal_heads", "layers help"),
        )  # fmt: skip
    return more(KEY, int(layers), at.control)


def asked(
    found: Gallery, picture: Picture, network: Network, params: Params, trained: Mapping[str, np.ndarray], at: str
) -> Look | None:
    what = section("spinal_heads", "asking heads", count=len(HEADS))
    return waiting.ask(photographs.look, found, picture.image, network, params, trained, what=what, at=at)


def scene(look: Look, picture: Picture, network: Network, params: Params) -> hero.Scene:
    side = network.preprocessing.size
    return hero.Scene(
        uri(seen(picture.image, network.preprocessing)),
        plain(section("spinal_heads", "seen alt", title=picture.title)),
        section("spinal_heads", "seen caption", title=picture.title, side=side),
        False,
        look.answers.classes,
        look.so_far,
        f"{picture.image.digest} {params}",
    )


def said(look: Look, head: Head) -> tuple[str, float]:
    """A head's answer and its probability."""
    row = look.answers.probability[look.answers.heads.index(head)]
    return look.answers.classes[int(row.argmax())], float(row.max())


def verdict(look: Look) -> Markdown:
    return hero.verdict([(name, said(look, head)[0]) for head, name in TITLES.items()], look.so_far)


def doubt(look: Look, card: Card) -> Markdown:
    """Said first where the picture is none that the heads know, or the spinal one is unsure: what lite0 itself says."""
    (own, share), classes = look.own, len(look.answers.classes)
    _, p = said(look, "spinal")
    if not look.unlike and p >= stage.SURE:
        return stage.NOTHING
    return Markdown(
        section("spinal_heads", "doubt", title=plain(card.title), own=plain(own), share=share, classes=classes)
    )


def known_one(found: Gallery, network: Network) -> None:
    """A button that chooses the sample that the heads know best."""
    st.button(
        section("spinal_heads", "known one"), icon=":material/photo_library:", key="spinal known one",
        on_click=choose_known, args=(found, network),
    )  # fmt: skip


def choose_known(found: Gallery, network: Network) -> None:
    tray.choose(cache.job(Call(photographs.best_known, found, network), "spinal known one").future.result())


def answers(look: Look, card: Card) -> None:
    """The three heads' likeliest answers, and the network's own."""
    paint = transfer_figures.colours()
    groups = []
    for head, name in TITLES.items():
        row = look.answers.probability[look.answers.heads.index(head)]
        best = [(look.answers.classes[int(k)], float(row[k])) for k in np.argsort(-row, kind="stable")[:BEST]]
        groups.append(stage.Answers(hero.title(name), paint[head], best))
    itself = section("spinal_heads", "lite0 itself", title=card.title)
    stage.answers([*groups, stage.Answers(itself, paint["linear"], [look.own])])


def race(params: Params) -> None:
    """Folded: the race as it was measured, or, with other settings, trained now."""
    folded(section("spinal_heads", "photographs title"), "spinal photo race")(raced)(params)


def raced(params: Params) -> None:
    found, record = gallery.there(), photographs.there()
    result, about = record
    features = photographs.features_of(found)
    if params == result.params:
        accuracy = result.accuracy
    else:
        calls = [Call(scores, found, params, seed) for seed in range(params.seeds)]
        rows = waiting.ask_all(
            calls, section("spinal_heads", "training seeds", count=len(HEADS), seeds=params.seeds), KEY
        )
        if not any(rows):
            return
        accuracy = np.transpose([row or [np.nan] * len(HEADS) for row in rows])
    st.markdown(f"**{plain(transfer.finding_on(features, accuracy))}**")
    charts.show(transfer_figures.race(features, params, accuracy), f"{KEY}-race")
    st.caption(section("spinal_heads", "photographs race", epochs=params.epochs, rate=params.head_rate))
    if params == result.params:
        st.caption(provenance.again(about))


def scores(found: Gallery, params: Params, seed: int, progress: Progress) -> list[float]:
    """A seed's shares by head."""
    return transfer.scores_on(photographs.features_of(found), params, seed, progress)
