"""`receptive spinal-heads` and `receptive measure spinal`: what they write, what they refuse."""

import json
import shlex
from dataclasses import replace

import numpy as np
import pytest

from core.base.records import from_json
from core.data import named
from core.pictures.image import from_pixels, png_bytes
from core.studies.spinal import dataset, heads, measure
from core.studies.spinal.heads import Params
from tests.core.terminal.test_terminal import refused, run

QUICK = ("--heads", "spinal,fc", "--seeds", "1", "--epochs", "1")


def test_it_writes_the_result_and_says_the_finding(tmp_path):
    out = tmp_path / "new" / "out.json"
    done = run(
        "spinal-heads", "--data", "digits", *QUICK, "--width", "4", "--layers", "3", "--split", "3", "--json", out
    )
    assert done.exit_code == 0, done.output
    found = from_json(heads.Result, json.loads(out.read_text()))
    assert found.heads == ("spinal", "fc")
    assert (found.width, found.layers, found.split, found.test) == (4, 3, 3, 500)
    assert found.epochs_done == 2
    assert heads.finding(found) in done.stdout


def test_its_own_command_line_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    params = Params(heads=("fc-matched",), seeds=1, epochs=1, width=2, layers=4, split=2, order="blocks")
    done = run(*shlex.split(heads.command(params, "digits"))[1:])
    assert done.exit_code == 0, done.output
    assert heads.params_of(from_json(heads.Result, json.loads((tmp_path / "out.json").read_text()))) == params


def test_your_own_folder_is_a_data_set(tmp_path):
    dice = np.random.default_rng(0)
    for name, least in (("dark", 0), ("light", 150)):
        (tmp_path / "mine" / name).mkdir(parents=True)
        for k in range(48):
            pixels = (least + 100 * dice.random((12, 12, 3))).astype(np.uint8)
            (tmp_path / "mine" / name / f"{k}.png").write_bytes(png_bytes(from_pixels(pixels)))
    done = run("spinal-heads", "--data", tmp_path / "mine", *QUICK)
    assert done.exit_code == 0, done.output
    assert "mine pictures" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--data", "no-such"), "expected one of digits"),
        (("--heads", "spinal,spinal"), "expected different heads"),
        (("--heads", ""), "expected different heads"),
        (("--backbone", "alexnet"), "expected a backbone of small_cnn"),
        (("--split", "7"), "expected a layer for each of 7 parts"),
        (("--order", "sideways"), "expected an order of alternating, blocks"),
        (("--seeds", "0"), "expected 1 to 20 seeds"),
        (("--data", "mnist", "--folder", "/nowhere"), "expected the train files of MNIST"),
        (("--backbone", "vgg5", "--data", "digits", "--epochs", "0"), "expected 1 to 200 epochs"),
    ],
)
def test_bad_requests_get_one_sentence(words, said):
    assert said in refused("spinal-heads", *words)


def test_a_measurement_that_is_not_planned_is_refused():
    assert "expected the key of a measurement, got 'spinal:kmnist:small_cnn'" in refused(
        "measure", "spinal:kmnist:small_cnn"
    )


# ---- packaged measurement ------------------------------------------------------------------------


@pytest.fixture
def small(monkeypatch, tmp_path):
    """A plan of seconds, on a few digits, whose results go to a folder of the test."""
    plan = Params(heads=("fc", "spinal"), seeds=2, epochs=1)
    monkeypatch.setattr(heads, "FOLDER", tmp_path / "results")
    whole = [named.load("digits", split=split) for split in ("train", "test")]
    few = [replace(split, pixels=split.pixels[:100], labels=split.labels[:100]) for split in whole]
    return plan, *few, tmp_path / "work"


def test_a_killed_measurement_goes_on_where_it_was(small, monkeypatch):
    plan, train, test, work = small

    class Killed(Exception):
        pass

    def kill(done, total):
        if done == 2:
            raise Killed

    with pytest.raises(Killed):
        measure.measure("digits", train, test, plan, work, kill)
    kept = {path.name: path.read_bytes() for path in work.glob("*.json")}
    assert len(kept) == 2
    path = measure.measure("digits", train, test, plan, work)
    assert {name: (work / name).read_bytes() for name in kept} == kept
    [(name, one)] = dataset.measured(path.parent).items()
    assert name == "digits_small_cnn"
    whole = heads.run("digits", train, test, plan)
    assert np.array_equal(one.result.accuracy, whole.accuracy)
    assert np.array_equal(one.result.parameters, whole.parameters)
    assert one.command == "receptive measure spinal:digits:small_cnn"


def test_parts_of_another_plan_are_refused(small):
    plan, train, test, work = small
    measure.measure("digits", train, test, plan, work)
    with pytest.raises(ValueError, match=r"^expected a part of .*'epochs': 2.* delete "):
        measure.measure("digits", train, test, replace(plan, epochs=2), work)


def test_another_run_that_holds_a_part_is_waited_for(small):
    from filelock import FileLock

    plan, train, test, work = small
    work.mkdir()
    with (
        FileLock(f"{work / 'spinal_digits_small_cnn_fc_seed1.json'}.lock"),
        pytest.raises(ValueError, match=r"expected no other run at .*fc_seed1\.json"),
    ):
        measure.measure("digits", train, test, plan, work)
    assert measure.measure("digits", train, test, plan, work).exists()
