"""SDNets by name, and the files that people have of them: the authors' wrappings load, other networks' are refused."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch import nn

from core.models import create_model, list_models
from core.models.sdnet import SDNet
from core.networks import families, packaged, weights
from core.networks.download import WeightsError
from core.networks.weights import load_into, read_state
from tests.helpers.weight_files import Malicious, equal, one_sentence, torch_bytes

ARCHS = [
    "sdnet18_cifar",
    "sdnet34_cifar",
    "sdnet18_imagenet",
    "sdnet18_all_cifar",
    "sdnet34_all_noshortcut_cifar",
    "sdnet18_all_imagenet",
]
WRAPPINGS = {
    "raw": lambda state: state,
    "state_dict": lambda state: {"epoch": 220, "state_dict": state, "optimizer": {"lr": 0.1, "state": {}}},
    "net": lambda state: {"net": state, "acc": 95.34, "epoch": 219},
    "model": lambda state: {"model": state},
    "module": lambda state: {f"module.{name}": tensor for name, tensor in state.items()},
    "net of module": lambda state: {"net": {f"module.{n}": t for n, t in state.items()}, "acc": 95.0, "epoch": 3},
}
USED = 0.21  # a step that no fresh network has


def trained_state(arch, **options):
    """A state that differs from a fresh network's in every tensor."""
    torch.manual_seed(7)
    net = create_model(arch, **options)
    with torch.no_grad():
        for name, tensor in net.state_dict().items():
            if name.endswith("step_size"):
                tensor.fill_(USED)
            elif tensor.is_floating_point():
                tensor.add_(0.01 * torch.randn_like(tensor)).abs_()
            else:
                tensor.fill_(5)
    return net.state_dict()


@pytest.fixture(scope="module")
def full():
    return trained_state("sdnet18_cifar")


# ---- the authors' files --------------------------------------------------------------------------


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "old"])
@pytest.mark.parametrize("wrap", WRAPPINGS)
@pytest.mark.parametrize("arch", ARCHS)
def test_every_wrapping_loads_strictly(arch, wrap, zipped):
    state = trained_state(arch, width=4)
    read = read_state(torch_bytes(WRAPPINGS[wrap](state), zipped=zipped))
    assert equal(read, state)
    net = create_model(arch, width=4)
    assert net.load_state_dict(read, strict=True) == nn.modules.module._IncompatibleKeys([], [])
    fresh = create_model(arch, width=4)
    load_into(fresh, read)
    assert equal(fresh.state_dict(), state)
    assert float(fresh.dictionary.step_size) == pytest.approx(USED)


@pytest.mark.parametrize("wrap", ["raw", "net of module"])
def test_a_full_size_file_becomes_a_network_that_answers(full, wrap):
    network = packaged.user_network(torch_bytes(WRAPPINGS[wrap](full)), "sdnet18_cifar", "cifar10", "theirs.pth")
    assert network.card.kind == "user"
    assert network.labels == families.family_labels("cifar10")
    net = network.engine.plain
    assert isinstance(net, SDNet)
    assert net.is_coded
    assert equal(net.state_dict(), full)
    with torch.inference_mode():
        x = torch.randn(2, 3, 32, 32)
        assert torch.isfinite(net(x)).all()
        assert not torch.equal(net(x, 0.1), net(x, 0.5))


def test_a_file_with_another_number_of_classes_is_told_by_its_classifier():
    state = trained_state("sdnet18_cifar", num_classes=100)
    network = packaged.user_network(torch_bytes({"net": state}), "sdnet18_cifar", "cifar10")
    assert len(network.labels) == 100
    assert network.labels[42] == "class 42"


# ---- refused -------------------------------------------------------------------------------------


def test_another_architectures_file_is_refused_in_one_sentence(full):
    plain = create_model("resnet18_cifar").state_dict()
    with pytest.raises(WeightsError, match=r"without layer0\.0\.dn\.weight") as error:
        packaged.user_network(torch_bytes({"net": plain}), "sdnet18_cifar", "cifar10")
    assert "choose the architecture" in one_sentence(error)
    for other in ("resnet18_cifar", "sdnet34_cifar", "sdnet18_all_cifar"):
        with pytest.raises(WeightsError) as error:
            packaged.user_network(torch_bytes(full), other, "cifar10")
        assert "choose the architecture" in one_sentence(error)


def test_another_width_or_stem_is_refused_in_one_sentence(full):
    for arch in ("cifar_sdnet18", "sdnet18_imagenet"):
        with pytest.raises(WeightsError, match="expected the shapes of this network") as error:
            packaged.user_network(torch_bytes(full), arch, "cifar10")
        assert "layer0.0.dn.weight" in one_sentence(error)


@pytest.mark.parametrize("name", ["layer0.0.dn.step_size", "layer0.0.dn.weight", "linear.bias"])
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_are_refused(name, bad):
    state = {k: v.clone() for k, v in trained_state("sdnet18_cifar", width=4).items()}
    state[name].view(-1)[0] = bad
    with pytest.raises(WeightsError, match="expected finite numbers") as error:
        read_state(torch_bytes({"net": state}))
    assert name in one_sentence(error)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "old"])
def test_code_in_a_checkpoint_is_refused_and_not_run(tmp_path, zipped):
    touched = tmp_path / "touched"
    state = trained_state("sdnet18_cifar", width=4)
    data = torch_bytes({"net": state, "acc": Malicious(touched), "epoch": 3}, zipped=zipped)
    with pytest.raises(WeightsError, match="could run code") as error:
        packaged.user_network(data, "sdnet18_cifar", "cifar10")
    one_sentence(error)
    assert not touched.exists()


def test_a_whole_pickled_network_is_refused():
    with pytest.raises(WeightsError, match="could run code") as error:
        read_state(torch_bytes(create_model("sdnet18_cifar", width=4)))
    one_sentence(error)


def test_files_written_by_us_come_back(tmp_path):
    state = trained_state("sdnet18_all_cifar", width=4)
    weights.write_state(tmp_path / "x.safetensors", state, {}, half=False)
    assert equal(read_state(tmp_path / "x.safetensors"), state)


# ---- every layer coded ---------------------------------------------------------------------------


@pytest.mark.parametrize("data", ["cifar", "imagenet"])
@pytest.mark.parametrize("depth", [18, 34])
@pytest.mark.parametrize("form", ["", "_noshortcut"])
def test_all_coded_networks_answer_with_and_without_shortcut(depth, form, data):
    shortcut, arch = not form, f"sdnet{depth}_all{form}_{data}"
    net = create_model(arch, width=4, num_classes=7)
    net.fit_steps((32, 32), 1e-2)
    state = net.state_dict()
    assert any(".shortcut." in name for name in state) is shortcut
    plain = [name for name, module in net.named_modules() if isinstance(module, nn.Conv2d)]
    assert plain == [f"layer{i}.layers.0.shortcut.0" for i in (2, 3, 4) if shortcut]
    assert ("layer0.2.dn.weight" in state) is (data == "imagenet")
    assert not any(isinstance(module, nn.ReLU | nn.MaxPool2d) for module in net.modules())
    net.eval()
    for size in (32, 40):
        with torch.inference_mode():
            logits = net(torch.randn(2, 3, size, size))
        assert logits.shape == (2, 7)
        assert torch.isfinite(logits).all()
    other = create_model(arch, width=4, shortcut=not shortcut, num_classes=7)
    with pytest.raises(WeightsError, match="shortcut") as error:
        load_into(other, state)
    one_sentence(error)


@torch.inference_mode()
def test_an_imagenet_stem_is_two_coded_layers_around_a_norm():
    net = create_model("sdnet18_all_imagenet", width=4).eval()
    for module in net.layer0[1].parameters():
        module.copy_(torch.randn(module.shape, generator=torch.Generator().manual_seed(0)))
    x = torch.randn(1, 3, 33, 48, generator=torch.Generator().manual_seed(1))
    first, norm, second = net.layer0
    assert (first.dn.weight.shape, first.dn.stride, first.dn.padding) == ((4, 3, 7, 7), 2, 3)
    assert (second.dn.weight.shape, second.dn.stride, second.dn.padding) == ((4, 4, 3, 3), 2, 1)
    codes = net.dictionary(x)
    assert torch.equal(net.stages(codes)[0], second.dn(norm(codes)))  # no ReLU between, and none after
    assert net.stages(codes)[0].shape == (1, 4, 9, 12)


# ---- how many classes ----------------------------------------------------------------------------

SMALL = {"width": 4}


@pytest.mark.parametrize(
    "name", [n for n in list_models() if "sdnet" in n or n in ("resnet18_cifar", "resnet34_cifar")]
)
def test_sdnets_have_their_data_sets_classes(name):
    wanted = 1000 if name.endswith("imagenet") else 10
    assert create_model(name, **SMALL).linear.out_features == wanted
    assert create_model(name, num_classes=3, **SMALL).linear.out_features == 3


@pytest.mark.parametrize(
    ("name", "classes"),
    [
        ("cifar_vgg", 10),
        ("cifar_vgg_blur3", 10),
        ("cifar_resnet18", 10),
        ("photo_resnet", 20),
        ("photo_resnet_blur3", 20),
        ("photo_bagnet9", 20),
        ("bagnet9", 1000),
        ("resnet18", 1000),
        ("resnet18_blur3", 1000),
        ("mobilenet_v2", 1000),
        ("densenet121", 1000),
    ],
)
def test_the_default_number_of_classes_is_the_data_sets(name, classes):
    with warnings.catch_warnings(), torch.device("meta"):
        warnings.simplefilter("ignore")  # torch's own: initialising a meta tensor does nothing
        heads = [m for m in create_model(name).modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    assert heads[-1].weight.shape[0] == classes
