"""lite0 asked otherwise: the statistics are the pictures', only what is said changes, and a check finds it so."""

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.base.files import ASSETS
from core.networks import lite
from core.networks.families import family_labels
from core.overview import otherwise
from core.overview.otherwise import OWN, Otherwise
from core.pictures.preprocess import Preprocessing, to_tensor
from core.pictures.samples import load_sample
from core.reproduce import otherwise as measuring
from core.training.measurement import Asked, Data

SMALL = Preprocessing(64, (0.5,) * 3, (0.5,) * 3)
KNOWN = {"coffee": "espresso", "camera": "tripod", "rocket": "missile"}


@pytest.fixture(scope="module")
def net():
    return lite.original()


@pytest.fixture(scope="module")
def noise():
    return np.random.default_rng(0).integers(0, 256, (12, 64, 64, 3), np.uint8)


def test_the_first_norm_gets_the_mean_and_variance_of_what_reaches_it(net, noise):
    other = measuring.estimated(net, SMALL, noise)
    with torch.inference_mode():
        reaches = net.conv_stem(to_tensor(noise, SMALL))
    assert torch.allclose(other.bn1.running_mean, reaches.mean((0, 2, 3)), atol=1e-5)
    assert torch.allclose(other.bn1.running_var, reaches.var((0, 2, 3)), rtol=1e-4)
    assert not other.training
    for name, value in net.state_dict().items():
        assert torch.equal(value, other.state_dict()[name]) == (not name.endswith(("_mean", "_var", "_tracked"))), name


def test_several_batches_are_averaged(net, noise, monkeypatch):
    monkeypatch.setattr(measuring, "BATCH", 6)
    other = measuring.estimated(net, SMALL, noise)
    halves = [measuring.estimated(net, SMALL, half) for half in (noise[:6], noise[6:])]
    mean = sum(half.bn1.running_var for half in halves) / 2
    assert torch.allclose(other.bn1.running_var, mean, rtol=1e-4)


def test_only_what_is_said_is_taken_over(net, noise):
    other = measuring.estimated(net, SMALL, noise)
    mixed = measuring.with_some(net, other, "running_var")
    for name, value in mixed.state_dict().items():
        assert torch.equal(value, (other if name.endswith("running_var") else net).state_dict()[name])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two data sets of a few known photographs, of which a measurement takes all."""
    root, classes = tmp_path_factory.mktemp("data"), list(family_labels("imagenet"))
    for name in (measuring.DATA, measuring.SOURCE):
        (root / name).mkdir()
        with (root / name / "labels.csv").open("w", newline="") as stream:
            rows = csv.writer(stream)
            rows.writerow(("file", "index"))
            for sample, label in KNOWN.items():
                Image.fromarray(load_sample(sample).pixels).save(root / name / f"{sample}.png")
                rows.writerow((f"{sample}.png", classes.index(label)))
    return root


def test_a_record_is_written_read_and_agrees_with_itself(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(measuring, "STEP", 1)
    monkeypatch.setattr(measuring, "FEW", 2)
    asked = Asked(Data(folder), tmp_path, tmp_path, packaged=tmp_path)
    for run, name in (
        (measuring.run_preprocessing, otherwise.PREPROCESSING),
        (measuring.run_statistics, otherwise.STATISTICS),
    ):
        found, about = otherwise.measured(run(asked))
        assert found.ways[0] == OWN
        assert found.right.shape == (len(found.ways), 3)
        assert found.right[0].all()  # lite0 knows these
        assert about["command"].startswith("receptive measure ")
        assert (tmp_path / "imagenet" / f"{name}.json").is_file()
        assert (f"{measuring.SOURCE}: 3 photographs" in found.estimated) == (name == otherwise.STATISTICS)
    parts = measuring.check_preprocessing(asked)
    assert len(parts) == 2
    assert all(part.packaged == part.now for part in parts)


# ---- what the records say ------------------------------------------------------------------------


def test_rows_are_paired_counts():
    asked = Otherwise((OWN, "other"), np.array([[1, 1, 0, 0, 1], [0, 1, 1, 0, 0]]), "", "")
    first, second = otherwise.rows(asked)
    assert (first.right.value, first.more, first.lost, first.gained) == (60, (0, 0, 0), 0, 0)
    assert (second.right.value, second.more.value, second.lost, second.gained) == (40, -20, 2, 1)
    assert second.more.value == pytest.approx((second.gained - second.lost) / asked.images * 100)
    assert otherwise.costs(asked)["other"].startswith("20.0 (")


RECORDS = Path(ASSETS / "results" / "imagenet")


def test_the_packaged_records_hold_what_is_asked():
    found, _ = otherwise.measured(RECORDS / f"{otherwise.PREPROCESSING}.json")
    assert found.ways == tuple(measuring.preprocessings())
    assert otherwise.measured(RECORDS / f"{otherwise.STATISTICS}.json")[0].images == found.images
    assert otherwise.measured(RECORDS / "nothing.json") is None
