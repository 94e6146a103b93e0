"""What the sweep says of this picture, in words; what a data set says of the same two networks; and who is unsure."""

from __future__ import annotations

from collections.abc import Sequence

from core.base.prose import listed, section
from core.claims.numbers import number
from core.networks.card import Card
from core.studies.shift.beyond import Beyond, Here, beyond, here
from core.studies.shift.sweep import Params, Result
from pages.parts.common import frame, stage
from pages.parts.common.words import Markdown, plain


def show(result: Result, cards: Sequence[Card], params: Params) -> None:
    found = here(result, cards)
    label = result.labels[result.top1[0, result.centre]]
    doubt = stage.doubt(cards[0].title, label, float(result.top1_probability[0, result.centre]))
    many = over_many(found, cards)
    if result.max_shift < params.max_shift:
        so_far = section("shift_sweep", "so far", reach=result.max_shift, all=params.max_shift)
        many = Markdown(f"{so_far} {many}")
    stage.verdict(said(result, cards), many, doubt)


def said(result: Result, cards: Sequence[Card]) -> Markdown:
    """One sentence on this picture."""
    found = here(result, cards)
    if found.kind == "never":
        return Markdown(section("shift_sweep", "verdict never", shifts=found.shifts))
    if found.kind == "one":
        title, changes = plain(cards[0].title), found.changes[0]
        return Markdown(section("shift_sweep", "verdict one", title=title, changes=changes, shifts=found.shifts))
    if found.pair is None:
        parts = [
            section("shift_sweep", "changes of one", changes=changes, title=plain(card.title))
            for card, changes in zip(cards, found.changes, strict=True)
        ]
        return Markdown(section("shift_sweep", "verdict several", shifts=found.shifts, changes=listed(parts)))
    plainly, blurred = (found.changes[i] for i in found.pair)
    if found.kind == "alike":
        told = section("shift_sweep", "verdict alike", blurred=blurred, shifts=found.shifts, plain=plainly)
    elif found.kind == "steadier":
        told = section("shift_sweep", "verdict steadier", blurred=blurred, shifts=found.shifts, plain=plainly)
    else:
        told = section("shift_sweep", "verdict less steady", blurred=blurred, shifts=found.shifts, plain=plainly)
    return Markdown(told)


def over_many(found: Here, cards: Sequence[Card]) -> Markdown:
    """What our records say of the same two networks over a data set."""
    if found.pair is None:
        return stage.NOTHING
    plainly, blurred = (cards[i] for i in found.pair)
    who = section("shift_sweep", "compared", plain=plain(plainly.title), blurred=plain(blurred.title))
    with frame.going_on():
        many = beyond(plainly.name, blurred.name)
        told = section("shift_sweep", "beyond nothing") if many is None else in_words(many)
        return Markdown(f"{told} {who}")
    return stage.NOTHING


def in_words(many: Beyond) -> Markdown:
    more, low, high = (plain(number(value, 1, sign=True)) for value in (many.more, many.low, many.high))
    size = plain(number(abs(many.more), 1))
    if many.low > 0:
        told = section("shift_sweep", "beyond more", images=many.images, more=size, low=low, high=high)
    elif many.high < 0:
        told = section("shift_sweep", "beyond less", images=many.images, more=size, low=low, high=high)
    else:
        told = section("shift_sweep", "beyond alike", images=many.images, more=more, low=low, high=high)
    if many.up is None or many.down is None:
        return Markdown(told)
    return Markdown(f"{told} {section('shift_sweep', 'beyond each', up=many.up, down=many.down)}")
