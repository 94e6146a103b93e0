"""A toy to drag: a signal that moves by parts of a sample, and what is kept of it with and without a blur."""

from __future__ import annotations

import streamlit as st

from core.base.prose import section
from core.figures.palette import network_colours
from core.studies.shift import inside, inside_figures
from pages.parts.common import charts, player

HTML = """
<div class="toy">
  <div class="play"></div>
  <h5 class="signal"></h5><canvas class="samples"></canvas><span></span>
  <h5 class="plain"></h5><canvas class="kept-plain"></canvas><canvas class="mean-plain"></canvas>
  <h5 class="smooth"></h5><canvas class="kept-smooth"></canvas><canvas class="mean-smooth"></canvas>
</div>
"""
DIGITS = 4
_toy = player.component("shift_toy", __file__, HTML)


def show() -> None:
    """The signal, its blur, and the moving picture of both."""
    told: dict[str, str] = {
        "square wave": section("shift_sweep", "square wave"),
        "single step": section("shift_sweep", "single step"),
        "sine with noise": section("shift_sweep", "sine with noise"),
    }
    left, right = st.columns(2)
    signal = left.selectbox(
        section("shift_sweep", "toy signal"),
        list(inside.TOY_SIGNALS),
        format_func=lambda name: told[name],
        key="shift-toy",
        persist_state="session",
    )
    size = right.slider(section("shift_sweep", "toy blur"), 1, 7, 3, key="shift-taps", persist_state="session")
    swept = inside.toy_sweep(signal, size)
    means = {"plain": swept.plain.mean(1), "smooth": swept.smooth.mean(1)}
    grey, blue = network_colours([None, size])
    data = {
        "shifts": swept.shift.tolist(),
        "signal": swept.signal.round(DIGITS).tolist(),
        "plain": {"colour": grey, "kept": swept.plain.round(DIGITS).tolist(), "means": means["plain"].tolist()},
        "smooth": {"colour": blue, "kept": swept.smooth.round(DIGITS).tolist(), "means": means["smooth"].tolist()},
        "words": {
            "player": player.words(section("shift_sweep", "toy shift")),
            "at": section("shift_sweep", "toy at", shift="{shift}"),
            "mean": section("shift_sweep", "toy mean", mean="{mean}"),
            "signal": section("shift_sweep", "toy samples"),
            "plain": section("shift_sweep", "toy plain"),
            "smooth": section("shift_sweep", "toy smooth"),
        },
    }
    _toy(key="shift-toy-moving", data=data)
    st.caption(
        section("shift_sweep", "toy swing", plain=inside.swing(means["plain"]), smooth=inside.swing(means["smooth"]))
    )
    charts.folded_table("shift-toy", lambda: inside_figures.table(swept), section("shift_sweep", "toy"))
