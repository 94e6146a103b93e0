"""The black-box attack: it stays within its ball, sees answers only, and is told apart from noise."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.base.intervals import wilson
from core.base.worker import Stopped
from core.compute.sign_counts import Spec
from core.data.split import Split
from core.studies.random import attack as study
from core.studies.random import attack_dataset
from core.studies.random import attack_figures as figures
from core.studies.random import measure_attack as ship
from core.studies.random.attack import Params, Target
from tests.helpers.networks_by_hand import Torus, by_hand

few = settings(max_examples=8, deadline=None)
TINY = Params(seed_pictures=20, rounds=2, epochs=40, width=4, seed=1)


class Counting:
    """Answers by which half of the picture is brighter; remembers what it was asked."""

    def __init__(self):
        self.asked = []

    def __call__(self, pictures):
        assert pictures.dtype == np.float32
        assert pictures.ndim == 4
        assert pictures.min() >= 0
        assert pictures.max() <= 1
        self.asked.append(pictures.copy())
        left, right = np.split(pictures.mean((1, 3)), 2, 1)
        return (right.mean(1) > left.mean(1)).astype(np.int64)


def halves(count=80, seed=0, side=8):
    """Noise pictures, brighter in the half of their class."""
    dice = np.random.default_rng(seed)
    labels = dice.integers(0, 2, count)
    pixels = dice.integers(100, 140, (count, side, side, 3))
    bright = np.arange(side)[None, :] >= side // 2
    pixels += 15 * (bright == labels[:, None])[:, None, :, None]
    return Split(pixels.astype(np.uint8), labels, ("left", "right"))


def attack(params=TINY, target=None, **others):
    seeds, test = study.draw(halves(), params, 40)
    return study.run(target or Target("halves", Counting()), seeds, test, params, **others)


@pytest.fixture(scope="module")
def found():
    return attack()


@pytest.fixture(scope="module")
def measured():
    targets = [Target(name, Counting()) for name in ("random features", "trained network")]
    about = {"dataset": "noise", "labels": ["left", "right"], "data": "noise", "spec": study.DIGITS_SPEC}
    return ship.over_pool(targets, halves(), TINY, about, seeds=(0, 1, 2), images=40)


# ---- the attack ----------------------------------------------------------------------------------


def test_nothing_moved_is_the_clean_accuracy(found):
    _, test = study.draw(halves(), TINY, 40)
    clean = (Counting()(study.as_float(test.pixels)) == test.labels).mean()
    assert found.accuracy[0] == found.noise[0] == clean
    np.testing.assert_array_equal(found.epsilons, TINY.epsilons)


def test_the_attack_takes_more_than_noise_of_the_same_size(found):
    assert found.accuracy[0] > 0.95
    assert found.agreement > 0.9
    assert found.noise[-1] > 0.9
    assert found.accuracy[-1] < 0.2
    assert (np.diff(found.accuracy) <= 0).all()


def test_what_is_shown_is_what_was_answered(found):
    one, target = found.examples, Counting()
    np.testing.assert_array_equal(target(one.clean), one.truth)
    np.testing.assert_array_equal(target(one.attacked), one.after)
    np.testing.assert_array_equal(target(one.noisy), one.after_noise)
    assert len(one.truth) == study.EXAMPLES
    for moved in (one.attacked, one.noisy):
        assert 0 < np.abs(moved - one.clean).max() <= TINY.shown + 1e-6
    inside = (one.clean > 0.1) & (one.clean < 0.9)
    np.testing.assert_allclose(np.abs(one.noisy - one.clean)[inside], TINY.shown, atol=1e-6)


@given(st.integers(0, 99), st.floats(0, 1))
@few
def test_a_move_stays_in_the_ball_and_in_the_box(seed, epsilon):
    dice = np.random.default_rng(seed)
    pictures = dice.random((3, 8, 8, 3), np.float32)
    net = study.untrained((8, 8, 3), 4, TINY)
    direction = study.uphill(net, pictures, dice.integers(0, 4, 3))
    assert set(np.unique(direction)) <= {-1, 0, 1}
    moved = study.moved(pictures, direction, epsilon)
    assert moved.dtype == np.float32
    assert np.abs(moved - pictures).max() <= epsilon + 1e-6
    assert moved.min() >= 0
    assert moved.max() <= 1


def test_gradients_point_up():
    pictures = study.as_float(halves().pixels)
    labels = halves().labels
    net = study.untrained((8, 8, 3), 2, TINY)
    x, y = study.channels_first(pictures), torch.from_numpy(labels)
    uphill, along = study.uphill(net, pictures, labels), study.augmented(net, pictures, labels, 1e-3)
    with torch.inference_mode():
        before = net(x)
        up = net(study.channels_first(study.moved(pictures, uphill, 1e-3)))
        more = net(study.channels_first(along))
    loss = torch.nn.functional.cross_entropy
    assert (loss(up, y, reduction="none") > loss(before, y, reduction="none")).all()
    assert (more.gather(1, y[:, None]) > before.gather(1, y[:, None])).all()


def test_only_labels_are_asked_for_and_each_round_doubles():
    target = Counting()
    result = attack(target=Target("halves", target))
    sizes = [len(asked) for asked in target.asked]
    training, evaluation = sizes[:3], sizes[3:]
    assert training == [20, 20, 40]  # the seeds; as many again; twice as many
    assert sum(training) == result.queries == TINY.queries == 80
    assert sum(evaluation) == 40 * (2 * len(TINY.epsilons) - 1)
    seeds, _ = study.draw(halves(), TINY, 40)
    np.testing.assert_array_equal(target.asked[0], study.as_float(seeds))
    step = np.abs(target.asked[1] - target.asked[0])
    assert step.max() <= TINY.step + 1e-6
    assert step.max() > 0.9 * TINY.step


def test_one_seed_one_attack(found):
    again = attack()
    for name in attack_dataset.CURVES:
        np.testing.assert_array_equal(getattr(again, name), getattr(found, name))
    np.testing.assert_array_equal(again.examples.attacked, found.examples.attacked)
    other = attack(dataclasses.replace(TINY, seed=2))
    assert np.abs(other.examples.clean - found.examples.clean).max() > 0


def test_the_generators_of_others_are_left_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    study.untrained((8, 8, 3), 2, TINY)
    torch.testing.assert_close(torch.rand(3), expected, rtol=0, atol=0)


def test_seeds_and_attacked_pictures_are_different_ones():
    pool = Split(
        np.arange(60, dtype=np.uint8)[:, None, None, None].repeat(4, 1).repeat(4, 2), np.zeros(60, int), ("a",)
    )
    seeds, test = study.draw(pool, TINY, 40)
    assert len(seeds) == 20
    assert sorted([*seeds[:, 0, 0, 0], *test.pixels[:, 0, 0, 0]]) == list(range(60))


def test_stop_and_progress():
    calls = []
    attack(progress=lambda *a: calls.append(a))
    shares = [done / total for done, total in calls]
    assert shares == sorted(shares)
    assert shares[-1] == 1

    def stop(done, total):
        if done * 2 > total:
            raise Stopped

    target = Counting()
    with pytest.raises(Stopped):
        attack(target=Target("halves", target), progress=stop)
    assert 0 < len(target.asked) < 3 + 2 * len(TINY.epsilons) - 1


# ---- targets -------------------------------------------------------------------------------------


def test_targets_answer_what_their_networks_do():
    pixels = halves(16, side=16).pixels
    network = by_hand(Torus())
    x = torch.from_numpy(pixels).movedim(-1, 1).float() / 255
    with torch.inference_mode():
        expected = network.engine.plain((x - 0.5) / 0.5).argmax(1).numpy()
    target = study.network_target(network)
    np.testing.assert_array_equal(target.labels(study.as_float(pixels)), expected)
    train, other = halves(120), halves(60, seed=9)
    for built in (study.random_target(Spec(200, 3, 0, 3), train), study.perceptron_target(train, 16)):
        said = built.labels(study.as_float(other.pixels))
        assert said.dtype == np.int64
        assert said.shape == (60,)
    assert (said == other.labels).mean() > 0.8


def test_digits_are_two_halves():
    first, second = study.digits()
    assert len(first) + len(second) == 1797
    assert first.pixels.shape[1:] == (8, 8, 1)
    assert first.pixels.max() == 255


@pytest.mark.parametrize("kind", study.DIGITS_TARGETS)
def test_digits_live(kind):
    params = dataclasses.replace(study.DIGITS, rounds=0, epochs=2, width=4, epsilons=(0.0, study.PAPERS_EPSILON))
    result = study.on_digits(kind, params)
    assert result.accuracy[0] > 0.85
    assert result.queries == 100
    single = attack_dataset.of_digits([result, result], params)
    assert single.targets == (result.target,) * 2
    np.testing.assert_allclose(attack_dataset.band(single, single.accuracy[0])[0], wilson(result.accuracy[0], 400))
    assert "no difference between the two is shown" in attack_dataset.finding(single)


# ---- measured ------------------------------------------------------------------------------------


def test_measured_are_single_attacks(measured):
    assert measured.accuracy.shape == (2, 3, len(TINY.epsilons))
    for s, seed in enumerate(measured.seeds):
        alone = attack(dataclasses.replace(TINY, seed=seed))
        for name in attack_dataset.CURVES:
            np.testing.assert_array_equal(getattr(measured, name)[1, s], getattr(alone, name))


def test_json_and_back(measured, tmp_path):
    record = attack_dataset.as_record(measured)
    (tmp_path / attack_dataset.RECORD).write_text(json.dumps({"sets": [record]}, allow_nan=False))
    [again] = attack_dataset.measured(tmp_path)
    assert json.dumps(attack_dataset.as_record(again)) == json.dumps(record)
    assert attack_dataset.finding(again) == attack_dataset.finding(measured)
    np.testing.assert_allclose(again.examples[0].attacked, measured.examples[0].attacked, atol=0.5 / 255 + 1e-6)


def test_the_interval_over_seeds_is_students():
    shares = np.array([[0.1, 0.2, 0.3]])
    middle, half = attack_dataset.fall(None, shares, shares * 0)
    assert middle[0] == pytest.approx(0.2)
    assert half[0] == pytest.approx(4.302653 * 0.1 / np.sqrt(3), rel=1e-5)


def by_hand_found(measured, attacked, noisy):
    """`measured` with these accuracies (T,) at the finding's epsilon; the seeds differ by a point each way."""
    wobble = np.array([-0.01, 0, 0.01])[None] * [[1], [-1]]
    accuracy, noise = np.full((2, 3, 5), 0.9), np.full((2, 3, 5), 0.9)
    accuracy[..., 3] = np.array(attacked)[:, None] + wobble
    noise[..., 3] = np.array(noisy)[:, None]
    return dataclasses.replace(measured, accuracy=accuracy, noise=noise)


@pytest.mark.parametrize(
    ("attacked", "noisy", "words"),
    [
        ((0.5, 0.8), (0.9, 0.9), ["random features: the larger fall", "do not withstand it"]),
        ((0.8, 0.5), (0.9, 0.9), ["trained network: the larger fall", "do not withstand it"]),
        ((0.6, 0.61), (0.9, 0.9), ["no difference between the two is shown", "−30.0 ± 2.5 points"]),
        ((0.6, 0.3), (0.6, 0.6), ["trained network: the larger fall", "than noise does is not shown"]),
    ],
)
def test_the_finding_says_who_falls_further(measured, attacked, noisy, words):
    said = attack_dataset.finding(by_hand_found(measured, attacked, noisy))
    for word in words:
        assert word in said


def test_figures_and_tables_show_every_number(measured, dark):
    fig = figures.curves(measured).figure
    lines = [t for t in fig.data if t.mode == "lines+markers"]
    assert [line.line.dash for line in lines] == ["solid", "dash"] * 2
    for t in range(2):
        np.testing.assert_allclose(lines[2 * t].y, measured.accuracy[t].mean(0))
        np.testing.assert_allclose(lines[2 * t + 1].y, measured.noise[t].mean(0))
    assert {len(column) for column in figures.curve_table(measured).values()} == {2 * len(TINY.epsilons)}
    one = measured.examples[0]
    shown = figures.pictures(replace(measured, about=measured.about | {"labels": ["left", "right"]}), 0).figure
    assert len(shown.data) == 4 * len(one.truth)
    assert {len(column) for column in figures.picture_table(one, ("left", "right")).values()} == {len(one.truth)}


def test_a_picture_survives_its_address():
    grey = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8, 1)
    back = attack_dataset.picture_of(attack_dataset.address(grey))
    np.testing.assert_allclose(back, np.broadcast_to(grey, (8, 8, 3)), atol=0.5 / 255 + 1e-6)


# ---- refused -------------------------------------------------------------------------------------


def test_pictures_and_targets_that_do_not_fit_are_refused():
    seeds, test = study.draw(halves(), TINY, 40)
    target = Target("halves", Counting())
    with pytest.raises(ValueError, match="expected 20 seed pictures"):
        study.run(target, seeds[:5], test, TINY)
    with pytest.raises(ValueError, match="expected 20 seed pictures"):
        study.run(target, seeds[:, :4], test, TINY)
    with pytest.raises(ValueError, match="expected 1020 pictures or more, got 80"):
        study.draw(halves(), TINY, 1000)
    with pytest.raises(ValueError, match="expected 20 whole numbers of logits"):
        study.run(Target("logits", lambda p: np.zeros((len(p), 2))), seeds, test, TINY)
    small = halves(60, side=2)
    with pytest.raises(ValueError, match="expected pictures of 4 pixels a side or more"):
        study.run(target, *study.draw(small, TINY, 40), TINY)
