"""Take it with you: permalink, CSV, Python snippet and terminal command of what is on screen."""

from __future__ import annotations

import csv
import io

import streamlit as st

from core.studies import shift_figures, shift_sweep
from core.studies.shift_sweep import Params, Result
from pages.parts import frame
from pages.parts.tray import Picture

CAMERA = "Each figure's camera button (top right of the figure) saves it as a PNG."


def show(result: Result, params: Params, picture: Picture) -> None:
    st.header("Take it with you", anchor="take-away")
    source = f"sample:{picture.sample}" if picture.sample else picture.title
    left, right = st.columns(2, gap="large")
    with left:
        but = "" if picture.sample else " but your picture"
        st.markdown(f"**Permalink**: this address holds every setting{but}.")
        st.code(frame.permalink("shift_sweep"), language=None, wrap_lines=True)
        st.download_button(
            "Download the numbers (CSV)",
            to_csv(result),
            "shift-sweep.csv",
            "text/csv",
            icon=":material/download:",
            key="shift csv",
        )
        st.caption(CAMERA)
    with right:
        st.markdown("**From the terminal**")
        st.code(shift_sweep.command(result, params, source), language="bash", wrap_lines=True)
        st.markdown("**In Python**")
        st.code(shift_sweep.snippet(result, params, source), language="python", wrap_lines=True)


def to_csv(result: Result) -> bytes:
    columns = shift_figures.sweep_table(result)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue().encode()
