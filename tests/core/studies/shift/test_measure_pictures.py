"""What `receptive measure resizers`, `two-measures` and `many` write, on a few pictures."""

import numpy as np
import pytest
from PIL import Image

from core.data.labelled import DATA
from core.pictures.samples import load_sample
from core.reproduce.table import MEASUREMENTS
from core.studies.shift import many, measure_pictures, resizers, two_measures
from core.training.measurement import Asked, Data
from tests.core.data.test_labelled import listed


@pytest.fixture
def asked(tmp_path):
    folder = tmp_path / "data" / DATA
    (folder / "images").mkdir(parents=True)
    for name in ("cat", "coffee"):
        Image.fromarray(load_sample(name).pixels[:299, :299]).save(folder / "images" / f"{name}.png")
    listed(folder, [("images/cat.png", 282), ("images/coffee.png", 967)])
    return Asked(Data(tmp_path / "data"), tmp_path / "results", tmp_path / "work")


def test_resizers_write_what_the_claim_reads(asked):
    measure_pictures.run_resizers("photo_resnet", asked, step=1)
    record = resizers.measured(asked.results / resizers.FOLDER)["photo_resnet"]
    assert record.kept.shape == (3, 3, 2)
    assert record.command == "receptive measure resizers:photo_resnet --data FOLDER"
    assert MEASUREMENTS["resizers:photo_resnet"].written(asked.results)
    assert set(np.unique(record.kept)) <= {0, 1, 2}


def test_two_measures_write_a_network(asked):
    measure_pictures.run_two_measures("photo_resnet", asked)
    found = two_measures.measured(asked.results / two_measures.FOLDER)
    assert list(found) == ["photo_resnet"]
    assert found["photo_resnet"].images == 1  # every second one
    assert MEASUREMENTS["two-measures:photo_resnet"].written(asked.results)


def test_many_write_every_way_and_go_on_where_they_were(asked, monkeypatch):
    measure_pictures.run_many(DATA, asked)
    found = many.measured(asked.results / many.FOLDER)["lite0"]
    assert [(one.way, one.shifts, one.images) for one in found.swept] == [
        ("crop", 25, 2), ("circular", 25, 2), (many.FIVE, 5, 2)
    ]  # fmt: skip
    assert found.networks == ("lite0", "lite0_blur5")
    assert found.by("crop").plain[0, 1] == 1  # the coffee
    monkeypatch.setattr(many, "ask", lambda *_: pytest.fail("asked again"))
    measure_pictures.run_many(DATA, asked)
    assert MEASUREMENTS["many:lite0"].written(asked.results)
