"""A chunk of pictures -> its rows, the same in this process, in another, or on another machine."""

from __future__ import annotations

import functools
import importlib.metadata
import multiprocessing
import signal
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from itertools import islice
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from core import networks as core_networks
from core.base.heavy import safetensors_torch, torch
from core.base.jobs import live_by
from core.batch import columns
from core.networks import brought, engine, onnx_networks, packaged, quoting, weights
from core.networks import card as networks_card
from core.networks.card import Card, Network
from core.networks.own_options import ASIS, FileOptions
from core.pictures.files import UNREADABLE
from core.pictures.image import ImageError, RGBImage, decode, from_pixels
from core.pictures.listing import MAX_PICTURE_BYTES, Found
from core.pictures.preprocess import Preprocessing
from core.studies.random import row as random_row
from core.studies.random.row import RANDOM
from core.studies.study import Row
from core.training import measurement

BY_NAME = (networks_card.TORCHVISION, networks_card.PLUGIN)  # not of our registry: every machine has their modules
AHEAD = 2  # chunks read for each thread of a cluster: one is computed, one waits
PICTURES_AHEAD = 8  # read for each process of this machine: one is computed, the others wait
TRIAL_SIDE = 64  # px of the grey picture that every network is tried on before anything runs
PACKAGES = ("receptive", "torch", "numpy", "pillow")  # those whose version may change a number


@dataclass(frozen=True, eq=False)
class Sent:
    """A network as it travels to another process or machine: `state` is a safetensors or an ONNX file's bytes,
    `identity` covers all that its answers depend on, `digest` the weights alone.

    Without a card it is the random features' own network, which its settings tell.
    """

    name: str
    digest: str
    identity: str
    card: Card | None = None
    labels: tuple[str, ...] = ()
    preprocessing: Preprocessing | None = None
    state: bytes = b""

    @property
    def arch(self) -> str:
        return self.card.arch if self.card else "random_depthwise"

    @property
    def provenance(self) -> str:
        """Where its weights come from, in a sentence."""
        return self.card.provenance if self.card else "random weights, drawn from the seed; nothing in it has learned"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sent) and self.identity == other.identity

    def __hash__(self) -> int:
        return hash(self.identity)


@dataclass(frozen=True, eq=False)
class Work:
    """All that a chunk needs beside its pictures. `versions` by package: the same wherever it is computed."""

    study: str
    params: Any
    networks: tuple[Sent, ...]
    versions: dict[str, str]


@dataclass(frozen=True)
class Picture:
    """A file as it travels: its bytes, or why it could not be read."""

    name: str
    folder: str
    data: bytes = b""
    reason: str = ""


@dataclass(frozen=True)
class Part:
    """The rows of a chunk of pictures, and (name, reason) of those left out."""

    rows: list[Row]
    skipped: list[tuple[str, str]]


Chunks = Iterator[tuple[int, list[Picture]]]
Computed = Generator[tuple[int, Part], None, None]  # in any order
Runner = Callable[[Work, Chunks], Computed]


def taken(file: Found) -> Picture:
    """The file, read now, with its class by ImageFolder's convention."""
    folder = file.category or file.folder
    try:
        if file.size > MAX_PICTURE_BYTES:
            limit = f"expected at most {MAX_PICTURE_BYTES // 10**6} MB"
            return Picture(file.name, folder, reason=f"{limit}, got {file.size / 1e6:.0f} MB")
        return Picture(file.name, folder, file.read())
    except UNREADABLE as error:
        return Picture(file.name, folder, reason=one_line(error))


def one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


@functools.cache
def versions() -> dict[str, str]:
    """The installed versions of PACKAGES."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:  # run from a checkout
            found[name] = "not installed"
    return found


# ---- networks ------------------------------------------------------------------------------------


def open_models(names: Sequence[str], options: FileOptions = ASIS) -> list[Network | None]:
    """The networks meant by `names` (core.networks.open_network); None stands for the random features' own.

    `options` are those of weights files. Raises WeightsError, UnknownModelError.
    """
    brought.check_options(names, options)
    return [None if n == RANDOM else core_networks.open_network(n, options) for n in dict.fromkeys(names)]


def packed(network: Network | None, params: Any) -> Sent:
    """A network ready to travel. Raises ValueError for random features in another study."""
    if network is None:
        if not isinstance(params, random_row.FeatureParams):
            raise ValueError(f"expected a network for this study, got {RANDOM}: it has features but no answer")
        drawn = weights.state_digest(params.build().state_dict())
        return Sent(RANDOM, drawn, drawn)
    state = network.file
    if not state and not network.card.name.startswith(BY_NAME):
        state = safetensors_torch.save(
            {name: value.contiguous().clone() for name, value in network.engine.plain.state_dict().items()}
        )
    own = (network.card, network.labels, network.preprocessing, state)
    return Sent(network.card.name, network.digest, network.identity, *own)


@functools.lru_cache(maxsize=32)
def unpacked(sent: Sent, params: Any, ladder: bool) -> Any:
    """The network of `packed`, which answers in float32 alone where the study has no use for the `ladder`: which
    processors have bfloat16 must not show in a row.

    Raises ValueError if its weights are not those that were sent, WeightsError if it is not installed here.
    """
    if sent.card is None or sent.preprocessing is None:
        network = params.build()
        identity = weights.state_digest(network.state_dict())
    else:
        if sent.card.opened and sent.card.answers_only:
            opened = sent.card.opened
            network = onnx_networks.open_file(
                sent.state, sent.name.removeprefix(quoting.USER), opened.options, opened.word
            )
        elif sent.state:
            network = packaged.build(sent.card, weights.read_state(sent.state), sent.labels, sent.preprocessing)
        else:
            network = core_networks.load(core_networks.find(sent.name))
        identity = network.identity
        if not ladder:
            network = replace(network, engine=engine.float32_alone(network.engine))
    if identity != sent.identity:
        raise ValueError(
            f"expected the network {sent.identity:.12} under the name {sent.name}, got {identity:.12}: "
            "install the same version of receptive and torch everywhere"
        )
    return network


# ---- one chunk -----------------------------------------------------------------------------------


def compute(work: Work, pictures: Sequence[Picture]) -> Part:
    """The rows of a chunk, network by network within a picture; what cannot be read is left out and said.

    Raises ValueError where packages or weights are not those of `work`.
    """
    one_thread()
    if versions() != work.versions:
        raise ValueError(f"expected {work.versions} where pictures are computed, got {versions()}: install the same")
    ladder = columns.table(work.study).ladder
    asked = [unpacked(sent, work.params, ladder) for sent in work.networks]
    part = Part([], [])
    for picture in pictures:
        try:
            if picture.reason:
                raise ImageError(picture.reason)
            image = decode(picture.data)
        except UNREADABLE as error:
            part.skipped.append((picture.name, one_line(error)))
            continue
        for sent, network in zip(work.networks, asked, strict=True):
            try:
                part.rows.append(row(work, picture, image, sent, network))
            except ValueError as error:  # the study's refusal of this picture
                part.skipped.append((picture.name, f"{sent.name}: {one_line(error)}"))
    return part


def row(work: Work, picture: Picture, image: RGBImage, sent: Sent, network: Any) -> Row:
    """What the study says of one picture and network, with whose they are."""
    values = columns.table(work.study).row(network, image, work.params)
    if "label" in values:
        values["right"] = columns.is_right(values["label"], picture.folder, sent.labels)
    return {
        "picture": picture.name,
        "folder": picture.folder,
        "digest": image.digest,
        "network": sent.name,
        "network_digest": sent.digest,
        **values,
    }


def one_thread() -> None:
    """This thread's sums are in one thread's order, and stay so: as many as there are must not show in a row."""
    torch.set_num_threads(1)
    threadpool_limits(1)


def try_out(work: Work) -> None:
    """Raises ValueError, in the study's own words, if it refuses a network or its settings."""
    grey, table = from_pixels(np.full((TRIAL_SIDE, TRIAL_SIDE, 3), 127, np.uint8)), columns.table(work.study)
    cheap = replace(work, params=table.trial(work.params))
    with measurement.one_thread(), threadpool_limits(1):
        for sent in work.networks:
            row(cheap, Picture("", ""), grey, sent, unpacked(sent, work.params, table.ladder))


def in_this_process(work: Work, chunks: Chunks) -> Computed:
    """A Runner that computes one chunk after the other here."""
    with measurement.one_thread(), threadpool_limits(1):
        for index, pictures in chunks:
            yield index, compute(work, pictures)


def in_processes(count: int) -> Runner:
    """A Runner that computes chunks in `count` processes of this machine, picture by picture, so that none is idle for
    as long as a chunk takes; the networks travel to each once, and pictures are read while others are computed.

    The Runner raises ValueError if one of them dies.
    """

    def runner(work: Work, chunks: Chunks) -> Computed:
        context = multiprocessing.get_context("spawn")
        leash, held = context.Pipe(duplex=False)
        pool = ProcessPoolExecutor(count, mp_context=context, initializer=begin, initargs=(work, leash))
        running: dict[Future[Part], tuple[int, int]] = {}  # of a chunk's index, and the place of a picture in it
        parts: dict[int, list[Part | None]] = {}

        def singly() -> Iterator[tuple[int, int, Picture]]:
            for index, pictures in chunks:
                parts[index] = [None] * len(pictures)
                yield from ((index, place, picture) for place, picture in enumerate(pictures))

        waiting = singly()
        try:
            while True:
                for index, place, picture in islice(waiting, PICTURES_AHEAD * count - len(running)):
                    running[pool.submit(compute_here, [picture])] = index, place
                if not running:
                    pool.shutdown()
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    index, place = running.pop(future)
                    parts[index][place] = future.result()
                    done = [part for part in parts[index] if part is not None]
                    if len(done) == len(parts[index]):
                        del parts[index]
                        yield index, joined(done)
        except BrokenProcessPool as error:
            raise ValueError(
                f"expected {count} processes to live, one was killed (memory is the usual reason): run the same "
                "command again, with fewer --jobs"
            ) from error
        finally:
            held.close()
            pool.shutdown(cancel_futures=True)
            leash.close()

    return runner


def joined(parts: Sequence[Part]) -> Part:
    """One part of several, in their order."""
    return Part([row for part in parts for row in part.rows], [one for part in parts for one in part.skipped])


_work: Work  # of this process, where `in_processes` started it


def begin(work: Work, leash: Connection) -> None:
    """A process of `in_processes` is born: it leaves Ctrl-C to its parent, who holds the leash that it lives by."""
    global _work
    _work = work
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    live_by(leash.recv_bytes)


def compute_here(pictures: Sequence[Picture]) -> Part:
    return compute(_work, pictures)
