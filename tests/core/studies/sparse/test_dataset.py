"""Counts over noise and lambda: counted again by hand, the same in any chunks, and a line that finds lines."""

import dataclasses
import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.base.intervals import wilson
from core.base.records import read, save
from core.base.worker import Stopped
from core.compute import lambda_sweep
from core.compute.coded import to_input
from core.data.split import Split
from core.pictures import noise
from core.pictures.image import from_pixels
from core.studies.sparse import dataset, dataset_figures, measure, paper
from core.studies.sparse.dataset import ESTIMATED, FIXED, LAMS, ORACLE, Fit, Params, Result, levels_of
from tests.core.compute.test_lambda_sweep import small, whole_network
from tests.helpers.networks_by_hand import Torus, by_hand

PARAMS = Params("gaussian", (0.0, 0.1, 0.3), (0.1, 0.4, 0.9))
FIT = Fit(0.8, 0.1, (0.1, 0.9), np.array([0.0, 1.0]), np.array([0.1, 0.9]), ("gaussian", "gaussian"))
COUNT = 7


@pytest.fixture(scope="module")
def pixels():
    return np.random.default_rng(0).integers(0, 256, (COUNT, 16, 16, 3), np.uint8)


@pytest.fixture(scope="module")
def network():
    return small()


@pytest.fixture(scope="module")
def truth(network, pixels):
    """Half of the classes are what the network says of the clean picture."""
    says = whole_network(network, pixels / 255, [0.1])[0].argmax(1)
    return np.where(np.arange(COUNT) % 2, says, (says + 1) % 5).tolist()


def chunked(pixels, truth, size):
    images = [from_pixels(p) for p in pixels]
    return [(images[i : i + size], truth[i : i + size]) for i in range(0, len(images), size)]


def ask(network, pixels, truth, size=100, fit=None, params=PARAMS, **options):
    return dataset.run(network, chunked(pixels, truth, size), len(pixels), params, fit, **options)


def same(a, b):
    for field in dataclasses.fields(a):
        left, right = getattr(a, field.name), getattr(b, field.name)
        if isinstance(left, np.ndarray):
            np.testing.assert_allclose(left, right, atol=1e-5, err_msg=field.name)
        else:
            assert left == right, field.name


def made_up(right, *, kind="gaussian", levels=None, fixed=None, estimated=None, roughness=None, images=100):
    """A Result with these counts (V, L)."""
    right = np.array(right)
    levels = np.array(levels if levels is not None else [0.0, *noise.KINDS[kind].levels][: len(right)])
    zeros = np.zeros(len(right))
    return Result(
        network="made up",
        kind=kind,
        levels=levels,
        lams=np.array(LAMS[: right.shape[1]]),
        training=0.1,
        seen=images,
        images=images,
        right=right,
        fixed=right[:, 0] if fixed is None else np.array(fixed),
        estimated=None if estimated is None else np.array(estimated),
        residual=zeros,
        roughness=zeros if roughness is None else np.array(roughness),
        estimate=None if estimated is None else zeros + 0.5,
        seed=0,
    )


def plain(right, **options):
    return replace(
        made_up(np.array(right)[:, None], **options), lams=np.empty(0), training=None, right=np.empty((len(right), 0))
    )


# ---- running -------------------------------------------------------------------------------------


def test_everything_counted_by_hand(network, pixels, truth):
    result = ask(network, pixels, truth, fit=FIT)
    for v, level in enumerate(PARAMS.levels):
        noisy = noise.add(pixels, "gaussian", level, range(COUNT))
        says = whole_network(network, noisy, PARAMS.lams).argmax(2)
        assert result.right[v].tolist() == (says == truth).sum(1).tolist()
        rough = lambda_sweep.residuals(network, noisy, [0.1], measure=lambda_sweep.roughness)[0]
        guess = np.clip(0.8 * rough + 0.1, 0.1, 0.9)
        answers = [whole_network(network, noisy[i : i + 1], [guess[i]])[0, 0].argmax() for i in range(COUNT)]
        assert result.estimated[v] == (np.array(answers) == truth).sum()
        assert result.estimate[v] == pytest.approx(guess.mean())
        assert result.roughness[v] == pytest.approx(rough.mean())
        assert result.residual[v] == pytest.approx(lambda_sweep.residuals(network, noisy, [0.1]).mean())
    assert result.fixed.tolist() == result.right[:, 0].tolist()
    assert result.fixed[0] == COUNT // 2
    assert (result.images, result.seen, result.training) == (COUNT, COUNT, 0.1)
    assert (np.diff(result.roughness) > 0).all(), "noise is rough"


def test_the_plain_twin_has_no_lambda(pixels, truth):
    twin = small(coded="none")
    result = ask(twin, pixels, truth, fit=FIT)
    with torch.inference_mode():
        for v, level in enumerate(PARAMS.levels):
            x = to_input(twin, noise.add(pixels, "gaussian", level, range(COUNT)))
            assert result.fixed[v] == (twin.engine.plain(x).argmax(1).numpy() == truth).sum()
    assert result.right.shape == (3, 0)
    assert result.training is result.estimated is None
    assert np.isnan(result.residual).all()
    with pytest.raises(ValueError, match=r"^expected a rule that was measured, got 'oracle'"):
        result.accuracy(ORACLE)


def test_other_networks_count_as_plain(pixels, truth):
    assert not dataset.is_coded(by_hand(Torus()))
    assert ask(by_hand(Torus()), pixels, truth).right.shape == (3, 0)


def test_counts_do_not_depend_on_the_chunks(network, pixels, truth):
    whole = ask(network, pixels, truth, fit=FIT)
    for size in (1, 3):
        same(whole, ask(network, pixels, truth, size, fit=FIT))


def test_pictures_of_unknown_class_are_left_out_and_the_others_keep_their_noise(network, pixels, truth):
    some = [c if i != 2 else -1 for i, c in enumerate(truth)]
    result, whole = ask(network, pixels, some, 3), ask(network, pixels, truth)
    alone = [ask(network, pixels[:3], [-1, -1, truth[2]])]
    assert (result.images, result.seen) == (COUNT - 1, COUNT)
    np.testing.assert_array_equal(result.right + alone[0].right, whole.right)
    nobody = ask(network, pixels, [-1] * COUNT)
    assert (nobody.images, nobody.seen) == (0, COUNT)
    assert np.isnan(nobody.residual).all()
    assert dataset.finding([nobody]) == "No picture with a known class has been measured."


def test_stop_keeps_the_chunks_that_are_done(network, pixels, truth):
    def stop(done, total):
        assert total == COUNT
        if done >= 4:
            raise Stopped

    stopped = ask(network, pixels, truth, 2, progress=stop)
    same(stopped, ask(network, pixels[:4], truth[:4]))


def test_the_training_lambda_must_be_tried(network, pixels, truth):
    with pytest.raises(ValueError, match=r"^expected the training lambda 0.1 among those that are tried, got \(0.2,\)"):
        ask(network, pixels, truth, params=replace(PARAMS, lams=(0.2,)))


def test_the_papers_lambdas_and_what_is_measured_live():
    np.testing.assert_allclose(LAMS, np.linspace(0.1, 1.4, 14))
    for kind, about in noise.KINDS.items():
        levels = levels_of(kind, 2)
        assert (levels[0], levels[-1]) == (0.0, about.levels[-1])
        assert set(levels[1:]) < set(about.levels)
        assert list(levels[1:]) == [level for level in about.levels if level in levels]


# ---- rules, the line, ranks ----------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_the_oracle_is_never_below_the_others_on_its_grid(seed):
    right = np.random.default_rng(seed).integers(0, 101, (6, 14))
    result = made_up(right, estimated=right[:, 3])
    for rule in (FIXED, ESTIMATED, ORACLE):
        assert (result.accuracy(ORACLE) >= result.accuracy(rule)).all()
        np.testing.assert_allclose(result.interval(rule), [wilson(s, 100) for s in result.accuracy(rule)])
    assert result.best.tolist() == [LAMS[row.argmax()] for row in right]
    np.testing.assert_allclose(result.surface, right / 100)
    with pytest.raises(ValueError, match=r"^expected a rule that was measured, got 'estimated'"):
        made_up(right).accuracy(ESTIMATED)


def test_the_fit_recovers_a_line():
    """Best lambdas that lie on 0.7 r + 0.05 by construction, over two noises."""
    results = []
    for kind, which in (("gaussian", [0, 3, 6]), ("shot", [2, 9, 12])):
        best = np.array([LAMS[i] for i in which])
        right = [[100 if i == peak else 1 for i in range(14)] for peak in which]
        results.append(made_up(right, kind=kind, levels=noise.KINDS[kind].levels[:3], roughness=(best - 0.05) / 0.7))
    fit = dataset.fit_line(results)
    assert (fit.slope, fit.intercept) == pytest.approx((0.7, 0.05))
    assert fit.kinds == ("gaussian",) * 3 + ("shot",) * 3
    assert fit.limits == (0.1, 1.4)
    np.testing.assert_allclose(dataset.estimate(fit, fit.roughness), fit.best)
    np.testing.assert_allclose(dataset.estimate(fit, np.array([-5.0, 0.5, 50.0])), [0.1, 0.4, 1.4])
    with pytest.raises(ValueError, match=r"^expected two noise levels or more, got 0"):
        dataset.fit_line([])
    with pytest.raises(ValueError, match=r"^expected two noise levels or more, got 1"):
        dataset.fit_line([made_up([[1, 2]])])


def test_ranks_follow_the_noise_and_not_the_number_of_photons():
    rising = np.eye(5, dtype=int)[[0, 1, 2, 3, 4]]
    assert dataset.spearman(made_up(rising)) == pytest.approx(1)
    assert dataset.spearman(made_up(rising, kind="shot")) == pytest.approx(1)
    assert dataset.spearman(made_up(rising[[4, 3, 2, 1, 0]])) == pytest.approx(-1)
    assert dataset.spearman(made_up(rising[[4, 0, 1, 2, 3]])) == pytest.approx(1), "the clean picture is aside"
    flat = made_up(rising[[1, 1, 1]])
    assert np.isnan(dataset.spearman(flat))
    assert "undefined, 1.00" in dataset.rank_words([flat, made_up(rising)])


def test_the_finding_is_computed():
    result = made_up([[90, 80], [50, 70]], levels=[0.0, 0.1], estimated=[88, 65])
    twins = [plain([95, 40]), plain([95, 50])]
    assert dataset.finding([result], twins) == (
        "At gaussian noise of σ = 0.1, λ = 0.1 as trained answers 50% right, λ told from each picture's residual 65%, "
        "the best λ in hindsight 70%; the plain twin 45%."
    )
    shot = made_up([[90, 80], [80, 70], [50, 10]], kind="shot", levels=[0.0, 60, 6])
    assert dataset.finding([shot]).startswith("At shot noise of n = 6 photons, λ = 0.1 as trained answers 50%")
    assert "residual" not in dataset.finding([shot])


# ---- records -------------------------------------------------------------------------------------

ABOUT = {"network": "n", "arch": "a", "training_images": 5, "dataset": "d", "data": "D", "command": "c"}
ABOUT |= {"date": "2026-01-01", "commit": "0" * 7, "digest": "1" * 40, "test_images": 3}


def test_json_and_back(network, pixels, truth, tmp_path):
    found = ask(network, pixels, truth, fit=FIT)
    twin = ask(small(coded="none"), pixels, truth)
    save(tmp_path / "noise_n.json", dataset.Measured(**ABOUT, fit=FIT, results={"gaussian": found, "shot": twin}))
    save(tmp_path / "noise_bare.json", dataset.Measured(**ABOUT | {"network": "bare"}, fit=None, results={}))
    (tmp_path / "attack_n.json").write_text("{}")
    measured = dataset.measured(tmp_path)["n"]
    same(measured.results["gaussian"], found)
    same(measured.results["shot"], twin)
    same(measured.fit, FIT)
    assert {name: getattr(measured, name) for name in ABOUT} == ABOUT
    assert dataset.measured(tmp_path)["bare"].fit is None


def test_measuring_goes_on_where_it_was_killed(network, monkeypatch, tmp_path):
    """The real measurement on a little set: killed after the first noise, the rest is measured and nothing twice."""
    dice = np.random.default_rng(1)
    split = Split(dice.integers(0, 256, (3, 16, 16, 3), np.uint8), dice.integers(0, 5, 3), network.labels)
    levels = {kind: replace(about, levels=about.levels[::6]) for kind, about in noise.KINDS.items()}
    monkeypatch.setattr(noise, "KINDS", levels)
    monkeypatch.setattr(measure.weights, "packaged", lambda: {"by hand": tmp_path})
    monkeypatch.setattr(measure.packaged, "packaged_card", lambda name, path: network.card)
    monkeypatch.setattr(measure.networks, "load", lambda card: network)
    begun, run = [], dataset.run

    def counted(*asked):
        begun.append((asked[3].kind, asked[3].seed))
        return run(*asked)

    monkeypatch.setattr(dataset, "run", counted)

    def kill(done, total):
        if done > total / 2:
            raise KeyboardInterrupt

    work = tmp_path / "work"
    with pytest.raises(KeyboardInterrupt):
        measure.measure_network("by hand", split, split, tmp_path, work, kill)
    assert 1 < len(begun) < 5  # the line, and some kinds of noise
    halfway, shares = begun[:-1], []
    begun.clear()
    path = measure.measure_network("by hand", split, split, tmp_path, work, lambda a, b: shares.append(a / b))
    assert len(halfway) + len(begun) == 5
    assert not set(halfway) & set(begun)
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert path == tmp_path / "noise_by hand.json"
    whole = dataset.measured(tmp_path)["by hand"]
    assert list(whole.results) == list(noise.KINDS)
    for result in whole.results.values():
        assert result.images == 3
        assert result.estimated is not None
    assert whole.fit.kinds == ("gaussian",) * 3
    fresh = measure.measure_network("by hand", split, split, tmp_path / "again", tmp_path / "other work")
    again, _ = read(fresh, dataset.Measured)
    for kind, result in whole.results.items():
        same(again.results[kind], result)


# ---- figures -------------------------------------------------------------------------------------


@pytest.mark.parametrize("networks", [1, 3])
def test_figures_show_the_numbers(dark, networks):
    dice = np.random.default_rng(0)
    results = [
        made_up(dice.integers(20, 90, (5, 14)), estimated=dice.integers(20, 90, 5), roughness=dice.random(5))
        for _ in range(networks)
    ]
    twins = [plain(dice.integers(20, 90, 5)) for _ in range(networks)]
    heat = dataset_figures.surface(results).figure
    np.testing.assert_allclose(heat.data[0].z, np.mean([r.surface for r in results], axis=0))
    assert (heat.data[0].zmin, heat.data[0].zmax) == (0, 1)
    assert [trace.name for trace in heat.data[1:]] == [
        "λ of the training",
        "λ estimated, mean",
        "best λ (oracle)",
    ]
    best = np.mean([r.surface for r in results], axis=0).argmax(1)
    assert list(heat.data[3].x) == [LAMS[i] for i in best]
    lines = dataset_figures.curves(results, twins).figure
    said = [a.text.strip() for a in lines.layout.annotations]
    assert said == ["λ of the training", "λ estimated", "best λ (oracle)", "plain twin"]
    for trace, (rule, of) in zip(
        lines.data[1::2], [(FIXED, results), (ESTIMATED, results), (ORACLE, results), (FIXED, twins)], strict=True
    ):
        shares = np.array([r.accuracy(rule) for r in of])
        np.testing.assert_allclose(trace.y, 100 * shares.mean(0))
        low = shares.min(0) if networks > 1 else of[0].interval(rule)[:, 0]
        np.testing.assert_allclose(np.array(trace.customdata)[:, 0], 100 * low)
    fit = dataset.fit_line(results)
    points = dataset_figures.residual_scatter([fit], results).figure
    np.testing.assert_allclose(points.data[1].x, fit.roughness)
    np.testing.assert_allclose(points.data[0].y, dataset.estimate(fit, np.array(points.data[0].x)))
    for figure in (heat, lines, points):
        json.loads(figure.to_json())
    for table in (
        dataset_figures.curve_table(results, twins),
        dataset_figures.surface_table(results),
        dataset_figures.residual_table(results),
    ):
        assert len({len(column) for column in table.values()}) == 1


def test_figures_of_unlike_results_are_refused():
    with pytest.raises(ValueError, match=r"^expected results of one noise at the same levels"):
        dataset_figures.surface([made_up([[1, 2]]), made_up([[1, 2]], kind="shot")])
    with pytest.raises(ValueError, match=r"^expected networks with a sparse coding layer"):
        dataset_figures.surface([plain([1, 2])])


def test_the_papers_table():
    assert paper.table()["CIFAR-10"] == ["95.34", "95.02", "94.89"]
