"""The packaged races: their provenance, what they must reach, and that what is said of them follows from them."""

import math

import numpy as np
import pytest

from core.base.intervals import mean_interval, verdict
from core.models.heads import SHORT
from core.networks import families, weights
from core.studies.spinal import dataset as spinal_dataset
from core.studies.spinal import heads
from core.studies.spinal.measure import ROWS

FOUND = spinal_dataset.measured()
PLANS = {(dataset, plan.backbone): plan for dataset, plan, *_ in ROWS}
NEEDED = {"mnist_vgg5": 0.994, "fashion-mnist_vgg5": 0.925}  # of the plain and the spinal head


def test_every_plan_is_packaged():
    assert set(FOUND) == {f"{dataset}_{backbone}" for dataset, backbone in PLANS}


@pytest.mark.parametrize("name", FOUND)
def test_a_race_is_whole(name):
    result = FOUND[name].result
    assert heads.params_of(result).shape == PLANS[result.dataset, result.backbone].shape
    assert result.accuracy.shape[1:] == (
        PLANS[result.dataset, result.backbone].seeds,
        PLANS[result.dataset, result.backbone].epochs,
    )
    assert result.heads == ("fc", "spinal", "fc-matched")
    assert result.accuracy.shape[1] >= (5 if result.dataset == "digits" else 3)
    assert not np.isnan(result.accuracy).any()
    counted = [heads.counts(result.backbone, head, PLANS[result.dataset, result.backbone].shape, 10) for head in SHORT]
    assert [parameters for parameters, _ in counted] == result.parameters.tolist()
    assert [multiplications for _, multiplications in counted] == result.multiplications.tolist()


@pytest.mark.parametrize("name", NEEDED)
def test_the_large_races_reach_what_was_asked(name):
    assert (FOUND[name].result.last[:2].mean(1) >= NEEDED[name]).all()


def test_the_table_of_claims_says_what_the_intervals_say():
    rows = spinal_dataset.claims(FOUND)
    assert len({len(column) for column in rows.values()}) == 1
    for i, one in enumerate(FOUND.values()):
        spinal, plain = one.result.last[1], one.result.last[0]
        mean, half = mean_interval(100 * (spinal - plain))
        assert rows["spinal against FC"][i].startswith(verdict(mean, half).removesuffix(" shown"))
        assert not math.isnan(half)
    said = spinal_dataset.finding(FOUND)
    assert said.startswith(f"Of {len(FOUND)} races")


def test_the_heads_that_answer_are_packaged():
    for name in families.HEADED.values():
        about = weights.read_metadata(weights.packaged()[name])
        assert about["dataset"] == "mnist"
        assert float(about["test_accuracy"]) > 0.98
