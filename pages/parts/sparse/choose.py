"""The sparse codes page's controls: how much noise, which lambda, how many steps, and at what resolution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core import networks
from core.base.prose import section
from core.networks import families, packaged
from core.networks.card import Card, Network
from core.pictures import noise
from core.studies.sparse.codes import LAMBDA_LIMITS, LAMBDA_STEP, SOLVER_NAMES, TWIN_OF, Params, Resolution, has_codes
from pages.parts.common import own_network
from pages.parts.common.address import bound
from pages.parts.common.at_hand import from_scratch, own_networks
from pages.parts.common.tray import Picture
from pages.parts.common.words import plain


@dataclass(frozen=True, eq=False)
class Scene:
    """What the reader looks at: `noisy` float32 (H, W, 3) in [0, 1] is what `network` codes with `params`; `twin` is
    the network with a plain first layer, None where there is none."""

    network: Network
    twin: Network | None
    picture: Picture
    noisy: np.ndarray
    params: Params


NOISE, LAMBDA, STEPS, AT, NETWORK = "sparse-noise", "sparse-lambda", "sparse-steps", "sparse-at", "sparse-network"
ANY = "sparse-any-network"  # the chooser of pages/parts/sparse/any.py
LARGEST_SEED = 9999
STEPS_OFFERED = (1, 2, 3, 5, 8, 10, 15, 20, 30, 50)


@dataclass(frozen=True)
class Choice:
    """What the reader asks for: the SDNet, its twin where there is one, and the settings."""

    card: Card
    twin: Card | None
    params: Params

    @property
    def cards(self) -> tuple[Card, ...]:
        return (self.card,) if self.twin is None else (self.card, self.twin)


def controls() -> Choice:
    """The five controls above the figure; the rest under More."""
    offered = networks_offered()
    row = st.columns([1.5, 1.8, 2.2, 1.8, 1.7, 1.2], vertical_alignment="bottom")
    kinds = ["none", *noise.KINDS]
    kind = bound(
        row[0].selectbox, "Noise", kinds, kinds.index(Params.noise), key=NOISE, help=section("sparse_codes", "noise")
    )
    level = level_of(kind, row[1])
    lam = bound(
        row[2].slider, "Lambda λ", *LAMBDA_LIMITS, Params.lam, LAMBDA_STEP, key=LAMBDA,
        help=section("sparse_codes", "lambda"),
    )  # fmt: skip
    steps = bound(
        row[3].select_slider, "FISTA steps", STEPS_OFFERED, Params.steps, key=STEPS,
        help=section("sparse_codes", "steps"),
    )  # fmt: skip
    with row[5].popover("More", width="stretch", help="Solver, seed, another SDNet, your own weights"):
        name = bound(st.selectbox, "SDNet", list(offered), key=NETWORK)
        solver = bound(st.selectbox, "Solver", list(SOLVER_NAMES), key="sparse-solver")
        st.caption("Textbook FISTA and the paper's form are the same for two steps; ISTA has no momentum.")
        seed = bound(st.number_input, "Seed of the noise", 0, LARGEST_SEED, key="sparse-seed")
        own_network.show("sparse", remember)
    size = f"{offered[name].size} px"
    resolutions: dict[str, Resolution] = {size: "network", "own": "own"}
    at = bound(
        row[4].segmented_control, "Picture at", list(resolutions), format_func=plain, default=size,
        required=True, key=AT, help=section("sparse_codes", "picture at", size=plain(size)),
    )  # fmt: skip
    params = Params(kind, level, float(lam), int(steps), solver, int(seed), resolutions[at])
    return Choice(offered[name], packaged.cards().get(TWIN_OF.get(name, "")), params)


def level_of(kind: str, place: st.delta_generator.DeltaGenerator) -> float:
    if kind == "none":
        place.caption("No noise is added.")
        return 0.0
    about = noise.KINDS[kind]
    levels = list(about.levels)
    start = Params.level if kind == Params.noise else levels[len(levels) // 2]
    label = f"Level {about.symbol}{f', {about.unit}' if about.unit else ''}"
    key = f"sparse-level-{kind}"
    return float(
        bound(place.select_slider, plain(label), levels, start, format_func=plain, key=key, help=plain(about.meaning))
    )


def networks_offered() -> dict[str, Card]:
    """SDNets by name: packaged, the reader's own, and an untrained one to compare with."""
    names = (families.DEFAULT_SDNETS[0], *families.SDNETS)
    found = {name: packaged.cards()[name] for name in names if name in packaged.cards()}
    found |= {n.card.name: n.card for n in own_networks().values() if has_codes(n.card)}
    untrained = f"untrained:{families.SDNETS[0]}"
    return found | {untrained: networks.find(untrained)}


def remember(network: Network) -> None:
    """Choose an SDNet that was just opened; another network is asked further down the page."""
    st.session_state[NETWORK if has_codes(network.card) else ANY] = network.card.name


def scratch(card: Card) -> None:
    """One click from the ImageNet network to the SDNet that this project trained from scratch on CIFAR-10."""
    if card.family == "imagenet" and families.SDNETS[0] in packaged.cards():
        about = "SDNet-18 and its twin, taught with CIFAR-10 at 32 px and no other network's help."
        from_scratch(NETWORK, families.SDNETS[0], about)
