"""The claims of the five papers: the paper's number, ours, the verdict, and the way to the live picture of it."""

from __future__ import annotations

import streamlit as st

from core.claims import claim as claims_claim
from core.claims.claim import Verdict
from core.overview import board, board_figures
from core.overview.board import Row
from core.studies import STUDIES
from pages.parts.common import charts
from pages.parts.common.address import bound
from pages.parts.common.words import code, plain

ALL = "all"
BADGES: dict[Verdict, str] = {
    "reproduced in miniature": ":green-badge[:material/check: {}]",
    "not reproduced": ":orange-badge[:material/question_mark: {}]",
    "contradicted": ":red-badge[:material/close: {}]",
    "not tested here": ":gray-badge[:material/remove: {}]",
}
ANCHOR, ROWS = "scoreboard", "claims-rows"
RULED = f"""<style>
[class*="st-key-{ROWS}"] > [data-testid="stLayoutWrapper"] {{
  border-top: 1px solid rgba(128, 128, 128, 0.3); padding-top: 0.6rem;
}}
[class*="st-key-{ROWS}"] [data-testid="stColumn"] [data-testid="stVerticalBlock"] {{ gap: 0.3rem; }}
</style>"""


def glance(rows: list[Row]) -> None:
    """The finding and a bar a study."""
    st.markdown(f"#### {plain(board_figures.finding(rows))}")
    charts.show(board_figures.bars(rows), "claims-bars")
    st.caption(
        "Every number is computed from this project's own records; much smaller networks and data than the papers'. "
        f"[Each claim, with its numbers](#{ANCHOR})"
    )


@st.fragment
def show() -> None:
    """Every claim, filtered by study and verdict."""
    st.header("What the papers claim, and what we measured", anchor=ANCHOR)
    st.html(RULED)
    st.caption(claims_claim.RULE)
    titles = {study.slug: study.title for study in STUDIES}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        study = bound(
            st.segmented_control,
            "Study",
            [*titles.values(), ALL],
            format_func=plain,
            default=STUDIES[0].title,
            required=True,
            key="claims-study",
            wrap=True,
        )
        verdict = bound(
            st.segmented_control,
            "Verdict",
            [ALL, *claims_claim.VERDICTS],
            default=ALL,
            required=True,
            key="claims-verdict",
            wrap=True,
        )
    rows = board.board()
    shown = [r for r in rows if study in (ALL, titles[r[0].study]) and verdict in (ALL, r[2])]
    st.markdown(f"{len(shown)} of {len(rows)} claims")
    for slug, title in titles.items():
        if mine := [row for row in shown if row[0].study == slug]:
            st.subheader(plain(title), anchor=False)
            with st.container(key=f"{ROWS}-{slug}", gap="small"):
                for row in mine:
                    line(row)


def line(row: Row) -> None:
    """One claim: what is said, what we found, and where to see it."""
    claim, ours, verdict = row
    said, found, go = st.columns([4, 6, 2.8], gap="medium")
    number = f"{claim.whose}: {unbroken(claim.paper or claims_claim.NO_NUMBER)}."
    said.markdown(
        f"**{plain(claim.sentence)}**  \n:small[{plain(number)}] :small[:gray[{plain(capital(claim.source))}]]"
    )
    if ours is None:
        found.markdown(plain(f"Not measured: {claim.why_not or claims_claim.NOT_PACKAGED}."))
    else:
        about = ", ".join(word for word in (ours.data, ours.date) if word)
        less = f" Ours has {claim.less}: falling short does not contradict." if claim.less else ""
        tested = f"Tested as: {claim.quantity}. True if {claim.true_where}.{less}"
        found.markdown(
            f"{plain(unbroken(capital(ours.shown)))}  \n:small[{plain(tested)}] "
            f":small[:gray[{plain(capital(about))}]]  \n:small[Again:] {code(claim.command)}"
        )
    go.markdown(BADGES[verdict].format(plain(verdict)))
    query = {name: v if isinstance(v, str) else list(v) for name, v in claim.settings.items()}
    go.page_link(f"pages/{claim.study}.py", label="See it live", icon=":material/visibility:", query_params=query)


def capital(words: str) -> str:
    """Beginning like a sentence."""
    return words[:1].upper() + words[1:]


def unbroken(words: str) -> str:
    """No line may begin with a percent sign."""
    return words.replace(" %", "\u00a0%")
