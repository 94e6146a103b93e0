"""What a study is to the rest of the house: its face, light enough for the list of them, and the doors to its room."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from core.base.prose import language, sections
from core.base.worker import Progress, ignore
from core.claims.claim import Claim
from core.claims.live import Probe
from core.networks.card import ONLY_ANSWERS, Card
from core.pictures.image import RGBImage
from core.studies.asked import Asked, Work

Kind = Literal["text", "int", "float", "bool", "vector"]
Columns = tuple[tuple[str, Kind], ...]
Row = dict[str, Any]
FirstLook = tuple[str, Mapping[str, Any], Mapping[str, Any], str]  # its name, what it was made from, fields, finding
ANSWER: Columns = (("label", "text"), ("probability", "float"))


@dataclass(frozen=True)
class Use:
    """One thing that a study does with a network: `name` on the page; `why_not` gives "" where it runs, and `note` what
    is particular there. `looks_inside`: it needs more of a network than answers.

    `address`: what the URL calls the choosers that take the network, and what they take, made of {name}, {family} and
    {title}, the family's on the pages; none where the page's own networks are fixed.
    """

    name: str
    address: tuple[tuple[str, str], ...] = ()
    why_not: Callable[[Card], str] = lambda card: ""
    note: Callable[[Card], str] = lambda card: ""
    looks_inside: bool = False

    def refusal(self, card: Card) -> str:
        """Why it does not run on a network, "" where it does."""
        return ONLY_ANSWERS if self.looks_inside and card.answers_only else self.why_not(card)


@dataclass(frozen=True)
class Table:
    """A study in a batch: its settings and networks by default, the columns of its own, and what fills them.

    `row(network, image, params)` gives a value for each of `columns`. It asks networks that answer in float32 alone,
    but with `ladder` the engine's whole ladder: then it asks for float32 itself wherever more than a top-1 is told.
    `trial`: the settings at their cheapest that refuse the same networks.
    """

    params: Any
    models: tuple[str, ...]
    columns: Columns
    row: Callable[[Any, RGBImage, Any], Row]
    ladder: bool = False
    trial: Callable[[Any], Any] = lambda params: params


@dataclass(frozen=True)
class OfPicture:
    """A study in a terminal that asks networks of a picture: `about` it after its question, its `params` by default,
    the help of `--model`, `run(networks, image, params)`, and what it says of a result and the networks.

    `png`: the help of `--png`, and what writes it.
    """

    about: str
    params: Any
    models: str
    run: Callable[..., Any]
    lines: Callable[[Any, Sequence[Any]], Iterable[str]]
    png: tuple[str, Callable[[Path, RGBImage, Any], None]] | None = None


@dataclass(frozen=True)
class OfData:
    """A study in a terminal that asks a data set: `about` it after its question, its `params` by default,
    `run(word, data, params, progress, keep)`, which may hand `keep` what it has so far, and what it says of a result.

    `data`: the word for the data set by default, "" where one must be named; `side`: to how many px the reader's own
    pictures are scaled by default, or what tells that of the settings; `out`: the help of `--json`.
    """

    about: str
    params: Any
    data: str
    side: int | Callable[[Any], int]
    run: Callable[..., Any]
    lines: Callable[[Any], Iterable[str]]
    out: str = "Where to write the Result."


@dataclass(frozen=True)
class Tile:
    """One thing that a glance shows under its `caption`: a picture as a data `address`, with what it shows in words; or
    `words`, each with a share in 0..1 that is drawn as a bar, None for no bar, and a picture of its own, "" for none.
    `plain`: what the paper's own is compared with.
    """

    caption: str
    address: str = ""
    alt: str = ""
    words: tuple[tuple[str, float | None, str], ...] = ()
    plain: bool = False


@dataclass(frozen=True)
class Glance:
    """What Home shows of a study on a picture: one plain line, words only, and what is seen, side by side."""

    finding: str
    tiles: tuple[Tile, ...]


@dataclass(frozen=True)
class Study:
    """One room of the house. `slug` names its page and its records, `room` its package here, `networks` those that it
    begins with, `uses` what it does with any.

    What a room holds beyond its face is imported when it is asked for: claims.py has CLAIMS, live.py PROBES, measure.py
    MEASUREMENTS, row.py TABLE, command.py COMMAND, report.py parts and first_looks, and glance.py what Home shows of
    any picture: `networks(image)`, the names of those that it asks; `run(networks, image, progress)`, which gives a
    FOUND, and takes a second or a few; and `shown(found, image)`, the Glance in the reader's language and theme.
    """

    slug: str
    paper: str
    link: str
    icon: str
    room: str
    networks: tuple[str, ...]
    uses: tuple[Use, ...]

    @property
    def title(self) -> str:
        """Its name in the reader's language, from assets/words."""
        return sections(self.slug, language())["title"]

    @property
    def question(self) -> str:
        """What it asks, in the reader's language."""
        return sections(self.slug, language())["question"]

    @property
    def word(self) -> str:
        """How a terminal calls it."""
        return self.slug.replace("_", "-")

    def part(self, name: str) -> ModuleType:
        """A module of its room."""
        return import_module(f"core.studies.{self.room}.{name}")

    @property
    def claims(self) -> tuple[Claim, ...]:
        """What its paper claims, as code."""
        return tuple(self.part("claims").CLAIMS)

    @property
    def probes(self) -> Mapping[str, Probe]:
        """By the claim's name: what those claims come to on one picture that single pictures can show."""
        return self.part("live").PROBES  # type: ignore[no-any-return]

    @property
    def measurements(self) -> tuple[Any, ...]:
        """What writes the records that its claims are read from."""
        return tuple(self.part("measure").MEASUREMENTS)

    @property
    def table(self) -> Table:
        """What a batch writes of it."""
        return self.part("row").TABLE  # type: ignore[no-any-return]

    @property
    def command(self) -> OfPicture | OfData:
        """What a terminal asks of it."""
        return self.part("command").COMMAND  # type: ignore[no-any-return]

    def parts(self, asked: Asked) -> list[Work]:
        """What a report asks of it."""
        return list(self.part("report").parts(asked))

    def glance(self, found: Any, image: RGBImage) -> Glance:
        """What Home shows of what `look` found of a picture, in the reader's language and theme."""
        return self.part("glance").shown(found, image)  # type: ignore[no-any-return]

    def look(self, networks: Sequence[Any], image: RGBImage, progress: Progress = ignore) -> Any:
        """A quick look at any picture, with the networks of `looks_with`."""
        return self.part("glance").run(networks, image, progress)

    def looks_with(self, image: RGBImage) -> tuple[str, ...]:
        """The names of the networks that its quick look at a picture asks."""
        return tuple(self.part("glance").networks(image))

    @property
    def looked(self) -> type[Any]:
        """What a quick look finds."""
        return self.part("glance").FOUND  # type: ignore[no-any-return]

    def first_looks(self) -> Iterator[FirstLook]:
        """Its packaged results, computed again."""
        yield from self.part("report").first_looks()
