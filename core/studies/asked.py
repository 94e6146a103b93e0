"""What a report is asked, and the parts that a study answers with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from core import networks
from core.base import quote
from core.base.worker import Progress
from core.figures.blocks import Picture, Plot, Table
from core.networks import brought, quoting
from core.networks.card import Card, Network
from core.networks.download import WeightsError
from core.networks.own_options import Opened
from core.pictures.image import RGBImage

SIDE_BY_SIDE = 4  # maps that are still legible on the page's width
STILL = 200  # px, side of a picture for readers without scripts
LARGEST = 400  # px, height of a map
BAR = 76  # px, room for a colour bar to the right of the maps
UPRIGHT = {
    "orientation": "v",
    "x": 1.02,
    "xanchor": "left",
    "y": 0.5,
    "yanchor": "middle",
    "len": 1,
    "title_side": "right",
}
PICTURES = 256  # px, height of three square pictures on the page's width, their titles included
LAMBDA_ROWS = 0.25  # of the curves over lambda, a row is printed at every so much


def side_by_side(cards: Sequence[Card]) -> list[tuple[Card, ...]]:
    """Networks that can be compared, those of one family, so many that their maps fit on the page."""
    families: dict[str, list[Card]] = {}
    for card in cards:
        families.setdefault(card.family, []).append(card)
    return [
        tuple(family[start : start + SIDE_BY_SIDE])
        for family in families.values()
        for start in range(0, len(family), SIDE_BY_SIDE)
    ]


@dataclass(frozen=True, eq=False)
class Asked:
    """What a report is of: the picture, what it is called, how a command names it, and the networks asked for.

    `opened`: those of `cards` that are loaded already, by name; `loaded`: all that parts have loaded so far.
    """

    image: RGBImage
    title: str
    source: str
    cards: tuple[Card, ...] = ()
    opened: Mapping[str, Network] = field(default_factory=dict)
    loaded: dict[Card, Network] = field(default_factory=dict)

    @property
    def again(self) -> str:
        """The command that makes the whole report again."""
        models = quoting.models([card.name for card in self.cards], self.files)
        return quote.command("receptive", "report", quote.path(self.source), *models, "--out", "report.html")

    @property
    def files(self) -> dict[str, Opened]:
        """How the reader's own networks came out of their files, by name."""
        return brought.opened(self.cards)

    def load(self, cards: Sequence[Card]) -> list[Network]:
        """The networks of some cards, each loaded once a report. Raises WeightsError as core.networks.load does."""
        for card in cards:
            if card not in self.loaded:
                self.loaded[card] = self.opened.get(card.name) or networks.load(card)
        return [self.loaded[card] for card in cards]


@dataclass(frozen=True, eq=False)
class Part:
    """One run of a study: its sentence and what is to be added, rows of figures side by side, how to read them, and
    their numbers. `command` makes it again; `numbers`: the study's own table as the address of a CSV file, "" where it
    is too large.
    """

    finding: str
    rows: tuple[tuple[Plot | Picture, ...], ...]
    caption: str
    tables: tuple[Table, ...]
    command: str
    cards: tuple[Card, ...]
    numbers: str = ""
    more: str = ""


Work = Callable[[Progress], Part]


def packaged(names: Sequence[str]) -> tuple[tuple[Card, ...], list[Work]]:
    """The cards of these names; and for each that is missing or damaged, work that only says so."""
    missing: list[str] = []
    found = tuple(brought.intact(names, missing.append))
    return found, [partial(refuse, said) for said in missing]


def refuse(why: str, progress: Progress) -> Part:
    """Raises WeightsError with these words, for the report to say."""
    progress(0, 1)
    raise WeightsError(why)


def titles(cards: Sequence[Card]) -> list[str]:
    return [card.title for card in cards]
