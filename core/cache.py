"""What the app remembers between reruns and sessions, and for how long. The only file in core that knows Streamlit."""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import CancelledError
from importlib import import_module
from typing import Any, TypeVar

import streamlit as st

from core import networks
from core.base import worker
from core.base.worker import Job, Line, Progress, Stopped
from core.networks import intact
from core.networks.card import Card, Network

T = TypeVar("T")
NETWORKS_KEPT = 5  # a VGG-16 takes 1.4 GB in all its precisions
JOBS_KEPT = 64  # one page of patch evidence asks for 30; the largest sweep holds 10 MB of logits


def network(card: Card) -> Network:
    """The network of a card that is on this machine, loaded once a process. Raises WeightsError if it does not load."""
    wait_until_warm()
    return _network(card, None if card.file is None else intact.digest(card.file))


@st.cache_resource(max_entries=NETWORKS_KEPT, show_spinner=False)
def _network(card: Card, digest: str | None) -> Network:
    return networks.load(card)


@st.cache_resource(show_spinner=False)
def _jobs() -> tuple[threading.Lock, OrderedDict[Hashable, Job[Any]]]:
    return threading.Lock(), OrderedDict()


def job(key: Hashable, work: Callable[[Progress], T], ask: str = "") -> Job[T]:
    """The job of this key, started if nobody has asked yet; a stopped or failed one is started anew.

    What a session asks for under one `ask` is done in that order. Sessions that ask for the same thing share one
    computation. The least recently asked jobs are dropped.
    """
    lock, kept = _jobs()
    with lock:
        found = kept.get(key)
        if found is None or (found.future.done() and found.future.exception() is not None):
            found = kept[key] = worker.submit(work, Line(session(), ask))
        kept.move_to_end(key)
        while len(kept) > JOBS_KEPT:
            kept.popitem(last=False)
        return found


def session() -> str:
    """What tells this browser tab's work from that of others."""
    own: str = st.session_state.setdefault("session", uuid.uuid4().hex)
    return own


@st.cache_resource(show_spinner=False)
def warm_up() -> threading.Thread:
    """Import what pages will want while the reader looks at the first one."""
    names = ("torch", "torchvision", "plotly.graph_objects", "sklearn", "captum.attr", "torch._decomp")
    thread = threading.Thread(target=lambda: [import_module(name) for name in names], daemon=True)
    thread.start()
    return thread


def wait_until_warm() -> None:
    """To be called before torch is used: two threads that import it at once may each see half of it."""
    warm_up().join()


def finished(key: Hashable, patience: float = 2.0) -> Any:
    """The answer remembered under this key, None if there is none; a job about to end gets `patience` seconds."""
    lock, kept = _jobs()
    with lock:
        found = kept.get(key)
    if found is None:
        return None
    try:
        return found.future.result(patience)
    except (TimeoutError, CancelledError, Stopped):
        return None


def forget(keys: Sequence[Hashable]) -> None:
    """Drop what is remembered under these keys."""
    lock, kept = _jobs()
    with lock:
        for key in keys:
            kept.pop(key, None)
