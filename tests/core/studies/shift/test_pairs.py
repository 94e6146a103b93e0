"""Consistency compared picture by picture: the same as the study's own, and sharper than two separate intervals."""

import json
from dataclasses import replace

import numpy as np
import pytest

from core import networks
from core.data import split
from core.data.split import Split
from core.overview.board import RESULTS
from core.pictures.preprocess import square
from core.pictures.samples import SAMPLES, load_sample
from core.studies.shift import claims, dataset, measure

PARAMS = replace(measure.PAIRED, pairs=2)
PICTURES = np.stack([square(load_sample(s.name), 32) for s in SAMPLES])
SET = Split(PICTURES, np.arange(len(SAMPLES)) % 10, tuple("0123456789"))


def test_the_mean_agreement_is_the_studys_consistency():
    network = networks.load(networks.find("cifar_vgg"))
    found = dataset.run(network, split.chunks(SET), len(SET), PARAMS)
    each = measure.agreement("cifar_vgg", SET, PARAMS)
    assert each.shape == (len(SET),)
    assert each.mean() == pytest.approx(dataset.summary(found, PARAMS).consistency)


def test_the_difference_is_that_of_the_means(tmp_path):
    path = measure.measure_pairs({"cifar10": SET}, tmp_path / "pairs.json", params=PARAMS)
    [row] = json.loads(path.read_text())["rows"]
    assert row["difference"] == pytest.approx(row["consistency"][1] - row["consistency"][0])
    assert row["images"] == len(SET)
    assert row["half"] > 0


@pytest.mark.parametrize("names", [claims.PHOTOS, claims.VGGS])
def test_the_packaged_pairs_agree_with_the_separate_measurements(names):
    """Other seeds of the shifts, the same networks: within the intervals of both."""
    paired, apart = claims.paired(names, RESULTS), claims.gain(claims.consistency, names, RESULTS)
    assert paired.high - paired.low < apart.high - apart.low
    assert apart.low < paired.value < apart.high
