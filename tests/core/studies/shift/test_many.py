"""Many sweeps: which network is the steadier picture by picture, and what the mean over the shifts answers."""

from dataclasses import replace

import numpy as np
import pytest

from core import networks
from core.base.records import read, save
from core.networks.engine import Answers
from core.pictures.samples import load_sample
from core.studies.shift import many, sweep
from core.studies.shift.many import FIVE, Many, Swept, everywhere
from core.studies.shift.sweep import Params


def answers(*logits):
    values = np.array(logits, np.float32)
    return Answers(values, np.ones(len(values), bool), 0.0)


def swept(changes, plain, mean, way="crop"):
    return Swept(way, 9, np.array(changes), np.array(plain), np.array(mean))


def test_the_mean_is_that_of_the_softmax_and_not_of_the_logits():
    """One shift that is very sure of the second class outweighs two that lean to the first in logits, not here."""
    found = answers([1.0, 0.0], [1.0, 0.0], [0.0, 9.0])
    by_hand = np.mean([[np.e / (np.e + 1), 1 / (np.e + 1)]] * 2 + [[1 / (1 + np.e**9), 1 / (1 + np.e**-9)]], axis=0)
    assert sweep.average(found) == pytest.approx(by_hand)
    assert by_hand.argmax() == 1 - found.logits.mean(0).argmin()
    shy = answers([1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 30.0])
    assert shy.logits.mean(0).argmax() == 1
    assert sweep.average(shy).argmax() == 0


def test_a_sweep_tells_its_mean(tmp_path):
    net = networks.load(networks.find("cifar_vgg"))
    result = sweep.run([net], load_sample("cat"), Params(1))
    given = sweep.answer(net, load_sample("cat"), Params(1))
    mean = given.probability.mean(0)
    assert result.mean_top1.tolist() == [int(mean.argmax())]
    assert result.mean_probability == pytest.approx([mean.max()])
    save(tmp_path / "r.json", result)
    assert read(tmp_path / "r.json", sweep.Result)[0].mean_top1.tolist() == result.mean_top1.tolist()


def test_pictures_are_counted_by_which_network_changes_its_answer_less():
    found = many.lottery(swept([[3, 3, 0, 5], [1, 3, 2, 4]], [[1] * 4] * 2, [[1] * 4] * 2))
    assert (found.steadier, found.alike, found.less) == (0.5, 0.25, 0.25)
    assert (found.images, found.shifts) == (4, 9)


def test_what_the_mean_gains_and_loses_and_what_the_blur_does():
    one = swept([[0] * 4] * 2, [[1, 0, 0, 0], [1, 1, 0, 0]], [[1, 1, 1, 0], [0, 1, 0, 0]])
    plain, blurred = (many.averaged(one, i) for i in (0, 1))
    assert (plain.plain, plain.mean, plain.gained, plain.lost) == (25, 75, 2, 0)
    assert (blurred.plain, blurred.mean, blurred.gained, blurred.lost) == (50, 25, 0, 1)
    assert plain.more.value == pytest.approx(50)
    assert many.blur_gains(one).value == pytest.approx(25)


def test_pictures_are_asked_in_both_ways():
    pair = [networks.load(networks.find(name)) for name in ("cifar_vgg", "cifar_vgg_blur5")]
    pictures = [(load_sample(name), 3) for name in ("cat", "coffee")]
    seen = []
    found = many.ask(pair, pictures, 2, "circular", everywhere(Params(1, "circular")), lambda *at: seen.append(at))
    assert found.changes.shape == found.plain.shape == (2, 2)
    assert found.shifts == 9
    assert seen == [(1, 2), (2, 2)]
    for m, network in enumerate(pair):
        for n, (image, truth) in enumerate(pictures):
            result = sweep.run([network], image, Params(1, "circular"))
            assert found.changes[m, n] == sweep.flips(result)[0]
            assert found.plain[m, n] == (result.top1[0, result.centre] == truth)
            assert found.mean[m, n] == (result.mean_top1[0] == truth)


def test_five_crops_are_the_middle_and_the_corners_of_what_is_scaled():
    lite = networks.load(networks.find("lite0"))
    found = many.five_crops(lite, load_sample("cat"))
    assert found.logits.shape == (5, 1000)
    rest = sweep.answer(lite, load_sample("cat"), Params(1), reach=0)
    np.testing.assert_allclose(found.logits[0], rest.logits[0], atol=2e-3)
    odd = replace(lite, preprocessing=replace(lite.preprocessing, resize=256 + 1))  # a pixel of it has no partner
    assert many.five_crops(odd, load_sample("cat")).logits.shape == (5, 1000)
    with pytest.raises(ValueError, match="expected a network that sees a part of the picture, got photo_resnet"):
        many.five_crops(networks.load(networks.find("photo_resnet")), load_sample("cat"))


def test_records_of_a_pair_are_found_by_both_names(tmp_path):
    record = Many(
        ("a", "b"), (swept([[0], [1]], [[1], [1]], [[1], [0]]), swept([[0], [1]], [[1], [1]], [[1], [0]], FIVE)),
        "noise", "receptive", "2026-12-01", "0",
    )  # fmt: skip
    assert many.of_pair("a", "b", tmp_path) is None
    save(tmp_path / many.FOLDER / "a.json", record)
    found = many.of_pair("a", "b", tmp_path)
    assert found.by(FIVE).changes.tolist() == [[0], [1]]
    assert found.by("circular") is None
    assert many.of_pair("a", "c", tmp_path) is None
