"""Attributions: closed forms, completeness, and a shared network that nobody touches."""

import threading

import captum.attr
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from core import networks
from core.compute import attributions, patches
from core.compute.attributions import CAPTUM, EVIDENCE, METHODS, RANDOM, attribution, each_call_its_own, private
from core.models import create_model
from core.networks.weights import state_digest
from tests.helpers.networks_by_hand import Torus, by_hand, untrained


class Linear(nn.Module):
    """(B, 3, H, W) -> (B, 5) with a bias: every attribution is known."""

    def __init__(self, height=16, width=16):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(1)
            self.fc = nn.Linear(3 * height * width, 5)

    def forward(self, x):
        return self.fc(x.flatten(1))


class Pools(nn.Module):
    """One ReLU used three times, in place; overlapping max-pooling, one of it padded; and a maximum by function."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(2)
            self.first, self.second = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 6, 3, padding=1)
            self.fc = nn.Linear(6, 5)
        self.relu, self.wide, self.tall = nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1), nn.MaxPool2d((3, 2), 1)

    def forward(self, x):
        x = self.wide(self.relu(self.first(x)))
        x = self.relu(x + self.second(x))
        x = self.tall(torch.maximum(x[:, :, 1:], x[:, :, :-1]))
        return self.fc(F.relu(x - 0.1).mean((2, 3)))


def picture(height=16, width=16, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(3, height, width)).astype(np.float32))


@torch.no_grad()
def gap(network, x, target):
    """The logit of the picture less that of the mean colour."""
    net = network.engine.plain
    return (net(x[None]) - net(torch.zeros_like(x)[None]))[0, target].item()


@pytest.fixture(scope="module")
def resnet():
    return networks.load(networks.find("photo_resnet"))


@pytest.fixture(scope="module")
def bagnet():
    return untrained("photo_bagnet9")


# ---- closed forms --------------------------------------------------------------------------------


def test_a_linear_networks_maps_are_its_weights():
    net = Linear()
    network, x, target = by_hand(net), picture(), 3
    weight = net.fc.weight[target].detach().reshape(3, 16, 16)
    share = (weight * x).sum(0).numpy()
    np.testing.assert_allclose(attribution(network, x, target, "saliency"), weight.abs().sum(0), atol=1e-6)
    np.testing.assert_allclose(attribution(network, x, target, "integrated gradients"), share, atol=1e-6)
    np.testing.assert_allclose(attribution(network, x, target, "DeepLIFT"), share, atol=1e-6)
    squares = share.reshape(2, 8, 2, 8).sum((1, 3)).repeat(8, 0).repeat(8, 1)
    np.testing.assert_allclose(attribution(network, x, target, "occlusion"), squares, atol=1e-4)


def test_occlusion_reaches_the_border_of_a_picture_that_is_no_multiple_of_the_window():
    net = Linear(13, 18)
    x = picture(13, 18)
    share = (net.fc.weight[0].detach().reshape(3, 13, 18) * x).sum(0).numpy()
    found = attribution(by_hand(net), x, 0, "occlusion")
    for rows in (slice(0, 8), slice(8, 13)):
        for columns in (slice(0, 8), slice(8, 16), slice(16, 18)):
            np.testing.assert_allclose(found[rows, columns], share[rows, columns].sum(), atol=1e-4)


def test_a_bagnets_grad_cam_is_its_evidence_without_the_bias(bagnet):
    x, net = picture(40, 48), patches.bagnet_of(bagnet)
    share = patches.evidence(net, x)[4] - net.fc.bias[4].item()
    found = attribution(bagnet, x, 4, "Grad-CAM")
    y, x0 = patches.centres(40, net.patch), patches.centres(48, net.patch)
    np.testing.assert_allclose(found[y][:, x0], share / share.size, atol=1e-6, rtol=1e-4)


def test_the_evidence_of_a_pixel_is_its_share_of_every_patch_that_holds_it(bagnet):
    height, width, q = 12, 21, 9
    x = picture(height, width)
    pixels = np.stack(np.mgrid[:height, :width], -1).reshape(-1, 2)
    worth = patches.alone(bagnet.engine.plain, x, pixels, q)[:, 7]
    expected = np.zeros((height, width))
    for (y, x0), value in zip(pixels, worth, strict=True):
        expected[max(0, y - 4) : y + 5, max(0, x0 - 4) : x0 + 5] += value / q**2
    expected[9:] = expected[:, 17:] = 0  # one patch down, two across: the network sees no more
    found = attribution(bagnet, x, 7, EVIDENCE)
    assert found.std() > 0
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_noise_is_seeded(resnet):
    x = picture(64, 64)
    first, again, other = (attribution(resnet, x, 0, RANDOM, seed=seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert (first != other).mean() > 0.9


# ---- completeness --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["photo_resnet", "cifar_vgg_blur3", "untrained:photo_bagnet33"])
def test_the_map_sums_to_the_difference_of_the_logits(name):
    network = networks.load(networks.find(name))
    x, target = picture(64, 64), 2
    expected = gap(network, x, target)
    size = np.abs(attribution(network, x, target, "DeepLIFT")).sum()
    assert abs(attribution(network, x, target, "DeepLIFT").sum() - expected) < 1e-5 * size
    assert abs(attribution(network, x, target, "integrated gradients").sum() - expected) < 0.01 * size


def test_deep_lift_is_complete_where_captums_own_pooling_is_not():
    network, x = by_hand(Pools()), picture(17, 20)
    expected = gap(network, x, 1)
    assert abs(attribution(network, x, 1, "DeepLIFT").sum() - expected) < 1e-5 * abs(expected)


@pytest.mark.filterwarnings("ignore:.*Setting forward, backward hooks")
def test_deep_lift_is_captums_where_that_is_complete():
    net = nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU(), nn.MaxPool2d(3, 2), nn.Flatten(), nn.Linear(6 * 36, 5))
    x = picture(15, 15)
    theirs, off = captum.attr.DeepLift(net).attribute(
        x[None].clone().requires_grad_(), target=2, return_convergence_delta=True
    )
    assert abs(off.item()) < 1e-5
    expected = theirs.detach().sum(1)[0]
    np.testing.assert_allclose(attribution(by_hand(net), x, 2, "DeepLIFT"), expected, atol=1e-5)


@pytest.mark.parametrize(
    "name", ["photo_resnet", "photo_resnet_blur3", "cifar_vgg_blur3", "photo_bagnet33", "resnet18"]
)
def test_the_copy_for_deep_lift_answers_alike(name):
    net = create_model(name, num_classes=7).eval()
    x = torch.stack([picture(64, 64), picture(64, 64, seed=1)])
    found = each_call_its_own(private(by_hand(net, classes=7)), x)
    with torch.no_grad():
        expected = net(x)
        assert expected.std() > 0
        np.testing.assert_allclose(found(x), expected, rtol=1e-4, atol=1e-5 * expected.abs().max().item())


@pytest.mark.parametrize(
    "pool", [nn.MaxPool2d(2), nn.MaxPool2d(3, 2, 1), nn.MaxPool2d((1, 3), (2, 1)), nn.MaxPool2d(5, 3, 2)], ids=str
)
@pytest.mark.parametrize("sides", [(16, 16), (13, 18)])
def test_pairwise_maxima_are_max_pooling(pool, sides):
    x = picture(*sides)[None].double()
    np.testing.assert_allclose(
        attributions.max_pool(F.relu, x, pool.kernel_size, pool.stride, pool.padding), pool(x), atol=1e-12
    )


# ---- the shared network --------------------------------------------------------------------------


def condition(net):
    """All that a careless method could leave behind."""
    parts = []
    for name, module in net.named_modules():
        hooks = (module._forward_hooks, module._forward_pre_hooks, module._backward_hooks, module._backward_pre_hooks)
        parts.append(
            (name, module.training, sorted(vars(module)), [len(h) for h in hooks], vars(module).get("inplace"))
        )
    marks = [(p.requires_grad, p.grad is None) for p in net.parameters()]
    return state_digest(net.state_dict()), parts, marks


@pytest.mark.parametrize("method", METHODS)
def test_a_method_leaves_the_network_as_it_was(method, bagnet):
    before = [condition(net) for net in (bagnet.engine.plain, bagnet.engine.exact)]
    attribution(bagnet, picture(40, 40), 1, method)
    assert [condition(net) for net in (bagnet.engine.plain, bagnet.engine.exact)] == before


class Meeting(nn.Module):
    """Two readers who ask at once are both beyond the last map before either is answered."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(4)
            self.conv, self.relu = nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(inplace=True)
            self.more, self.last, self.fc = nn.Conv2d(8, 8, 3), nn.Conv2d(8, 8, 3), nn.Linear(8, 5)

    def forward(self, x):
        maps = self.last(self.relu(self.more(self.relu(self.conv(x)))))
        if doors:
            doors[0].wait(timeout=20)
        return self.fc(maps.mean((2, 3)))


doors: list[threading.Barrier] = []


def at_once(network, jobs, method):
    """The maps of two jobs whose every forward happens at the same time."""
    found = {}

    def work(i):
        found[i] = attribution(network, *jobs[i], method)

    doors.append(threading.Barrier(2))
    threads = [threading.Thread(target=work, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    doors.clear()
    return [found[i] for i in range(2)]


@pytest.mark.parametrize("method", CAPTUM)
def test_two_threads_at_once_get_the_maps_that_each_alone_gets(method):
    network = by_hand(Meeting())
    jobs = [(picture(seed=i), i) for i in range(2)]
    alone = [attribution(network, x, target, method) for x, target in jobs]
    for found, expected in zip(at_once(network, jobs, method), alone, strict=True):
        assert expected.std() > 0
        np.testing.assert_array_equal(found, expected)


def test_deep_lift_leaves_the_forwards_of_other_threads_alone(resnet):
    x, done = picture(64, 64), threading.Event()
    with torch.inference_mode():
        expected = resnet.engine.exact(x[None])
    wrong, asked = [], 0

    def explain():
        for _ in range(5):
            attribution(resnet, x, 0, "DeepLIFT")
        done.set()

    thread = threading.Thread(target=explain)
    thread.start()
    with torch.inference_mode():
        while not done.is_set() and thread.is_alive():
            wrong.append(not torch.equal(resnet.engine.exact(x[None]), expected))
            asked += 1
    thread.join()
    assert done.is_set()
    assert asked > 5
    assert not any(wrong)


@pytest.mark.parametrize("method", CAPTUM)
def test_an_input_made_in_inference_mode_is_welcome_and_not_changed(method, resnet):
    with torch.inference_mode():
        x = picture(64, 64) + 0
        inside = attribution(resnet, x, 0, method)
    np.testing.assert_array_equal(x, picture(64, 64))
    np.testing.assert_array_equal(inside, attribution(resnet, picture(64, 64), 0, method))
    assert inside.dtype == np.float32
    assert inside.shape == (64, 64)
    assert inside.std() > 0
    assert (inside.min() >= 0) == (method == "saliency")


# ---- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("net", "target", "method", "words"),
    [
        (Torus(), 0, "LRP", "expected a method"),
        (Torus(), 5, "saliency", "expected a class of 0 to 4, got 5"),
        (Torus(), 0, EVIDENCE, "expected a BagNet"),
        (Linear(), 0, "Grad-CAM", "convolutional network"),
    ],
)
def test_what_cannot_be_asked_is_refused(net, target, method, words):
    with pytest.raises(ValueError, match=words):
        attribution(by_hand(net), picture(), target, method)


def test_deep_lift_refuses_a_network_that_it_cannot_explain():
    class Gelu(Linear):
        def forward(self, x):
            return F.gelu(self.fc(x.flatten(1)))

    with pytest.raises(ValueError, match="rules do not cover"):
        attribution(by_hand(Gelu()), picture(), 0, "DeepLIFT")
