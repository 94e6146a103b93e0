"""The claims of the five papers: the paper's number, ours, the verdict, and the way to the live picture of it."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.base.prose import section
from core.claims import claim as claims_claim
from core.claims.claim import Claim, Verdict
from core.claims.live import Live, lives
from core.overview import board, board_figures
from core.overview.board import Row
from core.studies import STUDIES
from pages.parts.common import charts, frame, seen
from pages.parts.common.address import bound
from pages.parts.common.words import Markdown, code, plain

ALL = "all"
BADGES: dict[Verdict, str] = {
    "reproduced in miniature": ":green-badge[:material/check: {}]",
    "not reproduced": ":orange-badge[:material/question_mark: {}]",
    "contradicted": ":red-badge[:material/close: {}]",
    "not tested here": ":gray-badge[:material/remove: {}]",
}
ROWS = "claims-rows"
RULED = f"""<style>
[class*="st-key-{ROWS}"] > [data-testid="stLayoutWrapper"] {{
  border-top: 1px solid rgba(128, 128, 128, 0.3); padding-top: 0.6rem;
}}
[class*="st-key-{ROWS}"] [data-testid="stColumn"] [data-testid="stVerticalBlock"] {{ gap: 0.3rem; }}
</style>"""


def glance(rows: list[Row]) -> None:
    """The finding and a bar a study."""
    st.markdown(f"#### {plain(board_figures.finding(rows))}")
    st.caption(section("claims", "about"))
    charts.show(board_figures.bars(rows), "claims-bars")
    with st.expander(section("claims", "rule")):
        st.markdown(section("claims", "rule in full"))
        version = section("claims", "rule version", version=claims_claim.RULE_VERSION, date=claims_claim.RULE_DATE)
        st.caption(version)


@st.fragment
def show() -> None:
    """Every claim, filtered by study and verdict."""
    st.html(RULED)
    titles = {study.slug: study.title for study in STUDIES}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        study = bound(
            st.segmented_control,
            section("claims", "study"),
            [*titles.values(), ALL],
            format_func=lambda title: plain(section("claims", "all") if title == ALL else title),
            default=STUDIES[0].title,
            required=True,
            key="claims-study",
            wrap=True,
        )
        verdict = bound(
            st.segmented_control,
            section("claims", "verdict"),
            [ALL, *claims_claim.VERDICTS],
            format_func=lambda one: plain(section("claims", "all") if one == ALL else board_figures.said(one)),
            default=ALL,
            required=True,
            key="claims-verdict",
            wrap=True,
        )
    rows, live = board.board(), dict[str, Live]()
    with frame.going_on():
        live.update(lives(board.RESULTS))
    shown = [r for r in rows if study in (ALL, titles[r[0].study]) and verdict in (ALL, r[2])]
    st.markdown(section("claims", "count", shown=len(shown), all=len(rows)))
    for slug, title in titles.items():
        if mine := [row for row in shown if row[0].study == slug]:
            st.subheader(plain(title), anchor=False)
            with st.container(key=f"{ROWS}-{slug}", gap="small"):
                for row in mine:
                    line(row, live)


def before(one: claims_claim.Former) -> Markdown:
    """What an earlier rule says of a row."""
    until, how, shown = plain(one.until), plain(one.how), plain(unbroken(one.ours.shown))
    verdict = plain(board_figures.said(one.verdict))
    if one.how == claims_claim.FIRST_RULE:
        return section("claims", "first rule", until=until, how=how, shown=shown, verdict=verdict)
    return section("claims", "earlier", until=until, how=how, shown=shown, verdict=verdict)


def line(row: Row, live: Mapping[str, Live]) -> None:
    """One claim: what is said, what we found, and where to see it."""
    claim, ours, verdict = row
    said, found, go = st.columns([3.8, 5.6, 3.4], gap="medium")
    said.markdown(f"**{plain(claim.sentence)}**  \n{beside(claim)}")
    if ours is None:
        found.markdown(plain(section("claims", "unmeasured", why=seen.why_not(claim))))
    else:
        about = ", ".join(word for word in (ours.data, ours.date) if word)
        tested = section("claims", "tested", quantity=claim.quantity, range=true_where(claim))
        less = f" {section('claims', 'less', less=claim.less)}" if claim.less else ""
        found.markdown(plain(unbroken(capital(ours.shown))))
        for one in claims_claim.former(claim, ours, board.RESULTS):
            found.caption(before(one))
        with found.expander(section("claims", "how")):
            st.markdown(
                f":small[{plain(tested + less)}] :small[:gray[{plain(capital(about))}]]  \n"
                f":small[{section('claims', 'again')}] {code(claim.command)}"
            )
    go.markdown(BADGES[verdict].format(plain(board_figures.said(verdict))))
    go.page_link(
        f"pages/{claim.study}.py",
        label=section("claims", "see"),
        icon=":material/visibility:",
        query_params=seen.settings(claim, verdict, live.get(claim.name)),
    )
    if on := seen.on(live.get(claim.name), verdict):
        go.caption(on)


def beside(claim: Claim) -> Markdown:
    """Whose number it is, and where it was read, as Markdown; or that the claim is our own."""
    if claim.source == claims_claim.OURS:
        return Markdown(f":small[{section('claims', 'our own')}]")
    number = section("claims", "paper's number", whose=whose(claim), number=unbroken(claim.paper or no_number()))
    return Markdown(f":small[{plain(number)}] :small[:gray[{plain(capital(claim.source))}]]")


def whose(claim: Claim) -> str:
    """Who says the paper's number."""
    if claim.whose == "By definition":
        return section("claims", "by definition")
    return section("claims", "the paper") if claim.whose == "The paper" else section("claims", "a third party")


def no_number() -> str:
    return section("claims", "no number")


def true_where(claim: Claim) -> str:
    """The range in which a claim is true, in words."""
    low, high = (claims_claim.plain(value) for value in claim.holds)
    if claim.holds[0] == claim.holds[1]:
        return section("claims", "exactly", low=low)
    if claim.holds[1] == float("inf"):
        return section("claims", "above", low=low)
    return section("claims", "between", low=low, high=high)


def capital(words: str) -> str:
    """Beginning like a sentence."""
    return words[:1].upper() + words[1:]


def unbroken(words: str) -> str:
    """No line may begin with a percent sign."""
    return words.replace(" %", "\u00a0%")
