"""Heads on any network's features: what they read, what is paired, what is counted, and the part of the page."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import stats
from streamlit.testing.v1 import AppTest
from torch import nn

from core import networks
from core.base.intervals import verdict
from core.compute import spaces
from core.data import named
from core.data.split import Split, part
from core.figures import theme
from core.studies.spinal import transfer, transfer_figures
from core.studies.spinal.transfer import HEADS, Features, Params
from tests.helpers.networks_by_hand import Torus, by_hand

TINY = Params(seeds=3, epochs=3, width=6, layers=3, hidden=9)
PART = 'from pages.parts.spinal import any as spinal_any\nspinal_any.show("mnist_small_cnn")'


def load(name):
    return networks.load(networks.find(name))


@pytest.fixture(scope="module")
def digits():
    train, test = (named.load("digits", None, split) for split in ("train", "test"))
    return part(train, np.arange(200)), part(test, np.arange(80))


@pytest.fixture(scope="module")
def found(digits):
    return transfer.features("digits", *digits, load("digits_cnn"))


def blobs(count, seed=0, classes=3, d=8):
    """Classes that any of the heads can tell apart."""
    dice = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    values = dice.normal(0, 0.3, (count, d)) + np.eye(classes, d)[labels] * 3
    return values.astype(np.float32), labels.astype(np.int64)


@pytest.fixture(scope="module")
def easy():
    return Features("by hand", "blobs", *blobs(120), *blobs(60, 1), ("a", "b", "c"))


# ---- features ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "width"),
    [
        ("digits_cnn", 48),
        ("cifar_vgg", 256),
        ("photo_bagnet9", 768),
        ("mnist_spinal_small_cnn", 48),
        ("untrained:cifar_sdnet18", 128),
        ("digits_random_svm", 1000),
        ("untrained:resnet18", 512),
    ],
)
def test_every_kind_of_network_gives_features_to_every_head(digits, name, width):
    train, test = (part(split, np.arange(n)) for split, n in zip(digits, (16, 8), strict=True))
    told = transfer.features("digits", train, test, load(name))
    assert (told.train.shape, told.test.shape, len(told.classes)) == ((16, width), (8, width), 10)
    shares = 8 * np.array(transfer.scores_on(told, replace(TINY, epochs=1), 0))
    assert shares.shape == (len(HEADS),)
    assert ((shares >= 0) & (shares <= 8)).all()
    assert np.allclose(shares, shares.round())


def test_features_are_the_last_layers_by_the_training_pictures_mean_and_deviation(digits, found):
    network = load("digits_cnn")
    train, test = (spaces.trained(split.pixels, network) for split in digits)
    np.testing.assert_allclose(found.train.mean(0), 0, atol=1e-4)
    np.testing.assert_allclose(found.train.std(0), 1, atol=1e-3)
    np.testing.assert_allclose(found.test, (test - train.mean(0)) / train.std(0), rtol=1e-4, atol=1e-4)
    assert found.train.dtype == found.test.dtype == np.float32


def test_a_constant_feature_stays_finite(digits):
    class Half(Torus):
        def forward(self, x):
            maps = torch.relu(self.second(torch.relu(self.first(x)))).mean((2, 3))
            return self.classifier(maps * torch.tensor([1.0, 0, 1, 0, 1, 0, 1, 0]))

    told = transfer.features("digits", *digits, by_hand(Half()))
    assert np.isfinite(told.train).all()
    assert not told.train[:, 1::2].any()


def test_the_users_colour_pictures_serve_a_grey_network():
    dice = np.random.default_rng(0)
    some = Split(dice.integers(0, 256, (24, 20, 20, 3), dtype=np.uint8), np.arange(24) % 2, ("ants", "bees"))
    told = transfer.features("some", some, some, load("mnist_small_cnn"))
    assert told.train.shape == (24, 50)
    assert told.classes == ("ants", "bees")


def test_too_many_pictures_are_drawn_from_in_proportion(digits):
    assert [transfer.most_pictures(size) for size in (8, 64, 224)] == [4096, 4096, 334]
    train, test = transfer.fewer(*digits, 70)
    assert (len(train), len(test)) == (50, 20)
    again, _ = transfer.fewer(*digits, 70)
    assert np.array_equal(train.pixels, again.pixels)
    rows = {picture.tobytes() for picture in digits[0].pixels}
    assert {picture.tobytes() for picture in train.pixels} <= rows
    assert transfer.fewer(*digits, 280) == digits
    told = transfer.features("digits", *digits, by_hand(Torus()), 70)
    assert (len(told.train), len(told.test_labels)) == (50, 20)


# ---- training ------------------------------------------------------------------------------------


def test_every_head_learns_what_is_easy_and_none_what_is_chance(easy):
    params = Params(seeds=1, epochs=25)
    assert min(transfer.scores_on(easy, params, 0)) > 0.95
    dice = np.random.default_rng(0)
    noise = replace(easy, test_labels=dice.permutation(easy.test_labels))
    assert max(transfer.scores_on(noise, params, 0)) < 0.6


@pytest.mark.parametrize("head", HEADS)
def test_the_seed_decides_alone(easy, head):
    state = torch.random.get_rng_state()
    nets = [transfer.trained_on(easy, TINY, head, seed).state_dict() for seed in (0, 0, 1)]
    assert all(torch.equal(nets[0][name], nets[1][name]) for name in nets[0])
    assert any(not torch.equal(nets[0][name], nets[2][name]) for name in nets[0])
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_score_is_the_share_of_the_test_pictures(easy):
    net = transfer.trained_on(easy, TINY, "spinal", 2)
    with torch.no_grad():
        right = (net(torch.from_numpy(easy.test)).argmax(1).numpy() == easy.test_labels).mean()
    assert transfer.scores_on(easy, TINY, 2)[list(HEADS).index("spinal")] == right


def test_what_is_not_trained_yet_is_said(found, accuracy):
    partial = np.where([False, True, False, False, False], accuracy, np.nan)
    assert "too few seeds to tell" in transfer.finding_on(found, partial)
    assert transfer_figures.table_on(found, TINY, partial)["seed 0, %"] == [None] * 4


def test_heads_are_counted_and_the_matched_one_is_nearest(found):
    table = transfer_figures.table_on(found, Params(), np.full((4, 1), np.nan))
    sizes, products = (dict(zip(HEADS, table[name], strict=True)) for name in ("parameters", "multiplications"))
    assert sizes["linear"] == 49 * 10
    assert products["linear"] == 48 * 10
    assert sizes["hidden"] == 49 * 128 + 129 * 10
    assert products["hidden"] == 48 * 128 + 128 * 10
    assert sizes["spinal"] == 25 * 20 + 3 * 45 * 20 + 81 * 10
    assert products["spinal"] == 24 * 20 + 3 * 44 * 20 + 80 * 10
    assert abs(sizes["matched"] - sizes["spinal"]) <= 59 / 2  # a hidden unit more has 59


# ---- what is said --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def accuracy():
    return np.random.default_rng(5).normal([[0.90], [0.93], [0.92], [0.91]], 0.01, (4, 5))


def test_differences_are_paired_and_verdicts_follow(found, accuracy):
    rows = dict(zip(HEADS, 100 * accuracy, strict=True))
    words, cells = transfer.finding_on(found, accuracy), transfer_figures.table_on(found, TINY, accuracy)
    for i, (head, values) in enumerate(rows.items()):
        own = stats.t.interval(0.95, 4, values.mean(), stats.sem(values))
        assert cells["right, %"][i] == f"{values.mean():.2f} ± {own[1] - values.mean():.2f}"
        if head == "spinal":
            assert cells["spinal minus it"][i] == ""
            continue
        low, high = stats.ttest_rel(rows["spinal"], values).confidence_interval(0.95)
        told = verdict((low + high) / 2, (high - low) / 2)
        assert told == ("better" if low > 0 else "worse" if high < 0 else "no difference shown")
        assert cells["spinal minus it"][i].endswith(f": {told}")
        assert f"{HEADS[head]}: {cells['spinal minus it'][i].replace(': ', ', ')}" in words
    assert f"a spinal head gets {cells['right, %'][2]} % of 80 test pictures of digits right" in words


def test_the_figure_shows_every_seed_and_the_means(found, accuracy):
    for look in theme.THEMES:
        with theme.drawn(look):
            drawn = transfer_figures.race(found, TINY, accuracy).figure.data
            np.testing.assert_allclose([trace.y for trace in drawn[::2]], 100 * accuracy)
            np.testing.assert_allclose([trace.y[0] for trace in drawn[1::2]], 100 * accuracy.mean(1))
            assert len({trace.marker.symbol for trace in drawn[::2]}) == 4


def test_what_does_not_fit_is_refused_in_one_sentence(digits):
    train, test = digits
    network = by_hand(Torus())
    with pytest.raises(ValueError, match="expected the same classes"):
        transfer.features("digits", train, replace(test, classes=("x",)), network)
    with pytest.raises(ValueError, match=r"expected at least 10 pictures to learn from .* got 9 and 80"):
        transfer.features("digits", part(train, np.arange(9)), test, network)
    with pytest.raises(ValueError, match=r"expected at least 10 pictures .* got 3 and 1"):
        transfer.features("digits", train, test, network, 5)
    with pytest.raises(ValueError, match="expected a network that ends in a linear layer"):
        transfer.features("digits", train, test, by_hand(nn.Sequential(nn.Conv2d(3, 4, 3))))
    few = Features("few", "blobs", *blobs(20, d=4), *blobs(9, d=4), ("a", "b", "c"))
    with pytest.raises(ValueError, match="no more parts than features"):
        transfer.scores_on(few, Params(split=8, layers=8), 0)


# ---- the part of the page ------------------------------------------------------------------------


def opened(**settings):
    app = AppTest.from_string(PART, default_timeout=120)
    app.session_state["spinal any"] = True
    for name, value in {"spinal_any_epochs": 2, "spinal_any_seeds": 3, **settings}.items():
        app.session_state[name.replace("_", "-")] = value
    return app.run()


def test_the_part_is_folded_and_trains_on_digits():
    folded = AppTest.from_string(PART, default_timeout=60).run()
    assert not folded.exception
    assert not folded.selectbox
    app = opened()
    assert not app.exception
    assert any("On the 50 features of mnist small cnn, a spinal head gets" in m.value for m in app.markdown)
    assert any("1,297 pictures of digits to learn from, 500 to test with" in c.value for c in app.caption)
    assert not any("has learned from these" in c.value for c in app.caption)
    app.slider(key="spinal-any-seeds").set_value(1).run()
    assert any("too few seeds to tell" in m.value for m in app.markdown)


def test_a_network_that_knows_the_pictures_says_so():
    app = opened(spinal_any_network="digits_cnn", spinal_any_seeds=1)
    assert not app.exception
    assert any("digits cnn has learned from these training pictures itself." in c.value for c in app.caption)


def test_the_readers_own_folder_and_what_is_wrong_with_it(tmp_path):
    dice = np.random.default_rng(0)
    for i in range(30):
        name = ("blue", "red")[i % 2]
        pixels = dice.integers(0, 100, (20, 24, 3), dtype=np.uint8)
        pixels[..., 2 if name == "blue" else 0] += 150
        (tmp_path / name).mkdir(exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / name / f"{i}.png")
    (tmp_path / "red" / "torn.png").write_bytes(b"\x89PNG\r\n torn")
    app = opened(spinal_any_network="cifar_vgg", spinal_any_data="my own folder or zip")
    assert not app.exception
    assert not app.dataframe
    app.text_input(key="spinal any folder").set_value(str(tmp_path)).run()
    assert not app.exception
    assert any("On the 256 features of cifar vgg" in m.value for m in app.markdown)
    assert any("24 pictures of your own to learn from, 6 to test with, 2 classes" in c.value for c in app.caption)
    assert any("torn.png" in str(frame.value) for frame in app.dataframe)
    app.text_input(key="spinal any folder").set_value(str(tmp_path / "red")).run()
    assert not app.exception
    assert any("expected" in e.value for e in app.error)
