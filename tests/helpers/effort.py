"""How much work something is, in a unit of the machine that it runs on: processor time, not the clock's."""

import time
from collections.abc import Callable
from functools import cache
from itertools import repeat
from typing import ParamSpec, TypeVar

T, P = TypeVar("T"), ParamSpec("P")


@cache
def unit() -> float:
    """What this processor takes for a loop that a laptop of 2024 does in about a tenth of a second."""
    began = time.thread_time()
    total = 0
    for _ in repeat(None, 3_500_000):  # nothing is allocated: it takes as long while tracemalloc looks on
        total = total + 1 & 7
    return time.thread_time() - began


def effort(work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> tuple[T, float]:
    """What it gives, and about how many seconds such a laptop, idle, would take for it."""
    began = time.thread_time()
    result = work(*arguments, **named)
    return result, (time.thread_time() - began) / unit() / 10
