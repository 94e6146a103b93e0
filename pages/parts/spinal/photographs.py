"""What the heads on lite0's features say to the reader's photograph, and their race, trained anew within seconds."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core import cache
from core.base.prose import section
from core.base.worker import Progress
from core.cache import Call
from core.compute import gallery
from core.compute.gallery import Gallery
from core.networks import packaged
from core.studies.spinal import photographs, photographs_figures, transfer, transfer_figures
from core.studies.spinal.transfer import HEADS, Params
from pages.parts.common import at_hand, charts, provenance, waiting
from pages.parts.common.tray import Picture
from pages.parts.common.words import plain
from pages.parts.spinal.any import controls

KEY = "spinal-photo"


def show(picture: Picture, held: Picture | None) -> None:
    """The heads' answers to the photograph, then the race."""
    found, record, card = gallery.read(), photographs.measured(), packaged.cards().get(gallery.NETWORK)
    if found is None or record is None:
        provenance.missing("measure spinal:photographs")
        return
    network = at_hand.one(card) if card else None
    if card is None or network is None:
        return
    provenance.badges([card])
    cache.wait_until_warm()
    for one, at in ((picture, "spinal photo"), (held, "spinal photo held")):
        if one is None:
            continue
        answers = waiting.ask(photographs.answer, found, one.image, network, what=f"Asking {len(HEADS)} heads", at=at)
        if answers is None:
            return
        if one is held:
            provenance.held(held)
        said = photographs.finding(answers)
        st.markdown(f"#### {plain(said)}" if one is picture else plain(said))
        charts.show(photographs_figures.bars(answers), at.replace(" ", "-"))
    result, about = record
    st.caption(
        section(
            "spinal_heads", "photographs", classes=len(found.classes), train=result.train, test=result.test,
            data=plain(about["data"]), seed=photographs.SHIPPED_SEED,
        )
    )  # fmt: skip
    race(found, result, about)


def race(found: Gallery, result: photographs.Result, about: dict[str, str]) -> None:
    """The race as it was measured, or, with other settings, trained now."""
    st.subheader("Which head reads these features best?", anchor="photo-race")
    params = controls(KEY)
    features = photographs.features_of(found)
    if params == result.params:
        accuracy = result.accuracy
    else:
        calls = [Call(scores, found, params, seed) for seed in range(params.seeds)]
        rows = waiting.ask_all(calls, f"Training {len(HEADS)} heads from {params.seeds} seeds", KEY)
        if not any(rows):
            return
        accuracy = np.transpose([row or [np.nan] * len(HEADS) for row in rows])
    st.markdown(f"**{plain(transfer.finding_on(features, accuracy))}**")
    charts.show(transfer_figures.race(features, params, accuracy), f"{KEY}-race")
    st.caption(section("spinal_heads", "photographs race", epochs=params.epochs, rate=params.head_rate))
    if params == result.params:
        st.caption(provenance.again(about))


def scores(found: Gallery, params: Params, seed: int, progress: Progress) -> list[float]:
    """A seed's shares by head."""
    return transfer.scores_on(photographs.features_of(found), params, seed, progress)
