"""Does a one-pixel shift change the answer? The page of core/studies/shift/sweep.py."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.base.prose import section
from core.cache import Call
from core.networks import card as networks_card
from core.studies import first_look as studies_first_look
from core.studies.shift import STUDY, figures, sweep
from core.studies.shift.sweep import Result
from pages.parts.common import at_hand, charts, frame, provenance, stage, take_away, tray, waiting
from pages.parts.shift import choose, closer, hero, measured, verdict, why


def answer(choice: choose.Choice, picture: tray.Picture, at: str = "sweep") -> Result | None:
    """The sweep: packaged, remembered, or computed now; None if nothing could be."""
    packaged = studies_first_look.find(STUDY.slug, sweep.Result, choice.cards, picture.image.digest, choice.params)
    if packaged is not None:
        return packaged
    ready = at_hand.loaded(choice.cards)
    untargeted = replace(choice.params, target=None)  # another class is read off the same answers
    calls = [Call(sweep.answer, n, picture.image, untargeted) for n in ready]
    found = waiting.ask_all(calls, section("shift_sweep", "asking", networks=len(ready)), at)
    done = [(n, a) for n, a in zip(ready, found, strict=True) if a is not None]
    if not done:
        return None
    return sweep.assemble([n for n, _ in done], [a for _, a in done], picture.image, choice.params)


def maps(result: Result, cards: list[networks_card.Card]) -> None:
    st.header(section("shift_sweep", "every shift"), anchor="maps")
    titles = [card.title for card in cards]
    plot = figures.maps(result, titles, chosen=choose.chosen(), line=choose.line())
    charts.show(plot, "shift-maps", on_click=closer.choose_clicked)
    st.caption(section("shift_sweep", "map"))


def beside(choice: choose.Choice, picture: tray.Picture) -> None:
    """The held picture's maps under the chosen one's, network by network."""
    result = answer(choice, picture, "sweep held")
    if result is None:
        return
    provenance.held(picture)
    cards = [card for card in choice.cards if card.name in result.models]
    said = verdict.said(result, cards)
    st.markdown(said)
    plot = figures.maps(result, [card.title for card in cards], chosen=choose.chosen())
    charts.show(replace(plot, alt=f"The held picture at every shift. {said}"), "shift-maps-held")


frame.require(STUDY.slug)
provenance.heading(STUDY)
picture = tray.chosen()
# laid out first, so that the old figure stands where it is until the new one is there
above, figure = st.container(), st.container(key="rx-hero")
below, asked = st.container(), st.container()
choice = choose.controls(below, picture.image)
with asked:
    result = answer(choice, picture) if choice.cards else None
if result is None:
    above.info(section("shift_sweep", "none"))
else:
    cards = [card for card in choice.cards if card.name in result.models]
    with above:
        verdict.show(result, cards)
    with figure:
        hero.show(result, cards, picture.image, choice.params)
    stage.shown(picture)
    provenance.badges(cards)
    maps(result, cards)
    if (other := tray.held()) is not None:
        beside(choice, other)
    closer.show(result, cards, picture.image, choice.params)
    closer.inside(cards, picture)
why.show()
with frame.going_on():
    measured.show(choice)
stage.try_next(STUDY)
if result is not None:
    take_away.show(
        STUDY.slug,
        figures.sweep_table(result),
        lambda source: sweep.command(result, choice.params, source, at_hand.opened()),
        lambda source: sweep.snippet(result, choice.params, source, at_hand.opened()),
        picture,
    )
