"""What a blur gains, seed by seed and picture by picture: the study's own numbers, and intervals that hold both."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from core import networks
from core.claims.claim import former, verdict
from core.claims.trained import unlike
from core.data import split
from core.data.split import Split
from core.overview.board import CLAIMS, RESULTS
from core.pictures.preprocess import square
from core.pictures.samples import SAMPLES, load_sample
from core.studies.shift import claims, dataset, measure, pairs
from core.training.recipes import RECIPES, SEEDS

PARAMS = dataset.Params(pairs=2, corruptions=(), seed=1)
PICTURES = np.stack([square(load_sample(s.name), 32) for s in SAMPLES])
SET = Split(PICTURES, np.arange(len(SAMPLES)) % 10, tuple("0123456789"))
PLAIN, BLURRED = ("cifar_vgg", "cifar_vgg_shifted", "cifar_vgg_blur2"), ("cifar_vgg_blur3", "cifar_vgg_blur5") * 2
FAIR = [claim for claim in CLAIMS if claim.measurement == ("shift-pairs",)]


def test_the_shares_are_those_of_the_study():
    network = networks.load(networks.find("cifar_vgg"))
    summary = dataset.summary(dataset.run(network, split.chunks(SET), len(SET), PARAMS), PARAMS)
    each = pairs.quantities(network, SET, PARAMS)
    assert set(each) == set(pairs.QUANTITIES)
    assert {values.shape for values in each.values()} == {(len(SET),)}
    assert each["consistency"].mean() == pytest.approx(summary.consistency)
    assert each["accuracy"].mean() == pytest.approx(summary.accuracy)
    assert each["worst"].mean() == pytest.approx(summary.worst_accuracy)


def test_every_seed_is_compared_with_its_own_on_the_same_pictures():
    plain, blurred = ([networks.load(networks.find(name)) for name in names[:3]] for names in (PLAIN, BLURRED))
    seen = []
    found = pairs.compare(plain, blurred, SET, PARAMS, lambda done, total: seen.append(done / total))
    for name, gain in found.items():
        own = [[pairs.quantities(net, SET, PARAMS)[name] for net in nets] for nets in (plain, blurred)]
        assert gain.plain == pytest.approx(np.mean(own[0], axis=1))
        assert gain.blurred == pytest.approx(np.mean(own[1], axis=1))
        assert gain.difference == pytest.approx(100 * (np.mean(own[1]) - np.mean(own[0])))
        assert gain.first_difference == pytest.approx(100 * (np.mean(own[1][0]) - np.mean(own[0][0])))
        assert gain.half >= stats.t.ppf(0.975, 2) * np.std(100 * np.subtract(*own[::-1]).mean(1), ddof=1) / np.sqrt(3)
    assert seen == sorted(seen)
    assert seen[-1] == 1


def test_two_seeds_tell_nothing_and_one_tells_of_pictures():
    plain, blurred = np.zeros((2, 9)), np.tile([0.0, 1.0, 1.0], (2, 3))
    with pytest.raises(ValueError, match=r"one seed or 3 and more, and 3 pictures, got \(2, 9\)"):
        pairs.gain(plain, blurred)
    with pytest.raises(ValueError, match=r"got \(1, 2\)"):
        pairs.gain(plain[:1, :2], blurred[:1, :2])
    alone = pairs.gain(plain[:1], blurred[:1])
    assert (alone.difference, alone.half) == pytest.approx((alone.first_difference, alone.first_half))


def test_networks_that_differ_in_seed_alone_have_no_gain():
    same = [networks.load(networks.find("cifar_vgg"))] * 3
    found = pairs.compare(same, same, SET, PARAMS, lambda done, total: None)
    assert {(gain.difference, gain.half) for gain in found.values()} == {(0, 0)}


@pytest.mark.parametrize("names", [claims.PHOTOS, claims.VGGS])
def test_the_packaged_pairs_say_how_they_were_trained_and_agree_with_the_separate_records(names):
    row, _ = pairs.find(*names, RESULTS)
    for plain, blurred in zip(row.plain, row.blurred, strict=True):
        assert replace(RECIPES[plain], name="", arch="") == replace(RECIPES[blurred], name="", arch="")
        shown = claims.fair("consistency", names, RESULTS).shown
        assert unlike(blurred, plain) in shown
        assert bool(unlike(blurred, plain)) == ("not trained alike" in shown)
    assert [RECIPES[name].seed for name in row.plain] == [*range(len(row.plain))]
    for kind, (read, _) in claims.QUANTITIES.items():
        apart, first = claims.gain(read, names, RESULTS), row.gains[kind].first
        assert apart.low < first.value < apart.high  # other shifts, the same two networks


@pytest.mark.parametrize("claim", FAIR, ids=lambda claim: claim.name)
def test_what_earlier_rules_say_stands_on_the_row(claim):
    ours = claim.measure(RESULTS)
    told = former(claim, ours, RESULTS)
    assert [one.until for one in told] == sorted(one.until for one in told)
    assert len(told) == (2 if claim.name == "blur-consistency-resnet" else 1)  # of three seeds, of one
    assert [one.how for one in told] == [one.how for one in claim.earlier if one.measure(RESULTS) is not None]
    for one in told:
        assert one.verdict == verdict(claim, one.ours)
        assert one.ours.shown != ours.shown


def test_other_networks_have_no_pair_and_a_missing_record_has_none(tmp_path):
    assert pairs.find("cifar_vgg", "cifar_vgg_blur3", RESULTS) is None
    assert pairs.find(*claims.VGGS, tmp_path) is None
    assert claims.fair("accuracy", claims.VGGS, tmp_path) is None


def test_the_measurement_asks_for_every_seed():
    [shown] = [m for m in measure.MEASUREMENTS if m.key == "shift-pairs"]
    assert len(shown.networks) == len(set(shown.networks)) == 8
    assert set(shown.networks) == {name for both in measure.SEEDED.values() for names in both for name in names}
    assert {len(names) for names in measure.SEEDED[measure.PHOTOGRAPHS]} == {len(SEEDS)}
    assert set(shown.networks) <= set(RECIPES)
