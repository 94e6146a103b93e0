"""Can a network see through noise? The page of core/studies/sparse/codes.py and frames.py."""

from __future__ import annotations

import time

import streamlit as st

from core.base.prose import section
from core.cache import Aside, Call
from core.studies import first_look as studies_first_look
from core.studies.sparse import STUDY, codes, figures, frames
from core.studies.sparse.codes import Result
from core.studies.sparse.frames import Frames
from pages.parts.common import at_hand, frame, provenance, stage, take_away, tray, waiting
from pages.parts.sparse import attack, begin, choose, closer, depths, dictionary, draws, hero, measured, why

DRAWS_FIRST = "lite0_blur5"
PLAYED = "sparse_frames"  # the packaged frames


def played(choice: choose.Choice, picture: tray.Picture, at: str = "sparse codes") -> Frames | None:
    """The picture at every lambda: packaged, remembered, or computed now, then at a few lambdas first; None if the
    reader stopped it or no network is here."""
    params = frames.without_lambda(choice.params)
    packaged = studies_first_look.find(PLAYED, Frames, choice.cards, picture.image.digest, params)
    if packaged is not None:
        return packaged
    nets = at_hand.loaded(choice.cards)
    if not nets or nets[0].card.name != choice.card.name:  # a twin alone has no codes
        return None
    until = time.monotonic() + waiting.SHOW_AFTER
    first = Call(frames.run, nets, picture.image, params, few=True)
    then = Call(closer.every, nets, picture.image, params, Aside(None))
    [few] = waiting.ask_all([first], section("sparse_codes", "waiting"), at, [then])
    if few is None:
        return None
    every = [Call(closer.every, nets, picture.image, params, Aside(few))]
    found = waiting.ask_on(every, section("sparse_codes", "waiting on"), at, until)
    return few if found is None else found[0]


def coded(choice: choose.Choice, picture: tray.Picture, found: Frames) -> Result | None:
    """The picture at the chosen lambda, for a closer look."""
    packaged = studies_first_look.find(STUDY.slug, codes.Result, choice.cards, picture.image.digest, choice.params)
    if packaged is not None:
        return packaged
    nets = at_hand.loaded(choice.cards)
    what, at = section("sparse_codes", "waiting"), "sparse codes closer"
    return waiting.ask(closer.at_lambda, nets, picture.image, choice.params, Aside(found.curves), what=what, at=at)


def beside(choice: choose.Choice, picture: tray.Picture) -> None:
    """The held picture, coded with the same settings, under the chosen one."""
    found = played(choice, picture, "sparse codes held")
    if found is not None:
        cards = [card for card in choice.cards if card.name in found.models]
        provenance.held(picture)
        hero.of_held(found, cards)
        hero.show(found, cards, choice.params, picture, "sparse-hero-held")


frame.require(STUDY.slug)
provenance.heading(STUDY)
head = st.container()
picture = tray.chosen()
choice = choose.controls(picture)
found = played(choice, picture)
if found is None:
    st.info(section("sparse_codes", "choose another"))
    cards = []
else:
    cards = [card for card in choice.cards if card.name in found.models]
    with head:
        hero.verdict(found, cards, choice.params)
        begin.rest(found, choice.params.lam)  # after the verdict, which is of every lambda
        with st.container(key="rx-hero"):
            hero.show(found, cards, choice.params, picture)
    stage.shown(picture)
    if (other := tray.held()) is not None:
        beside(choice, other)
    with frame.going_on():
        hero.told_of_the_choice(cards[0], choice.params, picture)
    provenance.badges(cards)
    choose.scratch(choice.card)
result = coded(choice, picture, found) if found is not None and found.whole else None
if result is not None:
    nets = at_hand.loaded(cards)
    twin = nets[1] if len(nets) > 1 else None
    view = choose.Scene(nets[0], twin, picture, result.noisy.astype("float32"), choice.params)
    closer.show(result, [card.title for card in cards], view)
    dictionary.show(view)
    depths.show(view)
    attack.show(view)
draws.show(picture, DRAWS_FIRST, nets[:1] if result is not None else ())
why.show(STUDY)
with frame.going_on():
    measured.show(choice.card.name)
if result is not None:
    measured.show_own(view)
stage.try_next(STUDY)
if result is not None:
    take_away.show(
        STUDY.slug,
        figures.table(result),
        lambda source: codes.command(result, choice.params, source, at_hand.opened()),
        lambda source: codes.snippet(result, choice.params, source, at_hand.opened()),
        picture,
    )
