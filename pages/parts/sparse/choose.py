"""The sparse codes page's controls: which noise and how much of it; under More the network and how it codes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core import networks
from core.base.prose import section
from core.networks import families, packaged
from core.networks.card import Card, Network
from core.pictures import noise
from core.studies.sparse.codes import (
    LAMBDA_LIMITS,
    LAMBDA_STEP,
    SOLVER_NAMES,
    TWIN_OF,
    Params,
    Resolution,
    has_codes,
)
from pages.parts.common import own_network
from pages.parts.common.address import bound
from pages.parts.common.at_hand import from_scratch, own_networks
from pages.parts.common.tray import Picture
from pages.parts.common.words import plain
from pages.parts.sparse import begin
from pages.parts.sparse.begin import LAMBDA, LEVEL, NETWORK, NOISE, SEED


@dataclass(frozen=True, eq=False)
class Scene:
    """What the reader looks at: `noisy` float32 (H, W, 3) in [0, 1] is what `network` codes with `params`; `twin` is
    the network with a plain first layer, None where there is none."""

    network: Network
    twin: Network | None
    picture: Picture
    noisy: np.ndarray
    params: Params


STEPS, AT = "sparse-steps", "sparse-at"
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


def controls(picture: Picture) -> Choice:
    """How noisy the picture is, beside the hero's lambda; the rest under More."""
    offered = networks_offered()
    begin.settings(picture, offered)
    row = st.columns([1.3, 2.2, 1], vertical_alignment="bottom")
    kinds = [noise.NONE, *noise.KINDS]
    kind = bound(
        row[0].selectbox, section("sparse_codes", "noise name"), kinds, None, format_func=plain, key=NOISE,
        help=section("sparse_codes", "noise"), on_change=begin.noise_is_mine,
    )  # fmt: skip
    kind = kind or noise.NONE
    level = level_of(kind, row[1])
    with row[2].popover(section("common", "more"), width="stretch"):
        lam = bound(
            st.number_input, section("sparse_codes", "lambda name"), *LAMBDA_LIMITS, Params.lam, LAMBDA_STEP,
            key=LAMBDA, help=section("sparse_codes", "lambda"), on_change=begin.lambda_is_mine,
        )  # fmt: skip
        name = bound(
            st.selectbox, section("sparse_codes", "network name"), list(offered), key=NETWORK,
            help=section("sparse_codes", "network"),
        )  # fmt: skip
        st.caption(plain(offered[name].title))
        steps = bound(
            st.select_slider, section("sparse_codes", "steps name"), STEPS_OFFERED, Params.steps, key=STEPS,
            help=section("sparse_codes", "steps"),
        )  # fmt: skip
        solver = bound(
            st.selectbox, section("sparse_codes", "solver name"), list(SOLVER_NAMES), key="sparse-solver",
            help=section("sparse_codes", "solver"),
        )  # fmt: skip
        seed = bound(
            st.number_input, section("sparse_codes", "seed name"), 0, LARGEST_SEED, key=SEED,
            help=section("sparse_codes", "seed"), on_change=begin.noise_is_mine,
        )  # fmt: skip
        size = f"{offered[name].size} px"
        resolutions: dict[str, Resolution] = {size: "network", "own": "own"}
        at = bound(
            st.segmented_control, section("sparse_codes", "picture at name"), list(resolutions), format_func=plain,
            default=size, required=True, key=AT, help=section("sparse_codes", "picture at", size=plain(size)),
        )  # fmt: skip
        own_network.show("sparse", remember)
    params = Params(kind, level, float(lam), int(steps), solver, int(seed), resolutions[at])
    return Choice(offered[name], packaged.cards().get(TWIN_OF.get(name, "")), params)


def level_of(kind: str, place: st.delta_generator.DeltaGenerator) -> float:
    if kind == noise.NONE:
        place.caption(section("sparse_codes", "no noise added"))
        return 0.0
    about = noise.KINDS[kind]
    levels = list(about.levels)
    start = Params.level if kind == Params.noise else levels[len(levels) // 2]
    unit = f"{about.symbol}{f', {about.unit}' if about.unit else ''}"
    return float(
        bound(
            place.select_slider, section("sparse_codes", "level name", unit=plain(unit)), levels, start,
            format_func=plain, key=LEVEL.format(kind), help=plain(about.meaning), on_change=begin.noise_is_mine,
        )
    )  # fmt: skip


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
        from_scratch(NETWORK, families.SDNETS[0], section("sparse_codes", "from scratch"))
