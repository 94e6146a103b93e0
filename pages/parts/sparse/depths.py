"""What each depth of the network with every layer coded keeps of the picture. Folded away."""

from __future__ import annotations

import streamlit as st

from core.base.prose import section
from core.networks import families, packaged
from core.studies.sparse import depths, depths_figures
from core.studies.sparse.depths import Result
from pages.parts.common import at_hand, charts, waiting
from pages.parts.common.address import folded
from pages.parts.common.words import plain
from pages.parts.sparse.choose import Scene

MISSING = "The network with every layer coded is not on this machine: train it with `receptive train {}`."


def show(scene: Scene) -> None:
    folded(section("sparse_codes", "depths name"), "sparse depths")(opened)(scene)


def opened(scene: Scene) -> None:
    if families.ALL_CODED not in packaged.cards():
        st.markdown(MISSING.format(families.ALL_CODED))
        return
    network = at_hand.one(packaged.cards()[families.ALL_CODED])
    if network is None:
        return
    small = depths.shrunk(scene.noisy)
    what = section("sparse_codes", "depths waiting")
    result = waiting.ask(depths.run, network, small, scene.params.lam, what=what, at="sparse depths")
    if result is not None:
        answer(result, network.card.title, network.card.provenance)


def answer(result: Result, title: str, provenance: str) -> None:
    finding = depths.finding(result)
    st.markdown(f"**{plain(finding)}**")
    charts.show(depths_figures.pictures(result), "sparse-depths")
    st.caption(section("sparse_codes", "depths", title=plain(title), provenance=plain(provenance)))
    charts.show(depths_figures.curves(result), "sparse-depth-layers")
    st.caption(section("sparse_codes", "depth layers", lam=plain(f"{result.lam:g}")))
