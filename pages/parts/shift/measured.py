"""Measured on whole data sets: the packaged networks, the paper's own table, and the reader's folder, live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import streamlit as st

from core.base.files import ASSETS
from core.base.prose import section
from core.base.renamed import today
from core.networks import card, families, lite
from core.networks.card import Network
from core.pictures.corruptions import REFERENCE_SIDE, STRENGTHS
from core.pictures.files import open_pictures
from core.studies.shift import dataset, figures, paper, photographs, photographs_figures, two_measures
from core.studies.shift.dataset import Params, Result
from pages.parts.common import at_hand, charts, own_pictures
from pages.parts.common.address import bound, folded
from pages.parts.common.words import code, plain
from pages.parts.shift import choose

CHUNK = 32  # pictures between two looks at the Stop button
LIVE = Params(boundary="crop", pairs=2, worst_reach=1)


def show(choice: choose.Choice) -> None:
    """Folded: ours beside the paper's, the limits of both, and the reader's own pictures."""
    st.header(section("shift_sweep", "measured"), anchor="measured")
    records = dataset.measured(ASSETS / "results" / "shift_sweep")
    seen = photographs.measured(lite.RECORDS)
    known = {r.dataset for r in records.values()} | ({"imagenet"} if seen else set())
    sets = [name for name, data in families.FAMILIES.items() if data in known]
    data = chosen_set(sets, choice.family)
    if data is not None:
        title = section("shift_sweep", "measured folded", data=data)
        folded(title, "shift measured")(measurements)(families.FAMILIES[data], records, list(seen.values()))
    with st.expander(section("shift_sweep", "limits heading")):
        st.markdown(section("shift_sweep", "limits"))
    folded(section("shift_sweep", "live"), "shift live", told=False)(on_your_pictures)(choice)


def chosen_set(sets: Sequence[str], family: str) -> str | None:
    """The data set that is shown: that of the chosen networks first, where there is one, until the reader chooses."""
    if not sets:
        return None
    own = next((name for name in sets if families.FAMILIES[name] == family), None)
    if own is None:
        st.caption(section("shift_sweep", "not measured"))
    first, before = own or sets[0], "shift-data began with"
    if st.session_state.get(before, first) != first and st.session_state.get("shift-data") == st.session_state[before]:
        del st.session_state["shift-data"]
    st.session_state[before] = first
    chosen: str = bound(
        st.segmented_control,
        section("shift_sweep", "data set"),
        list(sets),
        format_func=plain,
        default=first,
        required=True,
        key="shift-data",
    )
    return chosen


def measurements(family: str, records: dict[str, dataset.Measured], seen: list[photographs.Answered]) -> None:
    if family == "imagenet":
        on_photographs(seen)
    else:
        packaged({name: r for name, r in records.items() if r.dataset == family})
    in_two_measures(family)
    st.subheader(section("shift_sweep", "papers own"), anchor=False)
    st.markdown(section("shift_sweep", "papers table"))
    charts.numbers_table(paper.table(), alt="The paper's ImageNet table")
    st.caption(section("shift_sweep", "papers note"))


def on_photographs(records: list[photographs.Answered]) -> None:
    """What `receptive measure imagenet` found for lite0 and its copies."""
    st.markdown(f"**{plain(photographs_figures.finding(records))}**")
    charts.show(photographs_figures.scatter(records), "shift-photographs")
    first = records[0]
    st.caption(section("shift_sweep", "photographs", data=plain(first.data), pairs=first.pairs))
    measure_again([r.command for r in records])


def in_two_measures(family: str) -> None:
    """One pixel of the photo beside pairs of crops, where a family was asked both ways."""
    records = two_measures.of_family(family, ASSETS / "results")
    if len(records) < 2:
        return
    st.subheader(section("shift_sweep", "two measures"), anchor=False)
    st.markdown(section("shift_sweep", "two measures about"))
    if (found := two_measures.turned(records)) is not None:
        one, other = (plain(card.title_of(name)) for name in (found.one, found.other))
        (still, its_still), (agree, its_agree) = found.still, found.agree
        st.markdown(
            section(
                "shift_sweep", "turned", one=one, other=other, still=still, its_still=its_still, agree=agree,
                its_agree=its_agree,
            )
        )  # fmt: skip
    else:
        st.markdown(section("shift_sweep", "not turned"))
    charts.show(photographs_figures.both_measures(records), "shift-measures")


def measure_again(commands: Sequence[str]) -> None:
    listed = ", ".join(code(today(command)) for command in commands)
    st.caption(section("shift_sweep", "measure again", commands=listed))


def packaged(records: dict[str, dataset.Measured]) -> None:
    """What `receptive measure shift` found for the packaged networks of one data set."""
    first = next(iter(records.values()))
    summaries = [r.summary for r in records.values()]
    titles = [card.title_of(name) for name in records]
    blurs = [card.blur_of(r.arch) for r in records.values()]
    st.caption(
        section(
            "shift_sweep",
            "packaged",
            data=plain(first.data),
            images=first.summary.images,
            reach=first.reach,
            draws=first.summary.draws,
        )
    )
    charts.show(figures.scatter(summaries, titles, blurs), "shift-scatter")
    flips = bound(st.toggle, section("shift_sweep", "flips toggle"), key="shift-flips")
    charts.show(figures.corruption_plot(summaries, titles, blurs, flips=flips), "shift-corruptions")
    strengths = "; ".join(f"{kind} {', '.join(f'{s:g}' for s in STRENGTHS[kind])}" for kind in STRENGTHS)
    st.caption(
        section("shift_sweep", "corruptions", images=first.few_images, strengths=plain(strengths), side=REFERENCE_SIDE)
    )
    measure_again([r.command for r in records.values()])


def on_your_pictures(choice: choose.Choice) -> None:
    """The same measurement on a folder or zip of the reader's, with progress, time left and Stop."""
    st.markdown(section("shift_sweep", "live about"))
    chosen = own_pictures.choose("live")
    if chosen is None:
        return
    st.markdown(section("shift_sweep", "live found", count=len(chosen)))
    if not st.toggle(section("shift_sweep", "live go"), key="live go"):
        return
    ready, read = at_hand.loaded(choice.cards), partial(open_pictures, chunk=CHUNK)
    what = section("shift_sweep", "live asking", count=len(chosen), networks=len(ready))
    done, expected = own_pictures.measured(chosen, dataset.run, ready, LIVE, read=read, what=what, at="live")
    report([(n, result) for n, result in done if result.top1.shape[1]], expected)


def report(done: list[tuple[Network, Result]], expected: int) -> None:
    if not done:
        st.info(section("shift_sweep", "live none"))
        return
    summaries = [dataset.summary(result, LIVE) for _, result in done]
    titles = [network.card.title for network, _ in done]
    own_pictures.partly(min(s.images for s in summaries), expected)
    blurs = [network.card.blur for network, _ in done]
    plot = figures.corruption_plot(summaries, titles, blurs, flips=True)
    charts.show(replace(plot, alt="Answers that change under corruptions of your pictures"), "live-corruptions")
    charts.numbers_table(figures.table(summaries, titles), alt="Accuracy and consistency on your pictures")
