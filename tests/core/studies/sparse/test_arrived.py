"""How much noise arrives at photographs: measured on two of them, and what the record says."""

import csv
from dataclasses import replace

import numpy as np
import pytest

from core.networks import lite
from core.pictures import noise
from core.pictures.image import png_bytes
from core.pictures.preprocess import seen
from core.pictures.samples import load_sample
from core.studies.sparse import arrived, measure_arrived, numbers
from core.studies.sparse.codes import FOLDER
from core.training.measurement import Asked, Data

NAMES = ("coffee", "cat", "motorcycle")


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Three samples as the thousand photographs."""
    (tmp_path / measure_arrived.DATA).mkdir()
    for name in NAMES:
        (tmp_path / measure_arrived.DATA / f"{name}.png").write_bytes(png_bytes(load_sample(name)))
    with (tmp_path / measure_arrived.DATA / "labels.csv").open("w") as stream:
        csv.writer(stream).writerows([("file", "index"), *((f"{name}.png", 0) for name in NAMES)])
    monkeypatch.setattr(measure_arrived, "IMAGES", 2)
    return Asked(Data(tmp_path), tmp_path / "results", tmp_path / "work")


def test_every_level_of_every_noise_is_measured_as_a_picture_s_own(asked):
    told = []
    measure_arrived.run(replace(asked, progress=lambda *at: told.append(at)))
    assert told == [(1, 2), (2, 2)]
    found = arrived.measured(asked.results / FOLDER.name)
    assert (found.images, found.side) == (2, lite.PREPROCESSING.size)
    assert found.kinds.keys() == noise.KINDS.keys()
    clean = seen(load_sample("motorcycle"), lite.PREPROCESSING) / 255  # the last of the three
    for kind, rows in found.kinds.items():
        assert rows.levels == noise.KINDS[kind].levels
        assert rows.deviation.shape == rows.shift.shape == (len(rows.levels), 2)
        level = rows.levels[3]
        want = noise.arrived(clean, noise.add(clean[None], kind, level, [found.seed + 1])[0])
        assert rows.deviation[3, 1] == pytest.approx(want.deviation, abs=1e-4)
        assert rows.shift[3, 1] == pytest.approx(want.shift, abs=1e-4)


def test_the_packaged_record_says_that_less_arrives_the_more_is_asked():
    found = arrived.measured(FOLDER)
    assert found.images == 200
    rows = found.kinds["gaussian"]
    lost = np.array(rows.levels)[:, None] - rows.deviation
    assert (lost > -5e-4).all()
    assert (np.diff(lost.mean(1)) > 0).all()
    assert (found.kinds["shot"].shift <= 1e-3).all()  # no photon is less than none: only white is clipped
    assert f"What arrives of gaussian noise at {found.images} photographs" in numbers.tables(FOLDER.parent)


def test_a_table_has_a_row_a_level_with_its_spread():
    found = arrived.Measured(
        {"shot": arrived.Kind((60.0,), np.array([[0.1, 0.3]]), np.array([[-0.01, 0.01001]]))}, 2, 8, 0, "", "", "", ""
    )
    assert arrived.table(found, "shot") == {
        "asked": ["n = 60 photons"],
        "arrived, on average": [0.2],
        "arrived, least": [0.1],
        "arrived, most": [0.3],
        "mean moved by, on average": [0.0],
        "mean moved by, least": [-0.01],
        "mean moved by, most": [0.01],
    }
