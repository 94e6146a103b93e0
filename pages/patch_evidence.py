"""Which little patches made the network say so? The page of core/studies/patch/evidence.py."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from core import cache
from core.cache import Call
from core.networks import packaged as networks
from core.networks.card import Network
from core.networks.families import BAGNETS
from core.pictures.preprocess import whole
from core.studies.patch import STUDY, evidence, figures
from core.studies.patch.evidence import Params, Result
from pages.parts.common import at_hand, frame, provenance, take_away, tray, waiting
from pages.parts.patch import any as patch_any
from pages.parts.patch import choose, closer, hero, masking, measured, probes, wall, why

ANY_FIRST = "lite0"


def ask(view: choose.View, picture: tray.Picture, pixels: np.ndarray) -> tuple[Result, Params] | None:
    """Draw the hero for what is chosen; None if no network is here."""
    if not view.cards:
        return None
    ready = evidence.packaged(view.cards, picture.image, view.params())
    if ready is not None:
        target, other = choose.classes(view, ready.logits[-1], ready.labels)
        if target is None and other is None:
            titles = [card.title for card in view.cards]
            hero.figure(ready, titles, picture, view)
            return ready, view.params()
    nets = tuple(at_hand.loaded(view.cards))
    what = f"Asking {len(nets)} networks for their evidence"
    found = waiting.ask_all([Call(evidence.coarse, n, pixels) for n in nets], what, "patch grid") if nets else []
    grids = tuple(grid for grid in found if grid is not None)
    if not nets or len(grids) < len(nets):
        return None
    logits = [grid.values.mean((1, 2)) for grid in grids]
    if ready is None:
        target, other = choose.classes(view, logits[-1], nets[-1].labels)
    params = view.params(target, other)
    asked = evidence.asked(nets[-1].labels, logits, params)
    return hero.show(hero.Asked(nets, grids, picture, pixels, params, asked, view)), params


def beside(result: Result, params: Params, view: choose.View, nets: tuple[Network, ...], other: tray.Picture) -> None:
    """The held picture's maps, for the same class, under the chosen one's."""
    asked = replace(params, target=result.target)
    found = waiting.ask(evidence.run, nets, other.image, asked, what="Mapping the held picture", at="patch held")
    if found is not None:
        provenance.held(other)
        hero.figure(found, [n.card.title for n in nets], other, view, "patch-maps-held")


def baseline_of(family: str) -> Network | None:
    """The ordinary network that the family's BagNets are compared with; None if it is not here, or there is none."""
    card = networks.cards().get(BAGNETS[family][1]) if family in BAGNETS else None
    return at_hand.one(card) if card is not None and networks.is_here(card) else None


frame.require(STUDY.slug)
provenance.heading(STUDY)
picture = tray.chosen()
view = choose.view(picture.image)
provenance.badges(view.cards)
at_hand.family_from_scratch(view.family, choose.FAMILY)
pixels = whole(picture.image, view.short)
answer = ask(view, picture, pixels)
if answer is None:
    st.info("Choose a network above that is on this machine: those trained from scratch here always are.")
else:
    result, params = answer
    shown = tuple(at_hand.own_networks().get(c.name) or cache.network(c) for c in view.cards if c.name in result.models)
    if (other := tray.held()) is not None:
        beside(result, params, view, shown, other)
    bagnets = tuple(network for network in shown if network.card.patch)
    if bagnets:
        scene = choose.Scene(bagnets, baseline_of(view.family), picture, pixels, view.short, result.target)
        closer.show(result, scene)
        masking.show(scene)
        probes.tiles(scene)
        probes.pairs(scene)
        wall.show(scene)
patch_any.show(picture, ANY_FIRST)
why.show()
with frame.going_on():
    measured.show()
if answer is not None:
    take_away.show(
        STUDY.slug,
        figures.evidence_table(result),
        lambda source: evidence.command(result, params, source, at_hand.opened()),
        lambda source: evidence.snippet(result, params, source, at_hand.opened()),
        picture,
    )
