"""What a batch writes of a sweep is float32's, whether the sweep had bfloat16 or not."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.networks import engine
from core.networks.engine import Answers
from core.pictures.image import from_pixels
from core.pictures.preprocess import shift_offsets
from core.pictures.samples import load_sample
from core.studies.shift import row, sweep
from core.studies.shift.sweep import Params
from tests.helpers.networks_by_hand import trained

REACH = Params(5)


def with_engine(network, *, fast):
    return replace(network, engine=engine.prepare(network.engine.plain, fast=fast))


@torch.inference_mode()
def one_by_one(network, image, params):
    """(S, K) float32 logits, the plain way."""
    offsets = shift_offsets(params.max_shift)
    inputs = sweep.moved(network, image, params, offsets)
    plain = network.engine.plain
    batches = (inputs(np.array([i])).contiguous(memory_format=torch.channels_last) for i in range(len(offsets)))
    return np.concatenate([plain(x).numpy() for x in batches])


@pytest.mark.parametrize("sample", ["cat", "coffee", "rocket", "horse"])
@pytest.mark.parametrize("target", [None, 3])
def test_a_row_is_float32s_with_bfloat16_and_without(sample, target):
    image, params = load_sample(sample), replace(REACH, target=target)
    with_it, without = (with_engine(trained(), fast=fast) for fast in (True, False))
    assert not sweep.answer(with_it, image, params).exact.all()
    found = row.row(with_it, image, params)
    assert found == row.row(without, image, params)  # bit by bit
    logits = one_by_one(without, image, params)
    shares = np.exp(logits - logits.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    top1, centre = logits.argmax(1), len(logits) // 2
    asked = top1[centre] if target is None else target
    worst = shares[:, asked].argmin()
    assert found["flips"] == (top1 != top1[centre]).sum()
    assert (found["lowest_dy"], found["lowest_dx"]) == tuple(shift_offsets(5)[worst])
    assert (found["probability"], found["lowest"]) == (shares[centre].max(), shares[worst, asked])


@pytest.mark.parametrize("seed", range(4))
def test_answers_that_stray_by_no_more_than_their_error_do_not_show(cat, seed):
    """Of shifts that were not answered in float32, any may be wrong by as much as is said."""
    network, error = with_engine(trained(), fast=False), 0.1
    inputs = sweep.moved(network, cat, REACH, shift_offsets(5))
    told = sweep.answer(network, cat, REACH)
    dice = np.random.default_rng(seed)
    exact = dice.random(len(told.logits)) < 0.1
    astray = told.logits + dice.choice([-error, error], told.logits.shape).astype(np.float32) * ~exact[:, None]
    target = int(told.top1[len(exact) // 2])
    right, worst = row.settled(network.engine, inputs, told, target)
    found, index = row.settled(network.engine, inputs, Answers(astray, exact, error), target)
    assert index == worst == row.log_share(told.logits, target).argmin()
    for i in (worst, len(exact) // 2):
        assert found.exact[i]
        np.testing.assert_array_equal(found.logits[i], right.logits[i])


def test_where_every_shift_is_the_same_picture_the_first_is_told():
    grey = from_pixels(np.full((64, 64, 3), 127, np.uint8))
    found = [row.row(with_engine(trained(), fast=fast), grey, REACH) for fast in (True, False)]
    assert found[0] == found[1]
    assert (found[0]["lowest_dy"], found[0]["lowest_dx"]) == (-5, -5)
    assert (found[0]["flips"], found[0]["consistency"]) == (0, 1)


def test_a_probability_next_to_1_still_has_an_order():
    logits = np.array([[60.0, 0.0], [50.0, 0.0], [40.0, 0.0], [55.0, 0.0]], np.float32)
    assert (Answers(logits, np.ones(4, bool), 0.0).probability[:, 0] == 1).all()
    assert row.log_share(logits, 1).argmin() == 0
    assert row.log_share(logits[:, ::-1] / 3, 1).argmin() == 2
