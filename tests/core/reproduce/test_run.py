"""`receptive reproduce`: the tables cover every claim, a re-check finds what was tampered with, a kill is outlived.

CI runs this file, and with it the quick re-check of everything that needs no data but what comes along.
"""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from filelock import FileLock
from typer.testing import CliRunner

from core.base.refuse import DataError
from core.base.worker import ignore
from core.claims import fact
from core.claims.claim import Ours
from core.data import named
from core.overview.board import CLAIMS, RESULTS
from core.reproduce import facts, run
from core.reproduce import quick as reproduce_quick
from core.reproduce.quick import HOLDS, IN_PART, Settings, recheck
from core.reproduce.table import MEASUREMENTS
from core.studies.random import measure
from core.studies.spinal import measure_regression, measure_transfer, transfer
from core.terminal import app
from core.terminal import measure as terminal_measure
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
    checks = [MEASUREMENTS[key].quick for key in asked]
    assert all(check.how and check.seconds > 0 for check in checks)


def test_every_key_stands_alone_or_in_a_group_that_is_no_key():
    assert all(key == one.key for key, one in MEASUREMENTS.items())
    assert not {key.split(":")[0] for key in MEASUREMENTS if ":" in key} & set(MEASUREMENTS)
    assert run.measurements(["spinal:digits", "shift-pairs"]) == ["spinal:digits:small_cnn", "shift-pairs"]
    assert len(run.measurements(["shift"])) == 17


def test_what_bears_on_one_claim_names_one_that_its_measurement_is_behind():
    behind = {claim.name: claim.measurement for claim in CLAIMS}
    named = {
        "random:cifar10": [measure.ABOVE_PIXELS, *map(measure.above_untrained, measure.UNTRAINED)],
        "spinal-transfer": [measure_transfer.transferred(mode) for mode in transfer.MODES],
        "spinal-regression": [measure_regression.fitted(target) for target in measure_regression.TARGETS],
    }
    for key, names in named.items():
        assert [behind[name] for name in names] == [(key,)] * len(names)


def test_every_packaged_record_of_a_measurement_is_there():
    missing = [key for key, one in MEASUREMENTS.items() if not one.written(RESULTS)]
    assert missing == ["sparse:cifar_sdnet18_all"]  # whose maps are shown, and no claim hangs on its noise
    assert not {key for claim in CLAIMS for key in claim.measurement} & set(missing)


def test_every_packaged_record_has_its_measurement():
    """All but the first looks, which are no measured numbers."""
    known = {one.record for one in MEASUREMENTS.values()}
    found = {path.relative_to(RESULTS).as_posix() for path in RESULTS.rglob("*.json")}
    assert {name for name in found if not name.startswith("first_look/")} <= known


def test_the_quick_checks_fit_into_ten_minutes():
    _, keys = run.chosen([])  # what is behind the claims
    seconds = [MEASUREMENTS[key].quick.seconds for key in keys if MEASUREMENTS[key].quick]
    assert sum(seconds) < 60 * reproduce_quick.Settings.minutes


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
        Part(target, 1.0, now, 0.1, (measure_regression.fitted(target),))
        for target, now in (("sum", 2.0), ("product", 1))
    )
    steps = {"spinal-regression": reproduce_quick.Step("spinal-regression", parts=(off, fine))}
    found = [reproduce_quick.outcome(claim, steps, RESULTS, tmp_path) for claim in asked]
    assert {one.claim.name: one.state for one in found} == {
        measure_regression.fitted("sum"): reproduce_quick.FAILS,
        measure_regression.fitted("product"): IN_PART,
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

    whole = MEASUREMENTS["random:digits"]
    monkeypatch.setitem(MEASUREMENTS, whole.key, replace(whole, run=killed))
    done = command(*FEW, "random:digits", "--work", tmp_path)
    assert (done.exit_code, begun) == (130, ["random:digits"])
    assert [key for key in ("exact", whole.key) if run.is_finished(key, tmp_path)] == ["exact"]
    written = (tmp_path / "results" / fact.EXACT).stat().st_mtime_ns

    def quick(asked):
        begun.append("again")
        path = asked.results / whole.record
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(RESULTS / whole.record, path)

    monkeypatch.setitem(MEASUREMENTS, whole.key, replace(whole, run=quick))
    done = command(*FEW, "random:digits", "--work", tmp_path)
    assert (done.exit_code, begun) == (0, ["random:digits", "again"])
    assert "exact: finished before" in done.stdout
    assert (tmp_path / "results" / fact.EXACT).stat().st_mtime_ns == written
    assert "blur-energy: reproduced in miniature -> reproduced in miniature" in done.stdout
    assert run.is_finished("random:digits", tmp_path)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("shift:cifar_vgg", "cifar10 below --data (or: receptive download-data CIFAR10)"),
        ("spinal:mnist:small_cnn", "mnist below --data (or: receptive download-data MNIST)"),
        ("retrieval", "corel below --data"),
        ("random:digits", ""),
    ],
)
def test_where_missing_data_can_be_had_is_said(tmp_path, monkeypatch, key, said):
    monkeypatch.setattr(named, "downloads", lambda: tmp_path)
    assert run.lacks(key, Data(tmp_path)) == said


def test_what_lacks_data_is_left_out_and_said(tmp_path):
    done = command("random-retrieval", "--work", tmp_path / "work", "--data", tmp_path)
    assert done.exit_code == 0
    assert "retrieval: left out, needs corel below --data" in done.stdout


def test_another_run_at_the_same_measurement_is_refused(tmp_path):
    path = run.finished("exact", tmp_path)
    path.parent.mkdir()
    with FileLock(f"{path}.lock"), pytest.raises(ValueError, match="expected no other run at"):
        run.measure("exact", Data(), tmp_path, ignore)


def test_a_measurement_whose_record_is_gone_is_measured_again(tmp_path, monkeypatch):
    monkeypatch.setattr(facts, "FACTS", {"blur-energy": facts.FACTS["blur-energy"]})
    for _ in range(2):
        run.measure("exact", Data(), tmp_path, ignore)
        assert run.is_finished("exact", tmp_path)
        (tmp_path / "results" / fact.EXACT).unlink()
        assert not run.is_finished("exact", tmp_path)


def test_data_that_are_not_there_are_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path / "cache"))
    with pytest.raises(DataError, match="expected cifar10 below --data"):
        Data(tmp_path).split("cifar10", "test")
    assert Data(tmp_path).missing(("digits", "corel", "mnist")) == ["corel", "mnist"]
    (tmp_path / "corel").mkdir()
    assert Data(tmp_path).given("corel") == tmp_path / "corel"


def test_new_weights_make_a_finished_measurement_unfinished(tmp_path, monkeypatch):
    monkeypatch.setattr(facts, "FACTS", {"blur-energy": facts.FACTS["blur-energy"]})
    run.measure("exact", Data(), tmp_path, ignore)
    assert run.is_finished("exact", tmp_path)
    monkeypatch.setattr(run, "inputs", lambda key: "another")
    assert not run.is_finished("exact", tmp_path)


# ---- receptive measure ---------------------------------------------------------------------------


def test_without_a_key_it_lists_what_there_is():
    done = RUN.invoke(app, ["measure"])
    assert [line.split()[0] for line in done.stdout.splitlines()] == list(MEASUREMENTS)
    assert next(line for line in done.stdout.splitlines() if line.startswith("retrieval")).split()[-1] == "corel"


def test_it_writes_among_the_packaged_records_and_says_where(tmp_path, monkeypatch):
    monkeypatch.setattr(facts, "FACTS", {name: facts.FACTS[name] for name in FEW})
    monkeypatch.setattr(terminal_measure, "RESULTS", tmp_path / "results")
    done = RUN.invoke(app, ["measure", "exact", "--work", str(tmp_path / "work")])
    assert done.exit_code == 0, done.output
    path = tmp_path / "results" / fact.EXACT
    assert done.stdout.splitlines()[-1] == f"exact: {path}"
    record = json.loads(path.read_text())
    assert (set(record["facts"]), record["command"]) == (set(FEW), "receptive measure exact")
