"""lite0 on the patch evidence page: its class activation map, and its local copy's patches, by one identity."""

import numpy as np
import pytest
import torch

from core import networks
from core.compute import patches
from core.pictures.preprocess import to_tensor
from core.pictures.samples import load_sample
from core.studies.patch import evidence, figures
from core.studies.patch.evidence import Params


@pytest.fixture(scope="module")
def lite0():
    return networks.load(networks.find("lite0"))


@pytest.fixture(scope="module")
def local():
    return networks.load(networks.find("lite0_local"))


@pytest.mark.parametrize("sample", ["cat", "coffee"])
def test_the_mean_of_the_class_activation_map_is_the_logit(lite0, sample):
    pixels = evidence.seen(lite0, load_sample(sample), None)
    found = evidence.coarse(lite0, pixels)
    with torch.inference_mode():
        [logits] = lite0.engine.plain(to_tensor(pixels[None], lite0.preprocessing)).numpy()
    np.testing.assert_allclose(found.values.mean((1, 2)), logits, atol=2e-3)
    assert (np.diff(found.y) == 32).all()
    assert (np.diff(found.x) == 32).all()
    assert found.y[0] == 16
    assert found.x.mean() == pytest.approx((pixels.shape[1] - 1) / 2, abs=0.5)  # as far over the left as the right


def test_the_mean_of_the_local_copys_patches_is_its_logit(local):
    pixels = evidence.seen(local, load_sample("cat"), 99)
    found = evidence.coarse(local, pixels)
    with torch.inference_mode():
        [logits] = local.engine.plain(to_tensor(pixels[None], local.preprocessing)).numpy()
    np.testing.assert_allclose(found.values.mean((1, 2)), logits, atol=1e-4)
    assert found.y[0] == 16
    assert (np.diff(found.x) == 8).all()


def test_a_map_around_pixels_of_the_local_copy_is_its_patches_cut_out_one_by_one(local):
    net = patches.bagnet_of(local)
    x = to_tensor(load_sample("cat").pixels[100:148, 60:100], local.preprocessing)
    dense = patches.full(net, x, [3, 7])
    assert dense.shape == (2, 6, 5)  # every eighth pixel: every one would take minutes
    places = np.array([[y, x0] for y in range(0, 48, 8) for x0 in range(0, 40, 8)])
    alone = patches.alone(net, x, places, net.patch)[:, [3, 7]]
    np.testing.assert_allclose(dense.reshape(2, -1).T, alone, atol=1e-4)
    with pytest.raises(ValueError, match=r"expected a step of \[8\] px, got 4"):
        patches.collect(net, x, step=4)


def test_an_ordinary_network_has_no_patches_to_refine(lite0):
    with pytest.raises(ValueError, match="expected a BagNet, got lite0"):
        patches.bagnet_of(lite0)
    found = evidence.run([lite0], load_sample("coffee"), Params())
    assert found.patch == (0,)
    assert found.patches == (found.evidence[0].size,)
    assert found.labels[found.target] == "espresso"


def test_a_network_without_the_identity_is_refused():
    with pytest.raises(ValueError, match="expected a BagNet, or lite0 or a copy of it, got photo_resnet"):
        evidence.run([networks.load(networks.find("photo_resnet"))], load_sample("cat"), Params())


def test_the_maps_stand_side_by_side_and_say_what_they_saw(lite0, local):
    image = load_sample("cat")
    found = evidence.run([local, lite0], image, Params(resolution="coarse"))
    plot = figures.maps(found, ["local", "lite0"], image.pixels)
    heads = [a.text for a in plot.figure.layout.annotations]
    assert "patches of 33×33 px" in heads[0]
    assert "class activation map" in heads[1]
    said = evidence.finding(found, ["local", "lite0"])
    assert "% of the patches of local" in said
    assert "% of the positions of lite0" in said
    assert found.labels[found.target] == found.labels[found.logits[1].argmax()]
