"""EfficientNet-Lite0 against timm's, and what its changed copies keep of it."""

import pytest
import timm
import torch
from torch import nn

from core.models import create_model
from core.models.lite import Lite0, SameBlurPool2d, begin_as, same_widths
from core.models.receptive_field import LOCAL_PATCH


@pytest.fixture(scope="module")
def plain() -> Lite0:
    torch.manual_seed(3)
    net = create_model("lite0").eval()
    for module in net.modules():  # an untrained network's answers hardly differ
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.1, 0.3)
            nn.init.uniform_(module.bias, -0.3, 0.3)
    return net


def changed(plain: Lite0, name: str) -> Lite0:
    net = create_model(name).eval()
    begin_as(net, plain)
    return net


@pytest.mark.parametrize("size", [(224, 224), (225, 191), (97, 64)])
@torch.no_grad()
def test_answers_are_timms(plain, size):
    theirs = timm.create_model("tf_efficientnet_lite0").eval()
    theirs.load_state_dict(plain.state_dict())
    x = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(0))
    assert torch.equal(torch.tensor(theirs(x).shape), torch.tensor(plain(x).shape))
    torch.testing.assert_close(plain(x), theirs(x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("length", "size", "stride", "widths"),
    [(224, 3, 2, (0, 1)), (225, 3, 2, (1, 1)), (56, 5, 2, (1, 2)), (14, 5, 1, (2, 2))],
)
def test_the_odd_pixel_goes_right_and_bottom(length, size, stride, widths):
    assert same_widths(length, size, stride) == widths


@pytest.mark.parametrize("taps", range(1, 8))
@pytest.mark.parametrize("size", [(224, 224), (96, 64)])
@torch.no_grad()
def test_a_blur_with_a_single_tap_is_the_plain_network(plain, taps, size):
    net = changed(plain, f"lite0_blur{taps}")
    for module in net.modules():
        if isinstance(module, SameBlurPool2d):
            module.filt.zero_()[:, :, taps // 2, taps // 2] = 1
    x = torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(net(x), plain(x), rtol=0, atol=1e-5)


@pytest.mark.parametrize("taps", [3, 5])
@torch.no_grad()
def test_a_blur_takes_the_weighted_mean_around_every_second_pixel(taps):
    x = torch.randn(1, 2, 12, 12, generator=torch.Generator().manual_seed(0))
    pool = SameBlurPool2d(2, taps)
    reach = taps // 2
    assert torch.allclose(
        pool(x)[0, 0, 2, 2], (x[0, 0, 5 - reach : 6 + reach, 5 - reach : 6 + reach] * pool.filt[0, 0]).sum(), atol=1e-6
    )


@torch.no_grad()
def test_only_the_four_strided_blocks_are_blurred(plain):
    net = changed(plain, "lite0_blur3")
    assert [name for name, m in net.named_modules() if isinstance(m, SameBlurPool2d)] == [
        f"blocks.{stage}.0.blur" for stage in (1, 2, 3, 5)
    ]
    assert net(torch.zeros(1, 3, 224, 224)).shape == (1, 1000)


def test_a_position_of_the_local_network_has_seen_one_patch(plain):
    net = changed(plain, "lite0_local")
    x = torch.randn(1, 3, 129, 140, generator=torch.Generator().manual_seed(0), requires_grad=True)
    evidence = net.evidence(x)
    assert evidence.shape == (1, 1000, 13, 14)
    torch.testing.assert_close(evidence.mean((2, 3)), net(x), rtol=1e-4, atol=1e-5)
    evidence[0, :, 10, 11].square().sum().backward()
    seen = x.grad[0].abs().sum(0).nonzero()
    for axis, first in enumerate((80, 88)):
        assert seen[:, axis].min() >= first
        assert seen[:, axis].max() < first + LOCAL_PATCH
    assert net.patch == LOCAL_PATCH
    with pytest.raises(ValueError, match="expected a picture of at least 33x33 pixels, got 32x40: enlarge it"):
        net(torch.zeros(1, 3, 32, 40))


@torch.no_grad()
def test_the_plain_networks_class_activation_map_means_its_logits(plain):
    x = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(1))
    assert plain.evidence(x).shape == (1, 1000, 7, 7)
    torch.testing.assert_close(plain.evidence(x).mean((2, 3)), plain(x), rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_the_sparse_stem_codes_the_picture_and_its_lambda_is_live(plain):
    net = changed(plain, "lite0_sparse")
    x = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    net.conv_stem.fit_step((64, 64))
    codes = net.conv_stem(x)
    assert codes.shape == (1, 64, 32, 32)
    assert (codes >= 0).all()
    few, many = (int((net.conv_stem(x, lam) > 0).sum()) for lam in (2.0, 0.1))
    assert few < many
    assert net.stem(x).shape == (1, 32, 32, 32)


@torch.no_grad()
def test_a_patch_of_the_local_network_is_what_the_plain_one_says_to_it_enlarged(plain):
    net = changed(plain, "lite0_local")
    x = torch.randn(1, 3, 60, 49, generator=torch.Generator().manual_seed(2))
    evidence = net.evidence(x)
    assert evidence.shape == (1, 1000, 4, 3)
    cut = x[:, :, 16:49, 8:41]
    large = torch.nn.functional.interpolate(cut, (64, 64), mode="bicubic", align_corners=False)
    torch.testing.assert_close(evidence[0, :, 2, 1], plain(large)[0], rtol=1e-4, atol=1e-4)
