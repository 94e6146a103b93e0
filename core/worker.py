"""The one inference worker of a process: first come, first served. No torch here, so that pages import it at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")
Progress = Callable[[int, int], None]  # (done, total); may raise to stop the computation


def ignore(done: int, total: int) -> None:
    """The progress callback of those who do not watch."""


def part(progress: Progress, i: int, count: int) -> Progress:
    """The progress of part `i` of `count` equal ones, told to `progress` as that of the whole."""
    return lambda done, total: progress(i * total + done, count * total)


def each(items: Sequence[T], progress: Progress) -> Iterator[T]:
    """The items one after another; `progress` is told before each how many are done, and of all at the end."""
    for done, item in enumerate(items):
        progress(done, len(items))
        yield item
    progress(len(items), len(items))


class Stopped(Exception):
    """Raised inside a job whose reader pressed Stop."""


@dataclass(eq=False)
class Job(Generic[T]):
    """A computation in the one inference worker: first come, first served."""

    future: Future[T] = field(default_factory=Future)
    done: int = 0
    total: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    def progress(self, done: int, total: int) -> None:
        """What the computation calls as it goes; raises Stopped once `stop` was called."""
        if self._stop.is_set():
            raise Stopped
        self.done, self.total = done, total

    def stop(self) -> None:
        self._stop.set()


_worker = ThreadPoolExecutor(1, thread_name_prefix="inference")


def submit(work: Callable[[Progress], T]) -> Job[T]:
    """Queue `work(progress)` for the inference worker; what is stopped before its turn is not begun."""
    job: Job[T] = Job()

    def begin() -> T:
        job.progress(0, 0)
        return work(job.progress)

    job.future = _worker.submit(begin)
    return job
