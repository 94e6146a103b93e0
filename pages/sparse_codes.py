"""What is left when lambda is turned up? The page of core/studies/sparse_codes.py."""

from __future__ import annotations

import streamlit as st

from core import first_look
from core.networks import TWINS
from core.studies import STUDIES, sparse_codes, sparse_figures
from core.studies.sparse_codes import Result
from pages.parts import (
    at_hand,
    frame,
    held,
    provenance,
    sparse_any,
    sparse_attack,
    sparse_choose,
    sparse_depths,
    sparse_dictionary,
    sparse_hero,
    sparse_measured,
    sparse_why,
    take_away,
    tray,
    waiting,
)

STUDY = next(s for s in STUDIES if s.slug == "sparse_codes")


def answer(choice: sparse_choose.Choice, picture: tray.Picture, shown: str = "sparse codes") -> Result | None:
    """The coding: packaged, remembered, or computed now; None if the reader stopped it or no network is here."""
    packaged = first_look.find(STUDY.slug, choice.cards, picture.image.digest, choice.params)
    if packaged is not None:
        return sparse_codes.from_dict(packaged)
    nets = at_hand.loaded(choice.cards)
    if not nets or nets[0].card.name != choice.card.name:  # a twin alone has no codes
        return None
    key = ("codes", tuple((n.card.name, n.identity) for n in nets), picture.image.digest, choice.params)
    task = (key, lambda progress: sparse_codes.run(nets, picture.image, choice.params, progress))
    [found] = waiting.compute([task], "Coding the picture", shown)
    return found


def beside(choice: sparse_choose.Choice, picture: tray.Picture) -> None:
    """The held picture, coded with the same settings, under the chosen one."""
    result = answer(choice, picture, "sparse codes held")
    if result is not None:
        held.heading(picture)
        titles = [card.title for card in choice.cards if card.name in result.models]
        sparse_hero.coded(result, titles, "sparse-pictures-held")


frame.require(STUDY.slug)
provenance.heading(STUDY)
choice = sparse_choose.controls()
picture = tray.chosen()
provenance.badges(choice.cards)
result = answer(choice, picture)
if result is None:
    st.info("Choose an SDNet under More: the packaged ones are always on this machine.")
else:
    cards = [card for card in choice.cards if card.name in result.models]
    sparse_hero.show(result, [card.title for card in cards])
    if (other := tray.held()) is not None:
        beside(choice, other)
    nets = at_hand.loaded(cards)
    params = choice.params
    scene = sparse_choose.Scene(
        nets[0],
        nets[1] if len(nets) > 1 else None,
        picture,
        result.noisy.astype("float32"),
        params.lam,
        params.steps,
        params.solver,
        params.seed,
    )
    sparse_dictionary.show(scene)
    sparse_depths.show(scene)
    sparse_attack.show(scene)
sparse_any.show(picture, TWINS[0], nets[:1] if result is not None else ())
sparse_why.show()
with frame.going_on():
    sparse_measured.show()
if result is not None:
    sparse_measured.show_own(scene)
    take_away.show(
        STUDY.slug,
        sparse_figures.table(result),
        lambda source: sparse_codes.command(result, choice.params, source, at_hand.opened()),
        lambda source: sparse_codes.snippet(result, choice.params, source, at_hand.opened()),
        picture,
    )
