"""Consistency compared picture by picture: the same as the study's own, and sharper than two separate intervals."""

import json
from dataclasses import replace

import numpy as np
import pytest

from core import networks
from core.claims import RESULTS, shift
from core.datasets import Split
from core.preprocess import square
from core.samples import SAMPLES, load_sample
from core.studies import shift_dataset
from core.training import ship, ship_shift_pairs

PARAMS = replace(ship_shift_pairs.PARAMS, pairs=2)
PICTURES = np.stack([square(load_sample(s.name), 32) for s in SAMPLES])
SET = Split(PICTURES, np.arange(len(SAMPLES)) % 10, tuple("0123456789"))


def test_the_mean_agreement_is_the_studys_consistency():
    network = networks.load(networks.find("cifar_vgg"))
    found = shift_dataset.run(network, ship.chunks(SET), len(SET), PARAMS)
    each = ship_shift_pairs.agreement("cifar_vgg", SET, PARAMS)
    assert each.shape == (len(SET),)
    assert each.mean() == pytest.approx(shift_dataset.summary(found, PARAMS).consistency)


def test_the_difference_is_that_of_the_means(tmp_path):
    path = ship_shift_pairs.measure({"cifar10": SET}, path=tmp_path / "pairs.json", params=PARAMS)
    [row] = json.loads(path.read_text())["rows"]
    assert row["difference"] == pytest.approx(row["consistency"][1] - row["consistency"][0])
    assert row["images"] == len(SET)
    assert row["half"] > 0


@pytest.mark.parametrize("names", [shift.PHOTOS, shift.VGGS])
def test_the_packaged_pairs_agree_with_the_separate_measurements(names):
    """Other seeds of the shifts, the same networks: within the intervals of both."""
    paired, apart = shift.paired(names, RESULTS), shift.gain(shift.consistency, names, RESULTS)
    assert paired.high - paired.low < apart.high - apart.low
    assert apart.low < paired.value < apart.high
