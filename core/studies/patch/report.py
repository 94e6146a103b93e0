"""What a report says of this study."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from core.base.heavy import go
from core.base.prose import section
from core.base.worker import Progress
from core.figures.blocks import WIDTH, Table, beside, csv_address, printed
from core.figures.palette import uri
from core.networks import families as networks_families
from core.networks.card import Card
from core.pictures.preprocess import whole
from core.studies import first_look as studies_first_look
from core.studies.asked import BAR, LARGEST, STILL, UPRIGHT, Asked, Part, Work, packaged, side_by_side, titles
from core.studies.patch import evidence, figures
from core.studies.study import FirstLook


def parts(asked: Asked) -> list[Work]:
    """One run for each family of the networks asked for that have maps; by default lite0's and its local copy's."""
    mine = tuple(card for card in asked.cards if evidence.has_map(card))
    cards, missing = (mine, []) if mine else packaged(networks_families.DEFAULT_MAPS)
    return [*missing, *(partial(patch_part, asked, group) for group in side_by_side(cards))]


def patch_part(asked: Asked, cards: tuple[Card, ...], progress: Progress) -> Part:
    """The evidence maps of networks that share their labels."""
    params = evidence.Params()
    result = evidence.packaged(cards, asked.image, params)
    if result is None:
        result = evidence.run(asked.load(cards), asked.image, params, progress)
    finding = evidence.finding(result, titles(cards))
    under = whole(asked.image, figures.UNDERLAY)
    zoom = max(1, STILL // max(result.height, result.width))
    stills = [figures.picture(result, m, under, zoom=zoom) for m in range(len(cards))]
    plot = figures.maps(result, titles(cards), under)
    plot = replace(plot, figure=fit_patch(plot.figure, result), still=uri(beside(stills)))
    return Part(
        finding,
        ((plot,),),
        told(result),
        (patch_table(result, cards),),
        evidence.command(result, params, asked.source, asked.files),
        cards,
        csv_address(figures.evidence_table(result)),
    )


def told(result: evidence.Result) -> str:
    """How to read the maps, and what is grey on them."""
    said = section("patch_evidence", "report", clip=evidence.CLIP, width=result.width, height=result.height)
    blind = any(evidence.sides_seen(result, m) != (result.height, result.width) for m in range(len(result.models)))
    return f"{said} {section('patch_evidence', 'report rim')}" if blind else said


def fit_patch(fig: go.Figure, result: evidence.Result) -> go.Figure:
    """The maps on the page's width, no taller than their pictures; the colour bar to their right."""
    left, top, bottom = 0, 48, 8
    count = len(result.models)
    width = (WIDTH - left - BAR) * (1 - 0.03 * (count - 1)) / count
    tall = min(width * result.height / result.width, LARGEST)
    fig.update_layout(margin={"l": left, "r": BAR, "t": top, "b": bottom}, coloraxis_colorbar=UPRIGHT)
    fig.update_layout(coloraxis_colorbar_title={"side": "right", "text": "logits"})
    return printed(fig, height=round(tall) + top + bottom)


def patch_table(result: evidence.Result, cards: Sequence[Card]) -> Table:
    """One row a network: its answer, and how its evidence is spread."""
    halves = evidence.half_of_the_evidence(result)
    return Table(
        f"The logits are the means over the patches of each network's own grid ({result.labels[result.target]} is the "
        "class that the maps are of)",
        {
            "network": titles(cards),
            "answer": [result.labels[c] for c in result.logits.argmax(1)],
            f"logit of {result.labels[result.target]}": [f"{v:.2f}" for v in result.logits[:, result.target]],
            "positions of the grid": [f"{n:,}" for n in result.patches],
            "half of the evidence in": [f"{100 * s:.0f} %" if np.isfinite(s) else "–" for s in halves],
            "strongest patch, row": [evidence.strongest(result, m)[0] for m in range(len(cards))],
            "column": [evidence.strongest(result, m)[1] for m in range(len(cards))],
        },
    )


def first_looks() -> Iterator[FirstLook]:
    """The evidence maps of the sample picture."""
    yield studies_first_look.of_sample("patch_evidence", evidence, networks_families.DEFAULT_MAPS, {"evidence": 3})
