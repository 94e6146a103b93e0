"""What the project claims of the networks it ships, on the numbers it measured."""

import json
import re
import tarfile
from io import BytesIO
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image
from scipy.stats import spearmanr

from core import networks
from core.base import files
from core.data.sets import CIFAR10_CLASSES, DATASETS
from core.networks import families, weights
from core.networks.engine import logits
from core.pictures.preprocess import to_tensor
from core.studies.shift import dataset
from core.studies.shift.dataset import CORRUPTIONS, Params
from tests.helpers.networks_by_hand import GREY, PACKAGED

FOLDER = files.ASSETS / "results" / "shift_sweep"
FILTERS = {"cifar_vgg": 1, "cifar_vgg_blur2": 2, "cifar_vgg_blur3": 3, "cifar_vgg_blur5": 5, "cifar_vgg_blur7": 7}
CIFAR = (*FILTERS, "cifar_vgg_shifted")
CODED = (
    *families.SDNETS,
    *families.TWINS,
    families.ALL_CODED,
)  # measured under noise: tests/core/studies/sparse/test_results.py
SHIFTED = [name for name in PACKAGED if name not in (*CODED, *GREY)]


@pytest.fixture(scope="module")
def measured():
    return dataset.measured(FOLDER)


@pytest.mark.parametrize("name", SHIFTED)
def test_every_packaged_network_was_measured(measured, name):
    about = weights.read_metadata(weights.packaged()[name])
    got = measured[name]
    assert (got.arch, got.dataset, got.summary.network) == (about["arch"], about["dataset"], name)
    assert got.summary.images == int(about["test_images"])
    assert got.summary.accuracy == pytest.approx(float(about["test_accuracy"]), abs=2e-4)
    assert got.reach == int(about["input_size"]) // 4
    assert re.fullmatch(f"receptive measure (shift:)?{name} --data FOLDER", got.command)  # the first ones had no study


@pytest.mark.parametrize("name", SHIFTED)
def test_measured_numbers_hang_together(measured, name):
    s = measured[name].summary
    for value, (low, high) in ((s.accuracy, s.accuracy_interval), (s.consistency, s.consistency_interval)):
        assert 0 < low < value < high < 1
        assert high - low < (0.02 if s.images >= 10_000 else 0.063)  # 1,000 pictures: at most 6.2 points
    assert s.draws >= 2
    assert 0 <= s.consistency_sd < 0.02
    assert measured[name].few_images == min(2_000, s.images)
    sampling = 4 * np.sqrt(s.accuracy * (1 - s.accuracy) / measured[name].few_images)  # a part stands for the whole
    assert 0 < s.worst_accuracy < s.accuracy + sampling
    assert tuple(s.corruptions) == CORRUPTIONS
    for kind, strengths in s.corruptions.items():
        flips = [changed for _, changed in strengths]
        # The pictures are JPEGs themselves, so a lower quality may round their coefficients more kindly.
        # 1,000 pictures leave more to chance: two standard errors
        slack = 0 if s.images >= 10_000 else 2 * np.sqrt(np.mean(flips) / measured[name].few_images)
        assert all(later >= before - slack for before, later in pairwise(flips)) or kind == "JPEG", kind
        assert flips[2] == max(flips), kind
        assert all(0 < right < 1 for right, _ in strengths)
        assert all(abs(s.accuracy - right) <= changed + sampling for right, changed in strengths)


def test_nothing_else_is_measured(measured):
    assert set(measured) == set(SHIFTED)
    for name in SHIFTED:
        record = json.loads((FOLDER / f"{name}.json").read_text())
        params = record["params"] | {"corruptions": tuple(record["params"]["corruptions"])}
        assert Params(**params) == Params(pairs=2)


@pytest.mark.parametrize("name", CIFAR)
def test_every_cifar_network_gets_85_percent_of_the_full_test_set(measured, name):
    assert measured[name].summary.images == 10_000
    assert measured[name].summary.accuracy >= 0.85


def test_wider_filters_are_more_consistent(measured):
    consistency = [measured[name].summary.consistency for name in FILTERS]
    assert spearmanr(list(FILTERS.values()), consistency).statistic >= 0.8


def test_blur_5_is_three_points_more_consistent_than_the_baseline(measured):
    gain = measured["cifar_vgg_blur5"].summary.consistency - measured["cifar_vgg"].summary.consistency
    assert gain >= 0.03


@pytest.mark.data
def test_five_hundred_test_pictures_agree_with_the_recorded_accuracy(measured, data_folder):
    seen, n = dict.fromkeys(CIFAR10_CLASSES, 0), 50
    pixels, labels = [], []
    with tarfile.open(data_folder / "cifar10.tar.gz") as archive:
        for member in archive:
            found = re.search(r"(?:^|/)test/(\w+)/[^/]+\.jpg$", member.name)
            if found and seen[found[1]] < n:
                seen[found[1]] += 1
                pixels.append(np.asarray(Image.open(BytesIO(archive.extractfile(member).read())).convert("RGB")))
                labels.append(CIFAR10_CLASSES.index(found[1]))
            if len(labels) == n * len(seen):
                break
    assert len(labels) == 500
    network = networks.load(networks.find("cifar_vgg"))
    pixels = np.stack(pixels)
    answers = logits(network.engine, lambda which: to_tensor(pixels[which], network.preprocessing), 500)
    share = (answers.top1 == labels).mean()
    expected = measured["cifar_vgg"].summary.accuracy
    assert abs(share - expected) < 3 * np.sqrt(expected * (1 - expected) / 500)
    assert set(CIFAR10_CLASSES) == set(DATASETS["cifar10"].classes)
