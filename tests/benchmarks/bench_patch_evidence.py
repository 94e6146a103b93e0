"""Evidence maps at 224 x 224 against the plain way: every pixel's patch cut out and forwarded (the authors' heat map).

Run with `pytest -o python_files='bench_*.py' tests/benchmarks -s`. Both sides run in turn in one process, in float32;
read the ratios, not the seconds. The plain side forwards a seeded subset of the 50,176 patches in batches through the
network as it was built, and is scaled up, which is printed.
"""

import time
from statistics import median

import numpy as np
import pytest
import torch

from core import networks, patches
from core.preprocess import square
from core.samples import load_sample
from core.studies import patch_evidence

RUNS = 3
SIDE = 224
SUBSET = {9: 1024, 17: 512, 33: 256}  # patches that the plain side answers in a run
BATCH = 64
WANTED = {9: (4.5, 80), 17: (9, 150), 33: (20, 400)}  # exact map, coarse map


def seconds(work):
    begun = time.perf_counter()
    answer = work()
    return time.perf_counter() - begun, answer


def told(times):
    return f"{median(times):.2f} s ({min(times):.2f}-{max(times):.2f})"


def spread(ratios):
    return f"{median(ratios):.1f} ({min(ratios):.1f}-{max(ratios):.1f})"


@pytest.mark.parametrize("name", ["untrained:bagnet33", "untrained:bagnet17", "untrained:bagnet9"])
def test_maps_against_forwarding_every_patch(name):
    torch.manual_seed(0)
    network = networks.load(networks.find(name))
    pixels = square(load_sample("cat"), SIDE)
    x, net, plain = patch_evidence.tensor(network, pixels), patches.bagnet_of(network), network.engine.plain
    patch, count = net.patch, SIDE * SIDE
    dice = np.random.default_rng(0)
    patch_evidence.coarse(network, pixels)  # warm up both
    patches.alone(plain, x, np.zeros((BATCH, 2), int), patch, BATCH)
    exact_times, coarse_times, plain_times = [], [], []
    for _ in range(RUNS):
        which = dice.integers(0, SIDE, (SUBSET[patch], 2))
        slow, alone = seconds(lambda which=which: patches.alone(plain, x, which, patch, BATCH))
        plain_times.append(slow * count / len(which))
        coarse, _ = seconds(lambda: [patch_evidence.coarse(network, pixels) for _ in range(3)])
        coarse_times.append(coarse / 3)
        exact, found = seconds(lambda: patches.full(net, x, [0]))
        exact_times.append(exact)
        off = np.abs(found[0, which[:, 0], which[:, 1]] - alone[:, 0]).max() / np.abs(alone[:, 0]).max()
        assert off < 1e-4
    exact_ratio = [p / e for p, e in zip(plain_times, exact_times, strict=True)]
    coarse_ratio = [p / c for p, c in zip(plain_times, coarse_times, strict=True)]
    print(
        f"\n{name}, {SIDE}x{SIDE}, {torch.get_num_threads()} threads, {RUNS} paired runs: every patch alone "
        f"{told(plain_times)}, {SUBSET[patch]} of {count:,} in batches of {BATCH}, scaled up; exact map "
        f"{told(exact_times)}, ratio {spread(exact_ratio)}, wanted {WANTED[patch][0]}; coarse map "
        f"{told(coarse_times)}, ratio {spread(coarse_ratio)}, wanted {WANTED[patch][1]}"
    )
