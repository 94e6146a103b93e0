"""What this is, what each study asks, and the first finding at a glance."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.base.prose import section
from core.networks import card as networks_card
from core.overview import board
from core.pictures.samples import DEFAULT_SAMPLE, load_sample
from core.studies import STUDIES
from core.studies.study import Study
from pages.parts.common import at_hand, charts, frame, tray
from pages.parts.common.words import link, note, plain
from pages.parts.home import report, scoreboard

st.title("Five ways to watch a network see")
st.markdown(section("home", "welcome"))

scoreboard.glance(board.board())

sample = load_sample(DEFAULT_SAMPLE)


def glance(study: Study) -> None:
    """The finding and the figure of what comes along, or what to do to have them."""
    cards = at_hand.intact(study.networks)
    found = study.glance(cards, sample)
    if found is None:
        here = {card.name for card in cards}
        lost = ", ".join(networks_card.title_of(name) for name in study.networks if name not in here)
        what = f"{lost}, which cannot be read here" if lost else "files that are others now, or is damaged"
        note(f"The picture of this study that comes along was made from {what}: open the study to have it computed.")
    elif not found.plots:
        note(found.finding)
    else:
        st.markdown(plain(found.finding))
        for i, (column, plot) in enumerate(zip(st.columns(len(found.plots)), found.plots, strict=True)):
            with column:
                charts.show(replace(plot, table=None), f"home-{study.slug}-{i}")


for study in STUDIES:
    with st.container(border=True):
        st.subheader(plain(study.question))
        st.caption(link(study.paper, study.link))
        with frame.going_on():
            glance(study)
        st.page_link(f"pages/{study.slug}.py", label=plain(f"Open {study.title}"), icon=study.icon)

scoreboard.show()
report.show(tray.chosen())
