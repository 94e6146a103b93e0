"""The chunks of a batch on a cluster, through Dask's distributed (the extra `cluster`).

Pictures and weights travel with their task, whose description the scheduler keeps, so a worker that dies takes nothing
with it: its chunks are computed again elsewhere, and the client writes each part once. Pickles travel between the
machines, so trust the cluster; networks of torchvision's and of packages must be installed on its workers. Tried with
a scheduler and two workers on one machine.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from itertools import islice
from typing import Any

from core.batch.work import AHEAD, Chunks, Computed, Runner, Work, compute

ADDRESS = re.compile(r"(tcp|tls|ws|wss|ucx)://\S+:\d+")
SECONDS = 5  # until a scheduler counts as one that does not answer
RETRIES = 3  # of a chunk that fails on a worker
GO_ON = "run the same command again, it goes on with what is missing"


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """A client of the Dask scheduler at tcp://HOST:PORT.

    Raises ValueError: distributed is not installed, not an address, nobody there.
    """
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise ValueError(
            'expected Dask\'s distributed for --scheduler, found none: pip install "receptive[cluster]"'
        ) from error
    if not ADDRESS.fullmatch(address):
        raise ValueError(f"expected a scheduler at tcp://HOST:PORT, got {address!r}: dask scheduler prints its address")
    try:
        client = Client(address, timeout=SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise ValueError(
            f"expected a Dask scheduler at {address}, nobody answered within {SECONDS:g} s: start dask scheduler "
            "there, or check the address"
        ) from error
    with quiet(), client:
        yield client


@contextmanager
def quiet() -> Iterator[None]:
    """Without distributed's own log on stderr: what matters is raised."""
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client")]  # each has its own level
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


def on_cluster(client: Any) -> Runner:
    """A Runner that computes chunks on the workers of a Dask client, each of which needs this package installed.

    The Runner raises ValueError, with what to do, for a lost scheduler, a worker without the package, or a chunk that
    takes workers down.
    """
    from distributed import KilledWorker, as_completed

    def runner(work: Work, chunks: Chunks) -> Computed:
        with warnings.catch_warnings():
            # that the pictures are in the task, and not with a worker that may die, is the point
            warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
            sent = client.submit(same, work, pure=False)
            running: dict[str, int] = {}
            done = as_completed(loop=client.loop)  # type: ignore[no-untyped-call]
            try:
                while True:
                    room = AHEAD * max(1, sum(client.nthreads().values()))  # of the workers that there are now
                    for index, pictures in islice(chunks, max(0, room - len(running))):
                        future = client.submit(compute, sent, pictures, pure=False, retries=RETRIES)
                        running[future.key] = index
                        done.add(future)  # type: ignore[no-untyped-call]
                    if not running:
                        return
                    future = next(done)
                    yield running.pop(future.key), future.result()
            except KilledWorker as error:
                raise ValueError(f"expected a worker to outlive a chunk, it took several down: {GO_ON}") from error
            except (ImportError, RuntimeError) as error:
                why = error.__cause__ or error
                raise ValueError(
                    f"expected receptive on every worker, got {why!r}: install it there; {GO_ON}"
                ) from error
            except (CancelledError, OSError) as error:
                raise ValueError(f"expected the scheduler to stay, the connection was lost: {GO_ON}") from error

    return runner


def same(work: Work) -> Work:
    """The networks, as a task: one that is lost with its worker is sent again by the scheduler."""
    return work
