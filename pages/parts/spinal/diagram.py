"""The head as it is wired, following the sliders, with live counters beside fully connected ones."""

from __future__ import annotations

from functools import lru_cache

import streamlit as st

from core import cache
from core.base.prose import section
from core.models.heads import BACKBONES, HEADS, SHORT, Head, Shape
from core.studies.spinal import diagram, heads
from pages.parts.common import charts
from pages.parts.common.words import plain

CONFIGURATIONS = 256  # of sliders that are remembered: a few numbers each

Sizes = dict[Head, tuple[int, int]]


def show(params: heads.Params, classes: int) -> None:
    backbone, shape = BACKBONES[params.backbone], params.shape
    cache.wait_until_warm()
    try:
        sizes = counted(params.backbone, shape, classes)
    except ValueError as error:
        st.error(plain(error))
        return
    counters(sizes)
    st.markdown(plain(diagram.finding(backbone.title, backbone.features, shape, sizes)))
    charts.show(diagram.figure(backbone.features, classes, shape, norm=backbone.norm), "spinal-diagram")
    st.caption(section("spinal_heads", "diagram"))


@lru_cache(CONFIGURATIONS)
def counted(backbone: str, shape: Shape, classes: int) -> Sizes:
    """(parameters, multiplications) of every head."""
    return {head: heads.counts(backbone, head, shape, classes) for head in HEADS}


def counters(sizes: Sizes) -> None:
    """A counter for each head: parameters, and below them multiplications with what they save against FC."""
    full = sizes["fc"][1]
    for column, (head, title) in zip(st.columns(len(HEADS)), HEADS.items(), strict=True):
        parameters, multiplications = sizes[head]
        change = diagram.saving(multiplications, full)
        shown = "" if head == "fc" else f", {change:+,.1f} %".replace("-", "−")
        short = SHORT[head]
        column.metric(
            section("spinal_heads", "head, parameters", head=plain(f"{short[0].upper()}{short[1:]}")),
            f"{parameters:,}",
            section("spinal_heads", "multiplications", count=multiplications, change=plain(shown)),
            delta_color="off",  # fewer is no better while the accuracy is not known
            delta_arrow="off" if change == 0 else "down" if change < 0 else "up",
            border=True,
            help=section("spinal_heads", "head help", title=plain(title)),
        )
