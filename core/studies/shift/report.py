"""What a report says of this study."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from core.base.heavy import go
from core.base.prose import section
from core.base.worker import Progress
from core.figures.blocks import WIDTH, Table, beside, csv_address, enlarged, printed
from core.figures.palette import uri
from core.networks import families as networks_families
from core.networks.card import Card
from core.studies import first_look as studies_first_look
from core.studies.asked import BAR, LARGEST, STILL, UPRIGHT, Asked, Part, Work, packaged, side_by_side, titles
from core.studies.shift import sweep
from core.studies.shift.figures import maps, painted, sweep_table
from core.studies.study import FirstLook

SMALL_INPUT = 96  # px: networks of larger inputs take a minute for all of a sweep's shifts
REACH = 2  # px: what they are asked about in a report, all 25 in float32; the command asks for more


def parts(asked: Asked) -> list[Work]:
    """One sweep for each family of the networks asked for: they must share their labels."""
    cards, missing = (asked.cards, []) if asked.cards else packaged(networks_families.DEFAULT_NETWORKS)
    return [*missing, *(partial(shift_part, asked, group) for group in side_by_side(cards))]


def shift_part(asked: Asked, cards: tuple[Card, ...], progress: Progress) -> Part:
    """The shift sweep of networks that share their labels."""
    params = sweep.Params()
    result = studies_first_look.find("shift_sweep", sweep.Result, cards, asked.image.digest, params)
    if result is None:
        if max(card.size for card in cards) > SMALL_INPUT:
            params = replace(params, max_shift=REACH)
        result = sweep.run(asked.load(cards), asked.image, params, progress)
    finding = sweep.finding(result, titles(cards))
    name = result.labels[result.target]
    plot = maps(result, titles(cards))
    plot = replace(plot, figure=fit_shift(plot.figure, len(cards)), still=shift_still(result))
    return Part(
        finding,
        ((plot,),),
        section("shift_sweep", "report", reach=params.max_shift, label=name),
        (shift_table(result, cards),),
        sweep.command(result, params, asked.source, asked.files),
        cards,
        csv_address(sweep_table(result)),
    )


def fit_shift(fig: go.Figure, count: int) -> go.Figure:
    """The maps on the page's width, no taller than they are wide; the colour bar to their right."""
    left, top, bottom = 44, 84, 48
    side = min((WIDTH - left - BAR) * (1 - 0.06 * (count - 1)) / count, LARGEST)
    fig.update_layout(margin={"l": left, "r": BAR, "t": top, "b": bottom}, coloraxis_colorbar=UPRIGHT)
    fig.update_layout(coloraxis_colorbar_title_side="right")
    return printed(fig, height=round(side) + top + bottom)


def shift_still(result: sweep.Result) -> str:
    """The maps alone, side by side."""
    return uri(beside([enlarged(m, STILL) for m in painted(result)]))


def shift_table(result: sweep.Result, cards: Sequence[Card]) -> Table:
    """One row a network: its answer, and how often it changes."""
    worst = sweep.worst_shift(result)
    return Table(
        f"The answers at {len(result.offsets):,} shifts",
        {
            "network": titles(cards),
            "unshifted": [result.labels[c] for c in result.top1[:, result.centre]],
            "probability": [f"{p:.3f}" for p in result.top1_probability[:, result.centre]],
            "shifts that differ": [f"{n:,}" for n in sweep.flips(result)],
            "pairs that agree": [f"{100 * share:.1f} %" for share in sweep.consistency(result)],
            f"least P({result.labels[result.target]})": [f"{p:.3f}" for p in result.probability.min(1)],
            "at (dy, dx)": ["({},\u00a0{})".format(*result.offsets[i]) for i in worst],
        },
    )


def first_looks() -> Iterator[FirstLook]:
    """The sweep of the sample picture by the networks it begins with."""
    digits = {"probability": 5, "top1_probability": 5}
    yield studies_first_look.of_sample("shift_sweep", sweep, networks_families.DEFAULT_NETWORKS, digits)
