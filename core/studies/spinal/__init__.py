"""Spinal heads: the face of its room."""

from __future__ import annotations

from core.base.heavy import go
from core.networks import families
from core.networks.card import Card
from core.studies.spinal import figures
from core.studies.spinal.heads import Result
from core.studies.study import Study, Use


def no_spinal_layers(card: Card) -> str:
    return "" if "spinal" in card.arch else "only a spinal head adds up its answer layer by layer"


def by_hand(card: Card) -> str:
    packaged = card.name == families.HEADED["spinal"]
    return "" if packaged else "in Python: core.studies.spinal.answers.layers; the page draws the packaged one"


STUDY = Study(
    slug="spinal_heads",
    paper="H. M. D. Kabir et al., SpinalNet: Deep Neural Network with Gradual Input, 2020",
    link="https://arxiv.org/abs/2007.03347",
    icon=":material/account_tree:",
    room="spinal",
    networks=tuple(families.HEADED.values()),
    uses=(
        Use("heads on its features", (("spinal-any-network", "{name}"),), looks_inside=True),
        Use("what each layer adds", why_not=no_spinal_layers, note=by_hand, looks_inside=True),
    ),
)


def figure(result: Result) -> go.Figure:

    return figures.curves(result).figure
