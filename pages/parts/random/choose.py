"""The random features page's controls: how many features, of which shape, from which seed."""

from __future__ import annotations

import streamlit as st

from core.networks import families, lite, packaged
from core.networks.card import Card
from core.studies.random.features import CLASSIFIERS, KERNELS, Params
from pages.parts.common.address import bound
from pages.parts.common.at_hand import any_card
from pages.parts.random.data import Data

FEATURES = (250, 500, 1000, 2000, 4000, 8000)
DEPTHS = (0, 1, 2, 3, 4)
LARGEST_SEED = 9999
SHAPES = {"digits": (3, 1), "own": (3, 2)}  # kernel and depth to begin with; the paper's for CIFAR-10 and MNIST:
USUAL_SHAPE = (5, 1)
PHOTOGRAPHS = "tiny-imagenet-20"  # whose network is asked about the reader's own pictures
NAMES = {words: name for name, words in CLASSIFIERS.items()}


def controls(data: Data) -> Params:
    """Sliders in one row; their first values are the data set's, so each set keeps its own."""
    kernel, depth = SHAPES.get(data.name, USUAL_SHAPE)
    key = f"random-{data.name}"
    row = st.columns([2.2, 1.8, 1.8, 1.2, 1.8], vertical_alignment="bottom")
    features = bound(
        row[0].select_slider, "Features k", FEATURES, Params.features, key=f"{key}-features",
        help="How many random features describe a picture. The paper takes 100,000.",
    )  # fmt: skip
    depth = bound(
        row[1].select_slider, "Depth", DEPTHS, depth, key=f"{key}-depth",
        help="Blocks after the first convolution: pool, convolve, sign, convolve, sign.",
    )  # fmt: skip
    kernel = bound(
        row[2].select_slider, "Kernel, px", KERNELS, kernel, key=f"{key}-kernel", help="Side of every filter."
    )
    seed = bound(row[3].number_input, "Seed", 0, LARGEST_SEED, key=f"{key}-seed")
    classifier = bound(
        row[4].selectbox, "Told apart by", list(NAMES), key=f"{key}-classifier",
        help="For the accuracy below: the only part that learns.",
    )  # fmt: skip
    return Params(int(features), int(depth), int(kernel), int(seed), NAMES[classifier])


def beside(data: Data) -> tuple[Card, Card]:
    """The network whose features are compared with random ones on this data set, and the one asked about photographs:
    any network; at first the packaged ones that learned such pictures."""
    ceiling = families.CEILINGS[data.name if data.name in families.CEILINGS else PHOTOGRAPHS]
    with st.popover("Networks beside them", icon=":material/hub:", help="Any network's features, on the same pictures"):
        mapped = any_card("On the maps", "random-network", ceiling)
        first = lite.NAME if lite.NAME in packaged.cards() else families.CEILINGS[PHOTOGRAPHS]
        asked = any_card("Asked about photographs", "random-photo-network", first)
        st.caption("What stands before a network's last layer is taken as its features.")
    return mapped, asked
