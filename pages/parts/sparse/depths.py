"""What each depth of the network with every layer coded keeps of the picture. Folded away."""

from __future__ import annotations

import streamlit as st

from core.networks import families, packaged
from core.studies.sparse import depths, depths_figures
from core.studies.sparse.depths import Result
from pages.parts.common import at_hand, charts, waiting
from pages.parts.common.address import folded
from pages.parts.common.words import note, plain
from pages.parts.sparse.choose import Scene

MISSING = "The network with every layer coded is not on this machine: train it with `receptive train {}`."


@folded("What does each depth keep?", "sparse depths")
def show(scene: Scene) -> None:
    if families.ALL_CODED not in packaged.cards():
        st.markdown(MISSING.format(families.ALL_CODED))
        return
    network = at_hand.one(packaged.cards()[families.ALL_CODED])
    if network is None:
        return
    small = depths.shrunk(scene.noisy)
    what = "Leading every depth back to pixels"
    result = waiting.ask(depths.run, network, small, scene.lam, what=what, at="sparse depths")
    if result is not None:
        answer(result, network.card.title, network.card.provenance)


def answer(result: Result, title: str, provenance: str) -> None:
    finding = depths.finding(result)
    st.markdown(f"**{plain(finding)}**")
    charts.show(
        depths_figures.pictures(result, dark=charts.dark()),
        "sparse-depths",
        f"The picture that each depth stands for. {finding}",
        depths_figures.depth_table(result),
    )
    note(
        f"{title}: {provenance}. Each picture is led back from the maps of that depth through the dictionaries below "
        "it, codes z to D∗z, and the inverse of every batch norm; at a block the sum of main path and shortcut is "
        "split in proportion to their batch norms' variances, what each leads back to is added, and the ReLU after the "
        "sum is taken for the identity. A shortcut's own 1×1 convolution is not coded: its pseudo-inverse leads back "
        "to the pixels that it sees, every second one, which leaves a lattice. All are shown at the contrast of the "
        "coded picture; r: Pearson's correlation with it. A large photograph is first shrunk by the means of blocks."
    )
    charts.show(
        depths_figures.curves(result, dark=charts.dark()),
        "sparse-depth-layers",
        "Relative residual and share of non-zero codes of every coded layer, from the picture to the answer",
        depths_figures.table(result),
    )
    st.caption(
        f"Each layer against its own input, from the picture to the answer. λ = {result.lam:g} is the first layer's, "
        "the others keep the one they were trained with."
    )
