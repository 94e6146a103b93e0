"""The spinal networks: golden outputs, sizes counted from the networks, and what the head's definition promises."""

import copy
import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torchvision import models as torchvision_models

from core.compute.fitting import Augmentation, one_pass, optimiser
from core.models import counting, create_model
from core.models.heads import BACKBONES, HEADS, Shape, build, build_head, matched_hidden
from core.models.small import PhotoResNet
from core.models.spinal import (
    FCHead,
    Headed,
    PublishedRegression,
    SpinalHead,
    equal_to,
    freeze,
    layer_names,
    spinal_names,
    with_head,
)
from core.models.spinal_networks import MATCHED_HIDDEN, regression_fc, regression_spinal
from core.networks import weights
from tests.helpers import parity

REGRESSION_NAMES = {"head.layers.0.linear.": "0.", "head.layers.1.linear.": "2.", "head.out.linear.": "4."}


def alone(head, names):
    """A head under the reference's names, without a backbone."""
    return Headed(nn.Identity(), head, names)


CASES = {
    "spinal_cnn_dropout_cifar10_default": lambda: create_model("cifar_cnn"),
    "spinal_cnn_dropout_cifar10_spinal": lambda: create_model("spinal_cifar_cnn"),
    "spinal_cnn_mnist_hl8": lambda: create_model("spinal_small_cnn"),
    "spinal_default_cnn_mnist": lambda: create_model("small_cnn"),
    "spinal_customizable_32_s2_w8_h4": lambda: alone(SpinalHead(32, 10, 8, 4), layer_names(4, "fcx", "fc1", "fc{}")),
    "spinal_head_2048_w20_10_nodrop": lambda: alone(SpinalHead(2048, 10, 20, 4), spinal_names(4, dropout=False)),
    "spinal_head_512_w512_10": lambda: alone(
        SpinalHead(512, 10, 512, 4, dropout=0.5, norm=True), spinal_names(4, norm=True)
    ),
    "spinal_regression_baseline": lambda: alone(regression_fc(), REGRESSION_NAMES),
    "spinal_resnet18_cifar10_default": lambda: create_model("resnet18_w32_cifar"),
    "spinal_spinalresnet18_cifar10": lambda: create_model("spinal_resnet18_w32_cifar"),
    "spinal_spinalvgg11_bn_cifar10": lambda: create_model("spinal_vgg11_bn_cifar"),
    "spinal_vgg11_bn_cifar10_default": lambda: create_model("vgg11_bn_cifar"),
    "spinal_spinalvgg_mnist": lambda: create_model("spinal_vgg5"),
    "spinal_vgg5_mnist": lambda: create_model("vgg5"),
}


# ---- the reference -------------------------------------------------------------------------------


REFERENCE = parity.REFERENCE
RECORDED = json.loads((parity.GOLDEN / "spinal_own.json").read_text())


def answer(name, gain, shape):
    """The network of a case, filled by the reference's recipe, and its logits of the recipe's white noise."""
    net = CASES[name]().eval()
    parity.fill_module(net, gain)
    with torch.inference_mode():
        return net, net(parity.make_input({"kind": "normal", "seed": 0, "shape": shape}))


@pytest.mark.parametrize("name", CASES)
def test_outputs_and_counts_stay_as_they_were(name):
    """Against our own record, made when `test_golden_outputs` held."""
    own = RECORDED[name]
    net, logits = answer(name, own["gain"], own["shape"])
    assert logits.numpy() == pytest.approx(np.array(own["logits"]), rel=1e-4, abs=1e-4)
    assert counting.parameters(net) == own["parameters"]
    assert counting.multiplications(net, *own["shape"][1:]) == own["multiplications"]


@pytest.mark.data
@pytest.mark.skipif(not REFERENCE.is_dir(), reason="needs the reference's recorded outputs (../shared/reference)")
@pytest.mark.parametrize("name", CASES)
def test_golden_outputs(name):
    case = json.loads((REFERENCE / f"{name}.json").read_text())
    net, logits = answer(name, case["fill"]["gain"], case["input"]["x"]["shape"])
    assert not parity.state_problems(net, case)
    assert not parity.output_problems(logits, case["outputs"]["logits"], case["rtol"])
    assert counting.parameters(net) == case["n_parameters"]
    counted = counting.multiplications(net, *case["input"]["x"]["shape"][1:])
    assert counted == sum(case["multiplications"].values())


@pytest.mark.parametrize("name", ["spinal_small_cnn", "spinal_vgg5", "vgg5", "spinal_resnet34_w32_cifar"])
def test_a_state_dict_under_the_references_names_loads_and_saves(name):
    net, other = create_model(name), create_model(name)
    assert not any(key.startswith(("backbone.", "head.")) for key in net.state_dict())
    weights.load_into(other, net.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), other.parameters(), strict=True))
    outer = nn.ModuleDict({"inner": create_model(name)})
    assert {key.removeprefix("inner.") for key in outer.state_dict()} == set(net.state_dict())
    outer.load_state_dict({f"inner.{key}": value for key, value in net.state_dict().items()})
    assert torch.equal(next(iter(outer.parameters())), next(iter(net.parameters())))


# ---- the paper's savings, from the networks ------------------------------------------------------


@pytest.mark.parametrize(
    ("plain", "spinal", "features", "before", "after"),
    [
        ("small_cnn", "spinal_small_cnn", 320, 16_500, 8_480),
        ("vgg5", "spinal_vgg5", 256, 136_192, 119_808),
        ("vgg11_bn_cifar", "spinal_vgg11_bn_cifar", 512, 18_915_328, 1_331_200),
    ],
)
def test_savings_of_the_heads(plain, spinal, features, before, after):
    counted = [counting.multiplications(create_model(name).head, features) for name in (plain, spinal)]
    assert counted == [before, after]


def test_the_published_regression_network_has_two_dead_layers():
    published, ours = PublishedRegression(), regression_spinal()
    assert counting.multiplications(regression_fc(), 8) == 21_700
    assert counting.parameters(regression_fc()) == 22_001
    for net in (published, ours):
        assert counting.multiplications(net, 8) == 14_000
        assert counting.parameters(net) == 14_301
    assert counting.live(published, 8) == 8_801
    assert counting.live(ours, 8) == 14_301
    x = torch.randn(4, 8)
    before = published(x)
    with torch.no_grad():
        for layer in published.layers[4:]:
            layer.linear.weight.normal_()
    assert torch.equal(before, published(x))


def test_the_matched_head_is_the_nearest_there_is():
    for name, backbone in BACKBONES.items():
        target = counting.parameters(build_head(backbone, "spinal", backbone.shape, 10))
        hidden = matched_hidden(backbone, backbone.shape, 10)
        assert len(hidden) == len(backbone.hidden)
        apart = [
            abs(counting.parameters(FCHead(backbone.features, 10, (w,) * len(hidden), norm=backbone.norm)) - target)
            for w in (hidden[0] - 1, hidden[0], hidden[0] + 1)
        ]
        assert min(apart) == apart[1], name
        assert apart[1] / target < 0.03
    small = BACKBONES["small_cnn"]
    assert matched_hidden(small, small.shape, 10) == (MATCHED_HIDDEN,)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 400))
def test_matched_width_finds_the_nearest_for_any_target(target):
    width = counting.matched_width(lambda w: nn.Linear(3, w), target)
    assert width == max(1, min((target // 4, target // 4 + 1), key=lambda w: abs(4 * w - target)))


# ---- the definition ------------------------------------------------------------------------------

SIZES = st.tuples(st.integers(1, 4), st.integers(0, 5), st.integers(0, 9), st.integers(1, 7))


@settings(max_examples=40, deadline=None)
@given(SIZES)
def test_every_feature_and_every_layer_has_an_effect(sizes):
    split, more_layers, more_features, width = sizes
    torch.manual_seed(0)
    head = SpinalHead(split + more_features, 3, width, split + more_layers, split, leak=0.1)
    x = torch.randn(5, head.in_features, requires_grad=True)
    logits = head(x)
    assert logits.shape == (5, 3)
    logits.square().sum().backward()
    assert (x.grad.abs().sum(0) > 0).all()
    assert all((p.grad.abs() > 0).any() for p in head.parameters())
    assert counting.live(head, head.in_features) == counting.parameters(head)


def test_layers_see_their_part_and_the_layer_before():
    head = SpinalHead(7, 2, 3, 5, 3)
    assert head.order == (0, 1, 2, 0, 1)
    assert [layer.linear.in_features for layer in head.layers] == [3, 2 + 3, 2 + 3, 3 + 3, 2 + 3]
    x = torch.randn(1, 7)
    changed = x.clone()
    changed[0, 5] += 1  # of the third part
    moved = (head.hidden(x) != head.hidden(changed)).any(2)[0]
    assert moved[:2].tolist() == [False, False]
    assert moved[2] or (head.hidden(changed)[0, 2] == 0).all()


def test_by_hand():
    head = SpinalHead(4, 1, 1, 2)
    with torch.no_grad():
        for layer, row in zip(head.layers, ([1.0, 2.0], [3.0, 4.0, 5.0]), strict=True):
            layer.linear.weight.copy_(torch.tensor([row]))
            layer.linear.bias.zero_()
        head.out.linear.weight.copy_(torch.tensor([[10.0, 1.0]]))
        head.out.linear.bias.fill_(0.5)
    first = 1 * 1 + 2 * 2
    second = 3 * 3 + 4 * 4 + 5 * first
    assert head(torch.tensor([[1.0, 2.0, 3.0, 4.0]])).item() == 10 * first + second + 0.5


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 4), st.integers(4, 9), st.integers(1, 5))
def test_contributions_and_bias_sum_to_the_logits(split, features, width):
    head = SpinalHead(features, 3, width, split + 2, split, dropout=0.5, norm=True).eval()
    x = torch.randn(6, features)
    parts = head.contributions(x)
    assert parts.shape == (6, split + 2, 3)
    assert torch.allclose(parts.sum(1) + head.out.linear.bias, head(x), atol=1e-5)


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ((0, 3, 2, 2, 2), "at least one of everything"),
        ((8, 0, 2, 2, 2), "at least one of everything"),
        ((8, 3, 0, 2, 2), "at least one of everything"),
        ((8, 3, 2, 0, 1), "at least one of everything"),
        ((3, 3, 2, 8, 4), "no more parts than features"),
        ((8, 3, 2, 2, 4), "use more layers, fewer parts or another order"),
    ],
)
def test_impossible_sizes_are_refused(sizes, said):
    with pytest.raises(ValueError, match=said):
        SpinalHead(*sizes)


@pytest.mark.parametrize("order", [(0, 0), (0, 2), (0,), (-1, 0)])
def test_an_order_that_leaves_a_part_out_is_refused(order):
    with pytest.raises(ValueError, match="see each of 2 parts"):
        SpinalHead(8, 3, 2, 2, order=order)


@pytest.mark.parametrize("options", [{"hidden": (0,)}, {"hidden": (4,), "dropout": (0.1,)}])
def test_a_plain_head_of_impossible_sizes_is_refused(options):
    with pytest.raises(ValueError, match="a dropout for each"):
        FCHead(8, 3, **options)


# ---- universal approximation ---------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 12), st.integers(1, 9), st.integers(1, 4), st.integers(2, 9), st.integers(1, 4))
def test_a_spinal_head_equals_any_network_of_one_hidden_layer(inputs, hidden, outputs, width, split):
    split = min(split, inputs)
    torch.manual_seed(hidden)
    inner, outer = nn.Linear(inputs, hidden).double(), nn.Linear(hidden, outputs).double()
    head = equal_to(inner.float(), outer.float(), width, split).double()
    x = torch.randn(20, inputs, dtype=torch.double)
    assert torch.allclose(head(x), outer.double()(inner.double()(x).relu()), atol=1e-5)


def test_a_width_that_cannot_carry_a_sum_is_refused():
    with pytest.raises(ValueError, match="a width of 2 or more"):
        equal_to(nn.Linear(4, 3), nn.Linear(3, 1), width=1)


# ---- other backbones -----------------------------------------------------------------------------

TORCHVISION = {
    "resnet18": 512,
    "alexnet": 9216,
    "vgg11_bn": 25088,
    "densenet121": 1024,
    "mobilenet_v2": 1280,
    "shufflenet_v2_x0_5": 1024,
    "efficientnet_b0": 1280,
    "convnext_tiny": 768,
    "swin_t": 768,
    "vit_b_16": 768,
}


@pytest.mark.parametrize("name", TORCHVISION)
def test_a_spinal_head_on_a_torchvision_backbone(name):
    with torch.device("meta"):
        net = with_head(getattr(torchvision_models, name)(), lambda features: SpinalHead(features, 10, 20, 4)).eval()
        assert net.head.in_features == TORCHVISION[name]
        assert net(torch.empty(2, 3, 224, 224)).shape == (2, 10)


def test_a_backbone_without_a_fully_connected_part_is_refused():
    with torch.device("meta"), pytest.raises(ValueError, match="ends in fully connected layers, got SqueezeNet"):
        with_head(torchvision_models.squeezenet1_0(), lambda features: FCHead(features, 10))


def test_training_the_head_only_leaves_the_backbone_alone():
    from core.data.split import Split

    net = freeze(with_head(PhotoResNet(num_classes=20), lambda features: SpinalHead(features, 2, 8, 4)))
    before = copy.deepcopy(net.state_dict())
    pixels = torch.randint(0, 256, (8, 64, 64, 3), dtype=torch.uint8).numpy()
    plan = optimiser(net, 0.1, 0.0, 2)
    data = Split(pixels, torch.tensor([0, 1] * 4).numpy(), ("a", "b"))
    still = Augmentation(flips=False)
    one_pass(net, data, plan, torch.Generator(), batch=4, smoothing=0.0, augmentation=still, half=False)
    changed = {key for key, value in net.state_dict().items() if not torch.equal(value, before[key])}
    assert changed
    assert all(key.startswith("classifier.") for key in changed)


@pytest.mark.parametrize("name", BACKBONES)
def test_from_one_seed_every_head_stands_on_the_same_backbone(name):
    channels = 3 if name == "cifar_vgg11" else 1
    begun = []
    for head in HEADS:
        torch.manual_seed(3)
        net = build(name, head, Shape(5, 3, 3), 7, channels)
        begun.append(net.backbone.state_dict())
        side = BACKBONES[name].side
        assert net.eval()(torch.zeros(2, channels, side, side)).shape == (2, 7)
    assert all(torch.equal(begun[0][key], other[key]) for other in begun[1:] for key in begun[0])


def test_orders_of_the_parts():
    assert Shape(4, 6, 2).parts == (0, 1, 0, 1, 0, 1)
    assert Shape(4, 6, 2, "blocks").parts == (0, 0, 0, 1, 1, 1)
    assert Shape(4, 5, 3, "blocks").parts == (0, 0, 1, 1, 2)
    for layers in range(1, 13):
        for split in range(1, min(layers, 8) + 1):
            for order in ("alternating", "blocks"):
                assert set(Shape(4, layers, split, order).parts) == set(range(split))
