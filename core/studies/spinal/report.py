"""What a report says of this study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from core import networks
from core.base.prose import section
from core.base.worker import Progress
from core.compute import gallery
from core.figures.blocks import Picture, Plot, Table, csv_address, enlarged, printed
from core.figures.palette import uri
from core.models.heads import Head
from core.networks import families
from core.networks.card import Card
from core.pictures.drawn import sort_of
from core.studies.asked import Asked, Part, Work, packaged
from core.studies.spinal import answers as spinal_answers
from core.studies.spinal import answers_figures as figures
from core.studies.spinal import photographs, photographs_figures, transfer
from core.studies.study import FirstLook

TOP_ROWS = 5
SEEN, BARS, TALL = 196, 480, 376  # px: the digit as the heads see it, and the size of their bars


def parts(asked: Asked) -> list[Work]:
    """What the heads on lite0's features say to a photograph, or the packaged heads read in a drawing."""
    if sort_of(asked.image) == "photograph" and gallery.PATH.is_file() and photographs.HEADS_FILE.is_file():
        reads, missing = packaged((gallery.NETWORK,))
        return [*missing, *([partial(photograph_part, asked, reads)] if reads else [])]
    found, missing = packaged(list(families.HEADED.values()))
    known: dict[str, Head] = {name: head for head, name in families.HEADED.items()}  # type: ignore[misc]
    cards = {known[card.name]: card for card in found}
    return [*missing, *([partial(spinal_part, asked, cards)] if cards else [])]


def spinal_part(asked: Asked, cards: Mapping[Head, Card], progress: Progress) -> Part:
    """What the packaged heads say to the picture in MNIST's form."""
    params = spinal_answers.Params(tuple(cards))
    result = spinal_answers.run([networks.load(c) for c in cards.values()], asked.image, params, progress)
    finding = spinal_answers.finding(result)
    picture = enlarged(result.shown[..., None].repeat(3, -1), SEEN)
    answers = figures.answers(result)
    printed(answers.figure, BARS, TALL)
    more = ""
    rows: list[tuple[Plot | Picture, ...]] = [
        (
            Picture(
                uri(picture),
                "The picture in MNIST's form, bright ink on black",
                "What the heads see: 28 × 28 px, ink bright on black",
                picture.shape[1],
            ),
            answers,
        )
    ]
    if len(result.contributions):
        layers = figures.contributions(result)
        printed(layers.figure)
        more = spinal_answers.layers_finding(result)
        rows.append((layers,))
    return Part(
        finding,
        tuple(rows),
        section("spinal_heads", "as MNIST's"),
        (Table("The answers", spinal_answers.table(result)),),
        asked.again,
        tuple(cards.values()),
        csv_address(spinal_answers.layer_table(result)) if len(result.contributions) else "",
        more,
    )


def photograph_part(asked: Asked, cards: tuple[Card, ...], progress: Progress) -> Part:
    """What each head on lite0's features says to the photograph, and how the heads stand to each other."""
    found, (result, about) = gallery.there(), photographs.there()
    [network] = asked.load(cards)
    answers = photographs.answer(found, asked.image, network, progress)
    bars = photographs_figures.bars(answers)
    printed(bars.figure)
    numbers = photographs_figures.table(answers)
    return Part(
        photographs.finding(answers),
        ((bars,),),
        section(
            "spinal_heads", "photographs", classes=len(found.classes), train=result.train, test=result.test,
            data=about["data"], seed=photographs.SHIPPED_SEED,
        ),
        (Table("The likeliest categories", {name: column[:TOP_ROWS] for name, column in numbers.items()}),),
        asked.again,
        cards,
        csv_address(numbers),
        transfer.finding_on(photographs.features_of(found), result.accuracy),
    )  # fmt: skip


def first_looks() -> Iterator[FirstLook]:
    """None: the home page shows what was measured."""
    yield from ()
