"""What a report says of this study."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from core.studies.toy import light

from core.base.worker import Progress
from core.figures.blocks import Plot, Table, printed
from core.studies import toy
from core.studies.asked import Asked, Part, Work
from core.studies.study import FirstLook


def parts(asked: Asked) -> list[Work]:
    return [partial(part, asked)]


def part(asked: Asked, progress: Progress) -> Part:
    result = light.run([], asked.image, light.Params())
    progress(1, 1)
    plot = Plot(printed(toy.figure(result), height=200), "A bar")
    table = Table("Light", {"light": [result.light]})
    return Part(light.finding(result), ((plot,),), "Higher is brighter.", (table,), asked.again, ())


def first_looks() -> Iterator[FirstLook]:
    yield from ()
