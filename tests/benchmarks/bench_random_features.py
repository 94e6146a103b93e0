"""Random depthwise features against the plain float32 grouped-convolution network, paired in one run.

Run with `pytest -n 0 -o python_files='bench_*.py' tests/benchmarks -s`. 1,000 features, kernel 3, depth 3 (and kernel
5, depth 1), windows of the sample photographs at 32 px. The plain side runs in batches of 8 or 64, whichever is
faster in that run. Read the ratios, not the seconds. RANDOM_PICTURES and RANDOM_RUNS make it smaller.
"""

import os
import time
from statistics import median

import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestNeighbors
from sklearn.svm import LinearSVC

from core.compute import linear_svm, neighbours, sign_counts
from core.compute.sign_counts import Spec
from core.data import named
from core.pictures.preprocess import square
from core.pictures.samples import SAMPLES, load_sample

RUNS = int(os.environ.get("RANDOM_RUNS", "5"))
PICTURES = int(os.environ.get("RANDOM_PICTURES", "256"))
BATCHES = (8, 64)
WANTED = 3.5
SIDE = 32
MATRIX = 2048


def seconds(work):
    begun = time.perf_counter()
    answer = work()
    return time.perf_counter() - begun, answer


def spread(values, digits=2):
    return f"{median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def windows():
    dice = np.random.default_rng(0)
    photos = [square(load_sample(sample.name), 4 * SIDE) for sample in SAMPLES]
    cut = []
    for i in range(PICTURES):
        y, x = dice.integers(0, 3 * SIDE, 2)
        cut.append(photos[i % len(photos)][y : y + SIDE, x : x + SIDE])
    return np.stack(cut)


@torch.inference_mode()
def plain(net, pixels, batch):
    x = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
    return torch.cat([net(some) for some in x.split(batch)]).numpy()


def operations(spec):
    """Multiplications and additions of one picture: the first convolution's and the depthwise ones'."""
    side = SIDE + 3 - spec.kernel_size
    total = 2 * spec.in_channels * spec.kernel_size**2 * side**2
    for _ in range(spec.depth):
        side //= 2
        total += 2 * 2 * spec.kernel_size**2 * side**2
    return total * spec.features


@torch.inference_mode()
def matrix_rate():
    a = torch.randn(MATRIX, MATRIX)
    took = min(seconds(lambda: a @ a)[0] for _ in range(3))
    return 2 * MATRIX**3 / took


@pytest.mark.parametrize(("kernel", "depth"), [(3, 3), (5, 1)])
def test_counts_against_the_plain_network(kernel, depth):
    spec, pixels = Spec(1000, kernel, depth), windows()
    net = sign_counts.build(spec)
    plain(net, pixels[:8], 8)  # warm up both
    sign_counts.features(net, pixels[:8])
    ratios, shares = [], []
    for _ in range(RUNS):
        rate = matrix_rate()
        slow = [seconds(lambda batch=batch: plain(net, pixels, batch)) for batch in BATCHES]
        took, found = seconds(lambda: sign_counts.features(net, pixels))
        ratios.append(min(t for t, _ in slow) / took)
        shares.append(operations(spec) * PICTURES / took / rate)
        changed = int((found != slow[0][1]).sum())
        assert changed == 0, f"{changed} of {found.size} features differ"
    print(
        f"\nkernel {kernel}, depth {depth}, 1,000 features, {PICTURES} pictures, {torch.get_num_threads()} threads, "
        f"{RUNS} paired runs: ratio {spread(ratios)}, wanted {WANTED:g}; {found.size:,} features, none changed; "
        f"{spread([100 * s for s in shares], 0)} % of the float32 matrix product's rate"
    )


def test_the_linear_svm_against_liblinear():
    train = named.load("digits")
    x = sign_counts.features(sign_counts.build(Spec(1000, 3, 1, 1)), train.pixels)
    ratios = []
    for _ in range(RUNS):
        slow, theirs = seconds(lambda: LinearSVC(C=linear_svm.PAPERS_C, dual=False).fit(x, train.labels))
        took, ours = seconds(lambda: linear_svm.fit(x, train.labels, 10))
        ratios.append(slow / took)
    agreement = (linear_svm.decision(ours, x).argmax(1) == theirs.predict(x)).mean()
    print(f"\nlinear SVM, 1,297 x 1,000: ratio to LinearSVC {spread(ratios)}; {agreement:.1%} of answers equal")


def test_neighbours_against_scikit_learn():
    dice = np.random.default_rng(0)
    gallery, queries = (dice.normal(size=(n, 1000)).astype(np.float32) for n in (10_000, 1_000))
    theirs = NearestNeighbors(n_neighbors=5, algorithm="brute").fit(gallery)
    ratios = []
    for _ in range(RUNS):
        slow, want = seconds(lambda: theirs.kneighbors(queries, return_distance=False))
        took, (found, _) = seconds(lambda: neighbours.nearest(queries, gallery, 5))
        ratios.append(slow / took)
    print(f"\n5 of 10,000 x 1,000: ratio to brute force {spread(ratios)}; {(found == want).mean():.2%} equal")
