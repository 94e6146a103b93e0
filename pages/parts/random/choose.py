"""The random features page's controls: how many features, large; all else under "More"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from core.base.prose import section
from core.networks import families, lite, packaged
from core.networks.card import Card
from core.studies.random import maps as random_maps
from core.studies.random.features import CLASSIFIERS, KERNELS, Params
from pages.parts.common.address import bound
from pages.parts.common.at_hand import any_card
from pages.parts.random import maps
from pages.parts.random.data import Data

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

FEATURES = (250, 500, 1000, 2000, 4000, 8000)
DEPTHS = (0, 1, 2, 3, 4)
LARGEST_SEED = 9999
SHAPES = {"digits": (3, 1), "own": (3, 2)}  # kernel and depth to begin with; the paper's for CIFAR-10 and MNIST:
USUAL_SHAPE = (5, 1)
PHOTOGRAPHS = "tiny-imagenet-20"  # whose network is asked about the reader's own pictures
NAMES = {words: name for name, words in CLASSIFIERS.items()}


@dataclass(frozen=True)
class Controls:
    """The features, the network `mapped` beside them, the one `asked` about photographs, and the maps' settings."""

    params: Params
    mapped: Card
    asked: Card
    maps: random_maps.Params


def controls(data: Data, large: DeltaGenerator, more: DeltaGenerator) -> Controls:
    """How many features, in `large`, and all else in `more`; the first values are the data set's, so each keeps its
    own."""
    kernel, depth = SHAPES.get(data.name, USUAL_SHAPE)
    key = f"random-{data.name}"
    count = bound(
        large.select_slider, section("random_features", "features k"), FEATURES, Params.features,
        key=f"{key}-features", help=section("random_features", "features help"),
    )  # fmt: skip
    with more:
        depth = bound(
            st.select_slider, section("random_features", "depth"), DEPTHS, depth, key=f"{key}-depth",
            help=section("random_features", "depth help"),
        )  # fmt: skip
        kernel = bound(
            st.select_slider, section("random_features", "kernel"), KERNELS, kernel, key=f"{key}-kernel",
            help=section("random_features", "kernel help"),
        )  # fmt: skip
        seed = bound(st.number_input, section("random_features", "seed"), 0, LARGEST_SEED, key=f"{key}-seed")
        classifier = bound(
            st.selectbox, section("random_features", "classifier"), list(NAMES), key=f"{key}-classifier",
            help=section("random_features", "classifier help"),
        )  # fmt: skip
        mapped, asked = beside(data)
        drawn = maps.controls(random_maps.Params(data.title))
    return Controls(Params(int(count), int(depth), int(kernel), int(seed), NAMES[classifier]), mapped, asked, drawn)


def beside(data: Data) -> tuple[Card, Card]:
    """The network whose features are compared with random ones on this data set, and the one asked about photographs:
    any network; at first the packaged ones that learned such pictures."""
    ceiling = families.CEILINGS[data.name if data.name in families.CEILINGS else PHOTOGRAPHS]
    mapped = any_card(section("random_features", "network mapped"), "random-network", ceiling)
    first = lite.NAME if lite.NAME in packaged.cards() else families.CEILINGS[PHOTOGRAPHS]
    asked = any_card(section("random_features", "network asked"), "random-photo-network", first)
    st.caption(section("random_features", "networks beside"))
    return mapped, asked
