"""`receptive reproduce`: the tables cover every claim, a re-check finds what was tampered with, a kill is outlived.

CI runs this file, and with it the quick re-check of everything that needs no data but what comes along.
"""

import json
import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

from core.base.refuse import DataError
from core.base.worker import ignore
from core.claims import fact
from core.claims.claim import Ours
from core.overview.board import CLAIMS, RESULTS
from core.reproduce import facts, run
from core.reproduce import quick as reproduce_quick
from core.reproduce.quick import HOLDS, IN_PART, Settings, recheck
from core.reproduce.run import MEASUREMENTS
from core.reproduce.table import CHECKS
from core.studies.random import measure_again
from core.studies.spinal import measure_again as spinal_measure_again
from core.studies.spinal import transfer
from core.terminal import app
from core.training import measurement as training_measurement
from core.training.measurement import Data, Part, stratified

RUN = CliRunner()
DIGITS = ("random:digits", "spinal:digits:small_cnn")  # what is re-checked with scikit-learn's digits alone
FEW = ("blur-energy", "fista-two-steps")  # exact facts that take no time


def command(*words):
    return RUN.invoke(app, ["reproduce", *map(str, words)])


# ---- the tables ----------------------------------------------------------------------------------


def test_every_measured_claim_has_its_measurement_and_its_quick_check():
    asked = {key for claim in CLAIMS for key in claim.measurement}
    assert asked <= set(MEASUREMENTS)
    assert set(CHECKS) == set(MEASUREMENTS)
    assert all(check.how and check.seconds > 0 for check in CHECKS.values())


def test_what_bears_on_one_claim_names_one_that_its_measurement_is_behind():
    behind = {claim.name: claim.measurement for claim in CLAIMS}
    named = {
        "random:cifar10": [measure_again.ABOVE_PIXELS, *map(measure_again.above_untrained, measure_again.UNTRAINED)],
        "spinal-transfer": [spinal_measure_again.transferred(mode) for mode in transfer.MODES],
        "spinal-regression": [spinal_measure_again.fitted(target) for target in spinal_measure_again.TARGETS],
    }
    for key, names in named.items():
        assert [behind[name] for name in names] == [(key,)] * len(names)


def test_every_packaged_record_of_a_measurement_is_there():
    for key, measurement in MEASUREMENTS.items():
        assert all((RESULTS / name).is_file() for name in measurement.records), key


def test_the_quick_checks_fit_into_ten_minutes():
    assert sum(check.seconds for check in CHECKS.values()) < 60 * reproduce_quick.MINUTES


@pytest.mark.parametrize("name", ["blur-enrgy", "spinal:digits:small-cnn"])
def test_an_unknown_name_is_one_line_with_the_nearest(name):
    done = command(name)
    assert done.exit_code == 2
    assert "did you mean" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("words", [("--seed", -1), ("--minutes", 0), ("--results", "nowhere"), ("--data", "nowhere")])
def test_bad_settings_are_one_line(words):
    done = command("blur-energy", "--quick", *words)
    assert (done.exit_code, len(done.stderr.strip().splitlines())) == (2, 1)
    assert "expected" in done.stderr


# ---- quick ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rechecked():
    """Everything that needs no data but what comes along: what CI re-checks."""
    here = {"exact", *DIGITS}
    asked = [claim for claim in CLAIMS if claim.measurement and set(claim.measurement) <= here]
    steps = []
    outcomes = recheck(asked, sorted(here), Data(), Settings(), finished=steps.append)
    return {found.claim.name: found for found in outcomes}, steps


def test_the_packaged_claims_hold_that_need_no_data(rechecked):
    outcomes, steps = rechecked
    assert [step.key for step in steps if step.failed] == []
    exact = [c.name for c in CLAIMS if c.measurement == ("exact",)]
    assert len(exact) >= 10
    assert {name: outcomes[name].state for name in exact} == dict.fromkeys(exact, HOLDS)
    assert outcomes["spinal-beats-fc-digits-small-cnn"].state == IN_PART


def tampered(tmp_path, name, change):
    """The packaged records with one of them changed."""
    folder = tmp_path / "results"
    shutil.copytree(RESULTS, folder)
    path = folder / name
    record = json.loads(path.read_text())
    change(record)
    path.write_text(json.dumps(record))
    return folder


def test_an_exact_fact_that_was_changed_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(facts, "FACTS", {name: facts.FACTS[name] for name in FEW})
    before = command(*FEW, "--quick")
    assert (before.exit_code, before.stdout.count(": holds: ")) == (0, 2)

    def change(record):
        record["facts"]["blur-energy"] |= {"value": 6, "low": 6, "high": 6}

    done = command(*FEW, "--quick", "--results", tampered(tmp_path, fact.EXACT, change))
    assert done.exit_code == 1
    assert "blur-energy: no longer holds: packaged 6, computed 7" in done.stdout
    assert "fista-two-steps: holds" in done.stdout


def test_a_race_that_was_changed_is_found(tmp_path):
    def change(record):
        result = record["result"]
        result["accuracy"] = (np.array(result["accuracy"], float) - 0.2).tolist()

    folder = tampered(tmp_path, "spinal_heads/digits_small_cnn.json", change)
    done = command("spinal-beats-fc-digits-small-cnn", "--quick", "--results", folder)
    assert done.exit_code == 1
    assert "spinal-beats-fc-digits-small-cnn: no longer holds" in done.stdout


def test_without_its_data_a_claim_is_neither_held_nor_failed(tmp_path):
    done = command("random-retrieval", "--quick", "--data", tmp_path)
    assert done.exit_code == 0
    assert "random-retrieval: not re-checked: needs corel" in done.stdout


def test_a_part_fails_only_the_claims_that_it_bears_on(tmp_path):
    asked = [claim for claim in CLAIMS if claim.measurement == ("spinal-regression",)]
    off, fine = (
        Part(target, 1.0, now, 0.1, (spinal_measure_again.fitted(target),))
        for target, now in (("sum", 2.0), ("product", 1))
    )
    steps = {"spinal-regression": reproduce_quick.Step("spinal-regression", parts=(off, fine))}
    found = [reproduce_quick.outcome(claim, steps, RESULTS, tmp_path) for claim in asked]
    assert {one.claim.name: one.state for one in found} == {
        spinal_measure_again.fitted("sum"): reproduce_quick.FAILS,
        spinal_measure_again.fitted("product"): IN_PART,
    }


def test_broken_data_fail_no_claim(tmp_path):
    (tmp_path / "corel" / "train" / "ships").mkdir(parents=True)
    done = command("random-retrieval", "--quick", "--data", tmp_path)
    assert done.exit_code == 0
    assert "random-retrieval: not re-checked: expected picture files" in done.stdout


def test_no_measurement_is_begun_that_the_time_is_too_short_for():
    done = command("blur-energy", "--quick", "--minutes", 0.01)
    assert done.exit_code == 0
    assert "no time left of 0.01 minutes" in done.stdout


@pytest.mark.parametrize(
    ("now", "meets"),
    [((5, 4, 6), True), ((9, 7, 11), True), ((13, 12, 14), False), ((-5, -6, -4), False), ((5, -20, 30), True)],
)
def test_a_subset_meets_the_packaged_interval_or_does_not(now, meets):
    packaged = Ours(5, 4, 6, "", "", "")
    assert reproduce_quick.meets(packaged, Ours(*now, "", "", "")) is meets


@pytest.mark.parametrize(("now", "agrees"), [(0.5, True), (0.52, True), (0.53, False), (float("nan"), False)])
def test_a_part_agrees_within_its_tolerance(now, agrees):
    assert Part("share", 0.5, now, 0.025).agrees is agrees


def test_a_subset_is_stratified_and_seeded():
    split = Data().split("digits", "test")
    first, again, other = (stratified(split, 100, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.pixels, again.pixels)
    assert not np.array_equal(first.pixels, other.pixels)
    assert np.bincount(first.labels).tolist() == [10] * 10


# ---- in full -------------------------------------------------------------------------------------


def test_a_killed_run_goes_on_and_measures_nothing_twice(tmp_path, monkeypatch):
    monkeypatch.setattr(facts, "FACTS", {name: facts.FACTS[name] for name in FEW})
    begun = []

    def killed(*asked):
        begun.append("random:digits")
        raise KeyboardInterrupt

    stop = dict(MEASUREMENTS) | {
        "random:digits": training_measurement.Measurement(
            MEASUREMENTS["random:digits"].records, ("digits",), (), 2, killed
        )
    }
    monkeypatch.setattr(run, "MEASUREMENTS", stop)
    done = command(*FEW, "random:digits", "--work", tmp_path)
    assert (done.exit_code, begun) == (130, ["random:digits"])
    assert set(run.finished(tmp_path)) == {"exact"}
    written = (tmp_path / "results" / fact.EXACT).stat().st_mtime_ns

    def quick(data, results, work, progress):
        begun.append("again")
        path = results / MEASUREMENTS["random:digits"].records[0]
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(RESULTS / MEASUREMENTS["random:digits"].records[0], path)

    monkeypatch.setattr(
        run,
        "MEASUREMENTS",
        stop
        | {"random:digits": training_measurement.Measurement(stop["random:digits"].records, ("digits",), (), 2, quick)},
    )
    done = command(*FEW, "random:digits", "--work", tmp_path)
    assert (done.exit_code, begun) == (0, ["random:digits", "again"])
    assert "exact: finished before" in done.stdout
    assert (tmp_path / "results" / fact.EXACT).stat().st_mtime_ns == written
    assert "blur-energy: reproduced in miniature -> reproduced in miniature" in done.stdout
    assert set(run.finished(tmp_path)) == {"exact", "random:digits"}


def test_what_lacks_data_is_left_out_and_said(tmp_path):
    done = command("random-retrieval", "--work", tmp_path / "work", "--data", tmp_path)
    assert done.exit_code == 0
    assert "retrieval: left out, needs corel below --data" in done.stdout


def test_another_run_in_the_same_folder_is_refused(tmp_path):
    from filelock import FileLock

    with FileLock(tmp_path / "lock"), pytest.raises(ValueError, match="expected no other run in"):
        run.measure("exact", Data(), tmp_path, ignore)


def test_data_that_are_not_there_are_one_sentence(tmp_path):
    with pytest.raises(DataError, match="expected cifar10 below --data"):
        Data(tmp_path).split("cifar10", "test")
    assert Data(tmp_path).missing(("digits", "corel", "mnist")) == ["corel", "mnist"]
    (tmp_path / "corel").mkdir()
    assert Data(tmp_path).given("corel") == tmp_path / "corel"


def test_new_weights_make_a_finished_measurement_unfinished(tmp_path, monkeypatch):
    monkeypatch.setattr(facts, "FACTS", {"blur-energy": facts.FACTS["blur-energy"]})
    run.measure("exact", Data(), tmp_path, ignore)
    assert run.is_finished("exact", tmp_path)
    monkeypatch.setattr(run, "inputs", lambda key: {"cifar_vgg": "another digest"})
    assert not run.is_finished("exact", tmp_path)
