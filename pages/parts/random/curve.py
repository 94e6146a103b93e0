"""Accuracy against the number of features, which fills in as it is computed."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from core import cache
from core.base.worker import Job, Progress
from core.data.split import Split, seeded_part
from core.studies.random import features, figures
from core.studies.random.features import Params, Result
from pages.parts.common import charts, waiting
from pages.parts.common.words import note, plain
from pages.parts.random.data import Data

ASKED, STOPPED, KEY = "random curve asked", "random curve stopped", "random curve"
TRAIN, TEST = 10_000, 2_000  # pictures of a larger set that are used while the reader waits
AT_ONCE = 5_000_000  # numbers (pictures x features): up to so many start by themselves, in seconds
Tables = tuple[np.ndarray, np.ndarray]


def show(data: Data, params: Params, packaged: Result | None) -> Result | None:
    """The finding and the curve; None until there is a first point."""
    st.header("How many features does it take?", anchor="accuracy")
    if packaged is not None:
        draw(packaged)
        return packaged
    train, test = seeded_part(data.train, TRAIN), seeded_part(data.test, TEST)
    tasks = tasks_of(data, train, test, params)
    names = [name for name, _ in tasks]
    if st.session_state.get(STOPPED) == names:
        st.markdown(":material/front_hand: Stopped. What was finished is shown.")
        st.button("Go on", key=f"{KEY} go on", on_click=waiting.go_on, args=(STOPPED, names))
        return fill_in(data.title, train, test, params, [cache.finished(name, 0) for name in names])
    small = len(train) * params.features <= AT_ONCE
    if not small and st.session_state.get(ASKED) != names:
        st.button(
            f"Measure on {len(train):,} training and {len(test):,} test pictures",
            key=f"{KEY} ask", type="primary", on_click=ask, args=(names,),
        )  # fmt: skip
        return None
    jobs = [cache.job(*task, KEY) for task in tasks]
    waiting.leave(KEY, jobs)
    if all(waiting.is_done(job) for job in jobs):
        return fill_in(data.title, train, test, params, [job.future.result() for job in jobs])
    st.fragment(partial(watch, data, train, test, params, jobs, names), run_every=waiting.LOOK_AGAIN)()
    return None


def ask(names: list[object]) -> None:
    st.session_state[ASKED] = names


def tasks_of(data: Data, train: Split, test: Split, params: Params) -> list[waiting.Task[object]]:
    """First the features, then raw pixels, then every count; a count is remembered whatever the largest one is."""
    tables_name = ("random tables", data.digest, params.spec(data.channels))
    pixels_name = ("random pixels", data.digest, params.classifier)
    shape = (params.kernel, params.depth, params.seed, params.classifier)
    return [
        (tables_name, partial(tables, train, test, params)),
        (pixels_name, partial(features.pixel_answer, train, test, params)),
        *(
            (("random accuracy", data.digest, k, *shape), partial(at_count, tables_name, train, test, params, k))
            for k in params.counts
        ),
    ]


def tables(train: Split, test: Split, params: Params, progress: Progress) -> Tables:
    return features.features(train, params, progress), features.features(test, params)


def at_count(
    tables_name: tuple[object, ...], train: Split, test: Split, params: Params, count: int, progress: Progress
) -> np.ndarray:
    """(TOP,) hits of the first `count` features; the worker has made the tables before, unless they were dropped."""
    train_x, test_x = cache.finished(tables_name, 0) or tables(train, test, params, progress)
    return features.answer(
        train_x[:, :count], train.labels, test_x[:, :count], test.labels, params.classifier, progress
    )


def watch(data: Data, train: Split, test: Split, params: Params, jobs: list[Job[object]], names: list[object]) -> None:
    """What there is so far, with a Stop button; the page runs again when all is there."""
    if all(waiting.is_done(job) or waiting.was_stopped(job) for job in jobs):
        st.rerun()
    done = [job.future.result() if waiting.is_done(job) else None for job in jobs]
    with st.container(horizontal=True, vertical_alignment="center"):
        share = sum(value is not None for value in done) / len(jobs)
        st.progress(share, f"Measuring accuracy: {share:.0%}")
        st.button("Stop", key=f"{KEY} stop", on_click=waiting.stop, args=(jobs, STOPPED, names))
    fill_in(data.title, train, test, params, done)


def fill_in(title: str, train: Split, test: Split, params: Params, done: list[object]) -> Result | None:
    """Draw the counts that are there: `done` holds tables, raw pixels, and then every count, None where it is due."""
    _, pixels, *found = done
    rows = [row for row in found if isinstance(row, np.ndarray)]
    if not isinstance(pixels, np.ndarray) or not rows or found[0] is None:
        return None
    rows = rows[: next((i for i, row in enumerate(found) if row is None), len(found))]
    result = features.collect(title, train, test, params, rows, pixels)
    draw(result)
    return result


def draw(result: Result) -> None:
    finding = features.finding(result)
    st.markdown(plain(finding))
    charts.show(figures.curve(result), "random-curve")
    note(
        f"{result.train:,} pictures to learn from, {result.test:,} to test with; kernel {result.kernel} px, depth "
        f"{result.depth}, seed {result.seed}. Features are drawn once and never changed; the classifier alone learns."
    )
