"""Shift sweep: the face of its room."""

from __future__ import annotations

from collections.abc import Sequence

from core.base.heavy import go
from core.networks import families
from core.networks.card import Card
from core.studies.shift.figures import maps
from core.studies.shift.sweep import Result
from core.studies.study import Study, Use

CHOOSERS = (("shift-networks-{family}", "{name}"), ("shift-family", "{title}"))


def not_followed(card: Card) -> str:
    """Layer by layer: only where torch.fx can follow the network."""
    if card.patch:
        return "a BagNet pads nowhere, so its maps shrink and a shift that wraps round is not defined on them"
    if "random_svm" in card.arch:
        return "its layers give signs, and their number follows the picture's size"
    return ""


def slow(card: Card) -> str:
    """What is said of the network that asks about every patch of a picture."""
    return "576 patches at every shift take minutes: choose a small R" if card.arch == "lite0_local" else ""


STUDY = Study(
    slug="shift_sweep",
    paper="R. Zhang, Making Convolutional Networks Shift-Invariant Again, ICML 2019",
    link="https://arxiv.org/abs/1904.11486",
    icon=":material/open_with:",
    room="shift",
    networks=families.DEFAULT_NETWORKS,
    uses=(Use("every shift", CHOOSERS, note=slow), Use("inside the layers", CHOOSERS, not_followed, looks_inside=True)),
)


def figure(result: Result, titles: Sequence[str] | None = None) -> go.Figure:
    """The hero figure: one dy x dx map of the class's probability a network, one scale."""
    return maps(result, titles or result.models).figure
