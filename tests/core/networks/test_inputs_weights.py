"""The weights that users bring, as `shared/inputs` makes them: each comes as its README says."""

import subprocess
import sys

import pytest
import torch

from core.networks import brought
from core.networks.download import WeightsError
from core.networks.own_options import FileOptions
from tests.helpers.handed import MAKER, NO_MAKER

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not MAKER.is_file(), reason=NO_MAKER),
    pytest.mark.filterwarnings("ignore::UserWarning"),  # torch's own, about quantised tensors, while files are made
]
KEYS = ("net", "model", "state_dict", "weights", "params", "ema", "model_ema", "state_dict_ema", "network",
        "model_state", "module")  # fmt: skip
OPENED = {  # file: (architecture, classes, what is said of it)
    **{f"{name}.pt": ("small_cnn", 10, "") for name in ("basic", "half", "bfloat16", "namespace", "numpy_scalar")},
    **{f"{name}.safetensors": ("small_cnn", 10, "") for name in ("bfloat16", "float8", "prefix_model")},
    **{f"prefix_{name}.pt": ("small_cnn", 10, "") for name in ("orig_mod", "module_orig_mod", "model", "net")},
    **{f"under_{key}.pt": ("small_cnn", 10, "") for key in KEYS},
    "general_checkpoint.pt": ("small_cnn", 10, ""),
    "general_checkpoint_tensor_loss.pt": ("small_cnn", 10, ""),
    "lightning.ckpt": ("small_cnn", 10, ""),
    "lightning_with_metric_and_weighted_loss.ckpt": ("small_cnn", 10, "network: criterion.weight, val_acc.tp;"),
    "one_logit.pt": ("small_cnn", 2, "one logit, read by the sigmoid"),
    "resnet18_one_logit.pt": ("resnet18", 2, "one logit, read by the sigmoid"),
    "resnet18_5_classes.pt": ("resnet18", 5, "it may as well be resnetblur18"),
    "resnetblur18_like_timm.pt": ("resnet18", 5, "it may as well be resnetblur18"),
    "sdnet18_all_cifar_authors_names.pt": ("sdnet18_all_cifar", 10, ""),
    "sdnet18_all_cifar_no_shortcut_authors_names.pt": ("sdnet18_all_noshortcut_cifar", 10, ""),
    "sdnet18_cifar_authors_names.pt": ("sdnet18_cifar", 10, ""),
    "sdnet18_cifar_100_classes.pt": ("sdnet18_cifar", 100, ""),
}
REFUSED = {
    "quantised.pt": "got quantised ones",
    "zipped_again.zip": "got a zip that holds 'basic.pt': unpack it",
    "model_and_ema.pt": "choose model, model_ema, with --part in a command",
    "resnet18_grey.pt": "nearest is resnet18, but conv1.weight is (64, 1, 7, 7), resnet18 has (64, 3, 7, 7)",
    "resnet18_cifar_stem.pt": "nearest is resnet18, but conv1.weight is (64, 3, 3, 3), resnet18 has (64, 3, 7, 7)",
    "resnet18_fc_in_sequential.pt": "fc.weight, fc.bias are missing; fc.1.weight, fc.1.bias are not in resnet18",
    "resnet18_without_head.pt": "nearest is resnet18, but fc.weight, fc.bias are missing",
    "resnet18_spinal_fc.pt": "fc.weight, fc.bias are missing; fc.fc_spinal_layer1.0.weight, ",
    "mobilenet_v3_small_5_classes.pt": "torchvision:mobilenet_v3_small, but classifier.3.weight is (5, 1024)",
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    subprocess.run([sys.executable, MAKER, folder, "weights"], check=True, capture_output=True)
    return folder / "weights"


def test_every_file_is_spoken_of(made):
    assert {path.name for path in made.iterdir()} == OPENED.keys() | REFUSED.keys()


@pytest.mark.parametrize("name", OPENED)
def test_opened(made, name):
    arch, classes, said = OPENED[name]
    network = brought.open_file((made / name).read_bytes(), name)
    assert (network.card.arch, len(network.labels)) == (arch, classes)
    assert said in network.card.provenance
    prep = network.preprocessing
    with torch.inference_mode():
        logits = network.engine.exact(torch.rand(1, len(prep.mean), prep.size, prep.size))
    assert logits.shape == (1, classes)
    assert torch.isfinite(logits).all()


@pytest.mark.parametrize("name", REFUSED)
def test_refused(made, name):
    with pytest.raises(WeightsError) as error:
        brought.open_file((made / name).read_bytes(), name)
    assert REFUSED[name] in str(error.value)


@pytest.mark.parametrize("part", ["model", "model_ema"])
def test_either_of_two_may_be_chosen(made, part):
    data = (made / "model_and_ema.pt").read_bytes()
    network = brought.open_file(data, "x", FileOptions(part=part))
    assert network.digest == brought.open_file((made / "basic.pt").read_bytes(), "x").digest


def test_timms_network_may_be_chosen(made):
    data = (made / "resnetblur18_like_timm.pt").read_bytes()
    plain, blurred = (brought.open_file(data, "x", FileOptions(arch=a)) for a in ("resnet18", "resnetblur18"))
    x = torch.rand(1, 3, 97, 97)
    with torch.inference_mode():
        assert not torch.allclose(plain.engine.plain(x), blurred.engine.plain(x), rtol=1e-3)
