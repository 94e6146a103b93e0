"""The regression experiment: what the errors mean, fair pairs, the packaged record, and the page's part."""

import json
import math
from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from core.base.intervals import mean_interval
from core.base.records import from_json
from core.base.renamed import today
from core.models import counting
from core.studies.spinal import measure_regression as ship
from core.studies.spinal import regression as study
from core.studies.spinal import regression_figures as figures
from core.studies.spinal.regression import FUNCTIONS, NETWORKS, Params, Points

SMALL = Params(
    targets=("sum", "pairs"), networks=("fc", "spinal"), seeds=3, epochs=3, train=60, test=40, batch=20, every=2
)
PART = "from pages.parts.spinal import regression as spinal_regression\nspinal_regression.show()\n"
ARRAYS = [field.name for field in fields(study.Result) if field.name != "params"]


@pytest.fixture(scope="module")
def small():
    return run(SMALL)


def run(params):
    pairs = [(target, network) for target in params.targets for network in params.networks]
    return study.collect(params, {pair: study.race(params, *pair) for pair in pairs})


def packaged():
    return json.loads(study.RECORD.read_text())


def test_the_functions_at_points_worked_out_by_hand():
    x = np.array([[0.5] * 8, [1, 0, 1, 1, 0.5, 0.5, 0, 1]])
    expected = {"sum": [4, 5], "product": [0.5**8, 0], "sine": np.sin([4, 5]), "pairs": [1, 1.25]}
    assert set(expected) == set(FUNCTIONS)
    for name, values in expected.items():
        np.testing.assert_allclose(FUNCTIONS[name].of(x), values, rtol=1e-12)
    assert [name for name, function in FUNCTIONS.items() if function.papers] == ["sum", "product"]


@pytest.mark.parametrize("target", FUNCTIONS)
def test_the_true_function_gets_the_noise_floor_and_no_excess(target):
    sigma, n = 0.3, 20_000
    points = study.draw(target, n, sigma, 3)
    floor, excess = study.errors(FUNCTIONS[target].of(points.inputs), points)
    assert excess == 0
    assert abs(floor / sigma**2 - 1) < 5 * math.sqrt(2 / n)  # a mean square of normal numbers has this deviation
    mse, excess = study.errors(points.clean + 0.2, points)
    assert excess == pytest.approx(0.04)
    assert mse == pytest.approx(sigma**2 + 0.04, rel=0.05)


@pytest.mark.parametrize("target", FUNCTIONS)
def test_points_depend_on_the_seed_lie_where_they_should_and_are_not_tested_on(target):
    function = FUNCTIONS[target]
    a, again, other, held_out = (
        study.draw(target, 500, 0.1, seed, held_out=test)
        for seed, test in ((1, False), (1, False), (2, False), (1, True))
    )
    assert function.low <= a.inputs.min() < a.inputs.max() <= function.high
    np.testing.assert_array_equal(a.noisy, again.noisy)
    assert not set(a.clean) & set(other.clean)
    assert not set(a.clean) & set(held_out.clean)


def test_a_network_that_is_the_true_function_has_no_excess():
    net = study.build("spinal")
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.zero_()
        for i, layer in enumerate(net.layers[:2]):  # each layer sums the half that it sees; inputs are not negative
            layer.linear.weight[0, :4] = 1
            net.out.linear.weight[0, i * net.width] = 1
    points = study.draw("sum", 300, 0.1, 0)
    [answers] = study.Ensemble([net]).answers(points.inputs[None])
    mse, excess = study.errors(answers, points)
    assert excess < 1e-12
    assert mse == pytest.approx(study.errors(points.clean, points)[0], rel=1e-5)


def test_the_networks_are_those_of_the_paper_and_the_matched_one_is_as_large():
    sizes = {name: study.counts(name) for name in NETWORKS}
    assert sizes["fc"] == (22_001, 22_001)
    assert sizes["spinal"] == (14_301, 14_301)
    assert sizes["published"] == (14_301, 8_801)
    total, live = sizes["fc-matched"]
    assert total == live
    step = counting.parameters(study.build("fc-matched")) / study.matched_hidden()[0] * 2
    assert abs(total - 14_301) <= step / 2


def test_all_networks_of_a_seed_see_the_same_points_in_the_same_batches(monkeypatch):
    seen = {}

    def watch(self, x):
        seen.setdefault(self.name, []).append(x.clone())
        return self.call(self.parameters, x)

    monkeypatch.setattr(study.Ensemble, "__call__", watch)
    for name in ("fc", "spinal"):
        monkeypatch.setattr(study.Ensemble, "name", name, raising=False)
        study.race(SMALL, "sum", name)
    for a, b in zip(seen["fc"], seen["spinal"], strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)
    batches = torch.cat([x for x in seen["fc"] if x.shape[1] == SMALL.batch][:3], 1)  # one epoch
    for s, rows in enumerate(batches):
        given = study.draw("sum", SMALL.train, SMALL.sigma, s).inputs.astype(np.float32)
        assert sorted(map(tuple, rows.numpy())) == sorted(map(tuple, given))


def test_networks_trained_together_are_trained_apart():
    params = replace(SMALL, epochs=2, every=1)
    together = study.race(params, "pairs", "spinal")
    alone = study.lesson(params, "pairs", "spinal", 2)
    np.testing.assert_allclose(alone.mse, [look.mse[2] for look in together], rtol=1e-4)
    np.testing.assert_array_equal(alone.looks, [1, 2])


def test_training_is_deterministic_and_leaves_the_global_dice_alone(small):
    torch.manual_seed(7)
    before = torch.get_rng_state()
    again = run(SMALL)
    assert torch.equal(before, torch.get_rng_state())
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(again, name), getattr(small, name))


def test_training_learns_and_the_layers_without_effect_stay_as_they_were():
    params = Params(targets=("sum",), seeds=3, epochs=12, train=400, test=200, batch=40, every=12)
    learn, test = study.points(params, "sum", range(3))
    ensemble = study.Ensemble([study.build("published", seed) for seed in range(3)])
    before = {name: value.detach().clone() for name, value in ensemble.parameters.items()}
    [look] = study.train(ensemble, learn, test, params, [0, 1, 2])
    moved = {name for name, value in ensemble.parameters.items() if not torch.equal(value, before[name])}
    assert {name for name in before if name not in moved} == {
        f"layers.{i}.linear.{which}" for i in (4, 5) for which in ("weight", "bias")
    }
    constant = [study.errors(np.full(200, one.noisy.mean()), other)[0] for one, other in zip(learn, test, strict=True)]
    assert (look.mse < 0.5 * np.array(constant)).all()
    assert (look.lowest <= look.loss).all()


def test_shapes_and_looks(small):
    result = small
    assert SMALL.looks == (2, 3)
    assert result.mse.shape == result.clean.shape == result.loss.shape == result.lowest.shape == (2, 2, 3, 2)
    assert result.floor.shape == result.constant.shape == (2, 3)
    assert all(np.isfinite(getattr(result, name)).all() for name in ARRAYS)
    assert (np.diff(result.lowest, axis=-1) <= 0).all()


def test_gain_is_positive_where_the_spinal_network_errs_less(small):
    mse = small.mse.copy()
    mse[0, 0, :, -1], mse[0, 1, :, -1] = [0.03, 0.05, 0.04], [0.02, 0.03, 0.03]  # fc, spinal
    mse[1, 0, :, -1], mse[1, 1, :, -1] = [0.02, 0.03, 0.04], [0.05, 0.06, 0.0701]
    made = replace(small, mse=mse)
    mean, half = study.gain(made, "sum", "fc")
    assert mean == pytest.approx(40 / 3)
    assert half == pytest.approx(4.302653 * np.std([10, 20, 10], ddof=1) / math.sqrt(3), rel=1e-5)
    assert study.gain(made, "pairs", "fc")[0] < 0
    said = figures.finding(made)
    assert "no difference shown on sum" in said
    assert "worse on pairs" in said


def test_measuring_resumes_from_its_parts_and_refuses_others(tmp_path, monkeypatch, small):
    path = tmp_path / "record.json"
    ship.measure(tmp_path / "work", params=SMALL, path=path)
    record = json.loads(path.read_text())
    assert {"date", "commit", "command", "optimiser", "targets"} <= set(record)
    assert record["targets"]["sum"]["whose"] == "the paper's"
    assert record["targets"]["pairs"]["whose"] == "ours"
    np.testing.assert_allclose(from_json(study.Result, record["result"]).mse, small.mse, atol=10**-study.DIGITS)
    monkeypatch.setattr(study, "race", lambda *args: pytest.fail("a finished part is not trained again"))
    ship.measure(tmp_path / "work", params=SMALL, path=path)
    with pytest.raises(ValueError, match="expected a part of"):
        ship.measure(tmp_path / "work", params=replace(SMALL, sigma=0.2), path=path)
    assert not list(tmp_path.rglob("*.tmp"))


def test_the_packaged_record_agrees_with_itself():
    record = packaged()
    result = from_json(study.Result, record["result"])
    assert result.params == ship.PLAN
    assert today(record["command"]) == study.COMMAND == ship.REGRESSION.command
    assert {name: about["whose"] for name, about in record["targets"].items()} == {
        name: function.whose for name, function in FUNCTIONS.items()
    }
    shape = (len(FUNCTIONS), len(NETWORKS), result.params.seeds, len(result.params.looks))
    for name in study.CURVES:
        values = getattr(result, name)
        assert values.shape == shape
        assert np.isfinite(values).all()
        assert (values >= 0).all()
    for t, target in enumerate(result.params.targets):  # the same seeds draw the same points again
        for s, points in enumerate(study.points(result.params, target, range(result.params.seeds))[1]):
            assert result.floor[t, s] == pytest.approx(study.errors(points.clean, points)[0], abs=1e-6)
    # against noise that nobody can know, an error is the noise-free one and the floor, but for chance
    np.testing.assert_allclose(result.mse, result.clean + result.floor[:, None, :, None], rtol=0.08)
    np.testing.assert_array_equal(
        list(zip(result.parameters, result.live, strict=True)), [study.counts(n) for n in result.params.networks]
    )
    table = figures.table(result)
    fc = table[figures.ERROR][0]
    mean, half = mean_interval(1e3 * result.mse[0, 0, :, -1])
    assert fc == f"{mean:.2f} ± {half:.2f}"


def test_a_constant_answer_is_what_the_record_calls_one(small):
    [learn], [test] = study.points(SMALL, "sum", [0])
    assert small.constant[0, 0] == pytest.approx(np.mean((test.noisy - learn.noisy.mean()) ** 2))
    assert isinstance(test, Points)


def test_the_figures_hold_the_numbers(small, dark):
    fig = figures.panels(small).figure
    means = [trace.y[0] for trace in fig.data if trace.error_y.array is not None]
    np.testing.assert_allclose(means, 1e3 * small.last.mean(axis=2).ravel())
    curves = figures.by_epoch(small).figure
    np.testing.assert_allclose(curves.data[0].y, 1e3 * small.mse[0, 0].mean(axis=0))
    lessons = [study.lesson(replace(SMALL, epochs=1), "sum", name, 0) for name in ("fc", "spinal")]
    fig = figures.learned(lessons).figure
    np.testing.assert_allclose(fig.data[0].y, 8 * lessons[0].inputs)
    np.testing.assert_allclose(fig.data[1].y, lessons[0].learned)


def test_words_name_the_dead_layers_and_whose_the_numbers_are():
    result = run(replace(SMALL, networks=("spinal", "published"), epochs=1))
    assert "of 14,301 parameters 8,801 have an effect, and 5,500 in two layers have none" in figures.dead_words(result)
    assert figures.dead_words(run(replace(SMALL, epochs=1))) == ""
    columns = figures.paper_table()
    assert columns["spinal, × 10⁻³"] == ["1.007", "0.855", "3.966", "2.217"]
    assert all("paper" in name for name in list(columns)[:1])


def part():
    app = AppTest.from_string(PART, default_timeout=120)
    app.session_state["spinal regression"] = True
    return app


def test_the_part_says_what_is_the_papers_and_what_is_ours(monkeypatch):
    app = part().run()
    assert not app.exception
    said = " ".join(m.value for m in [*app.markdown, *app.caption])
    for words in ("Spinal against FC: ", "The paper's: the sum", "ours in their place", "8,801", study.COMMAND):
        assert words in said
    app.segmented_control(key="spinal-regression-view").set_value("by epoch").run()
    assert not app.exception


def test_one_seed_is_trained_when_asked_for(monkeypatch):
    from pages.parts.spinal import regression

    monkeypatch.setattr(regression, "LIVE", replace(regression.LIVE, epochs=2, every=1, train=200))
    app = part().run()
    app.selectbox(key="spinal-regression-target").set_value("product").run()
    app.number_input(key="spinal-regression-seed").set_value(4).run()
    app.toggle(key="spinal regression train").set_value(True).run()
    assert not app.exception
    assert any(c.value.startswith("Seed 4, 2 epochs on 200") for c in app.caption)


def test_without_a_record_the_part_says_how_to_get_one(monkeypatch, tmp_path):
    assert study.measured(tmp_path / "none.json") is None
    monkeypatch.setattr(study, "measured", lambda: None)
    app = part().run()
    assert not app.exception
    assert any("Not measured on this machine yet" in m.value for m in app.markdown)
