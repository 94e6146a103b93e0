"""The hero: noisy photo, rebuilt photo and answers under one slider of lambda, which the browser plays by itself."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.base.prose import section
from core.figures import theme
from core.figures.palette import accent, network_colours
from core.networks.card import Card
from core.pictures import noise
from core.pictures.samples import DEFAULT_SAMPLE
from core.studies.sparse import codes, dataset, frames, rescue
from core.studies.sparse.codes import FOLDER, LAMBDA_LIMITS, LAMBDAS, OPENING, Params
from core.studies.sparse.frames import Frames
from core.studies.sparse.opening import Opening
from pages.parts.common import frame, stage
from pages.parts.common.handed import hand
from pages.parts.common.player import component, heard, words
from pages.parts.common.stage import NOTHING
from pages.parts.common.tray import Picture
from pages.parts.common.words import Markdown, plain
from pages.parts.sparse import begin
from pages.parts.sparse.begin import LAMBDA

SMALL = 64  # px: up to this side the pixels are shown as they are
_moving = component("receptive_sparse_hero", __file__, '<div class="rebuilt"></div>')


def show(found: Frames, cards: list[Card], params: Params, picture: Picture, key: str = "sparse-hero") -> None:
    """What is said of the picture; `verdict` stands above. `params.lam` is where the slider rests."""
    steps = [i for i, lam in enumerate(found.curves.lams) if lam in LAMBDAS or lam == found.training_lam]
    lams = [round(float(found.curves.lams[i]), 4) for i in steps]
    chosen = min(lams, key=lambda lam: abs(lam - params.lam))
    title, trained = cards[0].title, min(range(len(lams)), key=lambda i: abs(lams[i] - found.training_lam))
    groups = [group(title, accent(), [found.best(i) for i in steps], found.labels[found.wanted])]
    if found.twin_best and len(cards) > 1:
        grey = network_colours([None])[0]
        groups.append(group(cards[1].title, grey, [found.twin_best], found.labels[found.twin_clean.argmax()]))
    made = [section("sparse_codes", "rebuilt caption", share=float(found.curves.nonzero[i])) for i in steps]
    said = section("sparse_codes", "as trained", lam=f"{found.training_lam:g}")
    _moving(
        key=key,
        data={
            "of": [found.picture, found.noise, found.level, found.seed, *found.models],
            "lams": lams,
            "chosen": chosen,
            "heard": heard(key, "chosen"),
            "begins": params == OPENING and picture.sample == DEFAULT_SAMPLE,
            "dark": theme.dark(),
            "cells": max(found.height, found.width) <= SMALL,
            "noisy": found.noisy,
            "clean": found.clean,
            "rebuilt": [found.rebuilt[i] for i in steps],
            "captions": made,
            "groups": groups,
            "scale": [[trained, said], *([i, f"{lam:g}"] for i, lam in enumerate(lams) if lam in (0.5, 1.0, 1.5))],
            "player": words(section("sparse_codes", "slider")),
            "words": {
                "noisy": codes.noise_words(found.noise, found.level, found.arrived),
                "clean": section("sparse_codes", "clean caption"),
                "without": section("sparse_codes", "see clean"),
                "back": section("sparse_codes", "see noisy"),
                "right": section("sparse_codes", "right mark"),
                "wrong": section("sparse_codes", "wrong mark"),
            },
        },
        on_chosen_change=partial(choose, key),
    )


def choose(key: str) -> None:
    """What the slider rests at becomes the setting."""
    match st.session_state[key].get("chosen"):
        case [float() | int() as lam, _] if LAMBDA_LIMITS[0] <= lam <= LAMBDA_LIMITS[1]:
            begin.lambda_is_mine()
            hand({LAMBDA: float(lam)})


def group(title: str, colour: str, best: list[list[tuple[str, float]]], wanted: str) -> dict[str, object]:
    """One network's answers, a list a frame; one list for a network that has no lambda."""
    return {
        "title": title,
        "colour": colour,
        "best": [[[label, round(share, 4)] for label, share in one] for one in best],
        "right": [one[0][0] == wanted for one in best],
    }


def verdict(found: Frames, cards: list[Card], params: Params) -> None:
    """What turning lambda does to the answer here; muted, what it does over photographs."""
    told = frames.told(found)
    said, many = in_words(told, plain(cards[0].title), found.training_lam), over_photographs(cards, params)
    if not found.whole:
        many = Markdown(f"{section('sparse_codes', 'so far', few=len(found.curves.lams))} {many}")
    stage.verdict(said, many, stage.doubt(cards[0].title, told.label, told.sure))


def of_held(found: Frames, cards: list[Card]) -> None:
    """The verdict on the picture that is held beside the chosen one."""
    st.markdown(in_words(frames.told(found), plain(cards[0].title), found.training_lam))


def told_of_the_choice(card: Card, params: Params, picture: Picture) -> None:
    """How the noise was come by: that of the opening example, or one that the page has chosen for this picture."""
    if is_opening(params, picture):
        found = rescue.measured(FOLDER, card.name)
        if found is not None:
            st.caption(chosen_for_it(found))
    elif (ours := begin.of_the_page()) is not None:
        st.caption(chosen_for_yours(ours))


def chosen_for_yours(found: Opening) -> Markdown:
    if found.rescued:
        return Markdown(section("sparse_codes", "chosen for yours", tried=found.tried))
    if found.noise == noise.NONE:
        return Markdown(section("sparse_codes", "chosen none", tried=found.tried))
    return Markdown(section("sparse_codes", "chosen to bear", tried=found.tried))


def is_opening(params: Params, picture: Picture) -> bool:
    """Whether the page shows the example that was chosen for what lambda does to it, at whatever lambda."""
    same = (params.noise, params.level, params.seed) == (OPENING.noise, OPENING.level, OPENING.seed)
    return same and picture.sample == DEFAULT_SAMPLE


def in_words(told: frames.Told, title: Markdown, training: float) -> Markdown:
    """`training`: the lambda of "as trained"."""
    label, noisy, other = (plain(words) for words in (told.label, told.noisy, told.other))
    first, last, trained = (plain(f"{round(lam, 2):g}") for lam in (told.first, told.last, training))
    as_trained = {"title": title, "trained": trained}
    if told.kind == "fooled":
        return Markdown(section("sparse_codes", "fooled", **as_trained, noisy=noisy, label=label))
    if told.kind == "rescued" and told.first == told.last:
        return Markdown(section("sparse_codes", "rescued once", **as_trained, noisy=noisy, label=label, first=first))
    if told.kind == "rescued":
        return Markdown(
            section(
                "sparse_codes",
                "rescued",
                title=title,
                trained=trained,
                noisy=noisy,
                label=label,
                first=first,
                last=last,
            )
        )
    if told.kind == "lost":
        return Markdown(section("sparse_codes", "lost", **as_trained, label=label, first=first, other=other))
    if told.kind == "none":
        return Markdown(section("sparse_codes", "no noise", title=title, label=label))
    return Markdown(section("sparse_codes", "stays", title=title, label=label))


def over_photographs(cards: list[Card], params: Params) -> Markdown:
    """What the records say; "" where they cannot be read, which is said."""
    with frame.going_on():
        return nearest(cards, params)
    return NOTHING


def nearest(cards: list[Card], params: Params) -> Markdown:
    """The record of the chosen network nearest to the reader's noise; "" where it was not measured."""
    found = dataset.measured(FOLDER)
    told = dataset.nearest(found, cards[0].name, cards[1].name if len(cards) > 1 else "", params.noise, params.level)
    if told is None:
        return NOTHING
    title, training, where = plain(cards[0].title), plain(f"{told.training:g}"), plain(told.noise)
    if told.twin is None:
        return Markdown(
            section(
                "sparse_codes", "measured alone", title=title, training=training, noise=where, images=told.images,
                fixed=told.fixed, told=told.told,
            )
        )  # fmt: skip
    return Markdown(
        section(
            "sparse_codes", "measured beside", title=title, training=training, noise=where, images=told.images,
            fixed=told.fixed, told=told.told, twin=plain(cards[1].title), bare=told.twin,
        )
    )  # fmt: skip


def chosen_for_it(found: rescue.Rescue) -> Markdown:
    here, all_over = rescue.counts(found.seeds), rescue.counts(found.samples)
    return Markdown(
        section(
            "sparse_codes", "chosen for it", lam=plain(f"{OPENING.lam:g}"), tried=here.tried, fooled=here.fooled,
            rescued=here.rescued, ruined=here.ruined, samples=all_over.tried, samples_fooled=all_over.fooled,
            samples_rescued=all_over.rescued, samples_ruined=all_over.ruined,
        )
    )  # fmt: skip
