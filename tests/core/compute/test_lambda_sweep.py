"""The shared sweep gives what running the whole network in float32 for each lambda gives."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from core.compute import lambda_sweep
from core.compute.coded import to_input
from core.models.sdnet import SDNet
from core.models.sparse import SparseConv2d
from core.networks.engine import prepare
from tests.helpers.networks_by_hand import by_hand

LAMS = (0.02, 0.1, 0.3, 0.7, 1.4)


def small(seed=0, **options):
    """A narrow SDNet whose norms have seen noise, so that its answers differ from picture to picture."""
    torch.manual_seed(seed)
    net = SDNet(18, 5, width=4, **options)
    net.fit_steps((16, 16))
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 1.0
    with torch.no_grad():
        net.train()(2 * torch.rand(16, 3, 16, 16) - 1)
    return by_hand(net.eval())


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(0).random((9, 16, 16, 3), np.float32)


@torch.inference_mode()
def whole_network(network, pixels, lams):
    """(L, B, K): one picture at a time, float32, the network as it was built."""
    x = to_input(network, pixels)
    return np.stack([torch.cat([network.engine.plain(p[None], lam) for p in x]).numpy() for lam in lams])


@torch.inference_mode()
def plain_residual(network, pixels, lam):
    """(B, C, H, W): x - D*z by the layer itself."""
    x, layer = to_input(network, pixels), network.engine.plain.dictionary
    return layer.repeated(x) - layer.reconstruct(layer.codes(x, lam), x)


VARIANTS = {
    "two steps": {},
    "five steps": {"steps": 5},
    "five of the paper's": {"steps": 5, "solver": "paper"},
    "ista": {"steps": 3, "solver": "ista"},
    "elastic": {"mu": 0.1},
    "one step": {"steps": 1},
    "7x7 at stride 2": {"imagenet": True},
    "every layer": {"coded": "all"},
}


@pytest.mark.parametrize("options", VARIANTS.values(), ids=VARIANTS)
def test_the_sweep_equals_running_the_network_for_each_lambda(options, pixels):
    network = small(**options)
    expected = whole_network(network, pixels, LAMS)
    assert np.abs(expected - expected[0]).max() > 1e-3, "lambda must matter"
    exact = lambda_sweep.logits(network, pixels, LAMS, exact=True)
    np.testing.assert_allclose(exact, expected, atol=1e-4 * np.abs(expected).max())
    np.testing.assert_array_equal(exact.argmax(2), expected.argmax(2))
    for fast in (True, False):
        ours = replace(network, engine=prepare(network.engine.plain, fast=fast))
        np.testing.assert_array_equal(lambda_sweep.logits(ours, pixels, LAMS).argmax(2), expected.argmax(2))


@pytest.mark.parametrize("options", VARIANTS.values(), ids=VARIANTS)
def test_residuals_are_the_layers_own(options, pixels):
    network = small(**options)
    found = lambda_sweep.residuals(network, pixels, LAMS)
    for row, lam in zip(found, LAMS, strict=True):
        left = plain_residual(network, pixels, lam)
        np.testing.assert_allclose(row, left.square().mean((1, 2, 3)), rtol=1e-5)
    assert (np.diff(found[1:], axis=0) > 0).all(), "a larger lambda leaves more over"


def test_several_dictionaries_and_signed_codes(pixels):
    network = small()
    torch.manual_seed(1)
    layer = SparseConv2d(3, 4, 3, padding=1, dictionaries=2, non_negative=False)
    layer.fit_step((16, 16))
    network.engine.plain.layer0[0].dn = layer
    left = plain_residual(network, pixels, 0.3)
    assert left.shape[1] == 6
    found = lambda_sweep.residuals(network, pixels, [0.3])[0]
    np.testing.assert_allclose(found, left.square().mean((1, 2, 3)), rtol=1e-5)


@pytest.mark.parametrize("side", [15, 16, 17])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize(("kernel", "padding"), [(3, 1), (5, 2), (5, 0), (1, 0), (3, 2), (3, 3), (7, 3), (4, 1)])
def test_synthesis_in_tiles_is_the_transposed_convolution(side, stride, kernel, padding):
    torch.manual_seed(0)
    layer = SparseConv2d(3, 6, kernel, stride=stride, padding=padding)
    x = torch.randn(2, 3, side, side + 1)
    with torch.inference_mode():
        codes = layer.codes(x, 0.05)
        expected = layer.reconstruct(codes, x)
        torch.testing.assert_close(lambda_sweep.synthesis(layer, layer.atoms)(codes, x), expected, atol=1e-5, rtol=1e-5)
    assert expected.abs().max() > 0


@pytest.mark.parametrize(("kernel", "stride", "side"), [(3, 1, 32), (7, 2, 224)])  # those of the packaged networks
def test_the_packaged_networks_synthesise_in_tiles(monkeypatch, kernel, stride, side):
    layer = SparseConv2d(3, 4, kernel, stride=stride, padding=kernel // 2)
    codes, like = torch.zeros(1, 4, side // stride, side // stride), torch.zeros(1, 3, side, side)
    monkeypatch.setattr(layer, "synthesise", None)
    assert lambda_sweep.synthesis(layer, layer.atoms.detach())(codes, like).shape == like.shape


def test_one_lambda_a_picture(pixels):
    network = small()
    lam = np.linspace(0.05, 1.2, len(pixels))
    expected = np.stack([whole_network(network, pixels[i : i + 1], [lam[i]])[0, 0] for i in range(len(pixels))])
    found = lambda_sweep.logits_at(network, pixels, lam)
    np.testing.assert_array_equal(found.argmax(1), expected.argmax(1))
    exact = lambda_sweep.logits_at(network, pixels, lam, exact=True)
    np.testing.assert_allclose(exact, expected, atol=1e-4 * np.abs(expected).max())


def test_answers_do_not_depend_on_the_blocks(pixels, monkeypatch):
    network = small()
    expected = lambda_sweep.logits(network, pixels, LAMS).argmax(2)
    left = lambda_sweep.residuals(network, pixels, LAMS)
    monkeypatch.setattr(lambda_sweep, "BLOCK", 4)
    monkeypatch.setattr(lambda_sweep, "CACHED", 3 * 4 * 16 * 16)
    np.testing.assert_array_equal(lambda_sweep.logits(network, pixels, LAMS).argmax(2), expected)
    np.testing.assert_allclose(lambda_sweep.residuals(network, pixels, LAMS), left, rtol=1e-5)


def test_a_change_of_lambda_or_weights_counts_at_once(pixels):
    network = small()
    before = lambda_sweep.residuals(network, pixels, [0.1])
    with torch.no_grad():
        network.engine.plain.dictionary.weight.copy_(
            torch.randn(4, 3, 3, 3, generator=torch.Generator().manual_seed(5))
        )
    after = lambda_sweep.residuals(network, pixels, [0.1])
    assert not np.allclose(before, after)
    np.testing.assert_allclose(after[0], plain_residual(network, pixels, 0.1).square().mean((1, 2, 3)), rtol=1e-5)


def test_roughness_is_the_deviation_of_white_noise_and_blind_to_shading():
    white = torch.randn(40, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    for deviation in (0.05, 0.5, 3.0):
        found = lambda_sweep.roughness(deviation * white)
        assert float(found.mean()) == pytest.approx(deviation, rel=0.01)
        assert float(found.std()) < 0.05 * deviation
    y, x = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    shading = (3 * x - 2 * y + 7).expand(2, 3, 32, 32)
    assert float(lambda_sweep.roughness(shading).abs().max()) < 1e-4
    once = torch.zeros(1, 1, 5, 5)
    once[0, 0, 2, 2] = 1.0  # each of 9 positions sees one tap, whose magnitudes add up to 16 / 6
    assert float(lambda_sweep.roughness(once)[0]) == pytest.approx(math.sqrt(math.pi / 2) * 16 / 6 / 9)


def test_what_makes_no_sense_is_refused(pixels):
    network = small()
    with pytest.raises(ValueError, match=r"^expected pictures and lambdas, got 9 and 0"):
        lambda_sweep.logits(network, pixels, [])
    with pytest.raises(ValueError, match=r"^expected pictures and lambdas, got 0 and 1"):
        lambda_sweep.residuals(network, pixels[:0], [0.1])
    with pytest.raises(ValueError, match=r"^expected lambdas of 0 or more, got -0.1"):
        lambda_sweep.logits(network, pixels, [0.1, -0.1])
    with pytest.raises(ValueError, match=r"^expected a lambda for each of 9 pictures, got \(2,\)"):
        lambda_sweep.logits_at(network, pixels, np.array([0.1, 0.2]))
    with pytest.raises(ValueError, match=r"^expected an SDNet, got by hand"):
        lambda_sweep.logits(small(coded="none"), pixels, [0.1])
