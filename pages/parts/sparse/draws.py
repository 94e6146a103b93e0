"""How much noise does any network's answer bear? Beside the page's own networks, one of the reader's choice."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.base.prose import section
from core.cache import Call
from core.networks.card import Network
from core.pictures import noise
from core.studies.sparse import dataset, draws
from core.studies.sparse.dataset import Params
from core.studies.sparse.draws import SHOWN, Result, Shown
from pages.parts.common import at_hand, charts, provenance, tray, waiting
from pages.parts.common.address import bound, folded
from pages.parts.common.words import plain

KEY = "sparse-any"
OFFERED = (8, 16, 32, 64)
LARGEST_SEED = 9999
MEASURES: dict[str, Shown] = {"same answer": "share", "probability": "probability"}


def show(picture: tray.Picture, first: str, beside: Sequence[Network] = ()) -> None:
    folded(section("sparse_codes", "draws name"), "sparse any")(opened)(picture, first, beside)


def opened(picture: tray.Picture, first: str, beside: Sequence[Network]) -> None:
    """`first` is asked until the reader chooses another network, `beside` it stand the page's own."""
    network = at_hand.any_network(section("sparse_codes", "any name"), f"{KEY}-network", first)
    params, count, shown = controls()
    asked = {n.card.name: n for n in (*beside, *([network] if network else []))}
    if not asked:
        return
    provenance.badges([n.card for n in asked.values()])
    calls = [Call(draws.run, n, picture.image, params, count) for n in asked.values()]
    found = waiting.ask_all(calls, section("sparse_codes", "draws waiting"), "sparse any")
    results = [result for result in found if result is not None]
    if results:
        look(results, shown)


def controls() -> tuple[Params, int, Shown]:
    """The noise, its number of draws, and what the heat maps show."""
    row = st.columns([1.4, 1.6, 1.2, 1.8], vertical_alignment="bottom")
    kind = bound(row[0].selectbox, section("sparse_codes", "noise name"), list(noise.KINDS), key=f"{KEY}-noise")
    count = bound(
        row[1].select_slider,
        section("sparse_codes", "draws n"),
        OFFERED,
        draws.DRAWS,
        key=f"{KEY}-draws",
        help=section("sparse_codes", "draws help"),
    )
    seed = bound(row[2].number_input, section("sparse_codes", "seed name"), 0, LARGEST_SEED, key=f"{KEY}-seed")
    measure = bound(
        row[3].segmented_control, section("sparse_codes", "draws show"), list(MEASURES), default="same answer",
        required=True, key=f"{KEY}-show",
        help="; ".join(plain(f"{name}: {SHOWN[shown]}") for name, shown in MEASURES.items()),
    )  # fmt: skip
    return Params(kind, dataset.levels_of(kind), seed=int(seed)), int(count), MEASURES[measure]


def look(results: list[Result], shown: Shown) -> None:
    findings = [draws.finding(result) for result in results]
    st.markdown("\n".join(f"- {plain(sentence)}" for sentence in findings))
    charts.show(draws.figure(results, shown), KEY)
    first = results[0]
    st.caption(
        section(
            "sparse_codes", "any network", draws=first.draws, kind=plain(first.kind),
            meaning=plain(noise.KINDS[first.kind].meaning), seed=first.seed,
        )
    )  # fmt: skip
