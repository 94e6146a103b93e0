"""Accuracy against the number of features, which fills in as it is computed."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core import cache
from core.base.prose import section
from core.base.worker import Job, Progress
from core.cache import Aside, Call
from core.data.split import Split
from core.studies.random import features, figures
from core.studies.random.features import Params, Result
from pages.parts.common import charts, waiting
from pages.parts.common.words import plain
from pages.parts.random.data import Data

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

ASKED, STOPPED, KEY = "random curve asked", "random curve stopped", "random curve"
SHOWN = "random curve shown"  # the session's key of the Result that stands on the page
DIMMED = "<style>.st-key-random-curve-before { opacity: 0.45; }</style>"
AT_ONCE = 5_000_000  # numbers (pictures x features): up to so many start by themselves, in seconds
Tables = tuple[np.ndarray, np.ndarray]


def show(data: Data, params: Params, packaged: Result | None) -> Result | None:
    """The finding and the curve; until there is a first point the last ones, dimmed, or None."""
    if packaged is not None:
        head()
        return draw(packaged)
    train, test = data.few
    calls = calls_of(train, test, params)
    keys = [call.key for call in calls]
    if st.session_state.get(STOPPED) == keys:
        with head():
            again = section("random_features", "go on")
            st.button(again, key=f"{KEY} go on", on_click=waiting.go_on, args=(STOPPED, keys))
        st.markdown(section("random_features", "curve stopped"))
        return fill_in(data, params, [cache.finished(call, 0) for call in calls])
    small = len(train) * params.features <= AT_ONCE
    if not small and st.session_state.get(ASKED) != keys:
        head()
        st.button(
            section("random_features", "curve ask", train=len(train), test=len(test)),
            key=f"{KEY} ask", type="primary", on_click=st.session_state.update, args=({ASKED: keys},),
        )  # fmt: skip
        return before()
    jobs = [cache.job(call, KEY) for call in calls]
    waiting.leave(KEY, dict(zip(keys, jobs, strict=True)))
    if all(waiting.is_done(job) for job in jobs):
        head()
        return fill_in(data, params, [job.future.result() for job in jobs])
    st.fragment(partial(watch, data, params, jobs, keys), run_every=waiting.LOOK_AGAIN)()
    return shown()


def head() -> DeltaGenerator:
    """The heading, and room beside it, so that nothing moves when a bar comes and goes."""
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    left.subheader(section("random_features", "curve title"), anchor="accuracy")
    return right.container(height=56, border=False)


def shown() -> Result | None:
    found: Result | None = st.session_state.get(SHOWN)
    return found


def before() -> Result | None:
    """What was last shown, dimmed and named."""
    if (found := shown()) is not None:
        st.html(DIMMED)
        st.markdown(section("random_features", "curve before", k=int(found.counts[-1]), data=plain(found.title)))
        with st.container(key="random-curve-before"):
            draw(found)
    return found


def calls_of(train: Split, test: Split, params: Params) -> list[Call[object]]:
    """First the features, then raw pixels, then every count; a count is remembered whatever the largest one is."""
    all_features = Call(tables, train, test, replace(params, classifier=Params.classifier))
    counts = [replace(params, features=k) for k in params.counts]
    return [
        all_features,
        Call(features.pixel_answer, train, test, Params(classifier=params.classifier)),
        *(Call(at_count, train, test, count, Aside(all_features)) for count in counts),
    ]


def tables(train: Split, test: Split, params: Params, progress: Progress) -> Tables:
    return features.features(train, params, progress), features.features(test, params)


def at_count(
    train: Split, test: Split, params: Params, all_features: Aside[Call[Tables]], progress: Progress
) -> np.ndarray:
    """(TOP,) hits of `params.features` features, which are the first of `all_features`."""
    train_x, test_x = cache.known(all_features.value, progress)
    count = params.features
    return features.answer(
        train_x[:, :count], train.labels, test_x[:, :count], test.labels, params.classifier, progress
    )


def watch(data: Data, params: Params, jobs: list[Job[object]], keys: list[str]) -> None:
    """What there is so far, with a Stop button; the page runs again when all is there."""
    if all(waiting.is_done(job) or waiting.was_stopped(job) for job in jobs):
        st.rerun()
    done = [job.future.result() if waiting.is_done(job) else None for job in jobs]
    share = sum(value is not None for value in done) / len(jobs)
    with head(), st.container(horizontal=True, vertical_alignment="center"):
        st.progress(share, section("random_features", "measuring", share=plain(f"{share:.0%}")))
        stop = section("random_features", "stop")
        st.button(stop, key=f"{KEY} stop", on_click=waiting.stop, args=(jobs, STOPPED, keys))
    fill_in(data, params, done)


def fill_in(data: Data, params: Params, done: list[object]) -> Result | None:
    """Draw the counts that are there: `done` holds tables, raw pixels, and then every count, None where it is due."""
    _, pixels, *found = done
    rows = [row for row in found if isinstance(row, np.ndarray)]
    if not isinstance(pixels, np.ndarray) or not rows or found[0] is None:
        return before()
    rows = rows[: next((i for i, row in enumerate(found) if row is None), len(found))]
    return draw(features.collect(data.title, *data.few, params, rows, pixels))


def draw(result: Result) -> Result:
    st.session_state[SHOWN] = result
    finding = features.finding(result)
    st.markdown(plain(finding))
    charts.show(figures.curve(result), "random-curve")
    st.caption(
        section(
            "random_features", "curve note", train=result.train, test=result.test, kernel=result.kernel,
            depth=result.depth, seed=result.seed,
        )
    )  # fmt: skip
    return result
