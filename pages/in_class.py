"""For a class: the tour, how to show the pages large, and ten questions with their answers."""

from __future__ import annotations

import streamlit as st

from core.base.prose import language, section, sections
from pages.parts.common import strip, tour, tray
from pages.parts.common.exercises import EXERCISES, Exercise
from pages.parts.common.words import escaped, plain

THUMBNAIL = 88  # px


def opens_with(exercise: Exercise) -> None:
    """The picture that the question's page shows first."""
    if not exercise.picture:
        return
    picture = tray.pick(exercise.picture, {})
    alt = section("class", "opens with", title=picture.title)
    source = strip.source(picture.image.digest, picture.image)
    st.html(f'<img src="{escaped(source)}" alt="{escaped(alt)}" width="{THUMBNAIL:d}">')


st.title(section("class", "title"))
st.markdown(section("class", "welcome"))
tour.start()
st.header(section("class", "questions"), anchor="questions")
st.caption(section("class", "how"))
for number, exercise in enumerate(EXERCISES, 1):
    question, answer = sections("class", language())[f"question {number}"].split("\n\n", 1)
    with st.container(border=True):
        shown, asked = st.columns([1, 7])
        with shown:
            opens_with(exercise)
        with asked:
            st.caption(section("class", "effort", minutes=exercise.minutes, age=exercise.age))
            st.markdown(f"**{number:d}.** {plain(question)}")
            st.page_link(
                f"pages/{exercise.page}.py",
                label=section("class", "open"),
                icon=":material/open_in_new:",
                query_params=exercise.address,
            )
            with st.expander(section("class", "answer")):
                st.markdown(plain(answer))
