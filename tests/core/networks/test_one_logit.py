"""A network of one logit is yes or no by the sigmoid, wherever it is opened."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import save
from torch import nn

from core import networks
from core.batch import columns, work
from core.models import create_model
from core.networks import brought, one_logit, packaged
from core.networks.brought import Plug
from core.networks.download import WeightsError
from core.networks.own_options import FileOptions
from core.pictures.preprocess import Preprocessing, seen, to_tensor
from core.pictures.samples import load_sample
from core.studies.patch import masking, methods
from core.studies.shift import sweep
from core.studies.sparse import codes
from tests.core.networks.test_brought import package  # noqa: F401 - a fixture
from tests.core.terminal.test_terminal import run
from tests.helpers.weight_files import torch_bytes

CASES = {  # one logit as PyTorch users train it, under heads of every kind
    "cifar_vgg": (3, 32),
    "resnet18": (3, 64),
    "photo_bagnet9": (3, 64),
    "cifar_sdnet18": (3, 32),
    "spinal_vgg5": (1, 28),
    "small_cnn": (1, 28),  # ends in a log-softmax, which of one logit is always 0
}


def raw(net, x):
    """The one logit, before the log-softmax that some networks end in."""
    net.log_softmax = False
    with torch.inference_mode():
        return net(x)


@pytest.mark.parametrize("arch", CASES)
def test_the_softmax_of_two_answers_is_the_sigmoid_of_the_logit(arch):
    channels, size = CASES[arch]
    torch.manual_seed(1)
    net = create_model(arch, num_classes=1).eval()
    network = brought.open_file(save(net.state_dict()), "cats.pt")
    assert network.labels == ("class 0", "class 1")
    assert "; one logit, read by the sigmoid; not measured" in network.card.provenance
    x = torch.randn(3, channels, size, size)
    with torch.inference_mode():
        answers = network.engine.plain(x).softmax(1)
    yes = raw(net, x).sigmoid()
    torch.testing.assert_close(answers, torch.cat([1 - yes, yes], 1), rtol=1e-4, atol=1e-5)
    assert yes.std() > 0


@pytest.mark.parametrize(
    ("labels", "wanted"),
    [((), ("class 0", "class 1")), (("cat",), ("not cat", "cat")), (("dog", "cat"), ("dog", "cat"))],
)
def test_one_label_is_the_yes_and_two_are_as_given(labels, wanted):
    data = save(create_model("cifar_vgg", num_classes=1).state_dict())
    network = brought.open_file(data, "cats.pt", FileOptions(labels=labels))
    assert (network.labels, network.card.family) == (wanted, "user:cats.pt")
    with pytest.raises(WeightsError, match="expected 2 labels at most"):
        brought.open_file(data, "cats.pt", FileOptions(labels=("a", "b", "c")))


@pytest.mark.parametrize(("told", "wanted"), [(["cat"], ("not cat", "cat")), (["dog", "cat"], ("dog", "cat"))])
def test_labels_in_the_file_are_taken_alike(told, wanted):
    about = {"labels": json.dumps(told), "input_size": "32", "mean": "[0.5, 0.5, 0.5]", "std": "[0.2, 0.2, 0.2]"}
    [guess] = brought.guesses(save(create_model("cifar_vgg", num_classes=1).state_dict(), about))
    assert (guess.labels, guess.classes) == (wanted, 2)


def one_of(arch):
    torch.manual_seed(2)
    net = create_model(arch, num_classes=1)
    return brought.open_file(torch_bytes(net.state_dict()), "cats.pt", FileOptions(labels=("cat",)))


def test_a_sweep_has_probabilities_that_move():
    network = one_of("cifar_vgg")
    result = sweep.run([network], load_sample("cat"), sweep.Params(max_shift=2))
    assert result.labels == ("not cat", "cat")
    assert 0 < result.probability.min() < result.probability.max() < 1
    assert np.ptp(result.probability) > 0


def test_the_no_has_evidence_as_well_as_the_yes():
    """Both answers' logits move, so that a map of what speaks for either is not empty."""
    network = one_of("cifar_vgg")
    pixels = seen(load_sample("cat"), network.preprocessing)
    x = to_tensor(pixels, network.preprocessing)
    for target in (0, 1):
        assert methods.reason(network, x, target, methods.GRADIENTS) is None
    maps = [masking.occlusion(network, pixels, target, 4) for target in (0, 1)]
    np.testing.assert_allclose(maps[0], -maps[1], atol=1e-5)
    assert np.abs(maps[0]).max() > 0


def test_codes_and_spinal_layers_go_on_working():
    sparse = one_of("cifar_sdnet18")
    found = codes.run([sparse], load_sample("cat"), codes.Params())
    assert found.labels == ("not cat", "cat")
    assert found.logits.shape[-1] == 2
    assert np.ptp(found.logits) > 0
    spinal = one_of("spinal_small_cnn")
    parts = spinal.engine.plain.head.contributions(torch.rand(2, 320))
    assert parts.shape == (2, 6, 2)
    torch.testing.assert_close(parts[..., 0], -parts[..., 1])


def test_it_travels_to_other_processes_and_keeps_its_identity():
    network, again = one_of("cifar_vgg"), one_of("cifar_vgg")
    params = columns.settings("shift-sweep", ["max_shift=1"])
    sent = work.packed(network, params)
    there = work.unpacked(sent, params, ladder=False)
    assert there.labels == network.labels == ("not cat", "cat")
    assert there.digest == network.digest == again.digest
    plain = packaged.user_network(save(create_model("cifar_vgg", num_classes=2).state_dict()), "cifar_vgg", "cifar10")
    assert plain.digest != network.digest


class OneLogit(nn.Module):
    """How bright a picture is, above or below the middle."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Linear(1, 1)

    def forward(self, x):
        return self.scale(x.mean((1, 2, 3))[:, None])


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(("labels", "wanted"), [(("bright",), ("not bright", "bright")), (("a", "b"), ("a", "b"))])
def test_a_packages_network_of_one_logit(monkeypatch, labels, wanted):
    from tests.core.networks import test_brought

    prep = Preprocessing(16, (0.5,) * 3, (0.5,) * 3)
    made = lambda: Plug(OneLogit(), prep, labels, "untrained")  # noqa: E731
    monkeypatch.setattr(test_brought, "good", made, raising=False)
    monkeypatch.setitem(test_brought.FACTORIES, "good", made)
    network = networks.load(networks.find("plugin:good"))
    assert network.labels == wanted
    assert "untrained, one logit, read by the sigmoid; not measured by this project" in network.card.provenance
    x = torch.rand(2, 3, 16, 16)
    with torch.inference_mode():
        yes = network.engine.plain.net(x).sigmoid()
        torch.testing.assert_close(network.engine.exact(x).softmax(1)[:, 1:], yes)
    assert sweep.run([network], load_sample("cat"), sweep.Params(max_shift=1)).labels == wanted


@pytest.mark.usefixtures("package")
def test_three_labels_for_one_logit_are_refused(monkeypatch):
    from tests.core.networks import test_brought

    made = lambda: Plug(OneLogit(), Preprocessing(16, (0.5,) * 3, (0.5,) * 3), ("a", "b", "c"), "")  # noqa: E731
    monkeypatch.setattr(test_brought, "good", made, raising=False)
    with pytest.raises(WeightsError, match="expected 2 labels at most"):
        networks.load(networks.find("plugin:good"))


def test_commands_say_yes_or_no(tmp_path):
    path = tmp_path / "cats.pt"
    torch.manual_seed(3)
    path.write_bytes(torch_bytes(create_model("cifar_vgg", num_classes=1).state_dict()))
    out = tmp_path / "out.json"
    done = run("shift-sweep", "sample:cat", "--model", path, "--labels", "cat", "--max-shift", 1, "--json", out)
    assert done.exit_code == 0, done.output
    result = json.loads(out.read_text())
    assert result["labels"] == ["not cat", "cat"]
    assert 0 < np.min(result["probability"]) < 1
    assert "one logit, read by the sigmoid" in done.stdout
    page = tmp_path / "report.html"
    done = run("report", "sample:cat", "--model", path, "--labels", "cat", "--out", page)
    assert done.exit_code == 0, done.output
    html = page.read_text()
    assert "one logit, read by the sigmoid" in html


def test_two_labels_by_name():
    assert one_logit.two_labels(["x"]) == ("not x", "x")
