"""The inference worker: one at a time, first come first served, and what is stopped in the queue is never begun."""

import threading

import pytest

from core import worker
from core.worker import Stopped


def test_what_is_stopped_before_its_turn_is_not_begun():
    go, begun = threading.Event(), []
    first = worker.submit(lambda progress: go.wait(10))
    second = worker.submit(lambda progress: begun.append("second"))
    third = worker.submit(lambda progress: "third")
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

    job = worker.submit(work)
    assert at_one.wait(10)
    job.stop()
    go.set()
    with pytest.raises(Stopped):
        job.future.result(10)
    assert (job.done, job.total) == (1, 3)
