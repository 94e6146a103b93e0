"""What a report says of this study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from core import networks
from core.base.records import as_json, from_json
from core.base.worker import Progress
from core.figures.blocks import Table, beside, csv_address, enlarged, printed
from core.figures.palette import uri
from core.networks import families as networks_families
from core.networks.card import Card
from core.pictures.samples import DEFAULT_SAMPLE, load_sample
from core.studies import first_look as studies_first_look
from core.studies.asked import LAMBDA_ROWS, PICTURES, STILL, Asked, Part, Work, packaged, titles
from core.studies.sparse import codes, frames
from core.studies.sparse import figures as sparse_figures
from core.studies.study import FirstLook


def parts(asked: Asked) -> list[Work]:
    """One run for each SDNet asked for, with its plain twin where one is packaged; by default the packaged pair."""
    work: list[Work] = []
    for card in asked.cards:
        if codes.has_codes(card):
            twin, missing = packaged([codes.TWIN_OF[card.name]] if card.name in codes.TWIN_OF else [])
            work += [*missing, partial(sparse_part, asked, (card, *twin))]
    if not work:
        pair, work = packaged(networks_families.DEFAULT_SDNETS)
        work += [partial(sparse_part, asked, pair)] if pair and codes.has_codes(pair[0]) else []
    return work


def sparse_part(asked: Asked, cards: tuple[Card, ...], progress: Progress) -> Part:
    """The picture coded by an SDNet, beside its plain twin where there is one."""
    params = codes.OPENING
    result = studies_first_look.find("sparse_codes", codes.Result, cards, asked.image.digest, params)
    if result is None:
        result = codes.run(asked.load(cards), asked.image, params, progress)
    finding = codes.finding(result, titles(cards))
    shown = [sparse_figures.to_bytes(p) for p in (result.noisy, result.reconstruction)]
    pictures, along = sparse_figures.pictures(result, titles(cards)), sparse_figures.along_lambda(result)
    printed(pictures.figure, height=PICTURES).update_yaxes(constraintoward="top")
    printed(along.figure)
    numbers = sparse_figures.table(result)
    return Part(
        finding,
        ((replace(pictures, still=uri(beside([enlarged(p, STILL) for p in shown]))),), (along,)),
        f"{codes.noise_words(params.noise, params.level, result.arrived)}. Seed {params.seed}; {params.steps} steps of "
        f"{sparse_figures.SOLVER_TITLES[params.solver]}. The network sees {cards[0].size} × {cards[0].size} "
        "px; lambda is in its normalised units.",
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


def first_looks() -> Iterator[FirstLook]:
    """The sample picture as the page opens with it: at every lambda, and coded at the one that rescues its answer."""
    image, params = load_sample(DEFAULT_SAMPLE), codes.OPENING
    nets = [networks.load(networks.find(name)) for name in networks_families.DEFAULT_SDNETS]
    cards = [network.card for network in nets]
    played = frames.run(nets, image, params)
    result = codes.run(nets, image, params, curves=played.curves)
    few = dict.fromkeys(("clean", "noisy", "reconstruction", "logits"), 3)  # most of a large file
    digits = few | dict.fromkeys(("lams", "nonzero", "psnr", "twin_logits"), 5)
    fields = as_json(result) | {name: as_json(getattr(result, name), count) for name, count in digits.items()}
    finding = codes.finding(from_json(codes.Result, fields), titles(cards))
    yield "sparse_codes", studies_first_look.key(cards, image.digest, params), fields, finding
    asked = frames.without_lambda(params)
    told = f"{len(played.rebuilt)} frames, {frames.told(played).kind}"
    yield "sparse_frames", studies_first_look.key(cards, image.digest, asked), as_json(played, 3), told
