"""The anatomy that every study's page shares: verdict, answers with bars, and where to go next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.base.prose import language, section, sections
from core.studies import STUDIES
from core.studies.study import Study
from pages.parts.common import waiting
from pages.parts.common.tray import Picture
from pages.parts.common.words import Markdown, escaped, plain

NOTHING = Markdown("")
SURE = 0.5  # of the top answer's probability: below, the page says that the network does not know


@dataclass(frozen=True)
class Answers:
    """What one network answers: its `title`, its `colour` (#rrggbb), and (label, probability in 0..1) best first."""

    title: str
    colour: str
    best: Sequence[tuple[str, float]]


def verdict(said: Markdown, beyond: Markdown = NOTHING, doubt: Markdown = NOTHING) -> None:
    """What is true of this picture; muted, what is true over a data set; before both, that the network is unsure."""
    with st.container(key="rx-verdict"):
        if doubt:
            st.markdown(f":material/help: {doubt}")
        st.markdown(f"#### {said}")
        if beyond:
            st.caption(beyond)


def doubt(title: str, label: str, probability: float) -> Markdown:
    """What is said where a network's best answer, `label`, has a `probability` under SURE; "" where it has more."""
    if probability >= SURE:
        return NOTHING
    return Markdown(
        section("common", "unsure", title=plain(title), label=plain(label), probability=plain(f"{probability:.0%}"))
    )


def answers(groups: Sequence[Answers]) -> None:
    """Top answers with bars, a list a network, side by side where there is room."""
    lists = "".join(_list(group) for group in groups)
    st.html(f'<div class="rx-answers">{lists}</div>')


def _list(group: Answers) -> Markdown:
    lines = "".join(
        f"<li><b>{escaped(label)}</b><i>{share:.0%}</i>"
        f'<span><em style="width:{100 * share:.1f}%;background:{escaped(group.colour)}"></em></span></li>'
        for label, share in group.best
    )
    return Markdown(f"<section><h5>{escaped(group.title)}</h5><ol>{lines}</ol></section>")


def shown(picture: Picture) -> None:
    """Remember whose figure stands on the page: it stays there, named, until the next picture's is ready."""
    st.session_state[waiting.SHOWN] = picture.title


def try_next(study: Study) -> None:
    """One line and a link to the next study, on the same picture."""
    after = STUDIES[(STUDIES.index(study) + 1) % len(STUDIES)]
    st.header(section("common", "try next"), anchor="try-next")
    said = sections(study.slug, language())["try next"]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(plain(said), width="content")
        st.page_link(f"pages/{after.slug}.py", label=plain(after.title), icon=after.icon)
