"""Ablations: one size is varied at a time, from the same seeds, and the packaged numbers say what they are said to."""

import dataclasses
import json

import numpy as np
import pytest
from scipy import stats
from streamlit.testing.v1 import AppTest

from core.base.records import as_json, from_json
from core.base.renamed import today
from core.data import named
from core.data.split import Split
from core.figures import theme
from core.models.heads import Shape
from core.studies.spinal import ablation, ablation_figures, heads, measure_ablation
from core.studies.spinal.ablation import PAPER, VARIED, Params, Setting
from pages.parts.common.words import stressed

FEATURES, CLASSES = 320, 10
TINY = Params(seeds=2, epochs=1, layers=(2,), width=(8, 2), split=(1,), order=("alternating", "blocks"))
PART = "from pages.parts.spinal import measured\nmeasured.show()"


@pytest.fixture(scope="module")
def digits():
    """A few of them."""
    train, test = (named.load("digits", split=name) for name in ("train", "test"))
    return tuple(Split(s.pixels[:n], s.labels[:n], s.classes) for s, n in ((train, 128), (test, 50)))


@pytest.fixture(scope="module")
def measured(digits, tmp_path_factory):
    """TINY's record, and the folder of its parts."""
    folder = tmp_path_factory.mktemp("ablation")
    return measure_ablation.measure(*digits, folder / "work", params=TINY, path=folder / "ablation.json")


@pytest.fixture(scope="module")
def result(measured):
    return ablation.measured(measured)[0]


def test_one_size_is_varied_and_the_others_are_the_papers():
    params = Params()
    assert Shape(8, 6, 2, "alternating") == PAPER
    for vary in VARIED:
        for shape, value in zip(params.shapes(vary), getattr(params, vary), strict=True):
            assert dataclasses.replace(PAPER, **{vary: value}) == shape
    assert len(set(params.settings)) == len(params.settings) == 1 + 1 + 4 + 4 + 4 + 1
    assert params.settings[:2] == (Setting("fc", PAPER), Setting("spinal", PAPER))


def test_parameters_are_those_of_the_heads(result):
    for setting in result.settings[1:]:
        shape = setting.shape
        sizes = [len(part) for part in np.array_split(np.arange(FEATURES), shape.split)]
        layers = [sizes[part] + (shape.width if i else 0) + 1 for i, part in enumerate(shape.parts)]
        assert result.count(setting) == shape.width * sum(layers) + CLASSES * (shape.layers * shape.width + 1)
    assert result.count(Setting("fc", PAPER)) == 50 * (FEATURES + 1) + CLASSES * 51


def test_a_network_is_the_one_that_the_study_trains(digits, result):
    params = heads.Params("small_cnn", ("spinal",), seeds=2, epochs=1, width=2)
    raced = heads.run("digits", *digits, params)
    setting = Setting("spinal", dataclasses.replace(PAPER, width=2))
    assert np.array_equal(result.row(setting), 100 * raced.last[0])


def test_measuring_tells_how_far_it_is_and_survives_json(digits, result, tmp_path):
    assert not np.isnan(result.accuracy).any()
    seen = []

    def stop(done, total):
        seen.append((done, total))
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure_ablation.measure(*digits, tmp_path, stop, TINY, tmp_path / "ablation.json")
    assert seen == [(0, 12), (1, 12)]
    for one in (result, ablation.blank(*digits, TINY)):
        again = from_json(ablation.Result, json.loads(json.dumps(as_json(one))))
        for name, value in vars(one).items():
            if isinstance(value, np.ndarray):
                assert np.array_equal(getattr(again, name), value, equal_nan=True)
            else:
                assert getattr(again, name) == value


def test_too_few_pictures_are_refused_in_one_sentence(digits, tmp_path):
    few = Split(digits[0].pixels[:10], digits[0].labels[:10], digits[0].classes)
    with pytest.raises(ValueError, match="expected at least 64 training pictures, got 10"):
        measure_ablation.measure(few, digits[1], tmp_path, params=TINY, path=tmp_path / "ablation.json")


def test_measuring_goes_on_from_its_parts(digits, measured, result, tmp_path, monkeypatch):
    work, [found, about] = measured.parent / "work", ablation.measured(measured)
    assert found.settings == TINY.settings
    assert about["command"] == measure_ablation.ABLATION.command
    assert len(list(work.glob("*.json"))) == 2 * len(TINY.settings)

    def fail(*args):
        raise AssertionError("trained again")

    monkeypatch.setattr(ablation, "one", fail)
    few = dataclasses.replace(TINY, seeds=1)
    again = measure_ablation.measure(*digits, work, params=few, path=tmp_path / "again.json")
    assert np.array_equal(ablation.measured(again)[0].accuracy, result.accuracy[:, :1])
    longer = dataclasses.replace(TINY, epochs=2)
    with pytest.raises(ValueError, match=r"expected a part of .* delete"):
        measure_ablation.measure(*digits, work, params=longer, path=tmp_path / "longer.json")


# ---- what is packaged ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def packaged():
    return ablation.measured()


def test_the_packaged_record_is_whole_and_says_where_it_came_from(packaged):
    found, about = packaged
    assert (found.train, found.test) == (1_297, 500)
    assert found.params.seeds >= 5
    assert found.settings == found.params.settings
    assert found.accuracy.shape == (len(found.settings), found.params.seeds)
    hits = found.accuracy * found.test
    assert np.allclose(hits, hits.round())
    assert today(about["command"]) == measure_ablation.ABLATION.command


@pytest.mark.parametrize("vary", VARIED)
def test_means_and_verdicts_follow_from_the_seeds(packaged, vary):
    found, _ = packaged
    cells, said = ablation_figures.table(found, vary), ablation.finding(found, vary)
    values = getattr(found.params, vary)
    assert len(cells["right, %"]) == len(values) + 1
    paper = 100 * found.accuracy[found.settings.index(Setting("spinal", PAPER))]
    for i, value in enumerate(values):
        shape = dataclasses.replace(PAPER, **{vary: value})
        row = 100 * found.accuracy[found.settings.index(Setting("spinal", shape))]
        half = stats.t.ppf(0.975, len(row) - 1) * stats.sem(row)
        assert cells["right, %"][i] == f"{row.mean():.2f} ± {half:.2f}"
        if shape != PAPER:
            low, high = stats.ttest_rel(row, paper).confidence_interval(0.95)
            words = "better" if low > 0 else "worse" if high < 0 else "no difference shown"
            change = f"{(low + high) / 2:+.2f} ± {(high - low) / 2:.2f}".replace("-", "−")
            assert cells["minus the paper's"][i] == f"{change}: {words}"
            assert f"{value}: {change}, {words}" in said


@pytest.mark.parametrize("vary", VARIED)
def test_the_figure_shows_every_mean(packaged, vary):
    found, _ = packaged
    for look in theme.THEMES:
        with theme.drawn(look):
            traces = ablation_figures.sizes(found, vary).figure.data
            means = [trace.y[0] for trace in traces[1::2]]
            shapes = [*(Setting("spinal", s) for s in found.params.shapes(vary)), Setting("fc", PAPER)]
            assert np.allclose(means, [found.row(s).mean() for s in shapes])
            if vary != "order":
                assert [trace.x[0] for trace in traces[1::2]] == [found.count(s) for s in shapes]


def test_the_part_is_folded_and_shows_what_is_varied(packaged):
    folded = AppTest.from_string(PART, default_timeout=60).run()
    assert not folded.exception
    assert not folded.selectbox
    app = AppTest.from_string(PART, default_timeout=60)
    app.session_state["spinal ablation"] = True
    app.run()
    for vary, title in VARIED.items():
        app.selectbox(key="spinal-vary").set_value(title).run()
        assert not app.exception
        said = ablation.finding(packaged[0], vary)
        assert stressed(said, f"{title.capitalize()}:") in [m.value for m in app.markdown]
    assert any("receptive measure spinal-ablation" in c.value for c in app.caption)


def test_without_a_record_the_part_says_what_to_run(monkeypatch):
    monkeypatch.setattr(ablation, "measured", lambda: None)
    app = AppTest.from_string(PART, default_timeout=60)
    app.session_state["spinal ablation"] = True
    app.run()
    assert not app.exception
    assert any("Not measured on this machine yet" in m.value for m in app.markdown)
