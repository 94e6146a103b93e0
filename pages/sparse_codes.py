"""What is left when lambda is turned up? The page of core/studies/sparse/codes.py."""

from __future__ import annotations

import streamlit as st

from core.studies import first_look as studies_first_look
from core.studies.sparse import STUDY, codes, figures
from core.studies.sparse.codes import Result
from pages.parts.common import at_hand, frame, provenance, take_away, tray, waiting
from pages.parts.sparse import attack, choose, depths, dictionary, draws, hero, measured, why

DRAWS_FIRST = "lite0_blur5"


def answer(choice: choose.Choice, picture: tray.Picture, at: str = "sparse codes") -> Result | None:
    """The coding: packaged, remembered, or computed now; None if the reader stopped it or no network is here."""
    packaged = studies_first_look.find(STUDY.slug, codes.Result, choice.cards, picture.image.digest, choice.params)
    if packaged is not None:
        return packaged
    nets = at_hand.loaded(choice.cards)
    if not nets or nets[0].card.name != choice.card.name:  # a twin alone has no codes
        return None
    return waiting.ask(codes.run, nets, picture.image, choice.params, what="Coding the picture", at=at)


def beside(choice: choose.Choice, picture: tray.Picture) -> None:
    """The held picture, coded with the same settings, under the chosen one."""
    result = answer(choice, picture, "sparse codes held")
    if result is not None:
        provenance.held(picture)
        titles = [card.title for card in choice.cards if card.name in result.models]
        hero.coded(result, titles, "sparse-pictures-held")


frame.require(STUDY.slug)
provenance.heading(STUDY)
choice = choose.controls()
picture = tray.chosen()
provenance.badges(choice.cards)
choose.scratch(choice.card)
result = answer(choice, picture)
if result is None:
    st.info("Choose an SDNet under More: the packaged ones are always on this machine.")
else:
    cards = [card for card in choice.cards if card.name in result.models]
    hero.show(result, [card.title for card in cards])
    if (other := tray.held()) is not None:
        beside(choice, other)
    nets = at_hand.loaded(cards)
    twin = nets[1] if len(nets) > 1 else None
    scene = choose.Scene(nets[0], twin, picture, result.noisy.astype("float32"), choice.params)
    dictionary.show(scene)
    depths.show(scene)
    attack.show(scene)
draws.show(picture, DRAWS_FIRST, nets[:1] if result is not None else ())
why.show()
with frame.going_on():
    measured.show()
if result is not None:
    measured.show_own(scene)
    take_away.show(
        STUDY.slug,
        figures.table(result),
        lambda source: codes.command(result, choice.params, source, at_hand.opened()),
        lambda source: codes.snippet(result, choice.params, source, at_hand.opened()),
        picture,
    )
