"""Which pixels matter to a network of the reader's choice? Whatever its labels, input size and channels."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st

from core.base.prose import section
from core.compute.attributions import METHODS
from core.networks.card import Network
from core.pictures.preprocess import seen
from core.studies.patch import masking, masking_figures, methods
from core.studies.patch.masking import Mode, Params, Result
from pages.parts.common import at_hand, charts, provenance, tray, waiting
from pages.parts.common.address import bound, folded
from pages.parts.common.words import plain
from pages.parts.patch import masking as curves
from pages.parts.patch import probes
from pages.parts.patch.choose import told_apart

KEY = "patch-any"
ANSWER = "its answer"


def show(picture: tray.Picture, first: str) -> None:
    """`first` is the network that is asked until the reader chooses another."""
    folded(section("patch_evidence", "any heading"), "patch any")(opened)(picture, first)


def opened(picture: tray.Picture, first: str) -> None:
    network = at_hand.any_network(section("patch_evidence", "any network"), f"{KEY}-network", first)
    if network is None:
        return
    provenance.badges([network.card])
    pixels = seen(picture.image, network.preprocessing)
    said = waiting.ask(
        methods.answer, network, pixels, what=section("patch_evidence", "asking", count=1), at="patch any answer"
    )
    if said is None:
        return
    target, mode = controls(network, said)
    what = section("patch_evidence", "any asked", count=len(METHODS), title=network.card.title)
    why = waiting.ask(methods.applicable, network, pixels, target, METHODS, what=what, at="patch any methods")
    if why is not None:
        params = Params(masking.cell_of(len(pixels)), None, methods.fitting(network, why), mode, by_cell=True)
        result = curves.answer([network], pixels, target, params, "patch any")
        if result is not None:
            look(result, network, pixels, why)
            curves.placed(result, [network], pixels, "patch any")
    probes.of_one(network, pixels, target, KEY)


def controls(network: Network, said: np.ndarray) -> tuple[int, Mode]:
    """The class that is followed, and whether cells are masked or shown."""
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    names = told_apart(network.labels)
    best = np.argsort(-said, kind="stable")
    chosen = bound(
        left.selectbox, section("patch_evidence", "any class"), [ANSWER, *(names[i] for i in best)],
        format_func=lambda name: section("patch_evidence", "any answer") if name == ANSWER else name,
        key=f"{KEY}-class-{network.card.family}", help=section("patch_evidence", "any class help"),
    )  # fmt: skip
    return int(best[0]) if chosen == ANSWER else names.index(chosen), curves.order(right, f"{KEY}-mode")


def look(result: Result, network: Network, pixels: np.ndarray, why: Mapping[str, str | None]) -> None:
    title = network.card.title
    finding = masking.finding_alone(result, title)
    st.markdown(f"**{plain(finding)}**")
    left, right = st.columns([1, 2], gap="large")
    with left:
        if st.session_state.get(f"{KEY}-order", result.methods[0]) not in result.methods:  # another network's
            del st.session_state[f"{KEY}-order"]
        first = result.methods.index(masking.best(result))
        order = bound(st.selectbox, section("patch_evidence", "any order"), result.methods, first, key=f"{KEY}-order")
        m = result.methods.index(order)
        k = curves.picture(result, network, pixels, m, order, f"{KEY}-k")
        st.markdown(plain(f"P({result.labels[result.target]}) = {result.probability[0, m, k]:.3f}"))
    with right:
        charts.show(masking_figures.curves(result, [title], k=k).telling(finding), KEY)
    charts.show(masking_figures.strip(result, [title]), f"{KEY}-maps")
    for sentence in methods.omissions(why):
        st.markdown(f"- {plain(sentence)}")
    grey = section("patch_evidence", "any grey") if len(network.preprocessing.mean) == 1 else ""
    st.caption(
        section(
            "patch_evidence", "masking any network", count=result.order.shape[2], cell=result.cell, cells=result.cells,
            done=plain(curves.said(result)), draws=result.draws, first=result.seed,
            last=result.seed + result.draws - 1, side=len(pixels), grey=grey,
        )
    )  # fmt: skip
