"""One page that holds all five studies of a picture: everything inside the file, to be read offline and printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core import networks
from core.base import quote
from core.base.files import program_version
from core.base.heavy import go, jinja2, markupsafe, plotly_offline
from core.base.records import in_words
from core.base.worker import Progress, ignore, part
from core.figures import theme
from core.figures.blocks import WIDTH, Picture, Pictures, toolbar
from core.figures.palette import FONTS
from core.networks import brought, quoting
from core.networks.card import ONLY_ANSWERS, Card
from core.networks.download import WeightsError
from core.networks.own_options import ASIS, FileOptions
from core.pictures.image import RGBImage, thumbnail
from core.studies import STUDIES
from core.studies.asked import Asked, Part
from core.studies.random.maps_figures import address
from core.studies.study import Study

QUESTION = "What do five papers see in this picture?"
TEMPLATE = Path(__file__).with_name("report.html.jinja")
HEADER = 320  # px, the side of the box that it is shown in


@dataclass(frozen=True)
class Section:
    """A study with its parts, or the sentences that say why one could not run; `note` on the networks it took."""

    study: Study
    parts: tuple[Part, ...]
    failures: tuple[str, ...]
    note: str

    @property
    def cards(self) -> tuple[Card, ...]:
        """Every network of the parts, each once."""
        return tuple(dict.fromkeys(card for p in self.parts for card in p.cards))


def make(
    image: RGBImage, title: str, names: Sequence[str] = (), progress: Progress = ignore, source: str = ""
) -> str:  # fmt: skip
    """A report on a picture as one HTML page, which asks for nothing outside itself.

    `title`: what the picture is called; `source`: how a command names it (a file, or sample:NAME), by default the
    file of that title. `names` of networks, or their weights files, take the place of the default ones in every study
    that can take them. `progress` may raise core.base.worker.Stopped; each study has a fifth of it. A study that
    cannot run says why in its section. Raises WeightsError for a name that does not exist, and for a file that is no
    network's.
    """
    return finished(ask(image, title, names, source or quoting.file(title)), progress)


def finished(asked: Asked, progress: Progress = ignore) -> str:
    """The report on what `ask` found, on white whatever the reader's page is."""
    with theme.drawn("light"):
        sections = [section(study, asked, part(progress, i, len(STUDIES))) for i, study in enumerate(STUDIES)]
    return page(asked, sections)


def ask(image: RGBImage, title: str, names: Sequence[str], source: str, options: FileOptions = ASIS) -> Asked:
    """What a report is of: the networks found, the reader's own weights files opened. Raises WeightsError."""
    brought.check_options(names, options)
    cards, opened = [], {}
    for name in dict.fromkeys(names):
        if brought.is_file(name):
            network = networks.open_network(name, options)
            card = network.card
            if card.name in opened:
                raise WeightsError(
                    f"expected weights files of different names, got {Path(name).name} twice: rename one"
                )
            opened[card.name] = network
        else:
            card = networks.find(name)
        cards.append(card)
    return Asked(image, title, source, tuple(cards), opened)


def study_at(done: int, total: int) -> Study:
    """The study that `make` is at when it tells `progress` so."""
    return STUDIES[min(len(STUDIES) * done // max(total, 1), len(STUDIES) - 1)]


def section(study: Study, asked: Asked, progress: Progress) -> Section:
    """Run one study on the picture. What goes wrong is part of the report, not the end of it."""
    progress(0, 1)
    parts, failures = [], []
    try:
        work = study.parts(asked)
        for i, run in enumerate(work):
            try:
                parts.append(run(part(progress, i, len(work))))
            except (ValueError, OSError, RuntimeError, MemoryError) as error:
                failures.append(in_words(error))
    except (ValueError, OSError) as error:
        failures.append(in_words(error))
    progress(1, 1)
    return Section(study, tuple(parts), tuple(failures), left_out(study, asked, parts, bool(failures)))


def left_out(study: Study, asked: Asked, parts: Sequence[Part], failed: bool) -> str:
    """Which of the networks asked for a study could not take, if any, and why it takes none that only answers."""
    taken = {card.name for p in parts for card in p.cards}
    inside = any(use.looks_inside for use in study.uses)
    missing = [
        f"{card.name} ({ONLY_ANSWERS})" if inside and card.answers_only else card.name
        for card in asked.cards
        if card.name not in taken
    ]
    if not missing or failed:
        return ""
    instead = "" if taken & {card.name for card in asked.cards} else "; its packaged networks are shown instead"
    return f"This study does not take {', '.join(missing)}{instead}."


def page(asked: Asked, sections: Sequence[Section]) -> str:
    """The HTML of finished sections. Everything that is not ours is escaped by the template engine."""
    engine = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=unturned_text,
    )
    engine.filters |= {"json": lambda fig: markupsafe.Markup(figure_json(fig)), "cell": cell, "words": words}
    engine.tests |= {
        "picture": lambda value: isinstance(value, Picture),
        "pictures": lambda value: isinstance(value, Pictures),
    }
    small = thumbnail(asked.image, WIDTH)
    html: str = engine.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        question=QUESTION,
        asked=asked,
        sections=sections,
        shown=address(small.pixels),
        shown_size=header_size(asked.image),
        width=WIDTH,
        fonts=markupsafe.Markup(FONTS),
        camera=toolbar("receptive"),
        made=datetime.now(UTC),
        version=program_version(),
        plotly=markupsafe.Markup(plotly_offline.get_plotlyjs()),
    )
    return html.encode(errors="replace").decode()  # a file's name may hold bytes that are no text


def unturned_text(value: object) -> object:
    """What the template prints, with nothing in it that turns the words around it."""
    return quote.unturned(value) if type(value) is str else value  # commands, which are Markup, stay exact


def figure_json(figure: go.Figure) -> str:
    """The figure as JSON that can stand in a script element: nothing in it ends the element."""
    return str(figure.to_json()).replace("<", "\\u003c")


def cell(value: object) -> str:
    """A number of a table as words: whole numbers in thousands, others to three digits behind the point."""
    if isinstance(value, float):
        return f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def words(command: str) -> Any:
    """A command whose options are not broken at their hyphens."""
    option = markupsafe.Markup('<span class="word">{}</span>')
    return markupsafe.Markup(" ").join(
        option.format(w) if w.startswith("--") else markupsafe.escape(w) for w in command.split(" ")
    )


def header_size(image: RGBImage) -> tuple[int, int]:
    """(width, height) in px at which the header shows the picture; a tiny one is enlarged by a whole factor."""
    longest = max(image.width, image.height)
    scale = HEADER // longest or HEADER / longest
    return max(1, round(image.width * scale)), max(1, round(image.height * scale))
