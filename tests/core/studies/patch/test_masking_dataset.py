"""Areas averaged over pictures: the same as picture by picture, with a standard error that is one."""

import numpy as np
import pytest
from torch import nn

from core.compute.attributions import EVIDENCE, RANDOM
from core.data.split import Split
from core.studies.patch import masking, masking_figures
from core.studies.patch import masking_dataset as dataset
from core.studies.patch.masking import Params
from tests.core.models.test_bagnet import settled
from tests.helpers.networks_by_hand import by_hand

PARAMS = Params(cell=16, methods=(EVIDENCE, "saliency", RANDOM), draws=2)


@pytest.fixture(scope="module")
def networks():
    plain = nn.Sequential(nn.Conv2d(3, 5, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return by_hand(settled(9), size=48, name="bagnet9"), by_hand(plain, size=48, name="plain")


@pytest.fixture(scope="module")
def split():
    dice = np.random.default_rng(0)
    return Split(dice.integers(0, 256, (4, 48, 48, 3), np.uint8), np.array([0, 4, 2, 2]), tuple("abcde"))


@pytest.fixture(scope="module")
def found(networks, split):
    return dataset.run(*networks, split, PARAMS)


@pytest.mark.parametrize("mode", ["deletion", "insertion"])
def test_means_and_errors_are_those_of_the_pictures(networks, split, found, mode):
    params = Params(cell=16, methods=PARAMS.methods, draws=2, mode=mode)
    areas = np.stack(
        [
            masking.run(networks, pixels, int(label), params).auc
            for pixels, label in zip(split.pixels, split.labels, strict=True)
        ]
    )
    mean, half = found.of(mode)
    np.testing.assert_allclose(mean, areas.mean(0), atol=1e-6)
    np.testing.assert_allclose(half, 1.96 * areas.std(0, ddof=1) / 2, atol=1e-6)
    assert found.images == 4


def test_the_figure_and_the_table_show_every_area(found):
    traces = masking_figures.figure(found).figure.data
    assert len(traces) == 4
    np.testing.assert_allclose(traces[0].x, found.deletion[0])
    np.testing.assert_allclose(traces[3].x, found.insertion[1])
    assert {len(column) for column in masking_figures.table(found).values()} == {6}


def test_one_picture_is_too_few(networks, split):
    alone = Split(split.pixels[:1], split.labels[:1], split.classes)
    with pytest.raises(ValueError, match=r"^expected two pictures or more, got 1"):
        dataset.run(*networks, alone, PARAMS)
