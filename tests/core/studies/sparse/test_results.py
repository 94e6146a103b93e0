"""What the project claims of sparse codes, on the numbers it measured."""

import re

import numpy as np
import pytest

from core.networks import packaged, weights
from core.networks.families import ALL_CODED, SDNETS, TWINS
from core.studies.sparse import attack_dataset, dataset
from core.studies.sparse.codes import FOLDER

NETWORKS = (*SDNETS, *TWINS, ALL_CODED)


@pytest.fixture(scope="module")
def measured():
    return dataset.measured(FOLDER)


def accuracy(name):
    return packaged.packaged_card(name, weights.packaged()[name]).test_accuracy


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_was_counted_on_the_full_test_set(name):
    about = weights.read_metadata(weights.packaged()[name])
    assert int(about["test_images"]) == 10_000
    assert about["dataset"] == "cifar10"
    assert re.fullmatch(r"[0-9a-f]{12}", about["commit"])


def test_seeds_differ_and_nothing_else_does():
    for names in (SDNETS, TWINS):
        abouts = [weights.read_metadata(weights.packaged()[name]) for name in names]
        assert [about["seed"] for about in abouts] == ["0", "1", "2"]
        for key in ("arch", "epochs", "augmentation", "train_images", "commit"):
            assert len({about[key] for about in abouts}) == 1


def test_an_sdnet_is_within_a_point_of_its_twin():
    coded, plain = (np.mean([accuracy(name) for name in names]) for names in (SDNETS, TWINS))
    assert coded > plain - 0.01


@pytest.mark.parametrize("name", [*SDNETS, *TWINS])
def test_gaussian_noise_was_measured_on_the_full_test_set(measured, name):
    got = measured[name]
    assert set(got.results) == {"gaussian", "shot", "speckle", "impulse"}
    gaussian = got.results["gaussian"]
    assert gaussian.images == 10_000
    assert gaussian.accuracy("fixed")[0] == pytest.approx(accuracy(name), abs=2e-3)
    assert got.command == f"receptive measure-sparse {name} --data FOLDER"


@pytest.mark.parametrize("name", SDNETS)
def test_the_best_lambda_rises_with_the_noise(measured, name):
    assert dataset.spearman(measured[name].results["gaussian"]) >= 0.9


def test_a_lambda_told_from_the_residual_beats_that_of_the_training_by_five_points(measured):
    gaussian = [measured[name].results["gaussian"] for name in SDNETS]
    strong = gaussian[0].levels >= 0.1 - 1e-9
    assert strong.sum() == 6
    gains = np.stack([(r.accuracy("estimated") - r.accuracy("fixed"))[strong] for r in gaussian])
    assert (gains.mean(0) >= 0.05).all()
    assert (gains >= 0.045).all()  # one seed alone falls short of five points at the ends of the range


@pytest.mark.parametrize("name", SDNETS)
def test_the_oracle_is_never_beaten_by_one_lambda_for_all(measured, name):
    for result in measured[name].results.values():
        assert (result.accuracy("oracle") >= result.accuracy("fixed")).all()


def test_attacks_were_measured_and_have_converged():
    found = attack_dataset.measured(FOLDER)
    assert found is not None
    assert found.images >= 200
    for curve in found.curves.values():
        assert (np.diff(curve.accuracy, axis=1) <= 0).all()
        assert (curve.accuracy[:, -1] < found.clean).all()
