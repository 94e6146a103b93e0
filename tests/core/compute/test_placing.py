"""Where maps lie: what gradients say of every position, closed forms, and the part of a picture that nothing sees."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import nn

from core import networks
from core.compute import placing
from core.compute.attributions import attribution
from core.compute.placing import Places
from core.models.receptive_field import seen_of
from core.pictures.preprocess import square, to_tensor
from core.pictures.samples import load_sample
from tests.core.models.test_bagnet import PATCHES, noise, settled
from tests.helpers.networks_by_hand import SIGNS, Torus, by_hand

SIZES = ((64, 64), (50, 75), (49, 41))


class Unpadded(nn.Module):
    """(B, 3, H, W) -> (B, 5): strides of 2 and 3 over kernels of 5 and 4, without padding."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(4)
            self.first, self.second = nn.Conv2d(3, 6, 5, 2), nn.Conv2d(6, 7, 4, 3)
            self.fc = nn.Linear(7, 5)

    def forward(self, x):
        return self.fc(self.second(self.first(x)).mean((2, 3)))


class OneSize(nn.Module):
    """(B, 3, 24, 24) -> (B, 5), of no other size."""

    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 2, 3, 4, 1), nn.Linear(2 * 6 * 6, 5)

    def forward(self, x):
        return self.fc(self.conv(x).flatten(1))


def rows_with_gradient(maps, x, i, axis=0):
    """The first and the last pixel that position i of an axis of `maps(x)` has seen, and the middle of its gradient."""
    x = x.clone().requires_grad_()
    row = maps(x[None])[0].select(1 + axis, i)
    dice = torch.Generator().manual_seed(i)
    [gradient] = torch.autograd.grad((row * torch.randn(row.shape, generator=dice)).sum(), x)
    along = gradient.abs().sum((0, 2 - axis))
    found = np.flatnonzero(along.numpy())
    energy = (gradient**2).sum((0, 2 - axis)).numpy()
    return found[0], found[-1], (energy * np.arange(len(energy))).sum() / energy.sum()


# ---- without padding: to the pixel ---------------------------------------------------------------


@pytest.mark.parametrize("patch", PATCHES)
@pytest.mark.parametrize("size", SIZES)
def test_a_position_of_a_bagnet_lies_in_the_middle_of_the_pixels_that_move_it(patch, size):
    net, x, places = settled(patch).double(), noise(3, *size).double(), placing.of_patches(patch, *size)
    for axis, middles in enumerate((places.y, places.x)):
        assert len(middles) == net.features(x[None]).shape[2 + axis]
        for i in {0, len(middles) // 2, len(middles) - 1}:
            first, last, _ = rows_with_gradient(net.features, x, i, axis)
            assert (first + last) / 2 == middles[i]
            assert last - first + 1 == patch


def test_bagnet_33s_four_positions_lie_at_16_to_40_px_and_not_at_8_to_56():
    assert placing.of_patches(33, 64, 64).y.tolist() == [16, 24, 32, 40]


@pytest.mark.parametrize("patch", PATCHES)
@pytest.mark.parametrize("size", SIZES)
def test_a_network_that_nothing_is_known_of_is_measured_to_lie_where_its_patches_do(patch, size):
    assert placing.of(by_hand(settled(patch)), *size) == placing.of_patches(patch, *size)


def test_strides_of_two_and_three_lie_in_the_middle_of_the_pixels_that_move_them():
    net, x = Unpadded(), noise(3, 40, 53)
    places = placing.of(by_hand(net), 40, 53)
    assert places.jump == (6, 6)
    assert places.rows == (0, 35)  # a field of 11 px, every 6
    for axis, middles in enumerate((places.y, places.x)):
        for i, middle in enumerate(middles):
            first, last, _ = rows_with_gradient(lambda y: net.second(net.first(y)), x, i, axis)
            assert (first + last) / 2 == middle


# ---- the blind rim -------------------------------------------------------------------------------


@pytest.mark.parametrize("patch", PATCHES)
@pytest.mark.parametrize("size", SIZES)
def test_what_lies_in_the_blind_rim_moves_no_logit_by_a_bit(patch, size):
    net, x = settled(patch), noise(3, *size)
    other, (bottom, right) = x.clone(), (seen_of(patch, n) for n in size)
    other[:, bottom:] = other[:, :, right:] = 9.0
    with torch.no_grad():
        assert torch.equal(net(x[None]), net(other[None]))
        other[:, bottom - 1, 0] = 9.0
        assert not torch.equal(net(x[None]), net(other[None]))


@pytest.mark.parametrize("name", ["photo_bagnet33", "lite0_local"])
def test_a_gradient_sees_just_what_the_patches_cover(name):
    network = networks.load(networks.find(name))
    assert placing.by_gradient(network, 49, 46) == placing.seen(network, 49, 46) == ((0, 49), (0, 41))


@pytest.mark.parametrize(("patch", "length", "seen"), [(33, 64, 57), (17, 64, 57), (9, 64, 57), (33, 224, 217)])
def test_the_rim_is_seven_px_wide(patch, length, seen):
    assert seen_of(patch, length) == seen
    assert seen_of(patch, seen) == seen  # there is none of what is seen
    assert seen_of(patch, patch - 1) == patch - 1  # nothing is answered


@pytest.mark.parametrize("name", ["photo_resnet", "lite0", *SIGNS])
def test_a_network_that_pads_has_no_rim_and_one_that_takes_signs_tells_none(name):
    network = networks.load(networks.find(name))
    side = min(network.preprocessing.size, 96)
    assert placing.seen(network, side, side) == ((0, side), (0, side))


# ---- with padding --------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(224, 224), (224, 299), (65, 66), (67, 96)])
def test_a_map_of_lite0_is_placed_at_once_where_it_is_measured_to_lie(size):
    network = networks.load(networks.find("lite0"))
    count = tuple(-(-side // 32) for side in size)
    assert placing.padded(count, *size) == placing.of(network, *size)


@pytest.mark.parametrize(("name", "by_padding"), [("photo_resnet", 24), ("cifar_resnet18", 12), ("lite0", 127)])
def test_a_trained_map_that_pads_lies_where_its_gradient_is_and_not_where_padding_puts_it(name, by_padding):
    """`by_padding`, px: the middle of the map by kernels, strides and padding alone."""
    network = networks.load(networks.find(name))
    side, net = network.preprocessing.size, placing.private(network)
    found, maps = [], []
    module = placing.last_map(net, placing.noise(network, side, side))
    module.register_forward_hook(lambda _, __, output: maps.append(output))

    def last(x):
        net(x)
        return maps.pop()

    places = placing.of(network, side, side)
    for sample in ("cat", "coffee"):
        x = to_tensor(square(load_sample(sample), side), network.preprocessing)
        found += [rows_with_gradient(last, x, i)[2] for i in range(places.count[0])]
    off = np.mean(found) - places.y.mean()
    assert abs(off) < 0.25 * places.jump[0]
    assert abs(off) < abs(np.mean(found) - by_padding)


def test_the_positions_of_a_network_of_one_size_share_its_side_and_lie_in_the_middle_of_what_it_sees():
    assert placing.of(by_hand(OneSize(), size=24), 24, 24) == Places((6, 6), (4, 4), (0, 22), (0, 22))


@pytest.mark.parametrize("side", [224, 320])
def test_a_map_that_is_pooled_to_a_fixed_size_lies_where_it_did_before(side):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = torchvision.models.alexnet(num_classes=5)
    plain = placing.of(by_hand(net.features, size=side), side, side)
    assert placing.of(by_hand(net, size=side), side, side) == plain
    assert plain.jump == (32, 32)  # 4 x 2 x 2 x 2
    for i, middle in enumerate(plain.y):
        *_, found = rows_with_gradient(net.eval().features, noise(3, side, side), i)
        assert abs(found - middle) < 32 / 2


@pytest.mark.parametrize("fault", [IndexError, KeyError, ZeroDivisionError])
def test_a_network_that_fails_at_another_size_is_one_of_one_size(fault):
    class Picky(OneSize):
        def forward(self, x):
            if x.shape[-1] != 24:
                raise fault("another size")
            return super().forward(x)

    assert placing.of(by_hand(Picky(), size=24), 24, 24) == placing.of(by_hand(OneSize(), size=24), 24, 24)


def test_a_network_without_maps_is_refused_and_sees_all():
    network = by_hand(nn.Sequential(nn.Flatten(), nn.Linear(3 * 64, 5)), size=8)
    assert placing.seen(network, 8, 8) == ((0, 8), (0, 8))
    with pytest.raises(ValueError, match="convolutional network"):
        placing.of(network, 8, 8)


# ---- a map over the picture ----------------------------------------------------------------------


def test_where_all_is_seen_a_map_is_stretched_as_ever():
    cells = np.random.default_rng(0).normal(size=(7, 9)).astype(np.float32)
    places = Places((7, 9), (32, 32), (0, 224), (0, 288))
    expected = F.interpolate(torch.from_numpy(cells)[None, None], (224, 288), mode="bilinear")[0, 0]
    np.testing.assert_allclose(placing.spread(cells, places, 224, 288), expected, atol=1e-5)


def test_each_value_lies_at_its_place_and_beyond_the_outermost_nothing_changes():
    cells = np.random.default_rng(0).normal(size=(4, 4)).astype(np.float32)
    found = placing.spread(cells, placing.of_patches(33, 64, 64), 64, 64)
    np.testing.assert_allclose(found[16:41:8, 16:41:8], cells, atol=1e-6)
    np.testing.assert_allclose(found[20, 16], (cells[0, 0] + cells[1, 0]) / 2, atol=1e-6)
    assert (found[41:] == found[40]).all()
    assert (found[:, :16] == found[:, 16:17]).all()


def test_grad_cam_of_an_unpadded_network_points_at_the_position_that_speaks():
    """A network whose map is the mean brightness of patches of 9 px, every 8: lit is one patch."""
    net = nn.Sequential(nn.Conv2d(3, 5, 9, 8), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    nn.init.ones_(net[0].weight)
    nn.init.zeros_(net[0].bias)
    x = torch.zeros(3, 62, 62)
    x[:, 40:49, 16:25] = 1
    found = attribution(by_hand(net, size=62), x, 0, "Grad-CAM")
    assert np.unravel_index(found.argmax(), found.shape) == (44, 20)


def test_grad_cam_of_lite0_that_sees_patches_is_their_own_logits_at_their_places():
    network = networks.load(networks.find("lite0_local"))
    x = to_tensor(load_sample("cat").pixels[100:149, 60:101], network.preprocessing)
    net = placing.private(network)
    with torch.no_grad():
        share = (net.evidence(x[None])[0, 281] - net.linear.bias[281]).numpy()
    found = attribution(network, x, 281, "Grad-CAM")
    np.testing.assert_allclose(found[16:33:8, 16:25:8], share / share.size, atol=1e-5)


def test_a_torus_is_seen_all_over():
    assert placing.seen(by_hand(Torus(stride=2)), 16, 16) == ((0, 16), (0, 16))
