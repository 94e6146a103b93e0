"""The random depthwise signed network against recorded numbers, and what its seed promises."""

from __future__ import annotations

import subprocess
import sys
from hashlib import sha256

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core import networks
from core.models import UnknownModelError, create_model, list_classifiers, list_models
from core.models.random_depthwise import RandomDepthwise, draw, draws_per_feature
from core.networks.weights import state_digest
from tests.helpers.parity import fill_module, load_case, make_input, output_problems, state_problems

CASES = {
    "rh_k3_l2_n16": {"features": 16, "kernel_size": 3, "depth": 2},
    "rh_k3_l3_n16": {"features": 16, "kernel_size": 3, "depth": 3},
    "rh_k3_l4_n16": {"features": 16, "kernel_size": 3, "depth": 4},
    "rh_k5_l1_n64": {"features": 64, "kernel_size": 5, "depth": 1},
    "rh_k5_l2_n16": {"features": 16, "kernel_size": 5, "depth": 2},
    "rh_mnist_k5_l1_n32": {"features": 32, "kernel_size": 5, "depth": 1, "in_channels": 1},
}


@pytest.mark.parametrize("name", CASES)
def test_features_match_the_recorded_ones(name):
    case = load_case(name)
    net = create_model("random_depthwise", **CASES[name])
    assert state_problems(net, case) == []
    fill_module(net, unit=True)
    x = make_input(case["input"]["x"])
    with torch.inference_mode():
        assert output_problems(net(x), case["outputs"]["features"], case["rtol"]) == []
        assert output_problems(net.signs(x)[-1], case["outputs"]["features_map"], case["rtol"]) == []


def test_without_a_seed_the_draw_is_the_authors():
    case = load_case("rh_seed2018_k5_l1_n16")
    with torch.random.fork_rng():
        torch.manual_seed(2018)
        net = create_model("random_depthwise", features=16, kernel_size=5, depth=1, seed=None)
    for name, parameter in net.named_parameters():
        assert output_problems(parameter, case["outputs"][f"param:{name}"], case["rtol"]) == [], name
    with torch.inference_mode():
        assert output_problems(net(make_input(case["input"]["x"])), case["outputs"]["features"], case["rtol"]) == []


@given(
    few=st.integers(1, 12),
    more=st.integers(0, 30),
    kernel=st.sampled_from([1, 3, 5]),
    depth=st.integers(0, 3),
    channels=st.integers(1, 4),
    seed=st.integers(0, 2**32 - 1),
)
@settings(deadline=None, max_examples=30)
def test_a_feature_does_not_depend_on_how_many_there_are(few, more, kernel, depth, channels, seed):
    small = RandomDepthwise(few, kernel, depth, channels, seed).state_dict()
    large = RandomDepthwise(few + more, kernel, depth, channels, seed).state_dict()
    for name, value in small.items():
        assert torch.equal(value, large[name][:few]), name
    last = draw(seed, 1, kernel, depth, channels, start=few + more - 1)
    for name, value in last.items():
        assert torch.equal(value, large[name][-1:]), name


def test_a_seed_is_the_same_network_on_every_machine():
    """NumPy's legacy stream is frozen: these bytes were written down once."""
    net = RandomDepthwise(50, 3, 2, 3, seed=7)
    first = np.random.RandomState(7).standard_normal(draws_per_feature(3, 2, 3))[:27].astype(np.float32)
    assert np.array_equal(net.conv.weight.detach().numpy()[0].ravel(), first)
    code = (
        "from core.models import create_model; from core.networks.weights import state_digest; import torch; "
        "torch.manual_seed(99); torch.set_num_threads(1); "
        "n = create_model('random_depthwise', features=50, kernel_size=3, depth=2, seed=7); "
        "print(state_digest(n.state_dict()))"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert other == state_digest(net.state_dict())
    assert sha256(net.conv.bias.detach().numpy().tobytes()).hexdigest().startswith("61b3484e689f197a")


def test_weights_and_biases_are_standard_normal():
    weights = torch.cat([p.detach().flatten() for p in RandomDepthwise(4000, 5, 1).parameters()])
    assert float(weights.mean()) == pytest.approx(0, abs=0.01)
    assert float(weights.std()) == pytest.approx(1, abs=0.01)
    assert float(weights.abs().max()) > 3.5


@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    kernel=st.sampled_from([1, 3, 5, 7]),
    depth=st.integers(0, 5),
    channels=st.integers(1, 3),
)
@settings(deadline=None, max_examples=40)
def test_pictures_of_any_size_and_shape(height, width, kernel, depth, channels):
    net = RandomDepthwise(3, kernel, depth, channels)
    with torch.inference_mode():
        x = torch.rand(2, channels, height, width)
        found, maps = net(x), net.signs(x)[-1]
    assert found.shape == (2, 3)
    assert bool((found.abs() <= 1).all())
    assert bool(torch.isin(maps, torch.tensor([-1.0, 0.0, 1.0])).all())
    torch.testing.assert_close(found, maps.mean((2, 3)))


def test_a_feature_is_twice_the_proportion_of_positive_values_less_one():
    with torch.inference_mode():
        net, x = RandomDepthwise(20, 3, 1), torch.rand(2, 3, 32, 32)
        positive = (net.signs(x)[-1] > 0).float().mean((2, 3))
        torch.testing.assert_close(net(x), 2 * positive - 1)


def test_contrast_below_a_sign_changes_nothing():
    """Without biases, signs do not feel a positive factor."""
    net = RandomDepthwise(30, 3, 2)
    torch.nn.init.zeros_(net.conv.bias)
    with torch.inference_mode():
        x = torch.rand(2, 3, 16, 16)
        torch.testing.assert_close(net(x), net(x / 4))


@pytest.mark.parametrize(
    "options", [{"kernel_size": 2}, {"kernel_size": 0}, {"features": 0}, {"depth": -1}, {"in_channels": 0}]
)
def test_impossible_shapes_are_refused_in_one_sentence(options):
    with pytest.raises(ValueError, match=r"^expected .*, got"):
        create_model("random_depthwise", **options)


def test_it_is_no_classifier():
    assert "random_depthwise" in list_models()
    assert "random_depthwise" not in list_classifiers()
    with pytest.raises(UnknownModelError, match="expected untrained:ARCH"):
        networks.find("untrained:random_depthwise")
