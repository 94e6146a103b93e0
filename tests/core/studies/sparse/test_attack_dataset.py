"""Attacks over a set of pictures: the numbers are those of single attacks, and the words are those of the numbers."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from core.base.records import as_json, save
from core.studies.sparse import attack_dataset as dataset
from core.studies.sparse import attack_figures as figures
from core.studies.sparse.attack import Params, attack, curve
from tests.core.studies.sparse.test_attack import floats, pictures, sdnet
from tests.helpers.networks_by_hand import by_hand


@pytest.fixture(scope="module")
def coded():
    return by_hand(sdnet(), size=8, name="sdnet")


@pytest.fixture(scope="module")
def twin():
    return by_hand(sdnet(1, coded="none"), size=8, name="twin")


@pytest.fixture(scope="module")
def split(coded):
    return pictures(coded)


@pytest.fixture(scope="module")
def found(coded, twin, split):
    subjects = [(coded, 0.1), (coded, 0.5), (twin, None)]
    return dataset.measure(
        subjects,
        split,
        Params(steps=4, restarts=2, seed=1),
        eps={"linf": (1 / 255, 2 / 255, 4 / 255), "l2": (0.05, 0.1)},
        convergence_eps={"linf": 2 / 255, "l2": 0.1},
        steps=(1, 2, 6),
        restarts=(1, 3),
        about={"data": "noise", "command": "none", "date": "today", "commit": "0", "dataset": "noise"},
    )


def test_the_curves_are_those_of_the_attack(found, coded, twin, split):
    for m, (network, lam) in enumerate([(coded, 0.1), (coded, 0.5), (twin, None)]):
        for norm, shown in found.curves.items():
            fooled = curve(network, floats(split), split.labels, Params(norm, 1, 4, 2, 1), tuple(shown.eps), lam)
            np.testing.assert_allclose(shown.accuracy[m], 1 - fooled.mean(1))
            assert (shown.accuracy[m] <= found.clean[m]).all()
    np.testing.assert_allclose(found.clean[0], 10 / 12)
    np.testing.assert_array_equal(found.curves["linf"].gain[0], 0)
    np.testing.assert_allclose(found.curves["l2"].gain, found.curves["l2"].accuracy - found.curves["l2"].accuracy[:1])


def test_convergence_is_what_separate_attacks_say(found, coded, split):
    for norm, run in found.convergence.items():
        for i, steps in enumerate(run.steps):
            alone = attack(coded, floats(split), split.labels, Params(norm, run.eps, int(steps), 1, 1), 0.5)
            assert run.by_steps[1, i] == pytest.approx(1 - alone.fooled.mean())
        for i, restarts in enumerate(run.restarts):
            alone = attack(coded, floats(split), split.labels, Params(norm, run.eps, 4, int(restarts), 1), 0.5)
            assert run.by_restarts[1, i] == pytest.approx(1 - alone.fooled.mean())
        assert (np.diff(run.by_steps) <= 0).all()
        assert (np.diff(run.by_restarts) <= 0).all()


def test_an_attack_that_still_gains_has_not_converged():
    falls = np.array([[0.5, 0.4, 0.4], [0.5, 0.4, 0.38]])
    flat = np.array([[0.4, 0.4], [0.4, 0.4]])
    run = dataset.Convergence(0.1, np.arange(3), falls, np.arange(2), flat, 20)
    np.testing.assert_array_equal(run.is_converged, [True, False])
    np.testing.assert_allclose(run.last_fall, [0, 0.02])


def test_json_and_back(found, tmp_path):
    save(tmp_path / dataset.RECORD, found, digits=6)
    again = dataset.measured(tmp_path)
    assert as_json(again) == as_json(found, 6)
    assert again.titles == found.titles == ["sdnet at λ = 0.1", "sdnet at λ = 0.5", "twin"]
    assert again.lams == (0.1, 0.5, None)
    np.testing.assert_allclose(again.curves["l2"].gain_error, found.curves["l2"].gain_error, atol=1e-6)


def by_gain(found, gain, error):
    """`found` with these gains of the other two subjects everywhere."""
    curves = {
        norm: dataclasses.replace(
            c, gain=c.gain * 0 + np.array([[0], [gain], [-gain]]), gain_error=c.gain_error * 0 + error
        )
        for norm, c in found.curves.items()
    }
    return dataclasses.replace(found, curves=curves)


def test_the_finding_says_whether_it_helps(found):
    helps = dataset.finding(by_gain(found, 0.2, 0.05), "linf")
    assert "λ = 0.5: +20.0 ± 9.8 points against sdnet at λ = 0.1, it helps." in helps
    assert "A plain first layer: -20.0 ± 9.8 points against sdnet at λ = 0.1, it does harm." in helps
    unsure = dataset.finding(by_gain(found, 0.2, 0.15), "l2")
    assert unsure.count("no help that 12 pictures can show") == 2
    assert f"{found.curves['l2'].accuracy[0, 1]:.0%} for sdnet at λ = 0.1" in unsure
    bad = dataclasses.replace(found.convergence["l2"], by_steps=np.array([[0.9, 0.5, 0.2]] * 3))
    warned = dataset.finding(dataclasses.replace(found, convergence={"linf": bad, "l2": bad}), "l2")
    assert warned.endswith("The attack has not converged: a longer one may leave less.")


def test_figures_and_tables_show_every_number(found, dark):
    fig = figures.curves(found).figure
    lines = [t for t in fig.data if t.mode == "lines+markers"]
    assert len(lines) == 6
    np.testing.assert_allclose(lines[1].y, [found.clean[1], *found.curves["linf"].accuracy[1]])
    assert len({line.line.color for line in lines}) == 3
    assert len({line.line.dash for line in lines}) == 3
    run = figures.convergence(found).figure
    assert len([t for t in run.data if t.mode == "lines+markers"]) == 12
    for table, rows in ((figures.curve_table(found), 4 + 3), (figures.convergence_table(found), 2 * 3 * 5)):
        assert {len(column) for column in table.values()} == {rows}


@pytest.mark.parametrize(
    ("norm", "eps", "words"), [("linf", 0.007843, "2/255"), ("linf", 1 / 255, "1/255"), ("l2", 0.25, "0.25")]
)
def test_a_radius_reads_the_same_after_rounding(norm, eps, words):
    assert dataset.radius(norm, eps) == words


def test_no_network_is_refused(split):
    with pytest.raises(ValueError, match="expected networks that share their labels"):
        dataset.measure([], split, Params())
