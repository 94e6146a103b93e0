"""Your picture, five ways: what a network takes it for, and a quick look of every study."""

from __future__ import annotations

import streamlit as st

from core.base.prose import section
from core.overview import board, board_figures
from pages.parts.common import tour, tray
from pages.parts.common.words import plain
from pages.parts.home import looks, report, samples

st.html(samples.STYLE)
picture = tray.chosen()
with st.container(horizontal=True, vertical_alignment="center", key="home-head"):
    st.title(section("home", "title"), width="stretch")
    with st.container(width="content", key="home-tour"):
        tour.start()
with st.container(key="rx-hero"), st.container(key="home-body"):
    looks.show(picture)
samples.show(picture)
with st.container(border=True):
    st.markdown(f"**{section('home', 'board')}**")
    st.markdown(plain(board_figures.finding(board.board())))
    st.page_link("pages/claims.py", label=section("home", "board link"), icon=":material/fact_check:")
report.show(picture)
