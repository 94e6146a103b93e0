"""Have things computed by the inference worker: say what, how long it will take, and let the reader stop it."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import TypeVar

import streamlit as st

from core import cache
from core.base.worker import Job, Progress, Stopped
from pages.parts.common.words import plain

T = TypeVar("T")
Task = tuple[Hashable, Callable[[Progress], T]]  # what the answer is remembered under, and how it is computed
SHOW_AFTER = 0.4  # seconds; quicker answers need no bar
TICK = 0.05
LOOK_AGAIN = 0.7  # seconds between two looks at work that the page does not wait for


def compute(tasks: Sequence[Task[T]], what: str, key: str) -> list[T | None]:
    """Each task's answer, from the cache or computed now; None for those that the reader stopped.

    Raises what a task raised.
    """
    flag = f"{key} stopped"
    names = [name for name, _ in tasks]
    if st.session_state.get(flag) == names:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f":material/front_hand: Stopped: {plain(what[0].lower() + what[1:])}. What was finished is shown."
            )
            st.button("Go on", key=f"{key} go on", on_click=go_on, args=(flag, names))
        return [cache.finished(name) for name in names]
    begun = time.monotonic()
    jobs = [cache.job(name, work, key) for name, work in tasks]
    leave(key, jobs)
    bar, button = None, st.empty()
    while not all(is_done(job) for job in jobs):
        # another reader's Stop is not ours
        jobs = [cache.job(*task, key) if was_stopped(job) else job for job, task in zip(jobs, tasks, strict=True)]
        elapsed = time.monotonic() - begun
        if bar is None and elapsed > SHOW_AFTER:
            row = button.container(horizontal=True, vertical_alignment="center")
            bar = row.empty()
            row.button("Stop", key=f"{key} stop", on_click=stop, args=(jobs, flag, names))
        if bar is not None:
            share = sum(1.0 if job.future.done() else job.done / max(job.total, 1) for job in jobs) / len(jobs)
            bar.progress(share, plain(f"{what}: {share:.0%}{time_left(share, elapsed)}"))
        time.sleep(TICK)
    button.empty()
    del st.session_state[f"{key} asked"]  # its answers are the cache's to keep, within bounds
    return [job.future.result() for job in jobs]


def leave(key: str, jobs: Sequence[Job[T]]) -> None:
    """Stop what this session asked for under `key` before and no longer waits for: a slider on its way asks often."""
    for job in st.session_state.get(f"{key} asked", ()):
        if job not in jobs and not job.future.done():
            job.stop()
    st.session_state[f"{key} asked"] = jobs


def later(task: Task[T], what: str, draw: Callable[[T], None]) -> None:
    """Draw the task's answer when it is there, without holding up what follows on the page."""
    name, work = task
    end = time.monotonic() + SHOW_AFTER
    while not is_done(cache.job(name, work, what)) and time.monotonic() < end:
        time.sleep(TICK)
    if is_done(job := cache.job(name, work, what)):
        draw(job.future.result())
    else:
        st.fragment(partial(watch, task, what), run_every=LOOK_AGAIN)()


def watch(task: Task[T], what: str) -> None:
    job = cache.job(*task, what)
    if is_done(job):
        st.rerun()
    share = job.done / max(job.total, 1)
    st.progress(
        share, plain(f"{what}: {share:.0%}") if job.total else plain(f"{what}: waiting for what was asked before")
    )


def stop(jobs: Sequence[Job[T]], flag: str, names: list[Hashable]) -> None:
    for job in jobs:
        job.stop()
    st.session_state[flag] = names


def go_on(flag: str, names: list[Hashable]) -> None:
    cache.forget(names)
    del st.session_state[flag]


def is_done(job: Job[T]) -> bool:
    return job.future.done() and not was_stopped(job)


def was_stopped(job: Job[T]) -> bool:
    return job.future.done() and isinstance(job.future.exception(), Stopped)


def time_left(share: float, elapsed: float) -> str:
    if share <= 0.02:
        return ""
    return f", about {max(1, round(elapsed * (1 - share) / share))} s left"
