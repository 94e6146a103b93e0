"""A circular twin's exact promises: shape H/s, equivariance at the total stride, and the original untouched."""

import pytest
import torch
from torch import nn

from core.models import create_model
from core.models.blurpool import BlurPool2d
from core.models.circular import circular_twin
from core.models.small import CifarVGG, PhotoResNet


@pytest.fixture(autouse=True)
def _seeded():
    with torch.random.fork_rng(), torch.inference_mode():
        torch.manual_seed(0)
        yield


@pytest.mark.parametrize(
    "layer",
    [
        nn.MaxPool2d(2),
        nn.MaxPool2d(2, stride=1),
        nn.MaxPool2d(3, stride=1, padding=1),
        nn.MaxPool2d(3, stride=2, padding=1),
        nn.MaxPool2d(3, stride=2),
        nn.AvgPool2d(2),
        nn.AvgPool2d(3, stride=2, padding=1),
        nn.Conv2d(4, 4, 3, padding=1),
        nn.Conv2d(4, 4, 7, stride=2, padding=3),
        nn.Conv2d(4, 4, 11, stride=4, padding=2),
        nn.Conv2d(4, 4, 3, padding=2, dilation=2),
        nn.Conv2d(4, 4, (1, 3), stride=(2, 1)),
        nn.Conv2d(4, 4, 1, stride=2),
        *(BlurPool2d(4, size) for size in range(1, 8)),
    ],
    ids=str,
)
def test_one_layer_moves_a_position_for_each_stride(layer):
    rows, columns = layer.stride if isinstance(layer.stride, tuple) else (layer.stride, layer.stride)
    twin = circular_twin(nn.Sequential(layer))
    x = torch.randn(1, 4, 16, 24)
    y = twin(x)
    assert y.shape[-2:] == (16 // rows, 24 // columns)
    moved = twin(x.roll((rows, 3 * columns), (2, 3)))
    torch.testing.assert_close(moved, y.roll((1, 3), (2, 3)))


@pytest.mark.parametrize(
    "layer", [nn.Conv2d(4, 4, 3, 2, 1), nn.MaxPool2d(3, 2, 1), nn.MaxPool2d(2), BlurPool2d(4, 3)], ids=str
)
def test_away_from_the_border_the_twin_is_the_layer(layer):
    x = torch.randn(1, 4, 16, 16)
    y, wrapped = nn.Sequential(layer)(x), circular_twin(nn.Sequential(layer))(x)
    torch.testing.assert_close(wrapped[..., 1:-1, 1:-1], y[..., 1:-1, 1:-1])


@pytest.mark.parametrize("blur", [None, 2, 3, 5, 7])
@pytest.mark.parametrize(("build", "side", "stride"), [(CifarVGG, 32, 8), (PhotoResNet, 64, 16)])
def test_logits_return_at_the_total_stride(build, side, stride, blur):
    net = build(blur=blur).eval()
    x = torch.randn(1, 3, side, side)
    twin = circular_twin(net)
    still = twin(x)
    torch.testing.assert_close(twin(x.roll((stride, -stride), (2, 3))), still, rtol=1e-4, atol=1e-6)
    # at one pixel they do not, or the promise above would be empty
    assert (twin(x.roll((1, 1), (2, 3))) - still).abs().max() > 1e-4 * still.abs().max()


@pytest.mark.parametrize("name", ["resnet18", "resnet18_blur4", "alexnet_blur3", "mobilenet_v2_blur5"])
def test_imagenet_maps_return_at_the_total_stride(name):
    net = create_model(name, num_classes=5).eval()
    maps = nn.Sequential(*list(net.children())[:-2]) if hasattr(net, "layer4") else net.features
    twin = circular_twin(maps)
    x = torch.randn(1, 3, 128, 128)
    y = twin(x)
    torch.testing.assert_close(twin(x.roll((32, 64), (2, 3))), y.roll((1, 2), (2, 3)), rtol=1e-3, atol=1e-4)


def test_without_subsampling_every_shift_is_the_same():
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2, stride=1), nn.Conv2d(8, 8, 5, padding=2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4),
    )  # fmt: skip
    twin = circular_twin(net)
    x = torch.randn(1, 3, 12, 12)
    curve = torch.cat([twin(x.roll((d, 2 * d), (2, 3))) for d in range(12)])
    torch.testing.assert_close(curve, curve[:1].expand_as(curve))


def test_the_original_is_left_as_it_is():
    net = CifarVGG(blur=3, padding="reflect").eval()
    x = torch.randn(1, 3, 32, 32)
    before, words = net(x), str(net)
    twin = circular_twin(net)
    for weight in twin.parameters():
        weight.zero_()
    torch.testing.assert_close(net(x), before, rtol=0, atol=0)
    assert str(net) == words
    assert {m.mode for m in net.modules() if isinstance(m, BlurPool2d)} == {"reflect"}


def test_a_padding_in_words_is_refused():
    with pytest.raises(ValueError, match="'same'"):
        circular_twin(nn.Sequential(nn.Conv2d(3, 3, 3, padding="same")))


@pytest.mark.parametrize("name", ["lite0", "lite0_blur3"])
@torch.no_grad()
def test_lite0_on_a_torus_moves_with_the_picture_by_its_stride_and_samples_where_it_did(name):
    torch.manual_seed(0)
    net = create_model(name).eval()
    twin = circular_twin(net)
    x = torch.randn(1, 3, 96, 96)
    moved = torch.roll(x, (32, 64), (2, 3))
    torch.testing.assert_close(twin(moved), twin(x), rtol=1e-4, atol=1e-5)
    there = torch.roll(twin.features(x), (1, 2), (2, 3))
    torch.testing.assert_close(twin.features(moved), there, rtol=1e-4, atol=1e-5)
    # away from the border, what the first strided layers see is what they saw
    inner = (slice(None), slice(None), slice(2, -2), slice(2, -2))
    torch.testing.assert_close(twin.stem(x)[inner], net.stem(x)[inner], rtol=1e-4, atol=1e-5)
