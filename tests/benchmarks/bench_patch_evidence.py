"""Evidence maps at 224 x 224 against the plain way: every pixel's patch cut out and forwarded, one forward each (the
authors' heat map), and in batches, which is the stronger baseline.

Run with `pytest -n 0 -o python_files='bench_*.py' tests/benchmarks -s`. Both sides run in turn in one process, in
float32; read the ratios, not the seconds. The plain side forwards a seeded subset of the 50,176 patches through the
network as it was built, and is scaled up, which is printed.
"""

import time
from statistics import median

import numpy as np
import pytest
import torch

from core import networks
from core.compute import patches
from core.pictures.preprocess import square, to_tensor
from core.pictures.samples import load_sample
from core.studies.patch import evidence
from tests.benchmarks.table import record

RUNS = 5
SIDE = 224
SUBSET = {9: 1024, 17: 512, 33: 256}  # patches that the plain side answers in a run
SINGLES = 64  # and of those, one at a time
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


def forward(plain, x, which, patch, batch):
    """Seconds that forwarding all patches would take, by those of `which`, and their logits."""
    took, logits = seconds(lambda: patches.alone(plain, x, which, patch, batch))
    return took * SIDE * SIDE / len(which), logits


@pytest.mark.parametrize("name", ["untrained:bagnet33", "untrained:bagnet17", "untrained:bagnet9"])
def test_maps_against_forwarding_every_patch(name):
    torch.manual_seed(0)
    network = networks.load(networks.find(name))
    pixels = square(load_sample("cat"), SIDE)
    x, net, plain = to_tensor(pixels, network.preprocessing), patches.bagnet_of(network), network.engine.plain
    patch, dice = net.patch, np.random.default_rng(0)
    evidence.coarse(network, pixels)  # warm up both
    patches.alone(plain, x, np.zeros((BATCH, 2), int), patch, BATCH)
    times = {"one forward each": [], f"in batches of {BATCH}": [], "exact map": [], "coarse map": []}
    for _ in range(RUNS):
        which = dice.integers(0, SIDE, (SUBSET[patch], 2))
        each, _ = forward(plain, x, which[:SINGLES], patch, 1)
        batched, alone = forward(plain, x, which, patch, BATCH)
        exact, found = seconds(lambda: patches.full(net, x, [0]))
        coarse, _ = seconds(lambda: [evidence.coarse(network, pixels) for _ in range(3)])
        for kept, took in zip(times.values(), (each, batched, exact, coarse / 3), strict=True):
            kept.append(took)
        off = np.abs(found[0, which[:, 0], which[:, 1]] - alone[:, 0]).max() / np.abs(alone[:, 0]).max()
        assert off < 1e-4
    print(
        f"\n{name}, {SIDE}x{SIDE}, {torch.get_num_threads()} threads, {RUNS} paired runs; of {SIDE * SIDE:,} patches "
        f"{SINGLES} one by one and {SUBSET[patch]} in batches were forwarded and scaled up"
    )
    for what, kept in times.items():
        print(f"  {what}: {told(kept)}")
    for ours, wanted in zip(("exact map", "coarse map"), WANTED[patch], strict=True):
        for theirs in ("one forward each", f"in batches of {BATCH}"):
            ratios = [a / b for a, b in zip(times[theirs], times[ours], strict=True)]
            print(f"  {ours} against {theirs}: ratio {spread(ratios)}, wanted {wanted}")


def test_lite0_local_against_patch_by_patch():
    """Its map has a patch every 8 px: each is enlarged by itself, and shares nothing with its neighbours."""
    network, step = networks.load(networks.find("lite0_local")), 8
    x = to_tensor(square(load_sample("cat"), SIDE), network.preprocessing)
    net, plain = patches.evident(network), network.engine.plain
    which = np.stack(np.meshgrid(*[np.arange(0, SIDE, step)] * 2, indexing="ij"), -1).reshape(-1, 2)
    every = lambda: patches.alone(plain, x, which, net.patch, BATCH)  # noqa: E731
    patches.full(net, x, [0], step=step)  # warm up
    ours, theirs = [], []
    for _ in range(RUNS):
        took, found = seconds(lambda: patches.full(net, x, [0], step=step))
        ours.append(took)
        took, alone = seconds(every)
        theirs.append(took)
        assert np.abs(found[0].ravel() - alone[:, 0]).max() < 1e-4 * np.abs(alone[:, 0]).max()
    record("local_map", ours, theirs)
