"""The hero of the networks' page: a card a network, with what it says of the picture that it sees."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from core import cache
from core.base.prose import listed, section
from core.cache import Call
from core.figures.palette import accent
from core.networks import packaged
from core.networks.card import COME_ALONG, Card
from core.networks.intact import digest
from core.overview import coverage, said
from core.overview.said import Said
from core.pictures.image import RGBImage
from core.studies import STUDIES
from pages.parts.common import at_hand, provenance, stage, strip, tray, waiting
from pages.parts.common.words import Markdown, escaped, plain

STYLE = Path(__file__).with_name("cards.css")
FEW = 6  # cards before the others are asked for
LATER = 0.7  # seconds between two looks whether networks can be run yet
SMALL = 64  # px a side: networks that see less are shown with hard pixels


def of_family(family: str) -> list[Card]:
    """The networks of a family that can answer at once: the reader's own first, then those that came along."""
    own = [network.card for network in at_hand.own_networks().values()]
    here = [card for card in packaged.cards().values() if card.kind in COME_ALONG and packaged.is_here(card)]
    return [card for card in [*own, *here] if card.family == family]


def ask(cards: Sequence[Card], image: RGBImage) -> list[Said | None]:
    """What each says, None for those that have not answered: nothing is asked before the page has been drawn once."""
    if not cache.is_warm():
        st.fragment(look_again, run_every=LATER)()
        return [None] * len(cards)
    own = at_hand.own_networks()
    calls = [
        Call(said.of_network, own[card.name], image)
        if card.name in own
        else Call(said.of_card, card, digest(card.file) if card.file else None, image)
        for card in cards
    ]
    return waiting.ask_all(calls, section("networks", "asking", count=len(calls)), "networks-said")


def look_again() -> None:
    if cache.is_warm():
        st.rerun()


def verdict(cards: Sequence[Card], answers: Sequence[Said | None]) -> None:
    """How many agree on this picture; muted, how often they are right; first, that they are unsure."""
    found = said.vote([answer for answer in answers if answer is not None])
    measured = [card.test_accuracy for card in cards if card.test_accuracy is not None]
    beyond = stage.NOTHING
    if measured:
        beyond = Markdown(right(measured))
    if found is None:
        stage.verdict(Markdown(section("networks", "no answer yet", count=len(cards))), beyond)
        return
    label = plain(found.label)
    told = section("networks", "agree", agree=found.agree, count=found.count, label=label)
    if found.agree == found.count:
        told = section("networks", "all agree", count=found.count, label=label)
    if found.count == 1:
        told = section("networks", "one says", title=plain(cards[0].title), label=label)
    unsure = stage.NOTHING
    if found.sure < stage.SURE:
        unsure = Markdown(section("networks", "unsure", label=label, sure=plain(f"{found.sure:.0%}")))
    stage.verdict(Markdown(told), beyond, unsure)


def right(measured: Sequence[float]) -> str:
    """How often networks are right over test pictures, as shares: a range, or one number where it rounds to one."""
    low, high = f"{min(measured):.0%}", f"{max(measured):.0%}"
    if low == high:
        return section("networks", "beyond one", share=plain(low))
    return section("networks", "beyond", low=plain(low), high=plain(high))


def others_first(cards: Sequence[Card], answers: Sequence[Said | None]) -> list[tuple[Card, Said | None]]:
    """The networks that say another thing than most before those that agree, once all have answered."""
    pairs = list(zip(cards, answers, strict=True))
    found = said.vote([answer for answer in answers if answer is not None])
    if found is None or None in answers:
        return pairs
    return sorted(pairs, key=lambda pair: not pair[1] or not pair[1].best or pair[1].best[0][0] == found.label)


def show(cards: Sequence[Card], answers: Sequence[Said | None], picture: tray.Picture) -> None:
    """The cards; bars of what most say stand in the accent."""
    found = said.vote([answer for answer in answers if answer is not None])
    most = found.label if found else ""
    made = "".join(_card(card, answer, most, picture) for card, answer in others_first(cards, answers))
    st.html(STYLE)
    st.html(f'<div class="rx-cards" style="--rx-same:{escaped(accent())}">{made}</div>')


def _card(card: Card, answer: Said | None, most: str, picture: tray.Picture) -> Markdown:
    about = section("networks", "card", whose=provenance.whose(card), right=provenance.measured(card), size=card.size)
    studies = list(dict.fromkeys(cell.study.title for cell in coverage.row(card) if cell.runs))
    works = section("networks", "works in", studies=listed(studies))
    if len(studies) == len(STUDIES):
        works = section("networks", "works in all")
    alt = section("networks", "alt view", title=picture.title, name=card.title)
    view = answer.view if answer is not None and answer.view else strip.source(picture.image.digest, picture.image)
    whole = f'<p class="studies">{escaped(section("networks", "whole"))}</p>' if card.patch else ""
    kind = "small" if card.size < SMALL else ""
    return Markdown(
        f'<article><img class="{escaped(kind)}" src="{escaped(view)}" alt="{escaped(alt)}">'
        f"<div><h5>{escaped(card.title)}</h5><p>{escaped(about)}</p></div>"
        f'{_answers(answer, most)}<p class="studies">{escaped(works)}</p>{whole}</article>'
    )


def _answers(answer: Said | None, most: str) -> Markdown:
    if answer is None:
        return Markdown(f'<div class="rx-answers rx-asking"><p>{escaped(section("networks", "waiting"))}</p></div>')
    if answer.problem:
        return Markdown(f'<div class="rx-answers"><p>{escaped(answer.problem)}</p></div>')
    lines = "".join(_line(label, share, most) for label, share in answer.best)
    return Markdown(f'<div class="rx-answers"><ol>{lines}</ol></div>')


def _line(label: str, share: float, most: str) -> Markdown:
    which = "same" if label == most else "other"
    return Markdown(
        f"<li><b>{escaped(label)}</b><i>{share:.0%}</i>"
        f'<span><em class="{escaped(which)}" style="width:{100 * share:.1f}%"></em></span></li>'
    )
