"""For a class: the tour, how to show the pages large, and ten questions with their answers."""

from __future__ import annotations

import streamlit as st

from core.base.prose import language, section, sections
from pages.parts.common import tour
from pages.parts.common.exercises import EXERCISES
from pages.parts.common.words import plain

st.title(section("class", "title"))
st.markdown(section("class", "welcome"))
tour.start()
st.header(section("class", "questions"), anchor="questions")
st.caption(section("class", "how"))
for number, exercise in enumerate(EXERCISES, 1):
    question, answer = sections("class", language())[f"question {number}"].split("\n\n", 1)
    with st.container(border=True):
        st.markdown(f"**{number:d}.** {plain(question)}")
        with st.container(horizontal=True):
            st.page_link(
                f"pages/{exercise.page}.py",
                label=section("class", "open"),
                icon=":material/open_in_new:",
                query_params=dict(exercise.settings),
            )
        with st.expander(section("class", "answer")):
            st.markdown(plain(answer))
