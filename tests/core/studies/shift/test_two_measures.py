"""Two measures of steadiness, and the networks whose order they turn round."""

import numpy as np
import pytest
from PIL import Image

from core import networks
from core.base.records import save
from core.networks.card import title_of
from core.pictures.samples import load_sample
from core.studies.shift import photographs, photographs_figures, two_measures
from core.studies.shift.two_measures import Steady


def steady(name, agree, still):
    return Steady(name, np.array(agree), np.array(still), 4, 2, "noise", "receptive", "2026-12-01", "0")


def test_the_two_that_are_ranked_differently_the_most_are_told():
    records = [
        steady("photo_resnet", [4, 4, 4, 2, 4, 4], [3, 3, 2, 3, 3, 3]),
        steady("photo_bagnet33", [2, 2, 3, 1, 2, 2], [4, 4, 4, 4, 4, 4]),
        steady("photo_bagnet9", [1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 0]),
    ]
    found = two_measures.turned(records)
    assert (found.one, found.other) == ("photo_bagnet33", "photo_resnet")
    assert found.still == pytest.approx((100, 70.83), abs=0.01)
    assert found.agree == pytest.approx((50, 91.67), abs=0.01)
    assert two_measures.turned(records[1:]) is None
    assert two_measures.turned([]) is None
    doubtful = [steady("a", [4, 1, 4, 1], [4, 4, 4, 4]), steady("b", [4, 4, 3, 1], [4, 4, 4, 3])]
    assert two_measures.turned(doubtful) is None  # as chance has it
    plot = photographs_figures.both_measures(records)
    assert plot.table()["under one pixel, %"][1].startswith("100.0 [")
    assert plot.table()["consistency, %"][2].startswith("25.0 [")
    assert {trace.y[0] for trace in plot.figure.data} == {title_of(one.network) for one in records}


def test_a_network_that_sees_all_of_a_picture_is_asked_for_windows_of_a_larger_one(tmp_path):
    net = networks.load(networks.find("photo_resnet"))
    asked = list(photographs.windows(load_sample("cat"), net, np.random.default_rng(0), 3))
    assert len(asked) == 1 + 6 + 5
    assert len({one.tobytes() for one in asked[1:7]}) > 1
    Image.fromarray(load_sample("cat").pixels).save(tmp_path / "cat.png")
    agree, still = two_measures.answer(net, [(tmp_path / "cat.png", 0)], pairs=3)
    assert (agree.shape, still.shape) == ((1,), (1,))
    assert 0 <= agree[0] <= 3
    assert 0 <= still[0] <= 4


def test_records_are_found_by_family(tmp_path):
    assert two_measures.of_family("tiny-imagenet-20", tmp_path) == []
    for name in ("photo_bagnet9", "photo_resnet"):
        save(tmp_path / two_measures.FOLDER / f"{name}.json", steady(name, [1], [2]))
    assert [one.network for one in two_measures.of_family("tiny-imagenet-20", tmp_path)] == [
        "photo_resnet", "photo_bagnet9"
    ]  # fmt: skip
    assert two_measures.of_family("cifar10", tmp_path) == []


def test_shares_and_of_steady_networks_come_from_the_pictures():
    found = photographs.shares([steady("photo_resnet", [4, 2], [4, 4]), steady("photo_bagnet9", [2, 2], [2, 4])])
    assert found["consistency"]["photo_bagnet9"].more == pytest.approx(-25)
    assert found["under one pixel"]["photo_bagnet9"].value == pytest.approx(75)
