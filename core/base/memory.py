"""How much memory the process keeps at hand, where the C library is glibc: elsewhere nothing here does anything.

A network's maps are megabytes that come and go with every layer. By itself glibc hands each back to the system and has
it cleared again a moment later, which takes up to a third of a forward pass. `keep` has it keep them; `hand_back` gives
them up when nothing is computed any more.
"""

from __future__ import annotations

import ctypes
import functools
from typing import Any, Protocol
from weakref import WeakSet

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -2, -3, -8  # of malloc.h
LARGE = 2**25  # bytes: the most that glibc takes for M_MMAP_THRESHOLD on 64 bits
MOST = 2**28  # bytes that lie free on top of the heap before they are handed back
ARENAS = 2  # heaps: each thread of a server would have its own, and none gives anything to another


class Releases(Protocol):
    """What keeps room for its next computation, in memory of its own."""

    def release(self) -> None:
        """Give it up until then."""


HOLDING: WeakSet[Releases] = WeakSet()  # who is asked for it by `hand_back`


@functools.cache
def _glibc() -> Any:
    """The C library that the process runs on, None unless it is glibc."""
    try:
        found = ctypes.CDLL(None)
        found.gnu_get_libc_version  # noqa: B018  # AttributeError elsewhere
    except (OSError, TypeError, AttributeError):
        return None
    return found


def keep() -> bool:
    """Keep what is freed, for what is asked for next; at the start of a process. Whether that can be had here."""
    library = _glibc()
    if library is None:
        return False
    wanted = {M_ARENA_MAX: ARENAS, M_MMAP_THRESHOLD: LARGE, M_TRIM_THRESHOLD: MOST, M_TOP_PAD: LARGE}
    return bool(sum(library.mallopt(name, value) for name, value in wanted.items()) == len(wanted))


def hand_back() -> bool:
    """Give to the system what the process has freed, and what is held for the next computation. Whether the C library
    gave anything."""
    for one in list(HOLDING):
        one.release()
    library = _glibc()
    return library is not None and bool(library.malloc_trim(0))
