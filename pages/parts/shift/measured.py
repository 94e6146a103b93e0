"""Measured on whole data sets: the packaged networks, the paper's own table, and the reader's folder, live."""

from __future__ import annotations

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
from core.studies.shift import dataset, figures, paper, photographs, photographs_figures
from core.studies.shift.dataset import Params, Result
from pages.parts.common import at_hand, charts, own_pictures
from pages.parts.common.address import bound, folded
from pages.parts.common.words import code, note, plain
from pages.parts.shift import choose

CHUNK = 32  # pictures between two looks at the Stop button
LIVE = Params(boundary="crop", pairs=2, worst_reach=1)


def show(choice: choose.Choice) -> None:
    st.header("Measured on whole data sets", anchor="measured")
    records = dataset.measured(ASSETS / "results" / "shift_sweep")
    seen = photographs.measured(lite.RECORDS)
    known = {r.dataset for r in records.values()} | ({"imagenet"} if seen else set())
    sets = [name for name, data in families.FAMILIES.items() if data in known]
    if sets:
        data = bound(
            st.segmented_control,
            "Data set",
            sets,
            format_func=plain,
            default=sets[0],
            required=True,
            key="shift-data",
        )
        if families.FAMILIES[data] == "imagenet":
            on_photographs(list(seen.values()))
        else:
            packaged({name: r for name, r in records.items() if r.dataset == families.FAMILIES[data]})
    with st.expander("The paper's own numbers (ImageNet)"):
        st.markdown("**The paper's**, accuracy / consistency in %, networks trained from scratch; not measured here.")
        charts.numbers_table(paper.table(), alt="The paper's ImageNet table")
        st.caption("Zhang, ICML 2019. Consistency there: two random crops of an ImageNet picture agree on top-1.")
    with st.expander("Limits of these numbers"):
        st.markdown(section("shift_sweep", "limits"))
    on_your_pictures(choice)


def on_photographs(records: list[photographs.Answered]) -> None:
    """What `receptive measure imagenet` found for lite0 and its copies."""
    st.markdown(f"**{plain(photographs_figures.finding(records))}**")
    charts.show(photographs_figures.scatter(records), "shift-photographs")
    first = records[0]
    st.caption(section("shift_sweep", "photographs", data=plain(first.data), pairs=first.pairs))
    st.caption("Measure again: " + ", ".join(code(today(r.command)) for r in records))


def packaged(records: dict[str, dataset.Measured]) -> None:
    """What `receptive measure shift` found for the packaged networks of one data set."""
    first = next(iter(records.values()))
    summaries = [r.summary for r in records.values()]
    titles = [card.title_of(name) for name in records]
    blurs = [card.blur_of(r.arch) for r in records.values()]
    note(
        f"{first.data}; n = {first.summary.images:,}. Consistency: two random circular shifts of up to "
        f"{first.reach} px, {first.summary.draws} draws a picture. One training run (seed) a network; "
        "intervals are 95 % over pictures."
    )
    left, right = st.columns([2, 3], gap="large")
    with left:
        charts.show(figures.scatter(summaries, titles, blurs), "shift-scatter")
    with right:
        flips = bound(st.toggle, "Show answers that change instead of accuracy", key="shift-flips")
        charts.show(figures.corruption_plot(summaries, titles, blurs, flips=flips), "shift-corruptions")
    strengths = "; ".join(f"{kind} {', '.join(f'{s:g}' for s in STRENGTHS[kind])}" for kind in STRENGTHS)
    st.caption(
        section("shift_sweep", "corruptions", images=first.few_images, strengths=plain(strengths), side=REFERENCE_SIDE)
    )
    st.caption("Measure again: " + ", ".join(code(today(r.command)) for r in records.values()))


@folded("Measure on your own pictures", "shift live", told=False)
def on_your_pictures(choice: choose.Choice) -> None:
    """The same measurement on a folder or zip of the reader's, with progress, time left and Stop."""
    st.markdown(
        "A folder on this machine, or a zip. Sub-folders named like a class of the network give the accuracy; "
        "without them only consistency and answer flips are measured. Shifts are true crops here."
    )
    chosen = own_pictures.choose("live")
    if chosen is None:
        return
    st.markdown(f"{len(chosen):,} pictures found.")
    if not st.toggle("Measure them with the chosen networks", key="live go"):
        return
    ready, read = at_hand.loaded(choice.cards), partial(open_pictures, chunk=CHUNK)
    what = f"Measuring {len(chosen):,} pictures with {len(ready)} networks"
    done, expected = own_pictures.measured(chosen, dataset.run, ready, LIVE, read=read, what=what, at="live")
    report([(n, result) for n, result in done if result.top1.shape[1]], expected)


def report(done: list[tuple[Network, Result]], expected: int) -> None:
    if not done:
        st.info("No picture has been measured yet.")
        return
    summaries = [dataset.summary(result, LIVE) for _, result in done]
    titles = [network.card.title for network, _ in done]
    own_pictures.partly(min(s.images for s in summaries), expected)
    blurs = [network.card.blur for network, _ in done]
    plot = figures.corruption_plot(summaries, titles, blurs, flips=True)
    charts.show(replace(plot, alt="Answers that change under corruptions of your pictures"), "live-corruptions")
    charts.numbers_table(figures.table(summaries, titles), alt="Accuracy and consistency on your pictures")
