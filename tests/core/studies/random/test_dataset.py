"""Random features on whole data sets: the record, its parts, and what a killed run keeps."""

import json

import numpy as np
import pytest

from core import networks
from core.base import resume
from core.compute import spaces
from core.compute.sign_counts import Spec, build, counts
from core.compute.spaces import Similarity
from core.data import named
from core.data import split as data_split
from core.data.split import Split
from core.figures import theme
from core.studies.random import dataset, dataset_figures
from core.studies.random import dataset as random_dataset
from core.studies.random.dataset import Baseline, Curve, Measured, Plan, Shape
from tests.helpers.networks_by_hand import Torus, by_hand


@pytest.fixture(scope="module")
def digits():
    train, test = (named.load("digits", split=split) for split in ("train", "test"))
    return Split(train.pixels[:150], train.labels[:150], train.classes), Split(
        test.pixels[:80], test.labels[:80], test.classes
    )


@pytest.fixture(scope="module")
def record():
    dice = np.random.default_rng(0)
    plan = Plan(3, 1, (250, 500), (0, 1, 2), ((3, 1), (5, 2)))
    curves = tuple(Curve(name, plan.counts, np.sort(dice.random((3, 2, 5)))) for name in ("svm", "knn"))
    shapes = tuple(Shape(k, d, np.sort(dice.random((3, 5)))) for k, d in plan.shapes)
    baselines = tuple(
        Baseline(name, name, 10, {"svm": np.sort(dice.random(5)), "knn": np.sort(dice.random(5))})
        for name in ("random", "pixels", "kmeans", "trained")
    )
    like = {name: Similarity(0.4, 0.8) for name in ("pixels", "random", "trained")}
    about = {"dataset": "digits", "data": "digits", "command": "receptive", "date": "2026-01-01", "commit": "0" * 12}
    return Measured(
        **about, train_images=100, test_images=200, plan=plan, curves=curves, pixels=baselines[1].hits, shapes=shapes,
        baselines=baselines, network="digits_cnn", own_head=0.99, similarity=like,
    )  # fmt: skip


def test_figures_and_tables_hold_the_records_numbers(record):
    found = dataset_figures.curves(record).figure
    top1 = next(t for t in found.data if t.name == "linear SVM, top-1")
    np.testing.assert_allclose(top1.y, 100 * record.curve("svm").hits[:, :, 0].mean(0))
    assert len(dataset_figures.shapes(record).figure.data) == 2
    bars = dataset_figures.baselines(record).figure
    assert len(bars.data[0].y) == 4
    assert list(bars.data[0].x) == sorted(bars.data[0].x)
    assert dataset_figures.baseline_table(record)["features"][0] == dataset_figures.rows(record)[-1].title
    assert dataset_figures.similarity_table(record)["ratio"] == [0.5, 0.5, 0.5]
    assert "over 3 seeds" in random_dataset.finding(record)
    for look in theme.THEMES:
        with theme.drawn(look):
            dataset_figures.curves(record).figure.to_json()


def test_counts_in_files_are_those_in_memory(digits, tmp_path, monkeypatch):
    monkeypatch.setattr(dataset, "BLOCK", 30)
    spec = Spec(70, 3, 1, 1, seed=2)
    found = dataset.random_counts(digits[1], "test", spec, tmp_path)
    np.testing.assert_array_equal(found, counts(build(spec), digits[1].pixels))
    assert len(list(tmp_path.glob("*.npy"))) == 3


def test_what_was_found_is_not_computed_twice(digits, tmp_path):
    plan = Plan(3, 1, (20, 40), (0, 1), ((3, 1),), shape_features=20, part=50)

    def measure():
        remember = resume.remembering(tmp_path / "found")
        return (
            dataset.measure_curves(*digits, plan, tmp_path, remember),
            dataset.measure_shapes(*digits, plan, remember),
        )

    curves, shapes = measure()
    assert [c.hits.shape for c in curves] == [(2, 2, 5)] * 2
    assert shapes[0].hits.shape == (2, 5)
    path = resume.part(tmp_path / "found", "svm 3 1 0 20")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"value": [0.0] * 5}))
    again, _ = measure()
    assert again[0].hits[0, 0].tolist() == [0] * 5
    np.testing.assert_array_equal(again[0].hits[1], curves[0].hits[1])
    np.testing.assert_array_equal(again[1].hits, curves[1].hits)


def test_baselines_and_similarity_of_every_space(digits, tmp_path, monkeypatch):
    kept = {name: about for name, about in dataset.BASELINES.items() if "means" in name}
    assert kept
    monkeypatch.setattr(dataset, "BASELINES", kept)
    network = by_hand(Torus(classes=10))
    remember = resume.remembering(tmp_path / "found")
    found = dataset.measure_baselines(*digits, Plan(3, 1, (20,), fair_features=30), network, remember)
    assert [b.name for b in found] == ["random", "pixels", *kept, "trained"]
    assert [b.dimensions for b in found[:2]] == [30, 64]
    assert found[1].hits["knn"][0] > 0.8
    np.testing.assert_array_equal(dataset.measure_pixels(*digits, remember)["knn"], found[1].hits["knn"])
    like = dataset.measure_similarity(digits[1], Plan(3, 1, (20, 40)), network)
    assert set(like) == {"pixels", "random", "trained"}
    assert like["pixels"].ratio < 1


def test_a_seeded_part_is_the_same_each_time(digits):
    train, _ = digits
    a, b = (data_split.seeded_part(train, 40) for _ in range(2))
    np.testing.assert_array_equal(a.pixels, b.pixels)
    assert len(a) == 40
    assert data_split.seeded_part(train, 10_000) is train


def test_a_network_is_right_about_as_often_as_its_card_says():
    test, network = named.load("digits", split="test"), networks.load(networks.find("digits_cnn"))
    assert dataset.right(test, network) == pytest.approx(network.card.test_accuracy, abs=1e-9)
    wider = Split(np.pad(test.pixels, ((0, 0), (4, 4), (4, 4), (0, 0))), test.labels, test.classes)
    assert dataset.right(wider, network) > dataset.right(wider, network, spaces.scaled) + 0.3
