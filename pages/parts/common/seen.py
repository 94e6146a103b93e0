"""A claim that the address names: the picture that shows it, and what was found of it, above the study's page."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.base.prose import section
from core.claims.claim import OPEN, Claim, Verdict
from core.claims.live import Live, lives
from core.claims.numbers import number
from core.overview import board, board_figures
from core.overview.board import Row
from core.pictures.samples import SAMPLES
from pages.parts.common import tray
from pages.parts.common.words import Markdown, plain

CLAIM, FOLLOWED = "claim", "claim that was followed"  # in the address; in the session
MEASURED = " measured"  # how the folded part of a page with data sets' numbers ends: not what shows one picture
TITLES = {sample.name: sample.title for sample in SAMPLES}

_HERE = Path(__file__)
_go = st.components.v2.component(
    "receptive_go_to",
    html='<button type="button"></button>',
    css=_HERE.with_suffix(".css").read_text("utf-8"),
    js=_HERE.with_suffix(".js").read_text("utf-8"),
)


def settings(claim: Claim, verdict: Verdict, live: Live | None) -> dict[str, str | list[str]]:
    """What opens the claim's study where it is seen: its own settings, the picture that shows the verdict, its name."""
    query = {name: v if isinstance(v, str) else list(v) for name, v in claim.settings.items()}
    if live is not None:
        query |= dict(live.settings)
        if shown := live.shows(verdict):
            query[tray.CHOICE] = shown[0]
    return query | {CLAIM: claim.name}


def begin() -> None:
    """Choose the picture of a claim that was just come with; before the tray is laid out."""
    name = st.query_params.get(CLAIM, "")
    if name == st.session_state.get(FOLLOWED, ""):
        return
    st.session_state[FOLLOWED] = name
    asked = st.query_params.get(tray.CHOICE)
    if name and asked in TITLES:
        st.session_state[tray.CHOICE] = asked


def show() -> None:
    """What was found of the claim, over its data set and on this picture; nothing without one."""
    name = st.query_params.get(CLAIM)
    row = next((row for row in board.board() if row[0].name == name), None) if name else None
    if row is None:
        return
    claim, _, verdict = row
    live = lives(board.RESULTS).get(claim.name)
    with st.container(border=True, key="seen-claim"):
        st.markdown(f":material/fact_check: **{section('claims', 'banner')}**: {plain(claim.sentence)}")
        st.markdown(over_many(row))
        if live is not None:
            st.markdown(on_one(live, verdict))
        with st.container(horizontal=True, vertical_alignment="center"):
            opened = [name for name, value in claim.settings.items() if value == OPEN]
            target = next((name for name in opened if not name.endswith(MEASURED)), "")
            _go(key="seen go", data={"label": section("claims", "banner figure"), "target": target})
            st.button(section("claims", "banner close"), key="seen close", on_click=close, type="tertiary")


def over_many(row: Row) -> Markdown:
    """The figure of the data set, and that one picture may show another one."""
    claim, ours, verdict = row
    if ours is None:
        return Markdown(section("claims", "banner none", why=plain(why_not(claim))))
    said = section(
        "claims", "banner ours", shown=plain(ours.shown.replace(" %", "\u00a0%")),
        verdict=plain(board_figures.said(verdict)),
    )  # fmt: skip
    return Markdown(f"{said} {section('claims', 'banner many')}")


def on_one(live: Live, verdict: Verdict) -> Markdown:
    """What the claim comes to on the chosen picture, or where it was looked for."""
    values = dict(zip(live.names, live.values, strict=True))
    chosen = tray.chosen()
    value = values.get(chosen.sample or "")
    told = {"held": live.held, "told": live.told}
    if value is None or value != value:
        shown = live.shows(verdict)
        title = TITLES[shown[0]] if shown else None
        words = section("claims", "banner elsewhere", title=plain(title)) if title else none(live)
        return Markdown(words)
    told |= {"quantity": plain(live.quantity), "value": plain(number(value))}
    if value > live.least:
        return Markdown(section("claims", "banner here", **told))
    return Markdown(section("claims", "banner against", **told))


def on(live: Live | None, verdict: Verdict) -> Markdown | None:
    """Under a claim of the board: on which picture it is seen."""
    if live is None:
        return None
    shown = live.shows(verdict)
    if shown is None:
        return none(live)
    told = {"title": plain(TITLES[shown[0]]), "value": plain(number(shown[1])), "held": live.held, "told": live.told}
    if verdict == "contradicted":
        return Markdown(section("claims", "against on", **told))
    return Markdown(section("claims", "seen on", **told))


def none(live: Live) -> Markdown:
    return Markdown(section("claims", "seen on none", told=live.told))


def why_not(claim: Claim) -> str:
    return claim.why_not or section("claims", "not packaged")


def close() -> None:
    st.query_params.pop(CLAIM, None)
