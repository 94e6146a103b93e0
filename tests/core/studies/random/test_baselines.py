"""What random features are compared with: closed forms of whitening, triangles and pooling; untrained networks."""

from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import nn

from core.studies.random import baselines as study
from core.studies.random.baselines import BASELINES

DEEP = {"vgg16": 4096, "resnet18": 512, "densenet121": 1024}
QUICK = {"resnet18": BASELINES["resnet18"].run, "k-means": partial(study.k_means, centroids=12)}


def pictures(n=12, side=10, channels=3, seed=0):
    """uint8 (n, side, side, channels): smooth noise, so that patches have directions to whiten."""
    noise = np.random.default_rng(seed).normal(size=(n, side + 2, side + 2, channels))
    smooth = noise[:, :-2, :-2] + noise[:, 1:-1, 1:-1] + noise[:, 2:, 2:]
    return (128 + 40 * smooth).clip(0, 255).astype(np.uint8)


@pytest.fixture(autouse=True)
def few_patches(monkeypatch):
    monkeypatch.setattr(study, "PATCHES", 3000)
    monkeypatch.setattr(study, "KMEANS_BATCH", 500)
    monkeypatch.setattr(study, "PASSES", 2)


# ---- k-means features ----------------------------------------------------------------------------


def test_patches_lose_brightness_and_contrast():
    patches = np.random.default_rng(0).uniform(0, 255, (50, 36)).astype(np.float32)
    got = study.normalised(patches)
    np.testing.assert_allclose(got.mean(1), 0, atol=1e-5)
    variance = patches.var(1)
    np.testing.assert_allclose(got.var(1), variance / (variance + study.CONTRAST_FLOOR), rtol=1e-4)
    np.testing.assert_allclose(study.normalised(patches + 40), got, atol=1e-5)
    assert (study.normalised(np.full((2, 36), 99, np.float32)) == 0).all()


def test_whitened_patches_have_the_identity_as_covariance():
    dice = np.random.default_rng(1)
    patches = (dice.normal(size=(4000, 12)) @ dice.normal(size=(12, 12)) + 5).astype(np.float32)
    mean, matrix = study.whitening(patches, floor=0.0)
    white = (patches - mean) @ matrix
    np.testing.assert_allclose(white.mean(0), 0, atol=1e-3)
    np.testing.assert_allclose(np.cov(white.T), np.eye(12), atol=2e-3)
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-5)  # ZCA: of all whitenings the one that turns nothing


def test_the_floor_damps_the_small_directions_alone():
    dice = np.random.default_rng(2)
    patches = (dice.normal(size=(5000, 3)) * (10, 1, 0.01)).astype(np.float32)
    mean, matrix = study.whitening(patches, floor=0.1)
    got = np.cov(((patches - mean) @ matrix).T).diagonal()
    variances = patches.var(0, ddof=1)
    np.testing.assert_allclose(got, variances / (variances + 0.1), rtol=0.02)


@settings(max_examples=40, deadline=None)
@given(
    white=arrays(np.float32, (5, 4), elements=st.floats(-8, 8, width=32)),
    centroids=arrays(np.float32, (6, 4), elements=st.floats(-8, 8, width=32)),
)
def test_a_triangle_is_what_is_nearer_than_the_mean(white, centroids):
    distance = np.linalg.norm(white[:, None].astype(float) - centroids[None], axis=2)
    expected = np.maximum(0, distance.mean(1, keepdims=True) - distance)
    np.testing.assert_allclose(study.triangle(white, centroids), expected, atol=0.02)


@pytest.mark.parametrize(("height", "width"), [(2, 2), (3, 5), (27, 27)])
def test_quadrants_add_up_to_the_whole_map(height, width):
    maps = np.random.default_rng(3).random((2, height, width, 4))
    got = study.quadrants(maps)
    np.testing.assert_allclose(got.sum(1), maps.sum((1, 2)))
    np.testing.assert_allclose(got[:, 0], maps[:, : height // 2, : width // 2].sum((1, 2)))
    np.testing.assert_allclose(got[:, 3], maps[:, height // 2 :, width // 2 :].sum((1, 2)))


def test_windows_are_the_patches():
    x = pictures(2, 9)
    view = study.windows(x)
    assert view.shape == (2, 4, 4, 3, 6, 6)
    np.testing.assert_array_equal(view[1, 2, 3], x[1, 2:8, 3:9].transpose(2, 0, 1))
    with pytest.raises(ValueError, match="expected pictures of 6 px and more"):
        study.windows(pictures(2, 5))


def test_encoding_is_the_definition_patch_by_patch():
    x = pictures(3, 8, 1)
    book = study.learn(x, centroids=7)
    expected = np.zeros((3, 2, 2, 7))
    for n in range(3):
        for row in range(3):
            for column in range(3):
                patch = x[n, row : row + 6, column : column + 6, 0].reshape(1, -1).astype(np.float32)
                white = (study.normalised(patch) - book.mean) @ book.whiten
                expected[n, int(row >= 1), int(column >= 1)] += study.triangle(white, book.centroids)[0]
    np.testing.assert_allclose(study.encode(x, book), expected.reshape(3, -1), atol=1e-4)


def test_centroids_find_the_clusters():
    """Pictures of two kinds of stripes: each patch is nearer to its own kind's centroid than to most others."""
    rows = np.arange(12) % 6 < 3
    flat = np.where(rows[:, None], 30, 220).astype(np.uint8) * np.ones((1, 12), np.uint8)
    x = np.stack([flat, flat.T] * 6)[..., None]
    found = study.k_means(x, centroids=12)
    distance = np.linalg.norm(found[:, None] - found[None], axis=2)
    same = np.arange(12)[:, None] % 2 == np.arange(12)[None] % 2
    assert distance[same].max() < 1e-3 * distance[~same].min()


# ---- untrained networks --------------------------------------------------------------------------


@pytest.mark.parametrize(("arch", "width"), DEEP.items())
def test_every_architecture_gives_what_its_classifier_sees(arch, width):
    x = pictures(3, 8, 1)
    got = BASELINES[arch].run(x)
    assert got.shape == (3, width)
    assert got.dtype == np.float32
    assert np.isfinite(got).all()
    assert got.std(0).max() > 0  # different pictures, different features


def test_the_features_are_the_last_linear_layers_input():
    from torchvision import models

    torch.manual_seed(4)
    net = models.resnet18(weights=None).eval()
    seen = []
    net.fc.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    x = torch.rand(2, 3, 32, 32)
    with torch.inference_mode():
        net(x)
        np.testing.assert_allclose(study.fresh("resnet18", 4)(x), seen[0], rtol=1e-4, atol=1e-5)


def test_batch_norms_are_settled_and_then_left_alone():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 2, 3), nn.BatchNorm2d(2)).eval()
    x = torch.rand(40, 3, 12, 12) * 5 + 3
    with torch.inference_mode():
        study.settle(net, x)
        out = net(x)
        np.testing.assert_allclose(out.mean((0, 2, 3)), 0, atol=1e-4)
        np.testing.assert_allclose(out.std((0, 2, 3)), 1, atol=1e-2)
        before = {name: value.clone() for name, value in net.state_dict().items()}
        net(-x)
    assert not any(module.training for module in net.modules())
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())


def test_a_pictures_features_do_not_depend_on_the_others():
    x = pictures(8, 32)
    whole = BASELINES["resnet18"].run(x, learn_from=x)
    one = BASELINES["resnet18"].run(x[5:6], learn_from=x)
    np.testing.assert_allclose(one[0], whole[5], rtol=1e-3, atol=1e-4)


def test_grey_pictures_are_the_colour_ones_of_one_grey():
    grey = pictures(4, 32, 1)
    np.testing.assert_allclose(
        BASELINES["resnet18"].run(grey), BASELINES["resnet18"].run(grey.repeat(3, 3)), rtol=1e-4, atol=1e-5
    )


def test_a_single_picture_has_no_statistics():
    with pytest.raises(ValueError, match="expected at least 2 pictures to take statistics from, got 1"):
        BASELINES["resnet18"].run(pictures(1))
    assert np.isfinite(BASELINES["resnet18"].run(np.full((3, 8, 8, 1), 7, np.uint8))).all()  # no contrast at all


# ---- all of them ---------------------------------------------------------------------------------


@pytest.mark.parametrize("run", QUICK.values(), ids=QUICK)
def test_a_seed_gives_the_same_features_and_another_seed_others(run):
    x = pictures()
    torch.manual_seed(11)
    state = torch.get_rng_state()
    one, same, other = (run(x, seed=seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 1e-3
    assert one.dtype == np.float32
    assert torch.equal(torch.get_rng_state(), state)  # nobody else's dice are touched


@pytest.mark.parametrize("run", QUICK.values(), ids=QUICK)
def test_test_pictures_are_measured_with_what_the_training_ones_taught(run):
    train, test = pictures(seed=0), pictures(4, seed=1)
    together = run(np.concatenate([train, test]), learn_from=train)
    np.testing.assert_allclose(run(test, learn_from=train), together[len(train) :], rtol=1e-3, atol=1e-3)
    assert np.abs(run(test) - together[len(train) :]).max() > 1e-3


def test_the_table_says_what_each_is():
    assert set(BASELINES) == {*DEEP, "k-means"}
    assert len({b.title for b in BASELINES.values()}) == len(BASELINES)
    assert all(b.citation[-4:].isdecimal() for b in BASELINES.values())
