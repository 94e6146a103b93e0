"""Which pixels matter to a network of the reader's choice? Whatever its labels, input size and channels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from core.base.prose import section
from core.base.worker import Progress
from core.cache import Call
from core.compute.attributions import METHODS
from core.networks.card import Network
from core.pictures.preprocess import to_tensor
from core.studies.patch import any as patch_any
from core.studies.patch import interaction, masking, masking_figures, probe_figures, scramble
from core.studies.patch.any import Params, Result
from core.studies.patch.masking import MODES, Mode
from pages.parts.common import at_hand, charts, provenance, tray, waiting
from pages.parts.common.address import bound, folded
from pages.parts.common.words import note, plain

KEY = "patch-any"
ANSWER = "its answer"
FIRST_K = 10
SHOWN = 300  # px, about the side at which a small picture is shown


@folded("And any other network? Mask the picture for it", "patch any")
def show(picture: tray.Picture, first: str) -> None:
    """`first` is the network that is asked until the reader chooses another."""
    network = at_hand.any_network("Network", f"{KEY}-network", first)
    if network is None:
        return
    provenance.badges([network.card])
    pixels = patch_any.seen(network, picture.image)
    said = waiting.ask(patch_any.answer, network, pixels, what="Asking the network", at="patch any answer")
    if said is None:
        return
    target, mode = controls(network, said)
    result = masked(network, pixels, target)
    if result is not None:
        look(result, network, mode)
    probes(network, pixels, target)


def controls(network: Network, said: np.ndarray) -> tuple[int, Mode]:
    """The class that is followed, and whether cells are masked or shown."""
    left, right = st.columns([2, 3], vertical_alignment="bottom")
    names = told_apart(network.labels)
    best = np.argsort(-said, kind="stable")
    chosen = bound(
        left.selectbox, "Class", [ANSWER, *(names[i] for i in best)], key=f"{KEY}-class-{network.card.family}",
        help="The class whose probability is followed; the likeliest come first.",
    )  # fmt: skip
    mode = bound(
        right.segmented_control, "Order", MODES, default="deletion", required=True, key=f"{KEY}-mode",
        help="Deletion masks the most supportive cells first; insertion starts from the mean colour and shows them.",
    )  # fmt: skip
    return int(best[0]) if chosen == ANSWER else names.index(chosen), mode


def told_apart(labels: Sequence[str]) -> list[str]:
    """The labels; of those that share a name, the later ones with their number."""
    return [label if labels.index(label) == i else f"{label} ({i})" for i, label in enumerate(labels)]


def masked(network: Network, pixels: np.ndarray, target: int) -> Result | None:
    """The curves of every method that applies and is done; None before the first."""
    what = f"Trying {len(METHODS)} methods on {network.card.title}"
    why = waiting.ask(applicable, network, pixels, target, what=what, at="patch any methods")
    if why is None:
        return None
    params = Params().masking(network.preprocessing.size, patch_any.fitting(network, why))
    calls = [Call(patch_any.trace, network, pixels, target, method, params) for method in params.methods]
    found = waiting.ask_all(calls, f"Masking by {len(calls)} methods", "patch any")
    traces = {method: trace for method, trace in zip(params.methods, found, strict=True) if trace is not None}
    return patch_any.assemble(network, pixels, traces, target, params, why) if traces else None


def applicable(network: Network, pixels: np.ndarray, target: int, progress: Progress) -> dict[str, str | None]:
    """Why each method does not apply, None where it does."""
    return patch_any.applicable(network, to_tensor(pixels, network.preprocessing), target, progress=progress)


def look(result: Result, network: Network, mode: Mode) -> None:
    title, curves = network.card.title, result.curves(mode)
    finding = patch_any.finding(result, title, mode)
    st.markdown(f"**{plain(finding)}**")
    left, right = st.columns([1, 2], gap="large")
    with left:
        k = picture(result, network, mode)
    with right:
        charts.show(patch_any.figure(result, title, mode, k=k).telling(finding), KEY)
    charts.show(masking_figures.strip(curves, [title]), f"{KEY}-maps")
    for sentence in patch_any.omissions(result):
        st.markdown(f"- {plain(sentence)}")
    side, grey = len(result.pixels), ", grey" if len(network.preprocessing.mean) == 1 else ""
    st.caption(
        section(
            "patch_evidence", "masking any network", side=side, grey=grey, count=curves.order.shape[2],
            cell=curves.cell, cells=curves.cells, done=plain(said(mode)), draws=curves.draws,
            first=curves.seed, last=curves.seed + curves.draws - 1,
        )
    )  # fmt: skip


def said(mode: Mode) -> str:
    return "masked" if mode == "deletion" else "shown"


def picture(result: Result, network: Network, mode: Mode) -> int:
    """The picture at a k of the reader's, in the order of a method of the reader's."""
    curves = result.curves(mode)
    if st.session_state.get(f"{KEY}-order", curves.methods[0]) not in curves.methods:  # another network's
        del st.session_state[f"{KEY}-order"]
    first = curves.methods.index(patch_any.best(result, mode))
    order = bound(st.selectbox, "In the order of", curves.methods, first, key=f"{KEY}-order")
    if st.session_state.get(f"{KEY}-k", 0) > curves.cells:  # of a larger picture
        st.session_state[f"{KEY}-k"] = curves.cells
    k = int(bound(st.slider, "Cells k", 0, curves.cells, min(FIRST_K, curves.cells), key=f"{KEY}-k"))
    m = curves.methods.index(order)
    view = masking.shown(network, result.pixels, curves.order[0, m], k, curves.cell, mode)
    words = f"the {k} cells that {order} ranks first are {said(mode)}"
    factor = max(1, SHOWN // len(view))
    charts.enlarged(view, factor, caption=words[0].upper() + words[1:], alt=f"The picture where {words}")
    st.markdown(plain(f"P({result.label}) = {curves.probability[0, m, k]:.3f}"))
    return k


def probes(network: Network, pixels: np.ndarray, target: int) -> None:
    """Tiles that change places, and two masks, where the reader asks for them."""
    title = network.card.title
    with st.container(horizontal=True):
        tiles = bound(st.toggle, "Scramble its tiles", key=f"{KEY}-tiles")
        two = bound(st.toggle, "Mask two squares", key=f"{KEY}-two")
    if tiles:
        found = waiting.ask(patch_any.scramble, network, pixels, target, what="Shuffling tiles", at=f"{KEY} tiles")
        if found is not None:
            scrambled(found, title)
    if two:
        pairs = waiting.ask(
            patch_any.interaction, network, pixels, target, what="Masking pairs of squares", at=f"{KEY} two"
        )
        if pairs is not None:
            interacting(pairs, title)


def scrambled(result: scramble.Result, title: str) -> None:
    finding = scramble.finding(result, [title], result.tiles[-1])
    st.markdown(f"**{plain(finding)}**")
    charts.show(probe_figures.scramble_curves(result, [title]), f"{KEY}-scramble")
    shuffles = result.probability.shape[2]
    note(f"Mean and range of {shuffles} shuffles, seeds {result.seed} to {result.seed + shuffles - 1}.")


def interacting(result: interaction.Result, title: str) -> None:
    finding = interaction.finding(result, [title])
    st.markdown(f"**{plain(finding)}**")
    charts.show(probe_figures.interaction_scatter(result, [title]), f"{KEY}-interaction")
    note(
        f"Change of the logit of {result.labels[result.target]} when squares of {result.side} px take the mean colour. "
        f"n = {len(result.pairs):,} pairs of a grid's cells, seed {result.seed}, float32."
    )
