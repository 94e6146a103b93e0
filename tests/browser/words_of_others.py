"""The words of others in all that shows Markdown: the script of a small app, for test_words_in_chromium.py."""

import json
import os
from contextlib import contextmanager

import plotly.graph_objects as go
import streamlit as st

from core.figures.palette import verbatim
from pages.parts.common.words import code, link, plain

PIXEL = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="
words = json.loads(os.environ["WORDS"])
thorough = int(os.environ["THOROUGH"])  # so many of them in every widget, the others in texts alone


@contextmanager
def shown(kind):
    with st.container(key=f"word-{i}-{kind}"):
        yield


for i, word in enumerate(words):
    said = plain(word)
    for kind, text in {
        "text": said, "bold": f"**{said}**", "heading": f"#### {said}", "list": f"- {said}",
        "twice": f"P({said}) = 0.5, says {said}", "small": f":small[{said}]", "icon": f":material/home: {said}",
        "badge": f":blue-badge[:material/home: {said}]", "link": link(word, "#there"), "code": code(word),
    }.items():  # fmt: skip
        with shown(kind):
            st.markdown(text)
    with shown("caption"):
        st.caption(said)
    with shown("error"):
        st.error(said)
    with shown("button"):
        st.button(said, key=f"b{i}")
    if i >= thorough:
        continue
    with shown("subheader"):
        st.subheader(said)
    with shown("metric"):
        st.metric(said, said, said)
    with shown("progress"):
        st.progress(0.5, said)
    with shown("toggle"):
        st.toggle(said, key=f"t{i}", help=said)
    with shown("choice"):
        st.segmented_control(said, [word, "other"], format_func=plain, key=f"s{i}")
    with shown("selectbox"):  # whose options are no Markdown
        st.selectbox(said, [word, "other"], key=f"o{i}")
    with shown("multiselect"):
        st.multiselect(said, [word, "other"], default=[word], key=f"m{i}")
    with shown("number"):
        st.number_input(said, 0, 9, key=f"n{i}", help=said)
    with shown("slider"):
        st.select_slider(said, [word, "other"], format_func=plain, key=f"e{i}")
    with shown("picture"):
        st.image(PIXEL, caption=said)
    with shown("expander"), st.expander(said):
        st.write("inside")
    with st.container(key=f"figure-{i}"):
        drawn = go.Figure(go.Bar(y=[verbatim(word)], x=[1], orientation="h", name=verbatim(word), showlegend=True))
        drawn.update_layout(title=verbatim(word), height=300)
        drawn.update_xaxes(title=verbatim(word))
        drawn.add_annotation(text=f"<b>{verbatim(word)}</b>", x=0.5, y=0)
        st.plotly_chart(drawn, theme=None, key=f"c{i}")
    st.dataframe({"words": [word]}, hide_index=True, alt="table")
st.text("the end")
