"""timm's networks: found by name, with their own preprocessing, read from where huggingface_hub keeps them."""

import sys

import pytest
import safetensors.torch
import timm
import torch

from core import networks
from core.networks import packaged, timm_networks
from core.networks.download import WeightsError
from core.pictures.samples import load_sample
from core.studies.shift import sweep

NAME = "timm:mobilenetv3_small_050.lamb_in1k"


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """An empty cache folder of huggingface_hub's, without a connection."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return tmp_path


def put(hub, repository, state):
    """What a download of these weights leaves in the folder."""
    folder = hub / f"models--{repository.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("0" * 40)
    snapshot = folder / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    safetensors.torch.save_file(state, snapshot / "model.safetensors")


def test_the_card_tells_whose_weights_and_how_they_see():
    card = networks.find(NAME)
    assert (card.kind, card.family, card.size, card.resize, card.interpolation) == (
        "timm",
        "imagenet",
        224,
        256,
        "bicubic",
    )
    assert "apache-2.0" in card.provenance
    large = networks.find("timm:tf_efficientnet_lite4")
    assert (large.size, large.family) == (380, "timm:tf_efficientnet_lite4")
    assert timm_networks.preprocessing("tf_efficientnet_lite0.in1k").mean == (0.5, 0.5, 0.5)


@pytest.mark.parametrize("word", ["timm:mobilenetv3_smal_050", "timm:vit_base_patch16_clip_224.openai", "timm:"])
def test_other_names_get_the_nearest(word):
    with pytest.raises(
        WeightsError, match=r"^expected a network of timm's with ImageNet weights, got .*: did you mean"
    ):
        networks.find(word)


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(timm_networks, "find_spec", lambda name: None)
    with pytest.raises(WeightsError, match=r"^expected the package timm .* pip install 'receptive\[timm\]'"):
        networks.find(NAME)


def test_weights_that_are_not_here_are_not_fetched_unasked(hub):
    card = networks.find(NAME)
    assert not packaged.is_here(card)
    with pytest.raises(WeightsError, match=rf"found none: receptive download {NAME}"):
        networks.load(card)
    with pytest.raises(WeightsError, match=r"could not be downloaded from timm/mobilenetv3_small_050\.lamb_in1k"):
        packaged.fetch(card)


def test_weights_that_are_here_answer_as_in_timm(hub):
    torch.manual_seed(1)
    own = timm.create_model("mobilenetv3_small_050", pretrained=False).eval()
    put(hub, "timm/mobilenetv3_small_050.lamb_in1k", own.state_dict())
    card = networks.find(NAME)
    assert packaged.is_here(card)
    network = networks.load(card)
    assert len(network.labels) == 1000
    x = torch.rand(2, 3, 224, 224)
    with torch.inference_mode():
        assert torch.allclose(network.engine.exact(x), own(x), atol=1e-5)
    found = sweep.run([network], load_sample("cat"), sweep.Params(max_shift=1))
    assert found.models == (NAME,)


def test_other_tensors_are_refused(hub):
    put(hub, "timm/mobilenetv3_small_050.lamb_in1k", {"a": torch.zeros(2)})
    with pytest.raises(WeightsError, match=r"expected the .* tensors of this network"):
        networks.load(networks.find(NAME))


def test_naming_a_network_of_ours_does_not_import_timm():
    import subprocess

    code = "import sys; from core import networks; networks.find('lite0'); sys.exit('timm' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
