"""What a report says of the three studies that ask about any picture: shift sweep, patch evidence, sparse codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from core.base.worker import Progress
from core.figures.blocks import (
    WIDTH,
    Asked,
    Part,
    Plot,
    Table,
    Work,
    beside,
    csv_address,
    enlarged,
    packaged,
    printed,
    titles,
)
from core.networks import packaged as networks
from core.networks.packaged import Card
from core.overview import first_look
from core.studies.patch import evidence
from core.studies.shift import sweep
from core.studies.sparse import codes

if TYPE_CHECKING:
    import plotly.graph_objects as go

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


# ---- shift sweep ---------------------------------------------------------------------------------


def shift_parts(asked: Asked) -> list[Work]:
    """One sweep for each family of the networks asked for: they must share their labels."""
    cards, missing = (asked.cards, []) if asked.cards else packaged(networks.DEFAULT_NETWORKS)
    return [*missing, *(partial(shift_part, asked, group) for group in side_by_side(cards))]


def shift_part(asked: Asked, cards: tuple[Card, ...], progress: Progress) -> Part:
    """The shift sweep of networks that share their labels."""
    params = sweep.Params()
    found = first_look.find("shift_sweep", cards, asked.image.digest, params)
    result = sweep.run(asked.load(cards), asked.image, params, progress) if found is None else sweep.from_dict(found)
    from core.studies.shift.figures import sweep_table

    finding = sweep.finding(result, titles(cards))
    name = result.labels[result.target]
    plot = Plot(
        fit_shift(sweep.figure(result, titles(cards)), len(cards)),
        f"Probability of {name} at every shift, one map a network. {finding}",
        still=shift_still(result),
    )
    return Part(
        finding,
        ((plot,),),
        f"Every pixel of a map is a shift (dy, dx) of the picture by up to {params.max_shift} pixels of the network's "
        f"input, its colour the probability of {name}. White outline: the answer differs from the unshifted one. "
        "Cross: the shift at which that probability is least. What moves in at the edge is more of the photograph.",
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
    from plotly.colors import get_colorscale, hex_to_rgb

    from core.figures.palette import PROBABILITY_SCALE, uri

    stops = get_colorscale(PROBABILITY_SCALE)
    rgb = np.array([hex_to_rgb(colour) for _, colour in stops])
    at = [position for position, _ in stops]
    values = result.probability.reshape(-1, result.side, result.side)
    painted = np.stack([np.interp(values, at, rgb[:, c]) for c in range(3)], -1).round().astype(np.uint8)
    return uri(beside([enlarged(m, STILL) for m in painted]))


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


# ---- patch evidence ------------------------------------------------------------------------------


def patch_parts(asked: Asked) -> list[Work]:
    """One run for each family of the BagNets asked for; by default the packaged ones."""
    mine = tuple(card for card in asked.cards if card.patch)
    cards, missing = (mine, []) if mine else packaged(networks.DEFAULT_BAGNETS)
    return [*missing, *(partial(patch_part, asked, group) for group in side_by_side(cards))]


def patch_part(asked: Asked, cards: tuple[Card, ...], progress: Progress) -> Part:
    """The evidence maps of BagNets that share their labels."""
    from core.figures.palette import uri
    from core.pictures.preprocess import whole
    from core.studies.patch import figures

    params = evidence.Params()
    found = first_look.find("patch_evidence", cards, asked.image.digest, params)
    if found is None:
        result = evidence.run(asked.load(cards), asked.image, params, progress)
    else:
        result = evidence.from_dict(found)
    finding = evidence.finding(result, titles(cards))
    under = whole(asked.image, figures.UNDERLAY)
    zoom = max(1, STILL // max(result.height, result.width))
    stills = [figures.picture(result, m, under, zoom=zoom) for m in range(len(cards))]
    plot = Plot(
        fit_patch(evidence.figure(result, under, titles(cards)), result),
        f"Maps of the {figures.evidence_of(result)}, one a network, over the picture. {finding}",
        still=uri(beside(stills)),
    )
    return Part(
        finding,
        ((plot,),),
        "Red speaks for the class, blue against it, each pixel for the patch around it; all maps share one scale, "
        f"which ends at the {evidence.CLIP}th percentile. The networks see the picture at {result.width} × "
        f"{result.height} px.",
        (patch_table(result, cards),),
        evidence.command(result, params, asked.source, asked.files),
        cards,
        csv_address(figures.evidence_table(result)),
    )


def fit_patch(fig: go.Figure, result: evidence.Result) -> go.Figure:
    """The maps on the page's width, no taller than their pictures; the colour bar to their right."""
    left, top, bottom = 0, 48, 8
    count = len(result.models)
    width = (WIDTH - left - BAR) * (1 - 0.03 * (count - 1)) / count
    tall = min(width * result.height / result.width, LARGEST)
    fig.update_layout(margin={"l": left, "r": BAR, "t": top, "b": bottom}, coloraxis_colorbar=UPRIGHT)
    fig.update_layout(coloraxis_colorbar_title_side="right")
    fig.update_layout(coloraxis_colorbar_title_text="logits")
    return printed(fig, height=round(tall) + top + bottom)


def patch_table(result: evidence.Result, cards: Sequence[Card]) -> Table:
    """One row a BagNet: its answer, and how its evidence is spread."""
    halves = evidence.half_of_the_evidence(result)
    return Table(
        f"The logits are the means over the patches of each network's own grid ({result.labels[result.target]} is the "
        "class that the maps are of)",
        {
            "network": titles(cards),
            "answer": [result.labels[c] for c in result.logits.argmax(1)],
            f"logit of {result.labels[result.target]}": [f"{v:.2f}" for v in result.logits[:, result.target]],
            "patches of the grid": [f"{n:,}" for n in result.patches],
            "half of the evidence in": [f"{100 * s:.0f} %" if np.isfinite(s) else "–" for s in halves],
            "strongest patch, row": [evidence.strongest(result, m)[0] for m in range(len(cards))],
            "column": [evidence.strongest(result, m)[1] for m in range(len(cards))],
        },
    )


# ---- sparse codes --------------------------------------------------------------------------------


def sparse_parts(asked: Asked) -> list[Work]:
    """One run for each SDNet asked for, with its plain twin where one is packaged; by default the packaged pair."""
    twins = dict(zip(networks.SDNETS, networks.TWINS, strict=True))
    work: list[Work] = []
    for card in asked.cards:
        if coded(card):
            twin, missing = packaged([twins[card.name]] if card.name in twins else [])
            work += [*missing, partial(sparse_part, asked, (card, *twin))]
    if not work:
        pair, work = packaged(networks.DEFAULT_SDNETS)
        work += [partial(sparse_part, asked, pair)] if pair and coded(pair[0]) else []
    return work


def coded(card: Card) -> bool:
    """Whether an architecture begins with a coding layer."""
    return "sdnet" in card.arch


def sparse_part(asked: Asked, cards: tuple[Card, ...], progress: Progress) -> Part:
    """The picture coded by an SDNet, beside its plain twin where there is one."""
    from core.figures.palette import uri
    from core.studies.sparse import figures as sparse_figures

    params = codes.Params()
    found = first_look.find("sparse_codes", cards, asked.image.digest, params)
    result = codes.run(asked.load(cards), asked.image, params, progress) if found is None else codes.from_dict(found)
    finding = codes.finding(result, titles(cards))
    shown = [sparse_figures.to_bytes(p) for p in (result.noisy, result.reconstruction)]
    pictures = printed(codes.figure(result), height=PICTURES).update_yaxes(constraintoward="top")
    along = printed(sparse_figures.along_lambda(result))
    numbers = sparse_figures.table(result)
    return Part(
        finding,
        (
            (
                Plot(
                    pictures,
                    f"Noisy picture, reconstruction and residual side by side. {finding}",
                    still=uri(beside([enlarged(p, STILL) for p in shown])),
                ),
            ),
            (Plot(along, "Probability of the answer, share of codes that are not zero and PSNR against lambda"),),
        ),
        f"Noise: {params.noise}, {params.level:g} of white, seed {params.seed}; {params.steps} steps of "
        f"{sparse_figures.SOLVER_TITLES[params.solver]}. The network sees {cards[0].size} × {cards[0].size} px; lambda "
        "is in its normalised units.",
        sparse_tables(result, cards, numbers),
        codes.command(result, params, asked.source, asked.files),
        cards,
        csv_address(numbers),
    )


def sparse_tables(
    result: codes.Result, cards: Sequence[Card], numbers: Mapping[str, Sequence[object]]
) -> tuple[Table, ...]:
    """The answers at the marked lambdas, and the curves at even steps of lambda."""
    answers = codes.answers(result, titles(cards))
    even = [i for i, lam in enumerate(result.lams) if abs(lam / LAMBDA_ROWS - round(lam / LAMBDA_ROWS)) < 1e-6]
    return (
        Table(
            "The answers",
            {
                "network": [a.who for a in answers],
                "λ": ["–" if a.lam is None else f"{a.lam:.2f}" for a in answers],
                "how it was come by": [a.rule for a in answers],
                "answer": [a.label for a in answers],
                "probability": [f"{a.probability:.3f}" for a in answers],
            },
        ),
        Table(
            "Along λ",
            {
                "λ": [f"{result.lams[i]:.2f}" for i in even],
                **{name: [values[i] for i in even] for name, values in numbers.items() if name != "lambda"},
            },
        ),
    )
