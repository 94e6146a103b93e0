"""Does a one-pixel shift change the answer? The page of core/studies/shift/sweep.py."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.base.prose import section
from core.networks import card as networks_card
from core.studies.shift import STUDY, figures, sweep
from core.studies.shift.sweep import Result
from pages.parts.common import at_hand, charts, frame, provenance, stage, take_away, tray
from pages.parts.shift import asking, average, choose, closer, hero, measured, resized, verdict, why


def maps(result: Result, cards: list[networks_card.Card]) -> None:
    st.header(section("shift_sweep", "every shift"), anchor="maps")
    titles = [card.title for card in cards]
    plot = figures.maps(result, titles, chosen=choose.chosen(), line=choose.line())
    charts.show(plot, "shift-maps", on_click=closer.choose_clicked)
    st.caption(section("shift_sweep", "map"))


def beside(choice: choose.Choice, picture: tray.Picture) -> None:
    """The held picture's maps under the chosen one's, network by network."""
    provenance.held(picture)
    if not choose.can_move(picture.image, choice.params.max_shift, choice.params.resizer):
        return
    result = asking.answer(choice, picture, "sweep held")
    if result is None:
        return
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
    result = asking.answer(choice, picture) if choice.cards else None
if result is None:
    above.info(section("shift_sweep", "none"))
else:
    cards = [card for card in choice.cards if card.name in result.models]
    with above:
        verdict.show(result, cards, choice.params)
    with figure:
        hero.show(result, cards, picture.image, choice.params)
    stage.shown(picture)
    provenance.badges(cards)
    maps(result, cards)
    if (other := tray.held()) is not None:
        beside(choice, other)
    closer.show(result, cards, picture.image, choice.params)
    with frame.going_on():
        average.show(result, cards, choice)
        resized.show(choice, picture)
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
