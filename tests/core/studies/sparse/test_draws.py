"""Noise and lambda for any network: against answers by hand, one row where there is no lambda, and the part."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import binomtest
from streamlit.testing.v1 import AppTest

from core import networks
from core.compute import coded, lambda_sweep
from core.figures import theme
from core.networks.engine import prepare
from core.pictures import noise
from core.pictures.image import from_pixels
from core.pictures.preprocess import square
from core.studies.sparse import draws
from core.studies.sparse.dataset import SEED_STEP, Params, levels_of
from core.studies.sparse.draws import NO_LAMBDA
from tests.helpers.networks_by_hand import Torus, by_hand, trained

QUICK = Params(levels=(0.0, 0.1, 0.4), lams=(0.1, 0.5, 1.2), seed=3)
DRAWS = 4
SEEDS = [3 * SEED_STEP + i for i in range(DRAWS)]
PART = """
from core import cache, networks
from core.pictures.samples import load_sample
from pages.parts.common import tray
from pages.parts.sparse import draws
beside = [cache.network(networks.find("untrained:cifar_sdnet18"))] if {beside} else []
draws.show(tray.Picture("cat", "", load_sample("cat"), "cat"), "digits_cnn", beside)
"""


def load(name):
    return networks.load(networks.find(name))


@torch.no_grad()
def by_one(network, noisy, lam=None):
    """(K,) probabilities of one noisy picture by the plain module."""
    x = coded.to_input(network, noisy)[None]
    net = network.engine.plain
    return (net(x) if lam is None else net(x, lam)).softmax(1)[0].numpy()


# ---- every kind of network -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["digits_cnn", "cifar_vgg", "photo_bagnet9", "mnist_spinal_small_cnn", "digits_random_svm", "untrained:resnet18"],
)
def test_a_network_without_a_coding_layer_has_one_row_and_says_so(cat, name):
    network = load(name)
    result = draws.run(network, cat, QUICK, 1 if "resnet18" in name else DRAWS)
    assert result.kept.shape == result.probability.shape == (1, 3)
    assert result.training is None
    assert result.lams.shape == (0,)
    assert result.rows == [NO_LAMBDA]
    assert result.kept[0, 0] == result.draws
    assert result.probability[0, 0] == pytest.approx(result.clean, abs=1e-6)
    title = network.card.title
    assert f"λ is not applicable: {title} has no coding layer, so it has one row." in draws.finding(result)


def test_counts_and_means_are_those_of_every_draw_asked_alone(cat):
    network = trained()
    result = draws.run(network, cat, QUICK, DRAWS)
    pixels = square(cat, 32)[None]
    clean = by_one(network, noise.unit(pixels)[0])
    target = clean.argmax()
    assert result.label == network.labels[target]
    assert result.clean == pytest.approx(clean.max(), abs=1e-5)
    for v, level in enumerate(QUICK.levels):
        told = [by_one(network, noise.add(pixels, "gaussian", level, [seed])[0]) for seed in SEEDS]
        assert result.kept[0, v] == sum(p.argmax() == target for p in told)
        assert result.probability[0, v] == pytest.approx(np.mean([p[target] for p in told]), abs=1e-5)


def test_an_sdnet_is_asked_at_every_lambda(cat):
    network = load("untrained:cifar_sdnet18")
    result = draws.run(network, cat, QUICK, DRAWS)
    assert result.kept.shape == (3, 3)
    assert result.training == 0.1
    assert result.trained == 0
    pixels = square(cat, 32)[None]
    target = by_one(network, noise.unit(pixels)[0], 0.1).argmax()
    assert result.label == network.labels[target]
    for row, lam in enumerate(QUICK.lams):
        noisy = noise.add(pixels.repeat(4, 0), "gaussian", 0.4, SEEDS)
        told = np.array([by_one(network, one, lam) for one in noisy])
        assert result.kept[row, 2] == (told.argmax(1) == target).sum()
        np.testing.assert_allclose(result.probability[row, 2], told[:, target].mean(), atol=1e-5)
    assert "λ is not applicable" not in draws.finding(result)


def test_grey_networks_see_the_mean_of_the_noisy_colours(cat):
    network = load("mnist_small_cnn")
    photo = replace(network, preprocessing=replace(network.preprocessing, bright_on_dark=False))
    noisy = noise.add(square(cat, 28)[None], "speckle", 0.3, [0])
    told, grey = lambda_sweep.logits(photo, noisy, None), noisy.mean(3, keepdims=True)
    np.testing.assert_allclose(told, lambda_sweep.logits(photo, grey.repeat(3, 3), None), atol=1e-5)
    assert told.shape == (1, 1, 10)


def test_draws_are_the_same_for_every_run_and_others_for_another_seed(cat):
    network = trained()
    one, two = (draws.run(network, cat, QUICK, DRAWS) for _ in range(2))
    other = draws.run(network, cat, replace(QUICK, seed=4), DRAWS)
    assert np.array_equal(one.probability, two.probability)
    assert not np.array_equal(one.probability, other.probability)
    assert np.array_equal(one.probability[:, 0], other.probability[:, 0])  # clean


@pytest.mark.parametrize("kind", list(noise.KINDS))
def test_levels_are_the_papers_by_default(cat, kind):
    params = Params(kind, levels_of(kind))
    assert params.levels == (0.0, *noise.KINDS[kind].levels)
    result = draws.run(by_hand(Torus()), cat, params, 1)
    assert result.kept.shape == (1, len(params.levels))
    assert result.levels[-1] == noise.KINDS[kind].levels[-1]


def test_a_picture_that_no_noise_can_move_keeps_its_answer():
    class Constant(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.logits = torch.nn.Parameter(torch.tensor([0.0, 2.0, 1.0, 0.0, 0.0]))

        def forward(self, x):
            return self.logits.expand(len(x), 5)

    grey = from_pixels(np.full((16, 16, 3), 99, np.uint8))
    result = draws.run(by_hand(Constant()), grey, QUICK, DRAWS)
    assert (result.kept == 4).all()
    assert result.label == "class 1"
    np.testing.assert_allclose(result.probability, result.clean, rtol=1e-6)
    assert "at least half leave that answer up to σ = 0.4 (mean P = 0.56), the strongest" in draws.finding(result)


# ---- settings ------------------------------------------------------------------------------------


def test_the_training_lambda_has_to_be_tried(cat):
    with pytest.raises(ValueError, match=r"expected the training lambda 0\.1 among those that are tried"):
        draws.run(load("untrained:cifar_sdnet18"), cat, Params(lams=(0.2, 0.3)))


@pytest.mark.parametrize("count", [0, 257])
def test_draws_are_counted_within_limits(cat, count):
    with pytest.raises(ValueError, match=rf"expected 1 to 256 draws of noise, got {count}"):
        draws.run(trained(), cat, QUICK, count)


# ---- words, figures, page ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def results(cat):
    told = draws.run(load("untrained:cifar_sdnet18"), cat, QUICK, DRAWS)
    # an untrained network keeps its answer at every lambda: another outcome, to read the words of
    kept = np.array([[4, 3, 0], [4, 4, 1], [4, 4, 3]])
    return [replace(told, kept=kept), draws.run(trained(), cat, QUICK, DRAWS)]


def test_the_finding_names_what_the_training_lambda_bears_and_the_best(results):
    p = results[0].probability
    words = draws.finding(results[0])
    assert f"leave that answer up to σ = 0.1 (mean P = {p[0, 1]:.2f}) at λ = 0.1, as trained" in words
    assert words.endswith(
        f"and up to σ = 0.4 (mean P = {p[2, 2]:.2f}), the strongest that was tried at λ = 1.2, the best in hindsight."
    )
    assert draws.bears(results[0]).tolist() == [2, 2, 3]
    same = replace(results[0], kept=np.array([[4, 1, 4], [4, 1, 4], [0, 4, 4]]))
    assert draws.bears(same).tolist() == [1, 1, 0]
    assert "at no level that was tried at λ = 0.1" in draws.finding(same)
    assert draws.finding(same).endswith("no other λ that was tried bears a stronger one.")


def test_the_figure_has_a_row_a_lambda_and_one_where_there_is_none(results):
    for look in theme.THEMES:
        with theme.drawn(look):
            for shown in draws.SHOWN:
                fig = draws.figure(results, shown).figure
                assert [np.shape(trace.z) for trace in fig.data] == [(3, 3), (1, 3)]
                for trace, result in zip(fig.data, results, strict=True):
                    np.testing.assert_array_equal(trace.z, result.values(shown))
                assert tuple(fig.data[1].y) == (NO_LAMBDA,)
                assert fig.layout.yaxis.ticktext == ("trained: 0.1", "0.5", "1.2")
    with pytest.raises(ValueError, match="expected results of one noise at the same levels"):
        draws.figure([results[0], replace(results[1], kind="speckle")])
    with pytest.raises(ValueError, match="expected results of one noise"):
        draws.figure([])


def test_the_table_has_every_number_with_its_interval(results):
    rows = draws.table(results)
    assert len(rows["λ"]) == 9 + 3
    assert rows["λ"][:4] == ["0.1", "0.1", "0.1", "0.5"]
    assert rows["λ"][-1] == NO_LAMBDA
    for i in (1, 8):
        kept, n = rows["draws with the clean answer"][i], rows["of"][i]
        own = binomtest(kept, n).proportion_ci(method="wilson")
        assert rows["share from, %"][i] == pytest.approx(100 * own.low, abs=0.1)
        assert rows["to, %"][i] == pytest.approx(100 * own.high, abs=0.1)


def part(beside=False, **settings):
    app = AppTest.from_string(PART.format(beside=beside), default_timeout=120)
    app.session_state["sparse any"] = True
    for name, value in {"sparse_any_draws": 8, **settings}.items():
        app.session_state[name.replace("_", "-")] = value
    return app.run()


def test_the_part_is_folded_and_opens_on_its_first_network():
    folded = AppTest.from_string(PART.format(beside=False), default_timeout=60).run()
    assert not folded.exception
    assert not folded.selectbox
    app = part()
    assert not app.exception
    assert any(
        "λ is not applicable: digits cnn has no coding layer, so it has one row." in m.value for m in app.markdown
    )
    app.selectbox(key="sparse-any-network").set_value("mnist_small_cnn").run()
    app.selectbox(key="sparse-any-noise").set_value("impulse").run()
    app.segmented_control(key="sparse-any-show").set_value("probability").run()
    assert not app.exception
    assert any("mnist small cnn answers" in m.value and "draws of impulse noise" in m.value for m in app.markdown)


def test_the_pages_network_stands_beside_the_chosen_one():
    app = part(beside=True)
    assert not app.exception
    said = next(m.value for m in app.markdown if "to the clean picture" in m.value)
    assert said.count("to the clean picture") == 2
    assert "as trained" in said


def test_an_engine_in_bfloat16_gives_float32s_numbers(cat):
    network = trained()
    fast = replace(network, engine=prepare(network.engine.plain, fast=True))
    told = draws.run(fast, cat, QUICK, DRAWS)
    np.testing.assert_allclose(told.probability, draws.run(network, cat, QUICK, DRAWS).probability, atol=1e-6)
