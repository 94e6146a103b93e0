"""Why does a one-pixel shift change the answer? Where equivariance is lost inside a network, and what a blur does.

The computations behind "look inside" of the shift study (Zhang, ICML 2019, §3 and §4).
"""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal, get_args

import numpy as np

from core.base.heavy import feature_extraction, fx_proxy, nn, torch
from core.base.worker import Progress, ignore
from core.models import binomial
from core.networks import card
from core.networks.card import Network
from core.networks.engine import batch_size
from core.pictures.image import RGBImage
from core.pictures.preprocess import circular_shift, seen, to_tensor

BoundaryPadding = Literal["trained", "circular"]
BOUNDARY_PADDINGS: tuple[BoundaryPadding, ...] = get_args(BoundaryPadding)
MAX_SHIFTS = 16  # along an axis: 32 x 32 pictures of 224 px would take minutes
MAX_LAYERS = 8
UNTRACED = "its layers cannot be followed one by one, as its way through them depends on what it is shown"


@dataclass(frozen=True, eq=False)
class InternalDistance:
    """Cosine distance between Shift(F(x)) and F(Shift(x)) at L layers, for the input shifts (dy, dx) in 0..P-1 px.

    `distance` (L, P, P) in [0, 2], 0: equivariant; `strides` (L,) input pixels a step of the layer's map, that of
    the pooled features being the whole input; `period` the network's total stride in pixels; P = min(period, 16).
    """

    layers: tuple[str, ...]
    strides: np.ndarray
    distance: np.ndarray
    period: int
    boundary_padding: BoundaryPadding


def internal_distance(
    network: Network,
    image: RGBImage,
    boundary_padding: BoundaryPadding = "circular",
    progress: Progress = ignore,
) -> InternalDistance:
    """How far each layer is from moving with the picture (§3.1: shift-equivariance; §4: internal distances).

    The picture (its centre square) is moved by (dy, dx) wrapping round. A map of total stride s is compared as if
    enlarged s times by nearest neighbour, so that every pixel shift is defined; the cosine distance over channels
    is averaged over positions. Two all-zero positions are 0 apart, one all-zero and another are 1 apart.
    `boundary_padding="circular"` asks the network's circular twin, where subsampling is the only cause;
    "trained" asks the network as it is, whose borders count too. `progress(done, total)` may raise to stop.

    Raises ValueError for another `boundary_padding`, and for a network whose layers cannot be followed.
    """
    from core.models.circular import circular_twin

    if boundary_padding not in BOUNDARY_PADDINGS:
        raise ValueError(
            f"expected a boundary padding of {list(BOUNDARY_PADDINGS)}, got {boundary_padding!r}: choose one of them"
        )
    plain = card.inside(network).plain
    # a copy in both cases: tracing switches its modules to training and back
    net = circular_twin(plain) if boundary_padding == "circular" else copy.deepcopy(plain)
    net = net.to(memory_format=torch.channels_last)
    prep = network.preprocessing
    with torch.inference_mode():
        x = to_tensor(seen(image, prep), prep)[None]  # (1, C, H, W)
        try:
            extract, layers, strides = _tapped(net, x)
        except (fx_proxy.TraceError, IndexError, TypeError) as error:  # torch.fx, and a network without layers of ours
            raise ValueError(f"{network.card.title}: {UNTRACED}") from error
        period = max((s for s in strides if s < prep.size), default=1)
        side = min(period, MAX_SHIFTS)
        offsets = np.array(list(product(range(side), repeat=2)))  # (P*P, 2)
        distance = _over_shifts(extract, strides, x, offsets, progress).reshape(-1, side, side)
    return InternalDistance(layers, np.array(strides), distance, period, boundary_padding)


def _over_shifts(
    extract: nn.Module, strides: Sequence[int], x: torch.Tensor, offsets: np.ndarray, progress: Progress
) -> np.ndarray:
    """(L, S): every layer's distance at the shifts `offsets` (S, 2) of x (1, 3, H, W), the first of which is (0, 0)."""
    distance = np.zeros((len(strides), len(offsets)), np.float32)
    size = max(1, batch_size(*x.shape[-2:]) // 4)  # all layers' maps are alive at once
    still: list[torch.Tensor] = []
    for start in range(0, len(offsets), size):
        which = offsets[start : start + size]
        batch = circular_shift(x.expand(len(which), -1, -1, -1), which)
        maps = extract(batch.contiguous(memory_format=torch.channels_last)).values()
        moved = [_unit(m) for m in maps]
        still = still or [m[:1].clone() for m in moved]
        for row, a, b, s in zip(distance, still, moved, strides, strict=True):
            row[start : start + size] = _distances(a, b, s, which)
        progress(min(start + size, len(offsets)), len(offsets))
    return distance


def _unit(maps: torch.Tensor) -> torch.Tensor:
    """(B, C, h, w) or (B, C) -> (B, C+1, h, w), each position of length 1: half the squared distance of two such
    positions is their cosine distance, without cancellation near 0. An all-zero position points along channel C+1.
    """
    maps = maps[:, :, None, None] if maps.ndim == 2 else maps
    length = maps.square().sum(1, keepdim=True).sqrt()
    dead = (length == 0).to(maps)
    return torch.cat([maps / (length + dead), dead], 1)


def _distances(still: torch.Tensor, moved: torch.Tensor, stride: int, offsets: np.ndarray) -> np.ndarray:
    """(1, C, h, w) and (B, C, h, w) of unit positions, and the input shifts (B, 2) of the latter -> distances (B,).

    Enlarged by nearest neighbour, a shift of stride*m + e pixels meets the map's offset m in (stride-e)/stride of
    the pixels of an axis and offset m+1 in the others: a mix of four whole offsets, no enlarging needed.
    """
    h, w = still.shape[-2:]
    around = still[0].repeat(1, 2, 2)  # every circular shift of `still` is a window of it: no copy a shift
    total = np.zeros(len(offsets))
    for i, (whole, rest) in enumerate(zip(*np.divmod(offsets, stride), strict=True)):
        share = np.stack([1 - rest / stride, rest / stride])  # at offset m, at offset m+1; by axis
        for dy, dx in product((0, 1), repeat=2):
            weight = share[dy, 0] * share[dx, 1]
            if weight:
                top, left = -(whole[0] + dy) % h, -(whole[1] + dx) % w
                gap = moved[i] - around[:, top : top + h, left : left + w]
                total[i] += weight * float(gap.square_().sum()) / (2 * h * w)
    return total


def _tapped(net: nn.Module, x: torch.Tensor) -> tuple[nn.Module, tuple[str, ...], list[int]]:
    """A module that returns the maps of the chosen layers as a dict, in order; their names and total strides."""
    from core.models.blurpool import BlurPool2d
    from core.models.sparse import SparseConv2d

    net = nn.Sequential(net).eval()  # called with a picture alone: other inputs keep their defaults
    tracer: dict[str, Any] = {"leaf_modules": [BlurPool2d, SparseConv2d]}
    options: dict[str, Any] = {"tracer_kwargs": tracer, "suppress_diff_warning": True}
    nodes = feature_extraction.get_graph_node_names(net, **options)[1]
    found = _candidates(nodes, dict(net.named_modules()))
    maps = feature_extraction.create_feature_extractor(net, list(found), **options)(x)
    strides = {node: _stride(x.shape[-1], maps[node]) for node in found}
    kept = _choose(found, strides)
    extract: nn.Module = feature_extraction.create_feature_extractor(net, kept, **options)
    return extract, tuple(found[node] for node in kept), [strides[node] for node in kept]


def _stride(side: int, maps: torch.Tensor) -> int:
    if maps.ndim == 2 or maps.shape[-1] == 1:
        return side
    # all our strides are powers of two; unpadded maps are a little smaller than side / stride
    return int(2 ** round(float(np.log2(side / maps.shape[-1]))))


def _candidates(nodes: Sequence[str], modules: dict[str, nn.Module]) -> dict[str, str]:
    """{graph node: readable name} of every ReLU ("conv 3"), pooling ("pool 1"), residual block ("block 2") and the
    pooled features, in order. What lies inside a residual block counts as that block."""
    kinds = {node: _kind(node, modules) for node in nodes}
    blocks = {node.rpartition(".")[0] for node, kind in kinds.items() if kind == "block"} - {""}
    ends = {}  # block -> its last activation
    for node, kind in kinds.items():
        prefix = node.rpartition(".")[0]
        if prefix in blocks and kind in ("conv", "block"):
            ends[prefix] = node
    names: dict[str, str] = {}
    count = {"conv": 0, "pool": 0, "block": 0}
    for node, kind in kinds.items():
        if kind == "pooled":
            return names | {node: "pooled"}
        if any(node.startswith(block + ".") for block in blocks):
            kind = "block" if node in ends.values() else None
        if kind is not None:
            count[kind] += 1
            names[node] = f"{kind} {count[kind]}"
    return names


def _kind(node: str, modules: dict[str, nn.Module]) -> str | None:
    """What a graph node is, from its module or, for a function, from the function's name."""
    from core.models.blurpool import BlurPool2d

    base = re.sub(r"_\d+$", "", node)  # fx numbers the later calls of a module
    layer = modules.get(node, modules.get(base))
    if layer is None:
        functions = {"relu": "conv", "add": "block", "mean": "pooled", "adaptive_avg_pool2d": "pooled"}
        return functions.get(base.rpartition(".")[2])
    if isinstance(layer, nn.Sequential):  # torchvision's convolution, norm and activation in one
        layer = layer[-1]
    if isinstance(layer, nn.ReLU | nn.ReLU6):
        return "conv"
    if isinstance(layer, nn.AdaptiveAvgPool2d):
        return "pooled"
    if isinstance(layer, BlurPool2d | nn.MaxPool2d | nn.AvgPool2d):
        return "pool" if layer.stride not in (1, (1, 1)) else None
    return None


def _choose(names: dict[str, str], strides: dict[str, int]) -> list[str]:
    """At most MAX_LAYERS nodes or so: the first, the poolings, the last at each stride, and the pooled features."""
    nodes = list(names)
    following = [*nodes[1:], nodes[-1]]
    pools = [node for node in nodes if names[node].startswith("pool") or node == nodes[0]]
    ends = [a for a, b in zip(nodes, following, strict=True) if strides[a] != strides[b] or a == nodes[-1]]
    kept = [node for node in nodes if node in pools or node in ends]
    return kept if len(kept) <= MAX_LAYERS else pools


@dataclass(frozen=True, eq=False)
class FilterSmoothness:
    """Normalised total variation `variation` (L,) of each spatial convolution's learned filters, 0: constant filters.

    `layers` counts them ("conv 1"), alike for a plain and a blurred network; `paths` are their names in the network;
    `blur` the network's blur in taps, None for plain.
    """

    layers: tuple[str, ...]
    paths: tuple[str, ...]
    variation: np.ndarray
    blur: int | None


def filter_smoothness(network: Network) -> FilterSmoothness:
    """How rough the learned filters are, layer by layer; kernels of 1 x 1 and the fixed blurs are left out.

    A filter is what makes one output channel, (C_in, kh, kw). Its normalised total variation is the sum of
    |difference| between vertically and between horizontally neighbouring taps over the sum of |taps|; a layer's
    value is the mean over its filters that are not all zero (NaN if all are).
    """
    paths, values = [], []
    for path, conv in card.inside(network).plain.named_modules():
        if isinstance(conv, nn.Conv2d) and max(conv.kernel_size) > 1:
            taps = conv.weight.detach().double().numpy()  # (C_out, C_in, kh, kw)
            steps = sum(np.abs(np.diff(taps, axis=axis)).sum((1, 2, 3)) for axis in (2, 3))
            size = np.abs(taps).sum((1, 2, 3))
            live = size > 0
            paths.append(path)
            values.append((steps[live] / size[live]).mean() if live.any() else np.nan)
    layers = tuple(f"conv {i}" for i in range(1, len(paths) + 1))
    return FilterSmoothness(layers, tuple(paths), np.array(values), network.card.blur)


@dataclass(frozen=True, eq=False)
class BlurResponse:
    """A binomial blur of k taps: `taps` (k,), `kernel` (k, k), both of sum 1; `magnitude` (points,) at `frequencies`
    (points,) in radians a sample, 0..pi; `energy_above` in [0, 1]: share of the energy at pi/2..pi, which aliases
    when every second sample is kept."""

    taps: np.ndarray
    kernel: np.ndarray
    frequencies: np.ndarray
    magnitude: np.ndarray
    energy_above: float


def blur_response(size: int, points: int = 256) -> BlurResponse:
    """Kernel and frequency response |cos(w/2)|^(size-1) of the blur with `size` taps (§3.2).

    Raises ValueError outside 1..7.
    """
    taps = binomial.taps(size)
    w = np.linspace(0, np.pi, points)
    # |H(w)|^2 = r0 + 2 sum_j r_j cos(jw) with the taps' autocorrelation r: integrated term by term
    r = np.correlate(taps, taps, "full")[size - 1 :]
    j = np.arange(1, size)
    above = r[0] * np.pi / 2 - 2 * (r[1:] * np.sin(j * np.pi / 2) / j).sum()
    return BlurResponse(
        taps, np.outer(taps, taps), w, np.abs(np.cos(w / 2)) ** (size - 1), float(above / (np.pi * r[0]))
    )


TOY_LENGTH = 16
TOY_STEP = 0.25  # of a sample, that the signal moves at a time


_T = np.arange(TOY_LENGTH)
_NOISE = np.random.default_rng(0).normal(0, 0.15, TOY_LENGTH)
TOY_SIGNALS = {
    "square wave": (_T % 4 >= 2).astype(float),
    "single step": (_T >= TOY_LENGTH // 2 - 1).astype(float),
    "sine with noise": 0.5 + 0.4 * np.sin(2 * np.pi * 3 * _T / TOY_LENGTH) + _NOISE,
}
for _signal in TOY_SIGNALS.values():
    _signal.setflags(write=False)


@dataclass(frozen=True, eq=False)
class Toy:
    """Why max-pooling aliases (§3.2): a signal on a circle, moved right by `shift` samples, then pooled to half its
    length.

    (N,): `signal` after the shift, `dense` its maximum over a sample and the next, `blurred` that maximum blurred.
    (N/2,): `plain` and `smooth`, every second sample of `dense` and of `blurred`. `size`: the blur's taps. Of S shifts
    at once (S,), every array has a row each.
    """

    shift: float | np.ndarray
    size: int
    signal: np.ndarray
    dense: np.ndarray
    blurred: np.ndarray
    plain: np.ndarray
    smooth: np.ndarray


def toy(signal: np.ndarray, shift: float | np.ndarray, size: int) -> Toy:
    """Max-pool(2, stride 2) of `signal` (N,) moved by `shift` samples, a number or (S,), against max(2, stride 1), blur
    and subsample. Moved by a part of a sample, each new one sees two old ones, in their shares, as a pixel would.

    Raises ValueError unless the signal is one line of an even number of samples and `size` is 1..7.
    """
    signal = np.asarray(signal, float)
    if signal.ndim != 1 or len(signal) < 2 or len(signal) % 2:
        raise ValueError(f"expected a signal of an even number of samples, got shape {signal.shape}: drop or add one")
    taps = binomial.taps(size)
    before, _ = binomial.pad_widths(size)
    whole, part = np.divmod(np.arange(len(signal)) - np.expand_dims(shift, -1), 1)
    at = whole.astype(int) % len(signal)
    moved = (1 - part) * signal[at] + part * signal[(at + 1) % len(signal)]
    dense = np.maximum(moved, np.roll(moved, -1, -1))
    blurred = np.sum([tap * np.roll(dense, before - i, -1) for i, tap in enumerate(taps)], axis=0)
    return Toy(shift, size, moved, dense, blurred, dense[..., ::2], blurred[..., ::2])


def toy_sweep(name: str, size: int) -> Toy:
    """A signal of TOY_SIGNALS moved once round in TOY_STEPs, against a blur of `size` taps."""
    return toy(TOY_SIGNALS[name], np.arange(0, TOY_LENGTH, TOY_STEP), size)


def swing(values: np.ndarray) -> float:
    """How far values (S,) are apart at most."""
    return float(np.ptp(values))
