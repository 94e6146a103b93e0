"""Random features fast: the first convolution as a matrix product, the sign blocks fused, integers all the way out.

A feature is a mean of signs, so what is kept is their sum: an integer that any machine agrees on. The order of every
sum is the plain network's (row by row, channels last, with fused multiply-add), so that no sign changes.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from threadpoolctl import threadpool_limits

from core.base.files import write_json
from core.base.heavy import F, inference, nn, numba, torch
from core.base.records import read_back
from core.base.worker import Progress, ignore

if TYPE_CHECKING:
    from core.models.random_depthwise import RandomDepthwise

FEATURES_AT_ONCE = 128  # with four 32-pixel pictures, 2 MB of maps: near the caches
PIXELS_AT_ONCE = 4 * 32 * 32
ROWS_AT_ONCE = 512  # pictures between two looks at progress, and the most that a kill costs
Kernel = Callable[..., None]


@dataclass(frozen=True)
class Spec:
    """Features `start` to `start + features` of a seed's network. Raises ValueError where the network would."""

    features: int = 1000
    kernel_size: int = 3
    depth: int = 3
    in_channels: int = 3
    seed: int = 0
    start: int = 0


def build(spec: Spec) -> RandomDepthwise:
    """The plain network of a Spec, in eval mode."""
    from core.models.random_depthwise import RandomDepthwise, draw

    net = RandomDepthwise(spec.features, spec.kernel_size, spec.depth, spec.in_channels, spec.seed)
    if spec.start:
        net.load_state_dict(draw(spec.seed, spec.features, spec.kernel_size, spec.depth, spec.in_channels, spec.start))
    return net.eval()


def map_size(net: RandomDepthwise | Spec, height: int, width: int) -> tuple[int, int]:
    """(H', W') of the last maps; a feature is its count divided by H' W'."""
    from core.models.random_depthwise import FIRST_PADDING, sign_padding

    sides = []
    for side in (height, width):
        side += 2 * sign_padding(side, net.kernel_size, FIRST_PADDING) - net.kernel_size + 1
        for _ in range(net.depth):
            side = max(1, side // 2)
        sides.append(side)
    return sides[0], sides[1]


def count_type(net: RandomDepthwise, height: int, width: int) -> np.dtype[Any]:
    """The smallest integer that holds every count."""
    return np.min_scalar_type(-int(np.prod(map_size(net, height, width))) - 1)


def counts(net: RandomDepthwise, pixels: np.ndarray, progress: Progress = ignore) -> np.ndarray:
    """Pictures (N, H, W, C), uint8 or float32 in [0, 1] -> integers (N, k): positive minus negative signs of each map.

    `progress(done, N)` may raise to stop. Raises ValueError if the number of channels is not the network's.
    """
    check_pixels(net, pixels)
    height, width = pixels.shape[1:3]
    out = np.empty((len(pixels), len(net.conv.weight)), count_type(net, height, width))
    size = max(16, min(FEATURES_AT_ONCE, FEATURES_AT_ONCE * PIXELS_AT_ONCE // (height * width)))
    blocks = weights_by_block(net, size)
    at_once = max(1, PIXELS_AT_ONCE // (height * width))
    starts = range(0, len(pixels), at_once)
    # every thread does whole pictures by itself, its products too: what it computes it finds again in its own cache
    with ThreadPoolExecutor(torch.get_num_threads(), initializer=threadpool_limits, initargs=(1, "openmp")) as pool:
        tasks = [pool.submit(_count, net, pixels[i : i + at_once], blocks, out[i : i + at_once]) for i in starts]
        try:
            for start, task in zip(starts, tasks, strict=True):
                task.result()
                progress(min(start + at_once, len(pixels)), len(pixels))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    return out


def features(net: RandomDepthwise, pixels: np.ndarray, progress: Progress = ignore) -> np.ndarray:
    """Pictures (N, H, W, C) as `counts` takes them -> float32 (N, k) in [-1, 1]: what `net` itself returns."""
    return as_features(counts(net, pixels, progress), net, *pixels.shape[1:3])


def as_features(found: np.ndarray, net: RandomDepthwise, height: int, width: int) -> np.ndarray:
    """Counts (N, k) of pictures of this size (in pixels) -> float32 features of the same shape in [-1, 1]."""
    return found.astype(np.float32) / np.float32(np.prod(map_size(net, height, width)))


def check_pixels(net: RandomDepthwise, pixels: np.ndarray) -> None:
    """Raises ValueError unless `pixels` are pictures (N, H, W, C) with the network's number of channels."""
    channels = net.conv.in_channels
    if pixels.ndim != 4 or pixels.shape[3] != channels:
        raise ValueError(
            f"expected pictures (N, H, W, {channels}), got {pixels.shape}: build the network with in_channels to match"
        )


Weights: TypeAlias = "tuple[slice, torch.Tensor, torch.Tensor, np.ndarray, np.ndarray]"


def weights_by_block(net: RandomDepthwise, size: int) -> list[Weights]:
    """The weights of every `size` features, features last, as the kernels read them: which features, the first
    convolution's (K K C, features) and (features,), the depthwise ones' (2 depth, K, K, features) and (2 depth,
    features)."""
    layers = [conv for block in net.conv2.children() for conv in block.children() if isinstance(conv, nn.Conv2d)]
    weight, bias = weights_of(net.conv)
    blocks = []
    for start in range(0, len(bias), size):
        which = slice(start, start + size)
        first = weight[which].permute(2, 3, 1, 0).reshape(-1, len(bias[which]))
        count, side = len(bias[which]), net.kernel_size
        depthwise = np.empty((len(layers), side, side, count), np.float32)
        biases = np.empty((len(layers), count), np.float32)
        for i, (w, b) in enumerate(map(weights_of, layers)):
            depthwise[i], biases[i] = w[which, 0].permute(1, 2, 0).numpy(), b[which].numpy()
        blocks.append((which, first, bias[which], depthwise, biases))
    return blocks


def weights_of(conv: nn.Conv2d) -> tuple[torch.Tensor, torch.Tensor]:
    """A layer's weights (k, C, K, K) and biases (k,), without their gradients."""
    assert conv.bias is not None  # every layer of the paper's network has one
    return conv.weight.detach(), conv.bias.detach()


@inference
def _count(net: RandomDepthwise, pixels: np.ndarray, blocks: list[Weights], out: np.ndarray) -> None:
    from core.models.random_depthwise import FIRST_PADDING, sign_padding

    x = torch.from_numpy(np.array(pixels)).float()
    if pixels.dtype == np.uint8:
        x = x / 255
    size = net.kernel_size
    pad_y, pad_x = (sign_padding(side, size, FIRST_PADDING) for side in x.shape[1:3])
    patches = F.pad(x, (0, 0, pad_x, pad_x, pad_y, pad_y)).unfold(1, size, 1).unfold(2, size, 1)  # (B, h, w, C, K, K)
    height, width = patches.shape[1:3]
    columns = patches.permute(0, 1, 2, 4, 5, 3).reshape(-1, size * size * x.shape[3])
    tail = sign_tail(size)
    for which, weight, bias, weights, biases in blocks:
        maps = torch.addmm(bias, columns, weight).view(len(x), height, width, -1).numpy()
        tail(maps, weights, biases, out[:, which])


def compiled(function: Kernel) -> Kernel:
    """`function` as machine code. "contract" allows fused multiply-add; nothing is reordered."""
    return numba.njit(nogil=True, fastmath={"contract"})(function)


@functools.cache
def sign_pooling(window_y: int, window_x: int) -> Kernel:
    """Average pooling of signs; its window is a constant, so that the inner loop runs over features alone."""
    share = np.float32(1 / (window_y * window_x))

    def pool_signs(x: np.ndarray, out: np.ndarray, pad: int) -> None:
        """(H, W, k) -> `out` from `pad` on."""
        for i in range(x.shape[0] // window_y):
            for j in range(x.shape[1] // window_x):
                for c in range(x.shape[2]):
                    total = np.float32(0)
                    for u in range(window_y):
                        for v in range(window_x):
                            value = x[i * window_y + u, j * window_x + v, c]
                            total += np.float32(value > 0) - np.float32(value < 0)
                    out[i + pad, j + pad, c] = total * share

    return compiled(pool_signs)


@functools.cache
def sign_convolution(kernel_size: int) -> Kernel:
    """Signs of a depthwise convolution; the kernel's size is a constant, so that sums stay in registers."""

    def depthwise(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, out: np.ndarray, pad: int) -> None:
        """Padded maps (H, W, k) -> `out` from `pad` on."""
        for i in range(x.shape[0] - kernel_size + 1):
            for j in range(x.shape[1] - kernel_size + 1):
                for c in range(x.shape[2]):
                    total = bias[c]
                    for u in range(kernel_size):
                        for v in range(kernel_size):
                            total += weight[u, v, c] * x[i + u, j + v, c]
                    out[i + pad, j + pad, c] = np.float32(total > 0) - np.float32(total < 0)

    return compiled(depthwise)


@functools.cache
def sign_tail(kernel_size: int) -> Kernel:
    """Everything after the first convolution, picture by picture, without a look at Python."""
    pool_both, pool_y, pool_x, pool_none = (sign_pooling(y, x) for y, x in ((2, 2), (2, 1), (1, 2), (1, 1)))
    convolve, pad = sign_convolution(kernel_size), kernel_size // 2

    def tail(maps: np.ndarray, weights: np.ndarray, biases: np.ndarray, out: np.ndarray) -> None:
        """First convolutions before their signs (B, h, w, k) -> sums of the last signs, into integers (B, k)."""
        for picture in range(maps.shape[0]):
            x = maps[picture]
            for layer in range(0, biases.shape[0], 2):
                h, w = max(1, x.shape[0] // 2), max(1, x.shape[1] // 2)
                pooled = np.zeros((h + 2 * pad, w + 2 * pad, x.shape[2]), np.float32)
                if x.shape[0] > 1 and x.shape[1] > 1:
                    pool_both(x, pooled, pad)
                elif x.shape[0] > 1:
                    pool_y(x, pooled, pad)
                elif x.shape[1] > 1:
                    pool_x(x, pooled, pad)
                else:
                    pool_none(x, pooled, pad)
                signs = np.zeros_like(pooled)
                convolve(pooled, weights[layer], biases[layer], signs, pad)
                x = np.empty((h, w, x.shape[2]), np.float32)
                convolve(signs, weights[layer + 1], biases[layer + 1], x, 0)
            total = np.zeros(x.shape[2], np.int32)
            for i in range(x.shape[0]):
                for j in range(x.shape[1]):
                    for c in range(x.shape[2]):
                        total[c] += np.int32(x[i, j, c] > 0) - np.int32(x[i, j, c] < 0)
            out[picture] = total

    return compiled(tail)


def extract(spec: Spec, pixels: np.ndarray, path: Path, progress: Progress = ignore) -> np.ndarray:
    """The counts of pictures (N, H, W, C) in a memory-mapped PATH (.npy), integers (N, spec.features), read-only.

    Pictures are done in order; PATH.json says how many rows are safe, so a killed run goes on there. A file of other
    pictures or another Spec is begun anew. `progress(done, N)` may raise to stop. Raises ValueError for a torn file,
    OSError without room for it.
    """
    net = build(spec)
    check_pixels(net, pixels)
    journal = path.with_name(path.name + ".json")
    shape, kind = (len(pixels), spec.features), count_type(net, *pixels.shape[1:3])
    about = {**asdict(spec), "shape": list(shape), "type": kind.name, "pictures": sha256(pixels.data).hexdigest()}
    done = rows_done(journal, about) if path.exists() else 0
    path.parent.mkdir(parents=True, exist_ok=True)
    if not done:
        journal.unlink(missing_ok=True)
    with read_back(path):
        table: np.memmap = np.lib.format.open_memmap(path, "r+" if done else "w+", kind, shape)
        if (table.shape, table.dtype) != (shape, kind):
            raise ValueError(f"{table.dtype} {table.shape} in place of {kind} {shape}")
    progress(done, len(pixels))
    for start in range(done, len(pixels), ROWS_AT_ONCE):
        end = min(start + ROWS_AT_ONCE, len(pixels))
        reserve(path, table.offset + start * table.strides[0], (end - start) * table.strides[0])
        table[start:end] = counts(net, pixels[start:end])
        table.flush()
        write_json(journal, {**about, "rows": end}, indent=None)
        progress(end, len(pixels))
    return np.load(path, mmap_mode="r")  # type: ignore[no-any-return]


def reserve(path: Path, start: int, count: int) -> None:
    """Have the disk keep room for these bytes of a mapped file: where they find none later, the process is killed.

    Raises OSError if there is none.
    """
    if hasattr(os, "posix_fallocate"):
        with path.open("rb+") as stream:
            os.posix_fallocate(stream.fileno(), start, count)


def rows_done(journal: Path, about: dict[str, Any]) -> int:
    """How many rows the journal says are written; 0 where there is none, or it is `about` something else."""
    try:
        kept = json.loads(journal.read_text())
        rows = int(kept.pop("rows"))
    except (OSError, ValueError, KeyError):
        return 0
    return rows if kept == about else 0
