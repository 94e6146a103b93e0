"""A 33 x 33 sweep against the plain way: float32, one crop at a time, through the network as it was built.

Run with `pytest -n 0 -o python_files='bench_*.py' tests/benchmarks -s`. Both sides run in turn in one process; read the
ratios, not the seconds.
The plain side is timed on a seeded subset of the shifts and scaled up, which is printed.
"""

import time
from dataclasses import replace
from statistics import median

import numpy as np
import pytest
import torch

from core import networks
from core.networks import swift, weights
from core.pictures.preprocess import field_of_view, shift_offsets, shifted, to_tensor
from core.pictures.samples import load_sample
from core.studies.shift import sweep
from core.studies.shift.sweep import Params
from tests.benchmarks.table import record

RUNS = 5
PHOTOGRAPHS = ("cat", "astronaut", "coffee", "rocket", "motorcycle", "flower", "horse", "coins")
SUBSET = 121  # shifts that the plain side answers in a run


@torch.inference_mode()
def one_at_a_time(network, image, params, which):
    """top-1 of the shifts `which`, the plain way."""
    prep, r = network.preprocessing, params.max_shift
    view = to_tensor(field_of_view(image, prep, r, params.boundary), prep)
    offsets = shift_offsets(r)
    plain = network.engine.plain
    return np.array([int(plain(shifted(view, prep.size, r, offsets[[i]])).argmax()) for i in which])


def seconds(work, *given):
    begun = time.perf_counter()
    answer = work(*given)
    return time.perf_counter() - begun, answer


def paired(name, pictures=("cat",) * RUNS, torch_alone=False):
    """(seconds of ours, of the plain loop scaled up) of each run; every answer of the plain loop's is asserted."""
    torch.manual_seed(0)
    network, params = networks.load(networks.find(name)), Params()
    images = [load_sample(picture) for picture in pictures]
    if torch_alone:
        network = replace(network, engine=replace(network.engine, swift=None))
    count = (2 * params.max_shift + 1) ** 2
    subset = SUBSET if network.preprocessing.size < 128 else SUBSET // 4
    which = np.sort(np.random.default_rng(0).choice(count, subset, replace=False))
    sweep.answer(network, images[0], params)  # warm up both
    one_at_a_time(network, images[0], params, which[:4])
    ours, theirs, exact = [], [], []
    for image in images:
        fast, answers = seconds(sweep.answer, network, image, params)
        slow, top1 = seconds(one_at_a_time, network, image, params, which)
        ours.append(fast)
        theirs.append(slow * count / subset)
        exact.append(answers.exact.mean())
        assert (answers.top1[which] == top1).all()
    ratios = [b / a for a, b in zip(ours, theirs, strict=True)]
    print(
        f"\n{name}: sweep of {count} shifts, median {median(ours):.2f} s ({min(ours):.2f}-{max(ours):.2f}); "
        f"one at a time in float32 {median(theirs):.2f} s ({min(theirs):.2f}-{max(theirs):.2f}, "
        f"{subset} shifts scaled up); ratio {median(ratios):.1f} ({min(ratios):.1f}-{max(ratios):.1f}, "
        f"{len(ratios)} paired runs); "
        f"answered in float32: {', '.join(f'{share:.0%} ({r:.1f})' for share, r in zip(exact, ratios, strict=True))}"
    )
    return ours, theirs


@pytest.mark.parametrize("name", ["untrained:resnet18", "untrained:resnet18_blur5", *weights.packaged()])
def test_sweep_against_the_plain_loop(name):
    assert all(paired(name, ("cat",) * 3))


def test_the_64_px_networks():
    found = {name: paired(name) for name in ("photo_resnet", "photo_resnet_blur3", "photo_resnet_blur5")}
    slowest = min(found, key=lambda name: median(b / a for a, b in zip(*found[name], strict=True)))
    record("sweep_64", *found[slowest], slowest)


@pytest.mark.parametrize(("key", "torch_alone"), [("sweep_fast", False), ("sweep_torch", True)])
def test_lite0(key, torch_alone):
    if not torch_alone:
        assert swift.installed(), swift.MISSING
    record(key, *paired("lite0", PHOTOGRAPHS, torch_alone), f"{len(PHOTOGRAPHS)} photographs")


def test_a_repeated_setting_answers_from_the_cache():
    from core import cache

    network, image, params = networks.load(networks.find("untrained:cifar_vgg")), load_sample("cat"), Params()
    firsts, repeats = [], []

    def call():
        return cache.Call(sweep.answer, network, image, params)

    def ask():
        return cache.job(call()).future.result()

    for _ in range(RUNS):
        cache.forget([call().key])
        firsts.append(seconds(ask)[0])
        repeats.append(seconds(ask)[0])
    shares = [b / a for a, b in zip(firsts, repeats, strict=True)]
    print(f"\ncache: first {median(firsts):.3f} s, repeated {median(repeats):.6f} s, share {median(shares):.2g}")
