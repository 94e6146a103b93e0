"""The three spaces that pictures are compared in."""

import numpy as np
import pytest
import torch
from torch import nn

from core import networks
from core.compute import spaces
from core.compute.sign_counts import Spec, build
from core.data import named
from tests.helpers.networks_by_hand import Torus, by_hand, trained
from tests.helpers.pictures import like_mnist


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


def test_a_network_of_digits_without_margin_sees_mnist_like_digits_without_theirs():
    test, network = named.load("digits", split="test"), networks.load(networks.find("digits_cnn"))
    pictures = like_mnist(test)

    def right(form):
        return float((network.engine.exact(form(pictures, network)).argmax(1).numpy() == test.labels).mean())

    with torch.inference_mode():
        assert right(spaces.as_input) > 0.85
        assert right(spaces.scaled) < 0.5
    near = spaces.similarity(spaces.trained(pictures, network), test.labels)
    assert near.ratio < 0.75


def test_only_grey_pictures_with_a_margin_are_cut_and_only_for_such_networks():
    digits_cnn, fashion = (networks.load(networks.find(name)) for name in ("digits_cnn", "fashion_cnn"))
    assert spaces.is_cut((5, 28, 28, 1), digits_cnn)
    assert not spaces.is_cut((5, 28, 28, 1), fashion)
    for some in (pictures(3, 8, 1), pictures(3, 28, 3)):
        assert not spaces.is_cut(some.shape, digits_cnn)
        torch.testing.assert_close(spaces.as_input(some, digits_cnn), spaces.scaled(some, digits_cnn))
