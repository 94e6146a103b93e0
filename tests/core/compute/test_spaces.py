"""The three spaces that pictures are compared in."""

import numpy as np
import pytest
import torch
from torch import nn

from core.compute import spaces
from core.compute.sign_counts import Spec, build
from tests.helpers.networks_by_hand import Torus, by_hand, trained


def pictures(count, side=16, channels=3):
    return np.random.default_rng(0).integers(0, 256, (count, side, side, channels), dtype=np.uint8)


def test_pixels_are_the_picture_in_0_to_1():
    some = pictures(3, 4)
    assert spaces.pixels(some).shape == (3, 48)
    np.testing.assert_array_equal(spaces.pixels(some).reshape(some.shape) * np.float32(255), some)


def test_random_features_are_the_networks():
    spec, some = Spec(20, 3, 1, 1), pictures(4, 8, 1)
    with torch.inference_mode():
        want = build(spec)(torch.from_numpy(some).permute(0, 3, 1, 2).float() / 255)
    assert (spaces.random(some, spec) == want.numpy()).mean() > 0.95  # a sum near zero may differ: test_sign_counts


def test_a_linear_layer_on_trained_features_gives_the_logits():
    network = trained()
    some = pictures(5, 32)
    found = spaces.trained(some, network)
    with torch.inference_mode():
        logits = network.engine.exact(spaces.as_input(some, network)).numpy()
    head = network.engine.exact.classifier
    np.testing.assert_allclose(found @ head.weight.detach().numpy().T + head.bias.detach().numpy(), logits, atol=1e-4)


@pytest.mark.parametrize("shape", [(5, 5, 1), (16, 16, 3), (40, 30, 3)])
def test_other_sizes_and_grey_pictures_are_brought_into_form(shape):
    network = by_hand(Torus())
    some = np.random.default_rng(0).integers(0, 256, (2, *shape), dtype=np.uint8)
    assert spaces.as_input(some, network).shape == (2, 3, 16, 16)
    assert spaces.trained(some, network).shape == (2, 8)


def test_the_network_keeps_its_head():
    network = by_hand(Torus())
    bare = spaces.headless(network.engine.exact)
    assert isinstance(bare.classifier, nn.Identity)
    assert isinstance(network.engine.exact.classifier, nn.Linear)
    with pytest.raises(ValueError, match="expected a network that ends in a linear layer"):
        spaces.headless(nn.Sequential(nn.Conv2d(3, 4, 3)))
