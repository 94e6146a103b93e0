"""Networks x studies: what runs on which network, and in a sentence why where it does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.base.heavy import go
from core.figures import palette
from core.figures.blocks import Plot
from core.networks.card import KIND_WORDS, Card
from core.networks.families import FAMILIES
from core.studies import STUDIES
from core.studies.study import Study, Use

MARKS = ("–", "◐", "●")  # does not run, runs in part, runs
ROW_HEIGHT, MARGIN = 26, 170  # px
PARTS: tuple[Use, ...] = tuple(use for study in STUDIES for use in study.uses)


@dataclass(frozen=True)
class Cell:
    """Whether `part` of `study` runs on the network; `words`: why not, or what is particular there ("" for nothing)."""

    study: Study
    part: Use
    runs: bool
    words: str

    @property
    def more(self) -> str:
        """`words` after what they explain."""
        return f": {self.words}" if self.words else ""

    @property
    def mark(self) -> str:
        """One of MARKS."""
        return MARKS[(1 if self.words else 2) if self.runs else 0]


def row(card: Card) -> tuple[Cell, ...]:
    """What every part says to a network."""
    return tuple(
        Cell(study, part, not part.refusal(card), part.refusal(card) or part.note(card))
        for study in STUDIES
        for part in study.uses
    )


def finding(cards: Sequence[Card]) -> str:
    """How much of the matrix runs."""
    cells = [cell for card in cards for cell in row(card)]
    share = sum(cell.runs for cell in cells)
    return (
        f"{share:,} of {len(cells):,} pairs of {len(cards):,} networks and {len(PARTS)} parts of the five studies run; "
        "the others say why not."
    )


def sentence(card: Card, cell: Cell) -> str:
    """One cell in words."""
    return f"{card.title}, {cell.part.name}: {'runs' if cell.runs else 'does not run'}{cell.more}."


def settings(part: Use, card: Card) -> dict[str, str]:
    """The URL's settings that open the part's study with this network; {} where the page's own networks are fixed."""
    title = next((title for title, family in FAMILIES.items() if family == card.family), card.family)
    known = {"name": card.name, "family": card.family, "title": title}
    return {key.format(**known): value.format(**known) for key, value in part.address}


def figure(cards: Sequence[Card]) -> Plot:
    """One row a network, one column a part: ● runs, ◐ runs in part, – does not; the words on hover."""
    rows = [row(card) for card in cards]
    level = [[MARKS.index(cell.mark) for cell in found] for found in rows]
    words = [
        [palette.verbatim(sentence(card, cell)) for cell in found] for card, found in zip(cards, rows, strict=True)
    ]
    names = [palette.verbatim(card.title) for card in cards]
    columns = [part.name for part in PARTS]
    shades = palette.network_colours([1, 4])
    scale = [(0.0, "rgba(0,0,0,0)"), (0.5, shades[0]), (1.0, shades[1])]
    heat = go.Heatmap(
        z=level, x=columns, y=names, customdata=words, hovertemplate="%{customdata}<extra></extra>",
        colorscale=scale, zmin=0, zmax=2, showscale=False, xgap=2, ygap=2,
    )  # fmt: skip
    ink = [palette.text_colour(), *map(palette.on, shades)]  # Plotly's own choice is grey on black, and on blue
    marks = go.Scatter(
        x=columns * len(names), y=[name for name in names for _ in columns], mode="text", hoverinfo="skip",
        text=[MARKS[value] for line in level for value in line], showlegend=False,
        textfont={"color": [ink[value] for line in level for value in line]},
    )  # fmt: skip
    fig = palette.style(go.Figure([heat, marks]))
    fig.update_layout(height=ROW_HEIGHT * len(cards) + MARGIN, margin={"l": 8, "r": 8, "t": MARGIN - 20, "b": 8})
    fig.update_xaxes(side="top", tickangle=-55, fixedrange=True, showgrid=False, range=[-0.5, len(PARTS) - 0.5])
    fig.update_yaxes(range=[len(cards) - 0.5, -0.5], fixedrange=True, automargin=True, showgrid=False, dtick=1)
    return Plot(fig, f"Networks by parts of the studies. {finding(cards)}", lambda: table(cards))


def table(cards: Sequence[Card]) -> dict[str, list[str]]:
    """The matrix in words: a row a network, a column a part."""
    rows = [row(card) for card in cards]
    columns = {"network": [card.name for card in cards], "whose": [KIND_WORDS[card.kind] for card in cards]}
    for i, part in enumerate(PARTS):
        columns[part.name] = [("runs" if found[i].runs else "no") + found[i].more for found in rows]
    return columns
