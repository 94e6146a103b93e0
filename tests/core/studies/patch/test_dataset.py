"""Measured on a test set: closed forms, numbers counted by hand, second opinions, and the record there and back."""

import itertools
import json

import numpy as np
import pytest
import scipy.stats
import torch
from sklearn.metrics import cohen_kappa_score

from core.base.intervals import wilson
from core.base.records import save
from core.data.split import Split
from core.models.bagnet import BagNet
from core.networks import engine
from core.pictures.preprocess import to_tensor
from core.studies.patch import dataset, paper
from core.studies.patch import dataset_figures as figures
from core.studies.patch.dataset import Measured, Result, Scramble, bootstrap, kappa, measured, pearson, run, summary
from tests.helpers.networks_by_hand import Torus, by_hand

ABOUT = {
    "dataset": "tiny-imagenet-20",
    "data": "made up, 20 classes",
    "command": "receptive measure-patches --data FOLDER",
    "date": "2026-01-01",
    "commit": "0000000",
}
ARCHS = ("photo_bagnet9", "photo_bagnet33", "photo_resnet")


def made_up(wrong, classes, archs=ARCHS):
    """A Result whose errors (M, N) are these, with pictures of `classes` classes in turn."""
    truth = np.arange(wrong.shape[1]) % classes
    labels = tuple(f"class {k}" for k in range(classes))
    top1 = np.where(wrong, (truth + 1) % classes, truth)
    return Result(archs[: len(wrong)], archs[: len(wrong)], labels, truth, top1, ~wrong)


def dice(seed, models=3, classes=6, each=30):
    """Errors of networks that share how hard a class is, somewhat."""
    thrown = np.random.default_rng(seed)
    hard = np.clip(thrown.random(classes) + 0.2 * thrown.standard_normal((models, classes)), 0.05, 0.95)
    return thrown.random((models, classes * each)) < np.tile(hard, each)


# ---- asking --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def split():
    thrown = np.random.default_rng(5)
    labels = tuple(f"class {i}" for i in range(7))
    return Split(thrown.integers(0, 256, (40, 33, 33, 3), dtype=np.uint8), thrown.integers(0, 7, 40), labels)


def networks():
    with torch.random.fork_rng():
        torch.manual_seed(1)
        bagnet = BagNet(17, 7, width=4, blocks=(1, 1, 1, 1))
    return [by_hand(bagnet, size=33, classes=7, name="photo_bagnet17"), by_hand(Torus(classes=7), size=33, classes=7)]


def test_answers_are_those_of_one_picture_at_a_time(split):
    seen, asked = [], networks()
    result = run(asked, split, lambda done, total: seen.append((done, total)))
    assert result.networks == ("photo_bagnet17", "by hand")
    np.testing.assert_array_equal(result.truth, split.labels)
    for network, top1, top5 in zip(asked, result.top1, result.top5, strict=True):
        for i in range(len(split)):
            with torch.inference_mode():
                logits = network.engine.plain(to_tensor(split.pixels[i : i + 1], network.preprocessing))[0].numpy()
            order = sorted(range(7), key=lambda k: -logits[k])
            assert top1[i] == order[0]
            assert top5[i] == (split.labels[i] in order[:5])
    assert seen[-1] == (80, 80)
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})


def test_other_data_than_the_networks_is_refused(split):
    with pytest.raises(ValueError, match=r"^expected 7 classes at 33 px for photo_bagnet17, got 7 at 16 px: "):
        run(networks(), Split(split.pixels[:, :16, :16], split.labels, split.classes))
    with pytest.raises(ValueError, match="choose the data it was trained on"):
        run(networks(), Split(split.pixels, split.labels, split.classes[::-1]))
    with pytest.raises(ValueError, match=r"^expected networks and pictures, got 0 and 40: "):
        run([], split)
    with pytest.raises(ValueError, match=r"^expected networks and pictures, got 2 and 0: "):
        run(networks(), Split(split.pixels[:0], split.labels[:0], split.classes))


def test_answers_are_float32s_where_bfloat16_would_stray(split):
    (network, _) = networks()
    logits = engine.logits(
        network.engine, lambda which: to_tensor(split.pixels[which], network.preprocessing), len(split), exact=True
    ).logits
    np.testing.assert_array_equal(run([network], split).top1[0], logits.argmax(1))


# ---- the summary ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_the_summary_counted_by_hand(seed):
    wrong = dice(seed)
    result = made_up(wrong, 6)
    got = summary(result, draws=50)
    assert got.images == 180
    assert got.class_images.tolist() == [30] * 6
    for m in range(3):
        assert got.accuracy[m] == pytest.approx(sum(not w for w in wrong[m]) / 180)
        assert got.accuracy_interval[m] == pytest.approx(wilson(got.accuracy[m], 180))
        assert got.top5[m] == pytest.approx(result.top5[m].mean())
        by_class = [sum(w for w, t in zip(wrong[m], result.truth, strict=True) if t == k) / 30 for k in range(6)]
        assert got.class_error[m] == pytest.approx(by_class)
    for i, j in itertools.combinations(range(3), 2):
        other = scipy.stats.pearsonr(got.class_error[i], got.class_error[j]).statistic
        assert got.correlation[i, j] == pytest.approx(other)
        assert got.kappa[i, j] == pytest.approx(cohen_kappa_score(wrong[i], wrong[j]))
        for value, (low, high) in (
            (got.correlation[i, j], got.correlation_interval[i, j]),
            (got.kappa[i, j], got.kappa_interval[i, j]),
        ):
            assert -1 <= low < value < high <= 1
    np.testing.assert_allclose(got.correlation, got.correlation.T)
    np.testing.assert_allclose(got.kappa, got.kappa.T)
    np.testing.assert_allclose(np.diagonal(got.correlation), 1)
    np.testing.assert_allclose(np.diagonal(got.kappa), 1)
    assert got.patches == [9, 33, None]


def test_identical_errors_correlate_fully_and_opposite_ones_against():
    one = dice(1, models=1)[0]
    got = summary(made_up(np.stack([one, one, ~one]), 6), draws=40)
    np.testing.assert_allclose(got.correlation, [[1, 1, -1], [1, 1, -1], [-1, -1, 1]])
    np.testing.assert_allclose(got.correlation_interval[0, 1], 1, atol=1e-6)
    np.testing.assert_allclose(got.correlation_interval[0, 2], -1, atol=1e-6)
    assert got.kappa[0, 1] == pytest.approx(1)
    assert got.kappa[0, 2] < 0
    assert got.accuracy[0] + got.accuracy[2] == pytest.approx(1)


def test_a_network_that_errs_equally_everywhere_has_no_correlation():
    wrong = dice(2)
    wrong[0] = False  # never wrong
    got = summary(made_up(wrong, 6), draws=40)
    assert np.isnan(got.correlation[0]).all()
    assert np.isnan(got.correlation_interval[0]).all()
    assert got.kappa[0, 1] == 0  # no better than chance
    assert np.isnan(got.kappa[0, 0])
    assert np.isfinite(got.correlation[1:, 1:]).all()


def test_the_bootstrap_is_seeded_and_keeps_each_class_its_size():
    result = made_up(dice(3), 6)
    a, b, c = (summary(result, draws=60, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(a.correlation_interval, b.correlation_interval)
    np.testing.assert_array_equal(a.kappa_interval, b.kappa_interval)
    assert (a.correlation_interval != c.correlation_interval).any()
    np.testing.assert_array_equal(a.correlation, c.correlation)
    # where all pictures of a class share their fate, drawing them again changes nothing
    truth = np.arange(60) % 6
    fates = np.array([[0, 1, 0, 1, 1, 0], [0, 1, 1, 1, 0, 0]], bool)[:, truth]
    correlations, kappas = bootstrap(fates, truth, 30, 0)
    np.testing.assert_allclose(correlations[:, 0, 1], 1 / 3)
    np.testing.assert_allclose(kappas[:, 0, 1], cohen_kappa_score(*fates))


def test_the_intervals_spread_like_fresh_pictures():
    """The bootstrap's spread of kappa against that of many sets drawn anew."""
    rates = np.array([[0.2, 0.5, 0.8], [0.3, 0.5, 0.6]])
    thrown, truth = np.random.default_rng(0), np.arange(300) % 3
    common = rates.min(0)
    fresh = []
    for _ in range(200):
        luck = thrown.random(300)
        fresh.append(np.stack([luck < rates[0, truth], luck < np.maximum(common, rates[1])[truth]]))
    spread = np.std([cohen_kappa_score(*wrong) for wrong in fresh])
    _, kappas = bootstrap(fresh[0], truth, 500, 0)
    assert kappas[:, 0, 1].std() == pytest.approx(spread, rel=0.3)


def test_a_class_without_pictures_is_said():
    result = made_up(dice(0), 6)
    lacking = Result(result.networks, result.archs, (*result.labels, "none"), result.truth, result.top1, result.top5)
    with pytest.raises(ValueError, match=r"^expected pictures of every class, got none of none: "):
        summary(lacking)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.875, 1.0])
def test_wilson_is_scipys(share):
    other = scipy.stats.binomtest(round(share * 40), 40).proportion_ci(method="wilson")
    assert wilson(share, 40) == pytest.approx((other.low, other.high), abs=1e-4)


def test_pearson_and_kappa_take_stacks():
    rates = np.random.default_rng(0).random((4, 3, 9))
    for one, many in zip(rates, pearson(rates), strict=True):
        np.testing.assert_allclose(many, np.corrcoef(one))
    both = np.array([[[0.5, 0.25], [0.25, 0.5]], [[0.5, 0.5], [0.5, 0.5]]])
    np.testing.assert_allclose(kappa(both)[:, 0, 1], [0, 1])


# ---- the record ----------------------------------------------------------------------------------


@pytest.mark.parametrize("extra", [False, True])
def test_the_record_there_and_back(tmp_path, extra):
    wrong = dice(4)
    wrong[1, :] = True  # NaN correlations must come back too
    found = summary(made_up(wrong, 6), draws=40)
    scramble = Scramble((1, 2, 4), np.array([[0.5, 0.4, 0.3]] * 3), 0) if extra else None
    path = tmp_path / dataset.RECORD
    save(path, Measured(found, scramble, None, **ABOUT), digits=6)
    assert "NaN" not in path.read_text()
    assert set(json.loads(path.read_text())) >= {"summary", "scramble", "masking", "date", "commit", "command"}
    back = measured(tmp_path)
    for name in vars(found):
        expected, got = getattr(found, name), getattr(back.summary, name)
        if isinstance(expected, np.ndarray):
            assert got.dtype == expected.dtype
            np.testing.assert_allclose(got, expected, atol=1e-6)
        else:
            assert got == expected
    assert {name: getattr(back, name) for name in ABOUT} == ABOUT
    assert back.masking is None
    assert (back.scramble is not None) == extra
    if extra:
        assert back.scramble.tiles == (1, 2, 4)
        assert back.scramble.accuracy.shape == (3, 3)


# ---- figures -------------------------------------------------------------------------------------


def test_figures_show_the_summarys_numbers(dark):
    found = summary(made_up(dice(6), 6), draws=40)
    level = figures.accuracy_plot(found).figure
    dots = [trace for trace in level.data if trace.mode == "markers+text"]
    assert [(trace.x[0], trace.y[0]) for trace in dots] == [(9, 100 * found.accuracy[0]), (33, 100 * found.accuracy[1])]
    assert any(shape.y0 == shape.y1 == 100 * found.accuracy[2] for shape in level.layout.shapes)
    grid = figures.correlation_map(found).figure.data[0]
    assert (grid.zmin, grid.zmax) == (-1, 1)
    np.testing.assert_array_equal(grid.z, found.correlation)
    assert grid.text[0][1].startswith(f"{found.correlation[0, 1]:.2f}<br>")
    np.testing.assert_array_equal(figures.correlation_map(found, pictures=True).figure.data[0].z, found.kappa)
    dotted = [trace for trace in figures.class_scatter(found).figure.data if trace.mode == "markers+text"]
    assert len(dotted) == 2
    np.testing.assert_array_equal(dotted[1].x, 100 * found.class_error[2])
    np.testing.assert_array_equal(dotted[1].y, 100 * found.class_error[1])
    named = [label for label in dotted[1].text if label]
    furthest = np.abs(found.class_error[1] - found.class_error[2]).argmax()
    assert found.labels[furthest] in named
    assert 1 <= len(named) <= figures.OUTLIERS
    shuffled = dataset.Scramble((1, 4), np.array([[0.5, 0.4], [0.6, 0.3], [0.7, 0.1]]), 0)
    lines = figures.scramble_plot(shuffled, found).figure
    assert [list(trace.y) for trace in lines.data] == [[50, 40], [60, 30], [70, 10]]
    assert len({trace.line.color for trace in lines.data}) == 3


def test_undefined_correlations_are_a_dash():
    wrong = dice(2)
    wrong[0] = False
    found = summary(made_up(wrong, 6), draws=40)
    assert figures.correlation_map(found).figure.data[0].text[0][1] == "–"
    json.loads(figures.correlation_map(found).figure.to_json())


def test_names_of_outliers_do_not_overlap():
    x = np.array([0.0, 10, 10, 90, 50])
    y = np.array([80.0, 89, 85, 20, 50])
    assert figures.outliers(x, y) == [0, 1, 3, 4]  # the third's name would lie on the first's
    assert len(figures.outliers(np.zeros(20), np.arange(20) * 10)) == figures.OUTLIERS


def test_a_scatter_needs_both_kinds():
    found = summary(made_up(dice(0, models=2), 6), draws=20)  # two BagNets, no baseline
    with pytest.raises(ValueError, match=r"^expected BagNets and a baseline, got photo_bagnet9, photo_bagnet33: "):
        figures.class_scatter(found)


def test_tables_have_a_row_for_everything():
    found = summary(made_up(dice(6), 6), draws=40)
    assert figures.accuracy_table(found)["network"] == found.titles
    assert len(figures.class_table(found)["class"]) == 6
    assert len(figures.pair_table(found)["networks"]) == 3
    shuffled = dataset.Scramble((1, 4), np.full((3, 2), 0.5), 0)
    assert figures.scramble_table(shuffled, found)["tiles a side"] == [1, 4]


def test_what_others_report_is_said_to_be_theirs():
    columns = paper.table()
    assert columns["top-5 (the paper's)"] == ["", "", "87.6"]  # the only one that was read at its source
    assert columns["top-1 (third party's)"] == ["46.39", "58.80", "66.66"]
    assert all("paper" in name or "third party" in name for name in list(columns)[1:])
