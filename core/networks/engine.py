"""The one way to run a network: folded, channels-last, batched, bfloat16 with float32 where it decides.

Precision is a ladder. A sample of the inputs is answered in both: it tells by how much bfloat16 strays everywhere,
which is taken off each answer, and by how much two classes still stray from each other. Every input at which another
class lies closer to the best than a safe multiple of that is answered again in float32, and those that remain within
float32's own noise are run one at a time through the network as it was built. The reported top-1 is thereby the float32
one-at-a-time top-1. Where bfloat16 would leave most inputs in doubt, float32 answers them at once.

Where OpenVINO is installed and gains, it takes the place of both batched rungs, by the same rule (core.networks.swift).
"""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from core.base.heavy import fusion, inference, nn, torch
from core.base.softmax import softmax
from core.base.worker import Progress, ignore
from core.networks import swift
from core.networks.swift import Swift

Batch = Callable[[np.ndarray], "torch.Tensor"]  # indices (n,) -> inputs (n, 3, H, W) float32

CALIBRATION = 32  # inputs answered in both precisions to measure bfloat16's error
PAYS = 3 * CALIBRATION  # inputs from which answering some twice costs less than float32 alone
SAFETY = 3.0  # margins below this multiple of the measured error are recomputed
FLOOR = 2.0**-7  # of the largest logit: what two logits stray by rounding; a lucky sample must not hide the others
WORTH = 0.5  # of the inputs in doubt: bfloat16 takes half of float32's time
FLOAT32_NOISE = 1e-4  # relative margin under which batched and one-at-a-time float32 may disagree
VALUES_PER_BATCH = 2**20  # as of inputs that have many channels
PIXELS_PER_BATCH = 2**18  # activations of a batch stay near the caches, and within a few hundred MB at any size


@dataclass(frozen=True, eq=False)
class Engine:
    """One network in the precisions it is run in. `fast` is None where bfloat16 would be emulated.

    `swift` may answer in the place of `exact` and `fast`; `swift_tail` of what follows the codes of a coded network.
    """

    plain: nn.Module
    exact: nn.Module
    fast: nn.Module | None
    swift: Swift | None = None
    swift_tail: Swift | None = None


@dataclass(frozen=True, eq=False)
class Answers:
    """`logits` float32 (S, K); `exact` bool (S,): answered in float32; `error`: the largest logit error seen of the
    others, after what bfloat16 strays by everywhere was taken off."""

    logits: np.ndarray
    exact: np.ndarray
    error: float

    @property
    def top1(self) -> np.ndarray:
        """(S,) index of the largest logit, float32's."""
        return np.asarray(self.logits.argmax(1))

    @property
    def probability(self) -> np.ndarray:
        """(S, K), each row sums to 1."""
        return softmax(self.logits)


def has_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 in hardware."""
    known = torch.cpu.get_capabilities()
    return bool(known.get("avx512_bf16") or known.get("amx_bf16") or known.get("bf16"))


def prepare(net: nn.Module, *, fast: bool | None = None, folds: bool = True) -> Engine:
    """An Engine of `net` (which is set to eval mode and not changed otherwise).

    `folds`: whether its batch norms may be folded, for networks whose layers run in the order that their names say.
    A network that says `exact_only` gets no bfloat16. `fast=False`: none, and torch alone.
    """
    plain = net.eval()
    exact = (fold(plain) if folds else copy.deepcopy(plain)).to(memory_format=torch.channels_last)
    use_fast = has_bfloat16() and not getattr(plain, "exact_only", False) if fast is None else fast
    half = copy.deepcopy(exact).to(torch.bfloat16) if use_fast else None
    if fast is False or not swift.installed() or not swift.gains(exact):
        return Engine(plain, exact, half)
    return Engine(plain, exact, half, *swift.of_parts(exact, use_fast))


def float32_alone(engine: Engine) -> Engine:
    """The engine as torch answers in float32: neither the processor nor what is installed shows in its answers."""
    exact = copy.copy(engine.exact)  # shares all numbers
    vars(exact).pop("sooner", None)
    return Engine(engine.plain, exact, None)


def fold(net: nn.Module) -> nn.Module:
    """A copy of `net` in which batch norms are folded into the convolutions that feed them and nothing else.

    Found by name and not by tracing: while torch.fx traces, other threads' forward passes fail.
    """
    folded = copy.deepcopy(net).eval()
    for module in list(folded.modules()):
        for conv_name, norm_name in norm_after(module).items():
            conv, norm = getattr(module, conv_name, None), getattr(module, norm_name, None)
            holder, name = (conv, str(len(conv) - 1)) if type(conv) is nn.Sequential else (module, conv_name)
            conv = getattr(holder, name, None)
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(holder, name, fusion.fuse_conv_bn_eval(conv, norm))
                setattr(module, norm_name, nn.Identity())
    return folded


def norm_after(module: nn.Module) -> Mapping[str, str]:
    """{child: the child that its output goes to}: neighbours of a Sequential, conv<i> and bn<i> of a residual block,
    or what the module says itself."""
    if isinstance(module, nn.Sequential):
        return dict(itertools.pairwise(dict(module.named_children())))
    own: Mapping[str, str] | None = getattr(module, "norm_after", None)
    return {f"conv{i}": f"bn{i}" for i in (1, 2, 3)} if own is None else own


def batch_size(height: int, width: int) -> int:
    return max(1, min(512, PIXELS_PER_BATCH // (height * width)))


def logits(engine: Engine, inputs: Batch, count: int, progress: Progress = ignore, *, exact: bool = False) -> Answers:
    """Logits of `count` inputs with float32's top-1 (module docstring). Few inputs, or all if `exact`, are
    answered in float32 alone.

    `inputs(indices)` makes the inputs of a batch when it is their turn, so memory stays bounded.
    `progress(done, count)` may raise to stop. Raises ValueError for a count of 0.
    """
    if count < 1:
        raise ValueError(f"expected at least one input, got {count}: give the network something to answer")
    every = np.arange(count)
    shape = tuple(inputs(every[:1]).shape[1:])
    rungs = engine.swift.rungs(shape, count) if engine.swift else None
    size = min(batch_size(*shape[1:]), max(1, VALUES_PER_BATCH // math.prod(shape)))
    if rungs:
        engine = replace(engine, exact=rungs.exact, fast=rungs.fast)
    if exact or engine.fast is None or count < PAYS:
        return Answers(_float32(engine, inputs, every, size, progress), np.ones(count, bool), 0.0)
    sample = np.linspace(0, count - 1, CALIBRATION).astype(int)
    rest = np.setdiff1d(every, sample)
    known = _float32(engine, inputs, sample, size, lambda done, _: progress(done, count))
    strays = known - _forward(engine.fast, inputs, sample, size)
    common = strays.mean(0)
    strays -= common
    on = lambda done, _: progress(CALIBRATION + done, count)  # noqa: E731
    values = np.empty((count, known.shape[1]), np.float32)
    values[sample] = known
    if doubtful(known, strays).mean() > WORTH:
        values[rest] = _float32(engine, inputs, rest, size, on)
        return Answers(values, np.ones(count, bool), 0.0)
    values[rest] = _forward(engine.fast, inputs, rest, size, on) + common
    again = rest[doubtful(values[rest], strays)]
    if len(again):
        values[again] = _float32(engine, inputs, again, size, lambda *_: progress(count, count))  # may yet raise
    in_float32 = np.zeros(count, bool)
    in_float32[sample] = in_float32[again] = True
    return Answers(values, in_float32, float(np.abs(strays).max()))


def doubtful(values: np.ndarray, strays: np.ndarray) -> np.ndarray:
    """(S, K) logits, (C, K) by which others strayed -> (S,): whether a class other than the best may truly be it."""
    best, largest = values.argmax(1), np.abs(values).max(1)
    found = np.empty(len(values), bool)
    for winner in np.unique(best):
        rows = best == winner
        apart = np.abs(strays[:, winner, None] - strays).max(0)  # (K,)
        gaps = values[rows, winner, None] - values[rows]
        gaps[:, winner] = np.inf
        found[rows] = (gaps < np.maximum(SAFETY * apart, FLOOR * largest[rows, None])).any(1)
    return found


def margins(values: np.ndarray) -> np.ndarray:
    """(S, K) -> (S,): distance between the two largest logits of each row."""
    if values.shape[1] < 2:
        return np.full(len(values), np.inf, np.float32)
    best = np.partition(values, -2, axis=1)
    return np.asarray(best[:, -1] - best[:, -2])


def _float32(engine: Engine, inputs: Batch, which: np.ndarray, size: int, progress: Progress = ignore) -> np.ndarray:
    values = _forward(engine.exact, inputs, which, size, progress)
    near = margins(values) < FLOAT32_NOISE * np.abs(values).max(1)
    if near.any():
        values[near] = _forward(engine.plain, inputs, which[near], 1)
    return values


@inference
def _forward(net: nn.Module, inputs: Batch, which: np.ndarray, size: int, progress: Progress = ignore) -> np.ndarray:
    kind = next((parameter.dtype for parameter in net.parameters()), None)  # None: compiled elsewhere, laid out there
    answers = []
    for start in range(0, len(which), size):
        x = inputs(which[start : start + size])
        x = x if kind is None else x.to(kind, memory_format=torch.channels_last)
        answers.append(net(x).float().numpy())
        progress(min(start + size, len(which)), len(which))
    return np.concatenate(answers)
