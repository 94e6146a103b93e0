"""The inference worker: one at a time, turns between steps, and what is stopped in the queue is never begun."""

import threading
import time

import numpy as np
import pytest
import torch

from core.base import worker
from core.base.worker import Line, Stopped, submit

STEP = worker.SLICE * 1.2  # seconds; so long that every step ends a turn


def long_work(steps, seen, name, seconds=STEP):
    """A computation of `steps` steps that notes its name at each."""

    def work(progress):
        for i in range(steps):
            seen.append(name)
            time.sleep(seconds)
            progress(i + 1, steps)
        return name

    return work


def test_what_is_stopped_before_its_turn_is_not_begun():
    go, begun = threading.Event(), []
    first = submit(lambda progress: go.wait(10))
    second = submit(lambda progress: begun.append("second"))
    third = submit(lambda progress: "third")
    second.stop()
    go.set()
    assert first.future.result(10)
    with pytest.raises(Stopped):
        second.future.result(10)
    assert third.future.result(10) == "third"
    assert begun == []


def test_a_running_job_stops_at_its_next_step_and_tells_how_far_it_came():
    at_one, go = threading.Event(), threading.Event()

    def work(progress):
        progress(1, 3)
        at_one.set()
        go.wait(10)
        progress(2, 3)

    job = submit(work)
    assert at_one.wait(10)
    job.stop()
    go.set()
    with pytest.raises(Stopped):
        job.future.result(10)
    assert (job.done, job.total) == (1, 3)


def test_an_error_is_the_askers():
    job = submit(lambda progress: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        job.future.result(10)
    assert submit(lambda progress: 3).future.result(10) == 3


def test_a_short_look_does_not_wait_for_a_long_map():
    seen = []
    whole = submit(long_work(40, seen, "long"), Line("one", "map"))
    while len(seen) < 3:
        time.sleep(0.01)
    short = submit(long_work(3, seen, "short"), Line("two", "sweep"))
    assert short.future.result(10) == "short"
    assert not whole.future.done()
    begun = seen.index("short")
    assert seen[begun : begun + 3].count("short") >= 2  # hardly anything of the other comes between
    whole.stop()


def test_what_is_asked_in_one_go_is_done_in_order_and_one_after_the_other():
    seen = []
    jobs = [submit(long_work(2, seen, i), Line("one", "page")) for i in range(4)]
    assert [job.future.result(20) for job in jobs] == [0, 1, 2, 3]
    assert seen == [0, 0, 1, 1, 2, 2, 3, 3]


def test_two_computations_never_run_at_once():
    inside, most = [], []

    def work(progress):
        for i in range(8):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.01)
            inside.pop()
            progress(i + 1, 8)

    jobs = [submit(work, Line(session, "page")) for session in range(4)]
    for job in jobs:
        job.future.result(20)
    assert max(most) == 1


def test_a_session_gets_no_more_by_asking_for_more(monkeypatch):
    monkeypatch.setattr(worker, "PATIENCE", 60.0)
    seen = []
    greedy = [submit(long_work(60, seen, "greedy"), Line("greedy", ask)) for ask in range(5)]
    modest = submit(long_work(12, seen, "modest"), Line("modest", "page"))
    modest.future.result(30)
    for job in greedy:
        job.stop()
    assert seen.count("greedy") <= 16  # a turn of the one, a turn of the other


def test_work_that_waits_gets_a_step_at_last(monkeypatch):
    monkeypatch.setattr(worker, "PATIENCE", 0.3)
    seen = []
    whole = submit(long_work(1000, seen, "long"), Line("one", "map"))
    while len(seen) < 20:  # it has had a second or more
        time.sleep(0.01)
    end = time.monotonic() + 2.5
    while time.monotonic() < end:  # a new session each time, which has had nothing yet
        submit(long_work(3, seen, "short"), Line(object(), "look")).future.result(10)
    whole.stop()
    assert seen[25:].count("long") >= 4


def test_a_stopped_job_ends_while_another_has_its_turn():
    seen = []
    waits = submit(long_work(100, seen, "waits"), Line("one", "map"))
    while not seen:
        time.sleep(0.01)
    submit(long_work(10, seen, "runs"), Line("two", "map"))
    while "runs" not in seen:
        time.sleep(0.01)
    waits.stop()
    with pytest.raises(Stopped):
        waits.future.result(1)


def test_turns_do_not_show_in_what_is_drawn_at_random():
    """torch has one generator for all threads: dropout must not meet another job's seed."""

    def draws(seed):
        def work(progress):
            found = []
            with torch.random.fork_rng():
                torch.manual_seed(seed)
                for i in range(6):
                    found.append(torch.rand(3).numpy())
                    time.sleep(STEP)
                    progress(i + 1, 6)
            return np.stack(found)

        return work

    jobs = [submit(draws(seed), Line(seed, "page")) for seed in range(3)]
    drawn = [job.future.result(20) for job in jobs]  # all, before this thread draws from the same generator
    for seed, found in enumerate(drawn):
        torch.manual_seed(seed)
        np.testing.assert_array_equal(found, torch.rand(6, 3).numpy())
