"""lite0's coded copy under noise, beside a plain one: measured on two photographs, and what is made of the record."""

import json
from dataclasses import replace

import pytest
from PIL import Image

from core import networks
from core.pictures.samples import load_sample
from core.studies.sparse import claims, codes, dataset, measure_photographs
from core.training.measurement import Asked, Data

CLASSES = {"coffee": 967, "motorcycle": 665}  # espresso, moped


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Two samples as the thousand photographs, and as those that the copies learned from."""
    for name in (measure_photographs.DATA, measure_photographs.LEARNED):
        (tmp_path / name).mkdir()
        for sample in CLASSES:
            Image.fromarray(load_sample(sample).pixels).save(tmp_path / name / f"{sample}.png")
        rows = "".join(f"{sample}.png,{k}\n" for sample, k in CLASSES.items())
        (tmp_path / name / "labels.csv").write_text(f"file,index\n{rows}")
    for name, value in {"EVERY": 1, "FITTED": 2, "QUICK": 2, "LEVELS": (0.0, 0.15), "LAMS": (0.1, 0.7)}.items():
        monkeypatch.setattr(measure_photographs, name, value)
    return Asked(Data(tmp_path), tmp_path / "results", tmp_path / "work")


def test_a_line_is_fitted_and_both_copies_are_asked_about_the_same_pictures(asked, monkeypatch):
    told = []
    asked = replace(asked, progress=lambda done, total: told.append((done, total)), packaged=asked.results)
    for name in claims.LITES:
        measure_photographs.run(name, asked)
    assert told[:2] == [(2, 4), (4, 4)]  # two to fit the line, two to test
    coded, plain = (dataset.measured(asked.results / "sparse_codes")[name] for name in claims.LITES)
    under = coded.results["gaussian"]
    assert under.right.shape == (2, 2)
    assert under.fixed[0] == under.right[0, 0] == plain.results["gaussian"].fixed[0] == 2
    assert under.roughness[1] > under.roughness[0]
    assert coded.fit.limits == (0.1, 0.7)
    assert (coded.test_images, coded.training_images, plain.training_images, plain.fit) == (2, 2, 0, None)
    ours = claims.on_lite0(0.15, asked.results)
    estimated, bare = 50 * under.estimated[1], 50 * plain.results["gaussian"].fixed[1]
    assert ours.value == pytest.approx(estimated - bare)
    assert ours.low <= ours.value <= ours.high
    assert (
        f"{estimated:.2f} % with λ told from the residual, {bare:.2f} % of lite0 (σ = 0.15, 2 photographs)"
        in ours.shown
    )
    [part] = measure_photographs.check(claims.LITES[0], asked)
    assert part.packaged == part.now == under.fixed.mean() / 2
    monkeypatch.setattr(codes, "FOLDER", asked.results / "sparse_codes")
    network = networks.load(networks.find(claims.LITES[0]))
    assert codes.packaged_fit(network).slope == pytest.approx(coded.fit.slope)


def test_without_both_records_nothing_is_claimed(tmp_path):
    assert claims.on_lite0(0.15, tmp_path) is claims.cost_on_lite0(tmp_path) is None


def test_what_a_coded_stem_costs_is_told_picture_by_picture(tmp_path):
    (tmp_path / "imagenet").mkdir()
    for name, right in zip(claims.LITES, ([1, 1, 0, 1], [1, 1, 1, 1]), strict=True):
        record = {"right": right, "data": "four", "date": "2026-11-29"}
        (tmp_path / "imagenet" / f"{name}.json").write_text(json.dumps(record))
    ours = claims.cost_on_lite0(tmp_path)
    assert (ours.value, ours.high) == (-25, pytest.approx(-25 + 3.1824 * 50 / 2, rel=1e-3))
    assert "75.0 % with λ as trained, 100.0 % of lite0 (4 photographs)" in ours.shown
