"""What the project claims of its BagNets, on the numbers it measured."""

import re

import numpy as np
import pytest
import torch

from core import networks
from core.base import files
from core.data.sets import DATASETS
from core.models import create_model
from core.networks import download, families, packaged, published, weights
from core.networks.families import BAGNETS
from core.overview import board
from core.studies.patch import claims, dataset, masking

FOLDER = files.ASSETS / "results" / "patch_evidence"
NAMES, BASELINE = BAGNETS["tiny-imagenet-20"]


@pytest.fixture(scope="module")
def measured():
    return dataset.measured(FOLDER)


def test_the_record_is_of_the_packaged_networks_and_the_whole_test_set(measured):
    found = measured.summary
    assert found.networks == (*NAMES, BASELINE)
    assert found.labels == DATASETS["tiny-imagenet-20"].classes
    assert found.images == found.class_images.sum() == 1_000
    assert (found.class_images == 50).all()
    assert measured.command == "receptive measure patches --data FOLDER"
    for name, accuracy in zip(found.networks, found.accuracy, strict=True):
        about = weights.read_metadata(weights.packaged()[name])
        assert accuracy == pytest.approx(float(about["test_accuracy"]), abs=2e-3)


def test_accuracy_rises_with_the_patch_and_comes_near_the_baseline(measured):
    found = measured.summary
    bagnets, baseline = found.accuracy[:3], found.accuracy[3]
    assert found.patches == [9, 17, 33, None]
    assert (np.diff(bagnets) > 0).all()
    assert baseline - bagnets[2] <= 0.08


def test_class_errors_add_up_to_the_accuracy_and_correlate(measured):
    found = measured.summary
    np.testing.assert_allclose(1 - found.class_error.mean(1), found.accuracy, atol=1e-5)
    np.testing.assert_allclose(found.correlation, np.corrcoef(found.class_error), atol=1e-4)
    assert (found.correlation_interval[..., 0] <= found.correlation + 1e-6).all()
    assert (found.correlation_interval[..., 1] >= found.correlation - 1e-6).all()


def test_one_tile_is_the_picture_as_it_is_and_many_tiles_cost_accuracy(measured):
    scrambled = measured.scramble
    assert scrambled.tiles[0] == 1
    np.testing.assert_allclose(scrambled.accuracy[:, 0], measured.summary.accuracy, atol=2e-3)
    assert (scrambled.accuracy[:, -1] < scrambled.accuracy[:, 0]).all()
    lost = scrambled.accuracy[:, 0] - scrambled.accuracy[:, scrambled.tiles.index(4)]
    assert lost[0] < lost[3], "the smallest patches lose less than the baseline"


def test_masking_by_the_evidence_beats_chance_on_the_bagnet(measured):
    found = measured.masking
    assert found.networks == (NAMES[-1], BASELINE)
    evidence, chance = found.methods.index("BagNet evidence"), found.methods.index("random")
    assert found.deletion[0, evidence] < found.deletion[0, chance]
    assert found.insertion[0, evidence] > found.insertion[0, chance]
    assert found.images >= 100


# ---------------------------------------------------------------- the authors' checkpoints


@pytest.mark.parametrize(("patch", "stem"), [(9, "bagnet8"), (17, "bagnet16"), (33, "bagnet32")])
def test_the_authors_checkpoints_have_their_addresses(patch, stem):
    found = published.published(f"bagnet{patch}")
    assert found.url.startswith("https://bitbucket.org/wielandbrendel/bag-of-feature-pretrained-models/raw/249e8fa8")
    assert re.search(rf"/{stem}-[0-9a-f]{{8}}\.pth\.tar$", found.url)
    assert networks.find(f"bagnet{patch}").kind == "authors"


def test_a_checkpoint_in_the_authors_form_loads_strictly(monkeypatch, tmp_path):
    """A raw state dict in torch's old format, without the counters that torch 0.4 did not have."""
    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path))
    torch.manual_seed(3)
    net = create_model("bagnet9").eval()
    state = {k: v for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")}
    path = packaged.local_file(networks.find("bagnet9"))
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, path, _use_new_zipfile_serialization=False)
    network = networks.load(networks.find("bagnet9"))
    x = torch.randn(1, 3, 40, 48)
    with torch.inference_mode():
        assert torch.equal(network.engine.plain(x), net(x))
    assert network.preprocessing.mean == families.IMAGENET_MEAN
    assert len(network.labels) == 1000

    torch.save({k: v for k, v in state.items() if k != "fc.bias"}, path)
    with pytest.raises(download.WeightsError, match=r"without fc\.bias"):
        networks.load(networks.find("bagnet9"))


def test_the_limits_say_what_masking_found():
    """'Masking by the evidence ...': which of the others tell sooner, on both networks, and what chance does."""
    found = claims.patches_record(board.RESULTS).masking
    area = dict(zip(found.methods, found.deletion.T, strict=True))
    sooner = {name for name, values in area.items() if (values < area[masking.EVIDENCE]).all()}
    later = {name for name, values in area.items() if (values > area[masking.EVIDENCE]).all()}
    assert sooner == {"occlusion", "integrated gradients", "DeepLIFT"}
    assert later == {"saliency", "Grad-CAM", masking.RANDOM}
    verdicts = {claim.name: said for claim, _, said in board.board() if claim.name.startswith("evidence-")}
    assert verdicts["evidence-own-deletion"] == "reproduced in miniature"
    assert verdicts["evidence-resnet-deletion"] == "not reproduced"
