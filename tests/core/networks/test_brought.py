"""Networks that the user brings: files that are guessed at, torchvision's names, and installed packages."""

import json
import sys
from importlib.metadata import EntryPoint

import pytest
import torch
from safetensors.torch import save
from torch import nn

from core import networks
from core.models import create_model, list_classifiers
from core.networks import brought, packaged, weights
from core.networks import card as networks_card
from core.networks.brought import Plug
from core.networks.download import WeightsError
from core.pictures.preprocess import Preprocessing
from core.pictures.samples import load_sample
from core.studies.shift import sweep

SOME = ("resnet18", "resnet18_blur3", "cifar_vgg_blur2", "photo_bagnet17", "spinal_vgg5", "cifar_sdnet18", "alexnet")


def state_of(arch, classes):
    torch.manual_seed(0)
    return create_model(arch, num_classes=classes).state_dict()


@pytest.mark.parametrize("arch", SOME)
@pytest.mark.parametrize("classes", [2, 37])
def test_a_files_architecture_is_told_by_its_tensors(arch, classes):
    found = brought.guess(save(state_of(arch, classes)))
    assert (found.arch, found.classes, found.labels, found.preprocessing) == (arch, classes, (), None)


@pytest.mark.parametrize("name", ["cifar_vgg_blur3", "digits_random_svm", "mnist_spinal_small_cnn"])
def test_a_file_of_ours_tells_labels_and_preprocessing(name):
    found = brought.guess(weights.packaged()[name].read_bytes())
    about = weights.read_metadata(weights.packaged()[name])
    assert found.arch == about["arch"]
    assert list(found.labels) == json.loads(about["labels"])
    assert found.preprocessing == networks.load(networks.find(name)).preprocessing


def test_strange_tensors_are_refused_in_a_sentence():
    with pytest.raises(WeightsError, match=r"expected the tensors of an architecture.*got 1 others \(odd.weight"):
        brought.guess(save({"odd.weight": torch.zeros(3, 3)}))


@pytest.mark.parametrize("about", [{"labels": "nonsense"}, {"labels": "[]", "mean": "x"}, {"mean": "[1", "std": "[]"}])
def test_a_hostile_header_is_left_aside(about):
    data = save(state_of("cifar_vgg", 10), metadata=about)
    assert brought.guess(data).labels == ()


def test_your_own_labels_and_preprocessing():
    data, prep = save(state_of("cifar_vgg", 3)), Preprocessing(48, (0.4,) * 3, (0.3,) * 3)
    network = packaged.user_network(data, "cifar_vgg", "cifar10", "birds", ("wren", "owl", "kite"), prep)
    assert network.labels == ("wren", "owl", "kite")
    assert (network.preprocessing, network.card.size, network.card.family) == (prep, 48, "user:birds")
    result = sweep.run([network], load_sample("cat"), sweep.Params(max_shift=1))
    assert result.labels == network.labels
    with pytest.raises(WeightsError, match="expected 3 labels"):
        packaged.user_network(data, "cifar_vgg", "cifar10", "birds", ("wren", "owl"), prep)


def test_no_labels_become_numbers_and_a_family_of_its_own():
    network = packaged.user_network(save(state_of("cifar_vgg", 4)), "cifar_vgg", "cifar10", "four")
    assert network.labels == ("class 0", "class 1", "class 2", "class 3")
    assert network.card.family == "user:four"


@pytest.mark.parametrize("arch", ["squeezenet1_1", "mobilenet_v3_small", "googlenet"])
def test_torchvisions_networks_by_name(arch, tmp_path, monkeypatch):
    from torchvision import models

    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path))
    card = networks.find(f"torchvision:{arch}")
    assert (card.kind, card.family, packaged.is_here(card)) == ("torchvision", "imagenet", False)
    with pytest.raises(WeightsError, match=f"receptive download {arch}"):
        networks.load(card)
    options = {"init_weights": False} if arch == "googlenet" else {}
    net = models.get_model(arch, weights=None, **options)
    packaged.local_file(card).parent.mkdir(parents=True, exist_ok=True)
    torch.save(net.state_dict(), packaged.local_file(card))
    network = networks.load(card)
    assert len(network.labels) == 1000
    x = torch.rand(1, 3, 224, 224)
    if arch == "googlenet":
        net.transform_input = True
    with torch.inference_mode():
        torch.testing.assert_close(network.engine.exact(x), net.eval()(x), rtol=1e-4, atol=1e-4)


def test_an_input_of_another_size_is_a_family_of_its_own():
    card = networks.find("torchvision:inception_v3")
    assert (card.size, card.family) == (299, "torchvision:inception_v3")


@pytest.mark.parametrize("name", ["torchvision:resnet19", "torchvision:", "plugin:nothing"])
def test_unknown_names(name):
    with pytest.raises(WeightsError, match="did you mean"):
        networks.find(name)


class Odd(nn.Module):
    """A batch norm before its convolution, called as if it came after."""

    def __init__(self):
        super().__init__()
        self.bn1, self.conv1, self.out = nn.BatchNorm2d(3), nn.Conv2d(3, 4, 3), nn.Linear(4, 2)
        self.bn1.running_mean.fill_(0.7)

    def forward(self, x):
        return self.out(self.conv1(self.bn1(x)).mean((2, 3)))


class Bright(nn.Module):
    """Nothing to learn: how bright the left and the right half are."""

    def forward(self, x):
        return torch.stack([half.mean((1, 2, 3)) for half in x.chunk(2, 3)], 1)


PREP = Preprocessing(16, (0.5,) * 3, (0.5,) * 3)
FACTORIES = {
    "good": lambda: Plug(Odd(), PREP, ("left", "right"), "untrained, for a test"),
    "raises": lambda: 1 / 0,
    "dict": lambda: {"net": Odd()},
    "labels": lambda: Plug(Odd(), PREP, ("only",), ""),
    "strings": lambda: Plug(Odd(), PREP, (1, 2), ""),
    "tuple": lambda: Plug(nn.LSTM(16, 2), PREP, ("a", "b"), ""),
    "size": lambda: Plug(Odd(), Preprocessing(0, (0.5,) * 3, (0.5,) * 3), ("left", "right"), ""),
}


@pytest.fixture
def package(monkeypatch):
    points = [EntryPoint(name, f"test_own_networks:{name}", brought.GROUP) for name in [*FACTORIES, "missing"]]
    monkeypatch.setattr(brought, "entry_points", lambda group: points if group == brought.GROUP else [])
    for name, factory in FACTORIES.items():
        monkeypatch.setattr(sys.modules[__name__], name, factory, raising=False)
    monkeypatch.setitem(sys.modules, "test_own_networks", sys.modules[__name__])


@pytest.mark.usefixtures("package")
def test_an_installed_packages_network():
    network = networks.load(networks.find("plugin:good"))
    assert (network.labels, network.card.size, network.card.kind) == (("left", "right"), 16, "user")
    assert "untrained, for a test; not measured by this project" in network.card.provenance
    x = torch.rand(2, 3, 16, 16)
    with torch.inference_mode():
        torch.testing.assert_close(network.engine.exact(x), network.engine.plain(x))
    assert sweep.run([network], load_sample("cat"), sweep.Params(max_shift=1)).top1.shape == (1, 9)


BEFORE = """
from core.own_networks import Plug, check
from core.preprocess import Preprocessing
from torch import nn

def network():
    net = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2))
    plug = Plug(net, Preprocessing(size=16, mean=(0.5,) * 3, std=(0.5,) * 3), ("left", "right"), "untrained")
    check(plug)
    return plug
"""


def test_a_package_written_before_the_tree_of_floors_still_loads(monkeypatch, tmp_path):
    (tmp_path / "written_before.py").write_text(BEFORE)
    monkeypatch.syspath_prepend(tmp_path)
    point = EntryPoint("before", "written_before:network", brought.GROUP)
    monkeypatch.setattr(brought, "entry_points", lambda group: [point] if group == brought.GROUP else [])
    assert networks.load(networks.find("plugin:before")).labels == ("left", "right")


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize("name", [*(name for name in FACTORIES if name != "good"), "missing"])
def test_a_package_that_fails_says_so_in_one_sentence(name):
    with pytest.raises(WeightsError, match=f"expected plugin:{name} to give a network, got a failure"):
        networks.load(networks.find(f"plugin:{name}"))


def test_a_network_without_parameters_is_asked_like_any_other():
    card = networks_card.Card("plugin:bright", "bright", "plugin:bright", "user", "", 16)
    network = brought.ready(card, Bright(), ("left", "right"), PREP)
    assert sweep.run([network], load_sample("cat"), sweep.Params(max_shift=1)).top1.shape == (1, 9)


def test_random_features_and_their_svm_are_a_network():
    network = networks.load(networks.find("digits_random_svm"))
    assert set(network.engine.plain.state_dict()) == {"classifier.weight", "classifier.bias"}
    assert network.engine.fast is None
    assert "digits_random_svm" in list_classifiers()
