"""The inference worker of a process: one computation at a time, and turns between the steps of several.

The session that has had least of the worker goes next, so that a short look does not wait for the end of a long map.
What a session asks for at once is done in that order. No torch here, so that pages import it at once.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from core.base import memory

T = TypeVar("T")
Progress = Callable[[int, int], None]  # (done, total); may raise to stop the computation

SLICE = 0.05  # seconds that a turn lasts at least, if its work does
PATIENCE = 2.0  # seconds after which work that waits gets a step, however much it has had


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


@dataclass(frozen=True)
class Line:
    """What a `session` asked for in one go: its jobs are begun one after the other."""

    session: Hashable = None
    ask: Hashable = None


@dataclass(eq=False)
class Job(Generic[T]):
    """A computation in the inference worker."""

    line: Line = Line()
    future: Future[T] = field(default_factory=Future)
    done: int = 0
    total: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)

    def progress(self, done: int, total: int) -> None:
        """What the computation calls as it goes: others may have a turn now. Raises Stopped once `stop` was called."""
        _turns.give_way(self)
        if self.stopping.is_set():
            raise Stopped
        self.done, self.total = done, total

    def stop(self) -> None:
        """End it at its next step, or before its first."""
        self.stopping.set()
        _turns.look_again()


class Turns:
    """Who may compute: one job at a time."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[Job[Any], float] = {}  # since when
        self._running: Job[Any] | None = None
        self._since = self._charged = 0.0  # when the turn began; up to when it has been paid for
        self._used: defaultdict[Hashable, float] = defaultdict(float)  # seconds of sessions and lines

    def begin(self, job: Job[Any]) -> None:
        """Return when it is the job's turn."""
        with self._changed:
            self._waiting[job] = time.monotonic()
            while self._running is not None or self._next() is not job:
                self._changed.wait()
            del self._waiting[job]
            self._running = job
            self._since = self._charged = time.monotonic()
            self._changed.notify_all()

    def give_way(self, job: Job[Any]) -> None:
        """Between two steps: return at once if the job is to go on, or when it is its turn again."""
        with self._changed:
            if self._running is not job or not self._waiting or time.monotonic() - self._since < SLICE:
                return
            self._charge(job)
            if self._next(job) is job:
                return
            dice = random_state()
            self._running = None
            self._changed.notify_all()
            self.begin(job)
        if dice is not None:
            sys.modules["torch"].set_rng_state(dice)

    def leave(self, job: Job[Any]) -> None:
        """The job is over."""
        with self._changed:
            self._charge(job)
            self._running = None
            self._changed.notify_all()

    def forget(self, owner: Hashable) -> None:
        """A line or session wants nothing more: its seconds are counted anew when it comes back."""
        with self._changed:
            self._used.pop(owner, None)

    def look_again(self) -> None:
        """A job is to stop: it may be its turn."""
        with self._changed:
            self._changed.notify_all()

    def _charge(self, job: Job[Any]) -> None:
        now = time.monotonic()
        for owner in (job.line, job.line.session):
            self._used[owner] += now - self._charged
        self._charged = now

    def _next(self, *also: Job[Any]) -> Job[Any]:
        """Of those who wait and `also`: who is to stop, or has waited too long, or else has had least."""
        now = time.monotonic()

        def rank(job: Job[Any]) -> tuple[float, ...]:
            asked = self._waiting.get(job, now)
            late = now - asked > PATIENCE
            return (not job.stopping.is_set(), not late, asked if late else 0.0, self._used[job.line.session],
                    self._used[job.line], asked)  # fmt: skip

        return min((*self._waiting, *also), key=rank)


def random_state() -> Any:
    """The state of torch's one random generator, which dropout draws from: it is a job's own as long as it runs."""
    torch: Any = sys.modules.get("torch")
    return torch.get_rng_state() if hasattr(torch, "get_rng_state") else None


_turns = Turns()
_lines: dict[Line, deque[tuple[Job[Any], Callable[[Progress], Any]]]] = {}
_lock = threading.Lock()


def submit(work: Callable[[Progress], T], line: Line = Line()) -> Job[T]:
    """Queue `work(progress)` for the inference worker; what is stopped before its turn is not begun."""
    job: Job[T] = Job(line)
    with _lock:
        if line in _lines:
            _lines[line].append((job, work))
        else:
            _lines[line] = deque([(job, work)])
            threading.Thread(target=serve, args=(line,), name="inference", daemon=True).start()
    return job


def serve(line: Line) -> None:
    """Do what is in a line, one after the other, until nothing is left in it."""
    while True:
        with _lock:
            if not _lines[line]:
                del _lines[line]
                break
            job, work = _lines[line].popleft()
        _turns.begin(job)
        try:
            job.progress(0, 0)
            answer = work(job.progress)
        except BaseException as error:  # the asker's to raise
            _turns.leave(job)
            job.future.set_exception(error)
        else:
            _turns.leave(job)
            job.future.set_result(answer)
    if not _lines:
        memory.hand_back()
    _turns.forget(line)
    if all(other.session != line.session for other in list(_lines)):
        _turns.forget(line.session)
