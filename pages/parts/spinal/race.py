"""The race on screen: a packaged one on arrival, then the reader's own, trained beside the app and kept."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from datetime import datetime

import streamlit as st

from core.base import jobs, settings
from core.base.jobs import Run
from core.base.prose import section
from core.base.records import from_json
from core.base.renamed import today
from core.models.heads import BACKBONES, SHORT
from core.studies.spinal import dataset, figures
from core.studies.spinal import heads as spinal_heads
from core.studies.spinal.heads import Params, Result
from pages.parts.common import beside, charts, waiting
from pages.parts.common.words import code, plain
from pages.parts.spinal.choose import Data

KIND = "spinal-heads"  # of the runs, and the command that makes them
SHOWN, BEFORE = "spinal shown", "spinal shown before"  # the race on the screen, and the one that it takes over from
DIFFERENCES = 212  # px: the place of the differences while there are none


def start(data: Data | None, params: Params | None) -> None:
    """The button that begins the reader's own race, with what it will do."""
    networks = 0 if params is None else len(params.heads) * params.seeds
    st.button(
        section("spinal_heads", "train", count=networks) if networks != 1 else section("spinal_heads", "train one"),
        key="spinal start",
        type="primary",
        icon=":material/play_arrow:",
        disabled=data is None or params is None,
        on_click=begin,
        args=(data, params),
        help=section("spinal_heads", "train help"),
    )
    if data is None:
        st.caption(section("spinal_heads", "no data yet"))
    if params is None:
        st.caption(section("spinal_heads", "no heads yet"))
    beside.problem("spinal")


def begin(data: Data, params: Params) -> None:
    about = {"data": data.name, "title": data.title, "params": asdict(params)}
    name = hashlib.sha256(json.dumps([about, data.folder]).encode()).hexdigest()[:16]
    before = st.session_state.get(SHOWN)
    run = beside.begin("spinal", KIND, name, [KIND, *data.arguments, *settings.words(params)], about)
    if run is not None:
        if before != run.folder.name:
            st.session_state[BEFORE] = before
        st.session_state[SHOWN] = run.folder.name


def show(data: Data | None, params: Params | None) -> Result | None:
    """The Train button and the chosen race: its finding and figures; None while there is nothing of it."""
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")  # its button is as wide as its words
    with row.container(width="content"):
        start(data, params)
    packaged = dataset.measured()
    mine = {run.folder.name: run for run in jobs.runs(KIND)}
    options = [*mine, *packaged]
    if not options:
        st.markdown(section("spinal_heads", "no race yet"))
        return None
    if st.session_state.get(SHOWN) not in options:
        st.session_state[SHOWN] = dataset.FIRST if dataset.FIRST in options else options[0]
    titles = {name: section("spinal_heads", "race packaged", title=one.title) for name, one in packaged.items()}
    titles |= {name: section("spinal_heads", "race yours", title=described(run)) for name, run in mine.items()}
    row.selectbox(
        section("spinal_heads", "race shown"), options, key=SHOWN, persist_state="session", width=360,
        format_func=titles.__getitem__, help=section("spinal_heads", "race shown help"),
    )  # fmt: skip
    name = st.session_state[SHOWN]
    if name in packaged:
        one = packaged[name]
        draw(one.result)
        st.caption(
            section(
                "spinal_heads",
                "race measured",
                data=plain(one.data),
                command=code(today(one.command)),
                date=plain(one.date),
            )
        )  # fmt: skip
        return one.result
    run = mine[name]
    with row.popover(section("spinal_heads", "forget race"), icon=":material/delete:"):
        st.markdown(section("spinal_heads", "forget what"))
        st.button(section("spinal_heads", "forget it"), key="spinal forget", on_click=forget, args=(run,))
    if jobs.state(run) == "running":
        last = st.session_state.get(BEFORE)
        standing = packaged[last].result if last in packaged else result_of(mine[last]) if last in mine else None
        st.fragment(watch, run_every=waiting.LOOK_AGAIN)(run, standing)
        return result_of(run)
    return ended(run)


def described(run: Run) -> str:
    params = run.about["params"]
    heads = ", ".join(SHORT[head] for head in params["heads"])
    began = datetime.fromtimestamp(run.began).strftime("%d %b %H:%M")
    sizes = section("spinal_heads", "race sizes", seeds=params["seeds"], epochs=params["epochs"])
    backbone = BACKBONES[params["backbone"]].title
    return f"{run.about['title']}, {backbone}, {heads}, {sizes}, {section('spinal_heads', 'race begun', when=began)}"


def forget(run: Run) -> None:
    jobs.forget(run)
    st.session_state.pop(SHOWN, None)


def result_of(run: Run) -> Result | None:
    written = run.result
    return None if written is None else from_json(spinal_heads.Result, written)


def watch(run: Run, standing: Result | None) -> None:
    """What the training has reached, with Stop, in a corner: nothing moves. The race that was shown before is
    `standing` until all heads have finished an epoch; the page runs again when the training has ended."""
    if jobs.state(run) != "running":
        st.rerun()
    result = result_of(run)
    params = run.about["params"]
    total = len(params["heads"]) * params["seeds"] * params["epochs"]
    share = 0.0 if result is None else result.epochs_done / total
    what = section("spinal_heads", "race loading")
    if share:
        what = section("spinal_heads", "race training", share=share)
    with st.container(key="rx-waiting spinal race"):
        st.progress(share, plain(what + waiting.time_left(share, run.seconds)))
        st.button(
            section("spinal_heads", "stop"), key="spinal stop", icon=":material/stop:", on_click=jobs.stop, args=(run,)
        )
        if standing is not None and not (result and result.common):
            st.caption(section("spinal_heads", "race standing"))
    if result is not None and (result.common or standing is None):
        draw(result)
    elif standing is not None:
        draw(standing)


def ended(run: Run) -> Result | None:
    """A race that is over, finished or not."""
    state, result = jobs.state(run), result_of(run)
    if state == "failed":
        st.error(plain(run.error or section("spinal_heads", "race died")), icon=":material/error:")
    if state == "stopped" and (result is None or result.common < result.accuracy.shape[2]):
        st.markdown(f":material/front_hand: {section('spinal_heads', 'race stopped')}")
    if result is not None:
        draw(result)
        st.caption(section("spinal_heads", "race done", seconds=run.seconds))
    return result


def draw(result: Result) -> None:
    finding = spinal_heads.finding(result)
    st.markdown(f"#### {plain(finding)}")
    charts.show(figures.curves(result), "spinal-curves")
    if "spinal" in result.heads and len(result.heads) > 1:
        if result.finished_pairs:
            charts.show(figures.differences(result), "spinal-differences")
        else:
            with st.container(height=DIFFERENCES, border=False):
                st.caption(section("spinal_heads", "differences to come"))
    st.caption(section("spinal_heads", "race"))
