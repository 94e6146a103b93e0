"""Which little patches made the network say so? The page of core/studies/patch/evidence.py."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from core import cache
from core.base.prose import section
from core.cache import Call
from core.networks import packaged as networks
from core.networks.card import Card, Network
from core.networks.families import BAGNETS
from core.pictures.object_mask import Box
from core.pictures.preprocess import whole
from core.studies.patch import STUDY, evidence, figures, gist
from core.studies.patch.evidence import Params, Result
from pages.parts.common import at_hand, frame, provenance, stage, take_away, tray, waiting
from pages.parts.patch import any as patch_any
from pages.parts.patch import choose, closer, hero, masking, measured, probes, say, wall, why

ANY_FIRST = "lite0"


@dataclass(frozen=True, eq=False)
class Answer:
    """What the hero shows: `chosen` tells whether the reader asked for its class, `box` is the object's."""

    result: Result
    params: Params
    chosen: bool
    box: Box | None


def ask(view: choose.View, picture: tray.Picture, pixels: np.ndarray) -> Answer | None:
    """Draw the hero for what is chosen; None if no network is here."""
    if not view.cards:
        return None
    waits = st.container()  # what follows keeps its place, whatever is waited for
    find = Call(gist.object_box, whole(picture.image, gist.SIDE))
    looking = section("patch_evidence", "finding the object")
    ready = evidence.packaged(view.cards, picture.image, view.params())
    if ready is not None:
        target, other = choose.classes(view, list(ready.logits), ready.labels)
        if target is None and other is None:
            with waits:
                boxes = waiting.ask_on([find], looking, "patch box", time.monotonic() + waiting.SHOW_AFTER)
            box = boxes[0] if boxes else None
            hero.packaged(ready, [card.title for card in view.cards], picture, pixels, box, view)
            return Answer(ready, view.params(), False, box)
    until = time.monotonic() + waiting.SHOW_AFTER
    with waits:
        nets = tuple(at_hand.loaded(view.cards))
        what = section("patch_evidence", "asking", count=len(nets))
        found = waiting.ask_all([Call(evidence.coarse, n, pixels) for n in nets], what, "patch grid") if nets else []
    grids = tuple(grid for grid in found if grid is not None)
    if not nets or len(grids) < len(nets):
        return None
    with waits:
        boxes = waiting.ask_on([find], looking, "patch box", until)
    box = boxes[0] if boxes else None
    logits = [grid.values.mean((1, 2)) for grid in grids]
    if ready is None:
        target, other = choose.classes(view, logits, nets[0].labels)
    params = view.params(target, other)
    asked = evidence.asked(nets[0].labels, logits, params)
    result = hero.show(hero.Asked(nets, grids, picture, pixels, params, asked, box, view))
    return Answer(result, params, target is not None, box)


def beside(answer: Answer, view: choose.View, nets: tuple[Network, ...], other: tray.Picture) -> None:
    """The held picture's maps, for the same class, under the chosen one's."""
    asked = replace(answer.params, target=answer.result.target)
    found = waiting.ask(
        evidence.run, nets, other.image, asked, what=section("patch_evidence", "mapping held"), at="patch held"
    )
    if found is not None:
        provenance.held(other)
        pixels = whole(other.image, view.short)
        hero.figure(found, [n.card.title for n in nets], other, pixels, None, view, "patch-maps-held")


def baseline_of(family: str) -> Network | None:
    """The ordinary network that the family's BagNets are compared with; None if it is not here, or there is none."""
    card = networks.cards().get(BAGNETS[family][1]) if family in BAGNETS else None
    return at_hand.one(card) if card is not None and networks.is_here(card) else None


def told(answer: Answer, cards: tuple[Card, ...], view: choose.View, head: st.delta_generator.DeltaGenerator) -> None:
    """The words around the hero: the verdict above it, the class that it explains, and every network's answers."""
    result = answer.result
    m = closer.chosen(result)[0] % len(cards)
    with head:
        say.verdict(result, cards, m, answer.box)
    say.of_class(view.why, result, answer.chosen)
    say.answers(result, cards)
    provenance.badges(cards)
    hero.foot(result, picture, view.family)


frame.require(STUDY.slug)
st.html(hero.STYLE)
provenance.heading(STUDY)
picture = tray.chosen()
head, place, below = st.container(), st.container(key="rx-hero"), st.container()  # the figure before its controls
with below:
    view = choose.view(picture.image)
pixels = whole(picture.image, view.short)
with place:
    answer = ask(view, picture, pixels)
scene, network = None, None
if answer is None:
    st.info(section("patch_evidence", "no network"))
else:
    stage.shown(picture)
    result, params = answer.result, answer.params
    told(answer, tuple(c for c in view.cards if c.name in result.models), view, head)
    shown = tuple(at_hand.own_networks().get(c.name) or cache.network(c) for c in view.cards if c.name in result.models)
    if (other := tray.held()) is not None:
        beside(answer, view, shown, other)
    bagnets = tuple(network for network in shown if network.card.patch)
    if bagnets:
        network = bagnets[closer.chosen(result)[0]]
        scene = choose.Scene(bagnets, baseline_of(view.family), picture, pixels, view.short, result.target)
        closer.show(result, scene)
        masking.show(scene)
        probes.tiles(scene)
        probes.pairs(scene)
        wall.show(scene)
patch_any.show(picture, ANY_FIRST)
why.show(scene, network)
with frame.going_on():
    measured.show(view.family)
stage.try_next(STUDY)
if answer is not None:
    take_away.show(
        STUDY.slug,
        figures.evidence_table(result),
        lambda source: evidence.command(result, params, source, at_hand.opened()),
        lambda source: evidence.snippet(result, params, source, at_hand.opened()),
        picture,
    )
