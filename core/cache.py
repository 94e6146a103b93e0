"""What the app remembers between reruns and sessions, and for how long. The only file in core that knows Streamlit."""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property, partial
from hashlib import sha256
from importlib import import_module
from inspect import isfunction
from pathlib import PurePath
from typing import Any, Generic, TypeVar

import numpy as np
import streamlit as st

from core import networks
from core.base import heavy, worker
from core.base.worker import Job, Line, Progress, Stopped
from core.networks import intact
from core.networks.card import Card, Network

T = TypeVar("T")
NETWORKS_KEPT = 5  # a VGG-16 takes 1.4 GB in all its precisions
FIRST_LOOK = 3.0  # seconds that the first page gets before torch is imported beside it
JOBS_KEPT = 64  # one page of patch evidence asks for 30; the largest sweep holds 10 MB of logits
PLAIN = (type(None), bool, int, float, complex, str)  # what these say of themselves is all that they are
_wanted = threading.Event()  # somebody waits for torch


@dataclass(frozen=True)
class Aside(Generic[T]):
    """An argument that may save work and changes no answer: nothing is remembered under it."""

    value: T


class Call(partial[T]):
    """A function and its arguments but for `progress`: what the inference worker is asked for."""

    @cached_property
    def key(self) -> str:
        """What the answer is remembered under: the function and all that the answer depends on."""
        return digest(self)


def digest(value: object) -> str:
    """SHA-256 that tells an argument from every other one.

    What has an `identity` or a `digest`, as networks, pictures and splits have, is told by that; arrays by their bytes;
    dataclasses, containers and partials by their parts, and functions by their name. Raises TypeError for all else, as
    what an object says of itself may not be all that it is.
    """
    total = sha256(f"{type(value).__module__}.{type(value).__qualname__}".encode())
    for part in _parts(value):
        total.update(part if isinstance(part, bytes | memoryview) else bytes.fromhex(digest(part)))
    return total.hexdigest()


def _parts(value: Any) -> Iterator[Any]:
    """A value's bytes, or the values that it is made of."""
    told = getattr(value, "identity", None) or getattr(value, "digest", None)
    if isinstance(told, str):
        yield told.encode()
    elif isinstance(value, Aside):
        return
    elif isinstance(value, np.ndarray | np.generic) and not value.dtype.hasobject:
        yield f"{value.dtype.descr} {value.shape}"
        yield np.ascontiguousarray(value).data
    elif isinstance(value, bytes):
        yield value
    elif type(value) in PLAIN or isinstance(value, PurePath):
        yield repr(value).encode()
    elif is_dataclass(value) and not isinstance(value, type):
        yield from ((field.name, getattr(value, field.name)) for field in fields(value))
    elif isinstance(value, tuple | list):
        yield from value
    elif isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, set | frozenset):
        yield from sorted(bytes.fromhex(digest(one)) for one in value)
    elif isinstance(value, partial):
        yield from (value.func, value.args, value.keywords)
    elif isfunction(value) and "<" not in value.__qualname__:
        yield f"{value.__module__}.{value.__qualname__}".encode()
    else:
        raise TypeError(
            f"expected an argument that can be told from others, got a {type(value).__qualname__}: give a dataclass, "
            "an array, a function of a module, or what has a digest"
        )


def network(card: Card) -> Network:
    """The network of a card that is on this machine, loaded once a process. Raises WeightsError if it does not load."""
    wait_until_warm()
    return _network(card, None if card.file is None else intact.digest(card.file))


@st.cache_resource(max_entries=NETWORKS_KEPT, show_spinner=False)
def _network(card: Card, digest: str | None) -> Network:
    return networks.load(card)


@st.cache_resource(show_spinner=False)
def _jobs() -> tuple[threading.Lock, OrderedDict[str, Job[Any]]]:
    return threading.Lock(), OrderedDict()


def job(call: Call[T], ask: str = "") -> Job[T]:
    """The job of this call, started if nobody has asked yet; a stopped or failed one is started anew.

    What a session asks for under one `ask` is done in that order. Sessions that ask for the same thing share one
    computation. The least recently asked jobs are dropped. The function is handed its `progress` by name.
    """
    lock, kept = _jobs()
    with lock:
        found = kept.get(call.key)
        if found is None or (found.future.done() and found.future.exception() is not None):
            tab = st.session_state.setdefault("session", uuid.uuid4().hex)  # whose work it is
            found = kept[call.key] = worker.submit(lambda progress: call(progress=progress), Line(tab, ask))
        kept.move_to_end(call.key)
        while len(kept) > JOBS_KEPT:
            kept.popitem(last=False)
        return found


# Plotly looks at pandas where it finds it among the imported modules, and must not meet it half imported.
heavy.BEFORE["plotly"] = "pandas"


@st.cache_resource(show_spinner=False)
def warm_up() -> threading.Thread:
    """Import what pages will want while the reader looks at the first one: once it stands, or when somebody waits."""
    thread = threading.Thread(target=_import, daemon=True)
    thread.start()
    return thread


def _import() -> None:
    _wanted.wait(FIRST_LOOK)
    for name in ("torch", "plotly.graph_objects", "torch._decomp"):
        import_module(name)


def is_warm() -> bool:
    """Whether what was begun by `warm_up` is done, so that nobody waits for an import."""
    thread = warm_up()
    return thread.ident is not None and not thread.is_alive()


def wait_until_warm() -> None:
    """To be called before torch is used: two threads that import it at once may each see half of it."""
    _wanted.set()
    warm_up().join()


def finished(call: Call[T], patience: float = 2.0) -> T | None:
    """The answer that is remembered, None if there is none; a job about to end gets `patience` seconds."""
    lock, kept = _jobs()
    with lock:
        found: Job[T] | None = kept.get(call.key)
    if found is None:
        return None
    try:
        return found.future.result(patience)
    except (TimeoutError, CancelledError, Stopped):
        return None


def known(call: Call[T], progress: Progress) -> T:
    """Within a job: another call's answer, the remembered one or computed here."""
    found = finished(call, 0)
    return call(progress=progress) if found is None else found


def forget(keys: Iterable[str]) -> None:
    """Drop what is remembered under these calls' keys."""
    lock, kept = _jobs()
    with lock:
        for key in keys:
            kept.pop(key, None)
