"""What the sweep says of this picture, in words; what a data set says of the same two networks; and who is unsure."""

from __future__ import annotations

from collections.abc import Sequence

from core.base.prose import listed, section
from core.claims.numbers import number
from core.networks.card import Card
from core.studies.shift.beyond import RESULTS, Beyond, Here, beyond, here
from core.studies.shift.many import lottery, of_pair
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
        m, rest, least = found.sank
        title, label = plain(cards[m].title), plain(result.labels[result.top1[m, result.centre]])
        return Markdown(
            section(
                "shift_sweep", "verdict never", shifts=found.shifts, title=title, label=label, rest=rest, least=least
            )
        )
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
    with frame.going_on():
        many = beyond(plainly.name, blurred.name)
        if many is None:
            return Markdown(section("shift_sweep", "beyond nothing"))
        single = picture_by_picture(plainly.name, blurred.name)
        return Markdown(f"{in_words(many, plain(plainly.title), plain(blurred.title))} {single}")
    return stage.NOTHING


def picture_by_picture(plainly: str, blurred: str) -> Markdown:
    """On how many single pictures the blurred network is the steadier one, by what moves in at the edge."""
    record = of_pair(plainly, blurred, RESULTS)
    if record is None:
        return stage.NOTHING
    told, reach = [], 0
    for swept in record.swept:
        if swept.way == "crop":
            edge = section("shift_sweep", "lottery crop")
        elif swept.way == "circular":
            edge = section("shift_sweep", "lottery circular")
        else:
            continue
        found, reach = lottery(swept), swept.reach
        told.append(
            section(
                "shift_sweep", "lottery of", edge=edge, steadier=found.steadier, alike=found.alike, less=found.less,
                images=found.images,
            )
        )  # fmt: skip
    return Markdown(section("shift_sweep", "lottery", reach=reach, shares=listed(told)))


def in_words(many: Beyond, plainly: Markdown, blurred: Markdown) -> Markdown:
    more, low, high = (plain(number(value, 1, sign=True)) for value in (many.more, many.low, many.high))
    if many.low > 0:
        told = section("shift_sweep", "beyond more", blurred=blurred, plain=plainly, images=many.images)
    elif many.high < 0:
        told = section("shift_sweep", "beyond less", blurred=blurred, plain=plainly, images=many.images)
    else:
        told = section("shift_sweep", "beyond alike", blurred=blurred, plain=plainly, images=many.images)
    by = section("shift_sweep", "beyond by", more=more, low=low, high=high)
    return Markdown(f"{told} {by}")
