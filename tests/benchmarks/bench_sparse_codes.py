"""A sweep of 14 lambdas over 256 noisy pictures against running the whole network in float32 for each lambda.

Run with `pytest -n 0 -o python_files='bench_*.py' tests/benchmarks -s`. Both sides run in turn in one process; read the
ratios, not the seconds. The plain side is the network as it was built, with all pictures in one batch or in batches of
64, whichever is faster in that run. SWEEP_PICTURES and SWEEP_RUNS make it smaller.
"""

import os
import time
from statistics import median

import numpy as np
import pytest
import torch

from core import networks
from core.compute import lambda_sweep
from core.compute.coded import to_input
from core.pictures import noise
from core.pictures.preprocess import square
from core.pictures.samples import SAMPLES, load_sample
from core.studies.sparse.dataset import LAMS
from tests.benchmarks.table import record

RUNS = int(os.environ.get("SWEEP_RUNS", "5"))
PICTURES = int(os.environ.get("SWEEP_PICTURES", "256"))
BATCHES = (64, 512)
WANTED = {"logits": 2.5, "residuals": 12.0}


def seconds(work):
    begun = time.perf_counter()
    answer = work()
    return time.perf_counter() - begun, answer


def spread(values, digits=2):
    return f"{median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def windows(side):
    """Noisy windows of the sample photographs."""
    dice = np.random.default_rng(0)
    photos = [square(load_sample(sample.name), 4 * side) for sample in SAMPLES]
    cut = []
    for i in range(PICTURES):
        y, x = dice.integers(0, 3 * side, 2)
        cut.append(photos[i % len(photos)][y : y + side, x : x + side])
    return noise.add(np.stack(cut), "gaussian", 0.1, range(PICTURES))


@torch.inference_mode()
def whole_network(network, pixels, batch):
    x, net = to_input(network, pixels), network.engine.plain
    answers = lambda lam: [net.tail(net.dictionary(part, lam)).numpy() for part in x.split(batch)]  # noqa: E731
    return np.stack([np.concatenate(answers(lam)) for lam in LAMS])


@pytest.mark.parametrize("name", ["cifar_sdnet18", "untrained:sdnet18_cifar"])
def test_sweep_against_the_whole_network_for_each_lambda(name):
    network = networks.load(networks.find(name))
    pixels = windows(network.preprocessing.size)
    few = pixels[: max(1, PICTURES // 16)]
    whole_network(network, few, BATCHES[0])  # warm up both
    lambda_sweep.logits(network, few, LAMS)
    times = {"whole network": [], "logits": [], "residuals": []}
    for _ in range(RUNS):
        plain = [seconds(lambda batch=batch: whole_network(network, pixels, batch)) for batch in BATCHES]
        shared, found = seconds(lambda: lambda_sweep.logits(network, pixels, LAMS))
        left, residuals = seconds(lambda: lambda_sweep.residuals(network, pixels, LAMS))
        for kept, took in zip(times.values(), (min(took for took, _ in plain), shared, left), strict=True):
            kept.append(took)
        differ = found.argmax(2) != plain[0][1].argmax(2)
        assert not differ.any(), f"{differ.sum()} of {differ.size} answers differ"
        assert residuals.shape == (len(LAMS), PICTURES)
    print(
        f"\n{name}, {PICTURES} pictures, {len(LAMS)} lambdas, {torch.get_num_threads()} threads, {RUNS} paired runs; "
        f"top-1 of {found[..., 0].size:,} answers equal"
    )
    for what, kept in times.items():
        print(f"  {what}: {spread(kept)} s")
    for what, wanted in WANTED.items():
        ratios = [a / b for a, b in zip(times["whole network"], times[what], strict=True)]
        print(f"  {what} against the whole network: ratio {spread(ratios)}, wanted {wanted:g}")


def test_lite0_sparse_over_one_photograph():
    network = networks.load(networks.find("lite0_sparse"))
    pixels = square(load_sample("cat"), network.preprocessing.size)[None] / 255
    for _ in range(2):  # warm up: the second compiles what has been asked enough
        lambda_sweep.logits(network, np.repeat(pixels, 20, 0), LAMS)
    times = {"plain": [], "lambdas": [], "residuals": []}
    for _ in range(2 * RUNS):
        plain, known = seconds(lambda: whole_network(network, pixels, 1))
        shared, found = seconds(lambda: lambda_sweep.logits(network, pixels, LAMS))
        left, _ = seconds(lambda: lambda_sweep.residuals(network, pixels, LAMS))
        for kept, took in zip(times.values(), (plain, shared, left), strict=True):
            kept.append(took)
        assert (found.argmax(2) == known.argmax(2)).all()
    for key in ("lambdas", "residuals"):
        record(key, times[key], times["plain"])
