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
SHOWN = "spinal shown"


def start(data: Data | None, params: Params | None) -> None:
    """The button that begins the reader's own race, with what it will do."""
    networks = 0 if params is None else len(params.heads) * params.seeds
    st.button(
        plain(f"Train {networks} networks") if networks != 1 else "Train 1 network",
        key="spinal start",
        type="primary",
        icon=":material/play_arrow:",
        disabled=data is None or params is None,
        on_click=begin,
        args=(data, params),
        help="Each head from each seed. It goes on beside the app, whatever page is open. 15 networks on digits take "
        "under a minute on two cores.",
    )
    if data is None:
        st.caption("Give the folder or zip of your pictures first, or download the data set.")
    if params is None:
        st.caption("Choose at least one head first.")
    beside.problem("spinal")


def begin(data: Data, params: Params) -> None:
    about = {"data": data.name, "title": data.title, "params": asdict(params)}
    name = hashlib.sha256(json.dumps([about, data.folder]).encode()).hexdigest()[:16]
    run = beside.begin("spinal", KIND, name, [KIND, *data.arguments, *settings.words(params)], about)
    if run is not None:
        st.session_state[SHOWN] = run.folder.name


def show(data: Data | None, params: Params | None) -> Result | None:
    """The Train button and the chosen race: its finding and figures; None while there is nothing of it."""
    left, middle, right = st.columns([1.2, 3, 1.2], vertical_alignment="bottom", gap="medium")
    with left:
        start(data, params)
    packaged = dataset.measured()
    mine = {run.folder.name: run for run in jobs.runs(KIND)}
    options = [*mine, *packaged]
    if not options:
        st.markdown("Nothing is packaged here and nothing was trained yet: press **Train**.")
        return None
    if st.session_state.get(SHOWN) not in options:
        st.session_state[SHOWN] = dataset.FIRST if dataset.FIRST in options else options[0]
    titles = {name: f"packaged: {one.title}" for name, one in packaged.items()}
    titles |= {name: f"yours: {described(run)}" for name, run in mine.items()}
    middle.selectbox(
        "Race shown", options, key=SHOWN, persist_state="session", format_func=titles.__getitem__,
        help="Packaged races, and those trained here; they are kept until you forget them.",
    )  # fmt: skip
    name = st.session_state[SHOWN]
    if name in packaged:
        one = packaged[name]
        draw(one.result)
        st.caption(
            f"Trained by this project on {plain(one.data)}. Measure again: {code(today(one.command))} "
            f"({plain(one.date)})."
        )
        return one.result
    run = mine[name]
    with right.popover("Forget this race", icon=":material/delete:"):
        st.markdown("Its curves are removed from this machine.")
        st.button("Forget it", key="spinal forget", on_click=forget, args=(run,))
    if jobs.state(run) == "running":
        st.fragment(watch, run_every=waiting.LOOK_AGAIN)(run)
        return result_of(run)
    return ended(run)


def described(run: Run) -> str:
    params = run.about["params"]
    heads = ", ".join(SHORT[head] for head in params["heads"])
    began = datetime.fromtimestamp(run.began).strftime("%d %b %H:%M")
    sizes = f"{params['seeds']} seeds × {params['epochs']} epochs"
    backbone = BACKBONES[params["backbone"]].title
    return f"{run.about['title']}, {backbone}, {heads}, {sizes}, begun {began}"


def forget(run: Run) -> None:
    jobs.forget(run)
    st.session_state.pop(SHOWN, None)


def result_of(run: Run) -> Result | None:
    written = run.result
    return None if written is None else from_json(spinal_heads.Result, written)


def watch(run: Run) -> None:
    """What the training has reached, with Stop; the page runs again when it has ended."""
    if jobs.state(run) != "running":
        st.rerun()
    result = result_of(run)
    params = run.about["params"]
    total = len(params["heads"]) * params["seeds"] * params["epochs"]
    share = 0.0 if result is None else result.epochs_done / total
    what = "Loading torch and the pictures" if not share else f"Training: {share:.0%}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(share, plain(what + waiting.time_left(share, run.seconds)))
        st.button("Stop", key="spinal stop", icon=":material/stop:", on_click=jobs.stop, args=(run,))
    if result is not None:
        draw(result)


def ended(run: Run) -> Result | None:
    """A race that is over, finished or not."""
    state, result = jobs.state(run), result_of(run)
    if state == "failed":
        st.error(plain(run.error or "The training ended without a word: start it again."), icon=":material/error:")
    if state == "stopped" and (result is None or result.common < result.accuracy.shape[2]):
        st.markdown(":material/front_hand: Stopped. What was trained is shown; **Train** with the same settings anew.")
    if result is not None:
        draw(result)
        st.caption(f"Trained on this machine in {run.seconds:.0f} s, just as the terminal command below does.")
    return result


def draw(result: Result) -> None:
    finding = spinal_heads.finding(result)
    st.markdown(f"#### {plain(finding)}")
    charts.show(figures.curves(result), "spinal-curves")
    if "spinal" in result.heads and len(result.heads) > 1 and result.finished_pairs:
        charts.show(figures.differences(result), "spinal-differences")
    st.caption(section("spinal_heads", "race"))
