"""Have things computed by the inference worker: say what, how long it will take, and let the reader stop it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import wait
from functools import partial
from typing import Any, TypeVar
from weakref import WeakSet

import streamlit as st

from core import cache
from core.base.prose import section
from core.base.worker import Job, Stopped
from core.cache import Call
from pages.parts.common import tray
from pages.parts.common.words import Markdown, plain

T = TypeVar("T")
SHOW_AFTER = 0.4  # seconds; quicker answers need no bar
TICK = 0.05
SHOWN = "shown picture"  # the session's key of the picture whose figure stands on the page
LOOK_AGAIN = 0.7  # seconds between two looks at work that the page does not wait for


def ask(function: Callable[..., T], *arguments: object, what: str, at: str) -> T | None:
    """`function(*arguments, progress=...)`, from the cache or computed now; None if the reader stopped it.

    `what` is being done, in words; `at` tells the place on the page from others. Raises what the function raised, and
    TypeError for an argument that cannot be told from others.
    """
    return ask_all([Call(function, *arguments)], what, at)[0]


def ask_all(calls: Sequence[Call[T]], what: str, at: str, then: Sequence[Call[T]] = ()) -> list[T | None]:
    """Each call's answer, as `ask` gives it. `then`: what is asked for next at this place (`ask_on`); if it has begun,
    it goes on."""
    flag, keys = f"{at} stopped", [call.key for call in calls]
    if st.session_state.get(flag) == keys:
        offer(flag, keys, what, at)
        return [cache.finished(call) for call in calls]
    begun = time.monotonic()
    jobs, on = [cache.job(call, at) for call in calls], [call.key for call in then]
    leave(at, dict(zip(keys, jobs, strict=True)), on)
    bar, button = None, st.empty()
    while not all(is_done(job) for job in jobs):
        # another reader's Stop is not ours
        jobs = [cache.job(call, at) if was_stopped(job) else job for job, call in zip(jobs, calls, strict=True)]
        elapsed = time.monotonic() - begun
        if bar is None and elapsed > SHOW_AFTER:
            row = button.container(key=f"rx-waiting {at}")  # in a corner: house.css
            bar = row.empty()
            row.button(section("common", "stop"), key=f"{at} stop", on_click=stop, args=(jobs, flag, keys))
        if bar is not None:
            share = share_done(jobs)
            bar.progress(share, progress(what, share, time_left(share, elapsed)) + standing())
        tick(jobs)
    button.empty()
    leave(at, {}, on)  # its answers are the cache's to keep, within bounds
    return [job.future.result() for job in jobs]


def ask_on(calls: Sequence[Call[T]], what: str, at: str, until: float) -> list[T] | None:
    """Each call's answer if they are there `until` then, by the monotonic clock; else None, and the page goes on with
    what it has and is run again once they are. Meanwhile a bar in the corner says how far they are, and lets the reader
    stop it."""
    flag, keys = f"{at} stopped", [call.key for call in calls]
    if st.session_state.get(flag) == keys:
        offer(flag, keys, what, at)
        return None
    jobs = [cache.job(call, at) for call in calls]
    leave(at, dict(zip(keys, jobs, strict=True)))
    by_itself().update(jobs)
    while not all(is_done(job) for job in jobs) and time.monotonic() < until:
        tick(jobs)
    if all(is_done(job) for job in jobs):  # one that another reader stopped is begun anew by the next run
        leave(at, {})
        return [job.future.result() for job in jobs]
    st.fragment(partial(follow, jobs, flag, keys, what, at, time.monotonic()), run_every=LOOK_AGAIN)()
    return None


def stop_all(jobs: WeakSet[Job[Any]]) -> None:
    for job in list(jobs):  # a run may begin another
        if not job.future.done():
            job.stop()


@st.cache_resource(scope="session", on_release=stop_all, show_spinner=False)
def by_itself() -> WeakSet[Job[Any]]:
    """What this tab's pages have begun by themselves, and go on without: it ends with the tab. What a reader has asked
    for does not, as it may be asked for again."""
    return WeakSet()


def leave_page() -> None:
    """Stop what the page has begun by itself, as the next one needs the processor; what is done of it is kept."""
    stop_all(by_itself())
    by_itself().clear()


def tick(jobs: Sequence[Job[Any]]) -> None:
    """Wait until all of them are done, or for a TICK; as long where another reader has stopped one."""
    pending = [job.future for job in jobs if not job.future.done()]
    if pending:
        wait(pending, TICK)
    else:
        time.sleep(TICK)


def follow(jobs: Sequence[Job[T]], flag: str, keys: list[str], what: str, at: str, begun: float) -> None:
    if all(job.future.done() for job in jobs):
        st.rerun()
    share = share_done(jobs)
    with st.container(key=f"rx-waiting {at} on"):  # in a corner: house.css
        st.progress(share, progress(what, share, time_left(share, time.monotonic() - begun)))
        st.button(section("common", "stop"), key=f"{at} on stop", on_click=stop, args=(jobs, flag, keys))


def offer(flag: str, keys: list[str], what: str, at: str) -> None:
    """That it is stopped, and the way on."""
    with st.container(horizontal=True, vertical_alignment="center"):
        said = section("common", "stopped", what=plain(what[0].lower() + what[1:]))
        st.markdown(f":material/front_hand: {said}")
        st.button(section("common", "go on"), key=f"{at} go on", on_click=go_on, args=(flag, keys))


def progress(what: str, share: float, left: str = "") -> Markdown:
    """How much of what is being done is done, and `left`, how long it still takes."""
    return Markdown(section("common", "share done", what=plain(what), share=plain(f"{share:.0%}"), left=plain(left)))


def share_done(jobs: Sequence[Job[Any]]) -> float:
    """How much of some work is done, in 0..1, each job weighing the same."""
    return sum(1.0 if job.future.done() else job.done / max(job.total, 1) for job in jobs) / len(jobs)


def standing() -> Markdown:
    """Whose figure still stands on the page, where that is another picture's than the one that is asked about."""
    title = st.session_state.get(SHOWN)
    if title is None or title == tray.chosen().title:
        return Markdown("")
    return Markdown(f". {section('common', 'still shown', title=plain(title))}")


def leave(at: str, jobs: Mapping[str, Job[Any]], on: Collection[str] = ()) -> None:
    """Wait for `jobs`, by their calls' keys, at this place, and stop what this session asked for there before, but for
    the keys `on`: a slider on its way asks often."""
    before: Mapping[str, Job[Any]] = st.session_state.get(f"{at} asked", {})
    for key, job in before.items():
        if key not in jobs and key not in on and not job.future.done():
            job.stop()
    st.session_state[f"{at} asked"] = {key: job for key, job in before.items() if key in on} | dict(jobs)


def later(call: Call[T], what: str, draw: Callable[[T], None]) -> None:
    """Draw the call's answer when it is there, without holding up what follows on the page."""
    end = time.monotonic() + SHOW_AFTER
    while not is_done(cache.job(call, what)) and time.monotonic() < end:
        tick([cache.job(call, what)])
    if is_done(job := cache.job(call, what)):
        draw(job.future.result())
    else:
        st.fragment(partial(watch, call, what), run_every=LOOK_AGAIN)()


def watch(call: Call[T], what: str) -> None:
    job = cache.job(call, what)
    if is_done(job):
        st.rerun()
    share = job.done / max(job.total, 1)
    st.progress(share, progress(what, share) if job.total else section("common", "queued", what=plain(what)))


def stop(jobs: Sequence[Job[T]], flag: str, keys: list[str]) -> None:
    for job in jobs:
        job.stop()
    st.session_state[flag] = keys


def go_on(flag: str, keys: list[str]) -> None:
    cache.forget(keys)
    del st.session_state[flag]


def is_done(job: Job[T]) -> bool:
    return job.future.done() and not was_stopped(job)


def was_stopped(job: Job[T]) -> bool:
    return job.future.done() and isinstance(job.future.exception(), Stopped)


def time_left(share: float, elapsed: float) -> str:
    if share <= 0.02:
        return ""
    return section("common", "seconds left", seconds=max(1, round(elapsed * (1 - share) / share)))
