"""timm's networks: found by name, with their own preprocessing, read from where huggingface_hub keeps them."""

import sys

import pytest
import safetensors.torch
import timm
import torch

from core import networks
from core.models import create_model
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


@pytest.mark.parametrize(
    ("word", "blurs", "averages", "pooled"),
    [
        ("resnetblur50", 4, 0, 3),
        ("densenetblur121d", 1, 0, 3),
        ("mobilenetv4_conv_blur_medium", 4, 0, 0),
        ("tresnet_m", 3, 0, 0),  # blurred, though its name does not say so
        ("resnetaa50", 0, 3, 0),
        ("tf_efficientnet_b0.aa_in1k", 0, 0, 0),  # these are trained by AutoAugment
        ("resnet50", 0, 0, 0),
    ],
)
def test_a_blur_of_timms_is_named_as_timms_and_never_counts_as_the_papers(word, blurs, averages, pooled):
    made = timm_networks.made(word)
    assert (made.blurs, made.averages, made.pooled) == (blurs, averages, pooled)
    card = networks.find(f"timm:{word}")
    assert card.blur is None
    whose = "timm's blur" if blurs else "timm's averaging" if averages else ""
    assert card.made == whose
    assert card.title.endswith(f" · {whose}" if whose else word.replace("_", " "))
    assert ("not as in the paper" in card.provenance) == bool(blurs)
    assert "blur medium · timm's" in card.title or "_" not in card.title  # no "· blur medium", as ours are written


def test_timms_blurred_stem_is_not_the_papers():
    """The same picture, pooled: timm's own stem and the paper's, as `resnet50_blur3` builds it, give other maps."""
    theirs, papers = timm.create_model("resnetblur50", pretrained=False).eval(), create_model("resnet50_blur3").eval()
    assert not any("filt" in name for name in theirs.state_dict())
    assert any("filt" in name for name in papers.state_dict())
    x = torch.rand(1, 64, 16, 16, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert not torch.allclose(theirs.maxpool(x), papers.maxpool(x), atol=1e-2)
        bar = torch.zeros(1, 64, 16, 16)
        bar[..., 7] = 1  # a line one pixel wide becomes three by timm's maximum, two by the paper's
        assert float(theirs.maxpool[0](bar)[0, 0, 5].sum()) == 3
        assert float(papers.maxpool[0](bar)[0, 0, 5].sum()) == 2


def test_this_projects_own_copies_of_these_are_named_so_too():
    assert networks.find("untrained:resnetblur18").title == "untrained:resnetblur18 · timm's blur"
    assert networks.find("untrained:resnetaa50").title.endswith(" · timm's averaging")
    assert networks.find("untrained:resnet18_blur3").title == "untrained:resnet18 · blur 3"


def test_timms_copies_of_tensorflows_networks_say_how_they_pad():
    assert (
        "padded as TensorFlow pads, eps 0.001 in batch norms" in networks.find("timm:tf_efficientnet_lite0").provenance
    )
    assert "TensorFlow" not in networks.find("timm:efficientnet_lite0").provenance
