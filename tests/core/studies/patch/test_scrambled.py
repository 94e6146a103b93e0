"""lite0 and its copy of patches on photographs in tiles: what is kept is what the study itself says."""

import csv

import numpy as np
import pytest
from PIL import Image

from core import networks
from core.base.records import save
from core.data.labelled import labelled
from core.networks import lite
from core.overview.board import RESULTS
from core.pictures.preprocess import seen
from core.pictures.samples import SAMPLES, load_sample
from core.studies.patch import claims, measure, scramble, scrambled
from core.training.measurement import Asked, Data

needs_lite0 = pytest.mark.skipif(lite.find_file() is None, reason="lite0's package is not installed")


@pytest.fixture
def folder(tmp_path):
    """A few samples as a labelled data set; their classes are lite0's first answers."""
    folder = tmp_path / "imagenet-like-1000"
    folder.mkdir()
    net = networks.load(networks.find("lite0"))
    with (folder / "labels.csv").open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["file", "index"])
        for sample in SAMPLES[:3]:
            image = load_sample(sample.name)
            Image.fromarray(image.pixels).save(folder / f"{sample.name}.png")
            rows.writerow([f"{sample.name}.png", scramble.answers(net, seen(image, net.preprocessing)[None]).top1[0]])
    return folder


@needs_lite0
def test_a_whole_picture_is_answered_as_ever_and_its_tiles_as_the_study_shuffles_them(folder):
    net, pictures = networks.load(networks.find("lite0")), labelled(folder)
    steps = []
    five = scrambled.run([net], pictures, (1, 4), 5, lambda done, total: steps.append((done, total)))
    assert five.shape == (1, 2, 3)
    assert five[0, 0].tolist() == [1, 1, 1]
    for n, (sample, (_, truth)) in enumerate(zip(SAMPLES, pictures, strict=False)):
        views = scramble.shuffle(seen(load_sample(sample.name), net.preprocessing), 4, 5 + n)[None]
        assert five[0, 1, n] == (truth in np.argsort(scramble.answers(net, views).logits[0])[-5:])
    assert steps[-1][0] == steps[-1][1]


@needs_lite0
def test_the_quick_check_asks_for_the_same_shuffles(folder, tmp_path):
    names = ("lite0",)
    five = scrambled.run([networks.load(networks.find("lite0"))], labelled(folder), (1, 4), 0)
    record = scrambled.Scrambled(names, (1, 4), five, 1, 0, "photographs", "command", "2026-12-01", "commit")
    save(tmp_path / "packaged" / scrambled.RECORD, record)
    asked = Asked(Data(tmp_path), tmp_path / "results", tmp_path, packaged=tmp_path / "packaged")
    parts = measure.check_scrambled(asked)
    assert [part.now for part in parts] == [part.packaged for part in parts] == five.mean(2)[0].tolist()


def test_the_claims_are_those_of_the_record():
    record = scrambled.measured(RESULTS / scrambled.RECORD)
    for name in claims.LITES:
        whole, tiles = record.of(name)
        found = claims.lite0_scrambled(name, RESULTS)
        assert found.value == pytest.approx(100 * (whole.mean() - tiles.mean()))
        assert found.low < found.value < found.high


def test_without_a_record_nothing_is_claimed(tmp_path):
    assert claims.lite0_scrambled("lite0", tmp_path) is None
