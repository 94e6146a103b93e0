"""Which pixels matter? Mask the cells that a map calls most supportive, and watch the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st

from core.base.prose import listed, section
from core.cache import Call
from core.compute import placing
from core.compute.attributions import CAPTUM, EVIDENCE, GRAD_CAM, RANDOM
from core.networks.card import Network
from core.studies.patch import masking, masking_figures
from core.studies.patch.masking import MODES, Mode, Params, Result
from pages.parts.common import charts, waiting
from pages.parts.common.address import bound, folded
from pages.parts.common.words import Markdown, plain
from pages.parts.patch.choose import Scene

BAGNET, MODE, METHODS, K = "patch-masking-q", "patch-masking-mode", "patch-masking-methods", "patch-masking-k"
FIRST_K = 10
SHOWN = 300  # px, about the longer side at which a small picture is shown


def show(scene: Scene) -> None:
    """Asks the networks when opened."""
    folded(section("patch_evidence", "masking heading"), "patch masking")(opened)(scene)


def opened(scene: Scene) -> None:
    bagnet, params = controls(scene)
    networks = [bagnet, *([scene.baseline] if scene.baseline else [])]
    if scene.baseline is None:
        st.markdown(section("patch_evidence", "alone"))
    result = answer(networks, scene.pixels, scene.target, params, "patch masking")
    if result is not None and EVIDENCE in result.methods:
        look(result, networks, scene.pixels)
        placed(result, networks, scene.pixels, "patch masking")


def controls(scene: Scene) -> tuple[Network, Params]:
    """Whose evidence, masked or shown, and which of Captum's methods are drawn beside it."""
    by_patch = {str(n.card.patch): n for n in scene.bagnets}
    left, middle, right = st.columns([1, 1, 3], vertical_alignment="bottom")
    mode = order(left, MODE)
    patch = bound(
        middle.segmented_control,
        section("patch_evidence", "masking patch"),
        list(by_patch),
        format_func=plain,
        default=list(by_patch)[-1],
        required=True,
        key=BAGNET,
    )
    methods = bound(
        right.multiselect,
        section("patch_evidence", "masking methods"),
        CAPTUM,
        default=CAPTUM,
        key=METHODS,
        help=section("patch_evidence", "masking methods help"),
    )
    return by_patch[patch], Params(methods=(EVIDENCE, *(m for m in CAPTUM if m in methods), RANDOM), mode=mode)


def order(place: st.delta_generator.DeltaGenerator, key: str) -> Mode:
    """Whether cells are masked or shown."""
    return bound(
        place.segmented_control,
        section("patch_evidence", "masking order"),
        MODES,
        default="deletion",
        required=True,
        key=key,
        help=section("patch_evidence", "masking order help"),
    )


def answer(networks: Sequence[Network], pixels: np.ndarray, target: int, params: Params, at: str) -> Result | None:
    """The curves of every method that is done; None before the first.

    A trace holds the attributions and both modes, so nothing is computed again when the mode or k moves.
    """
    common = replace(params, methods=Params.methods, mode=Params.mode)
    if networks[0].card.patch:  # known at once; of any other network alone, each trace finds it out
        common = masking.where_seen(common, networks[0], pixels)
    calls = [
        # only the evidence is the BagNet's: other methods' traces are remembered whichever stands beside
        Call(masking.trace, n, networks[0] if method == EVIDENCE else n, pixels, target, method, common)
        for method in params.methods
        for n in networks
    ]
    found = waiting.ask_all(calls, section("patch_evidence", "masking asked", count=len(params.methods)), at)
    by_method = [found[i : i + len(networks)] for i in range(0, len(found), len(networks))]
    done = {m: row for m, row in zip(params.methods, by_method, strict=True) if None not in row}
    traces = [[row[i] for row in done.values()] for i in range(len(networks))]
    return masking.assemble(networks, traces, target, replace(params, methods=tuple(done))) if done else None


def look(result: Result, networks: list[Network], pixels: np.ndarray) -> None:
    titles = [n.card.title for n in networks]
    finding = masking.finding(result, titles)
    st.markdown(f"**{plain(finding)}**")
    left, right = st.columns([1, 2], gap="large")
    with left:
        k = masked(result, networks, pixels)
    with right:
        charts.show(masking_figures.curves(result, titles, k=k).telling(finding), "patch-masking")
    areas = section("patch_evidence", "masking areas")
    st.markdown(areas)
    charts.numbers_table(masking_figures.auc_table(result, titles), alt=areas)
    charts.show(masking_figures.strip(result, titles), "patch-masking-maps")
    st.caption(
        section(
            "patch_evidence", "masking", count=result.order.shape[2], cell=result.cell, cells=result.cells,
            done=plain(said(result)), draws=result.draws, first=result.seed, last=result.seed + result.draws - 1,
        )
    )  # fmt: skip


def placed(result: Result, networks: Sequence[Network], pixels: np.ndarray, at: str) -> None:
    """Where each network's cells of Grad-CAM lie, and that what it does not see has no cell to be masked."""
    height, width = pixels.shape[:2]
    if GRAD_CAM in result.methods:
        calls = [Call(placing.of, network, height, width) for network in networks]
        found = waiting.ask_all(calls, section("patch_evidence", "placing"), f"{at} places")
        each = [cells(n, places) for n, places in zip(networks, found, strict=True) if places is not None]
        if each:
            st.caption(section("patch_evidence", "placed", height=height, each=Markdown(listed(each))))
    left = int(masking.grid(height, width, result.cell)[-1, -1]) + 1 - result.order.shape[2]
    if left:
        st.caption(section("patch_evidence", "no cell", left=left, title=plain(networks[0].card.title)))


def cells(network: Network, places: placing.Places) -> Markdown:
    """How many cells a network's last map has, and which rows their middles lie in."""
    down, across = places.count
    return Markdown(
        section(
            "patch_evidence", "placed one", title=plain(network.card.title), down=down, across=across,
            first=float(places.y[0]), last=float(places.y[-1]), jump=float(places.jump[0]),
        )
    )  # fmt: skip


def said(result: Result) -> str:
    if result.mode == "deletion":
        return section("patch_evidence", "masked")
    return section("patch_evidence", "shown")


def masked(result: Result, networks: list[Network], pixels: np.ndarray) -> int:
    """The picture at a k of the reader's, in the evidence's order, with what each network says to it."""
    evidence = result.methods.index(EVIDENCE)
    k = picture(result, networks[0], pixels, evidence, section("patch_evidence", "masking by evidence"), K)
    for network, p in zip(networks, result.probability[:, evidence, k], strict=True):
        st.markdown(f"**{plain(network.card.title)}**: P({plain(result.labels[result.target])}) = {p:.3f}")
    return k


def picture(result: Result, network: Network, pixels: np.ndarray, m: int, ranker: str, key: str) -> int:
    """What the first network sees at a k of the reader's, in the order of method `m`, which is called `ranker`."""
    if st.session_state.get(key, 0) > result.cells:  # of a larger picture
        st.session_state[key] = result.cells
    k = int(
        bound(
            st.slider, section("patch_evidence", "masking cells"), 0, result.cells, min(FIRST_K, result.cells), key=key
        )
    )
    view = masking.shown(network, pixels, result.order[0, m], k, result.cell, result.mode)
    factor = max(1, SHOWN // max(view.shape[:2]))
    words = section("patch_evidence", "masking picture", k=k, ranker=ranker, done=said(result))
    charts.enlarged(view, factor, caption=words, alt=words)
    return k
