"""`receptive sparse-codes` and its measurements: what it writes, what it refuses."""

import json
import shlex
from pathlib import Path

import numpy as np
import pytest

from core import networks
from core.base.records import from_json
from core.pictures.image import decode
from core.pictures.samples import load_sample
from core.studies.sparse import codes
from core.studies.sparse.codes import Params
from tests.core.terminal.test_terminal import refused, run

UNTRAINED = "untrained:cifar_sdnet18"


def test_it_writes_the_result_and_the_reconstruction(tmp_path):
    out, png = tmp_path / "new" / "out.json", tmp_path / "newer" / "rebuilt.png"
    words = ("--model", UNTRAINED, "--lambda", "0.1", "--steps", "10", "--noise", "gaussian:0.1")
    done = run("sparse-codes", "sample:cat", *words, "--json", out, "--png", png)
    assert done.exit_code == 0, done.output
    found = from_json(codes.Result, json.loads(out.read_text()))
    network = networks.load(networks.find(UNTRAINED))
    want = codes.run([network], load_sample("cat"), Params("gaussian", 0.1, 0.1, 10))
    np.testing.assert_allclose(found.logits, want.logits, rtol=1e-4, atol=1e-5)
    assert codes.finding(found, [network.card.title]) in done.stdout
    assert "untrained" in done.stdout
    assert codes.noise_words("gaussian", 0.1, found.arrived) in done.stdout
    assert found.arrived.deviation < 0.1
    assert decode(png.read_bytes()).pixels.shape == (32, 32, 3)


def test_its_own_command_line_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    params = Params("impulse", 0.09, 0.3, 3, "paper", 5, "own")
    network = networks.load(networks.find(UNTRAINED))
    result = codes.run([network], load_sample("cat"), params)
    words = shlex.split(codes.command(result, params, "sample:cat"))
    assert words[0] == "receptive"
    done = run(*words[1:])
    assert done.exit_code == 0, done.output
    again = from_json(codes.Result, json.loads(Path("out.json").read_text()))
    np.testing.assert_allclose(again.reconstruction, result.reconstruction, atol=1e-5)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--noise", "rain:1"), "expected a noise of"),
        (("--noise", "gaussian:much"), "expected a number, got 'much'"),
        (("--noise", "gaussian:-1"), "expected a level"),
        (("--lambda", "-1"), "expected a lambda of 0 to 1e+12"),
        (("--steps", "0"), "expected 1 to 50 steps"),
        (("--solver", "newton"), "expected a solver of"),
        (("--resolution", "huge"), "expected a resolution of"),
        (("--model", "cifar_vgg"), "expected an SDNet, got cifar_vgg"),
        (("--model", "sdnet"), "did you mean"),
    ],
)
def test_bad_options_are_one_line(words, said):
    model = () if words[0] == "--model" else ("--model", UNTRAINED)
    assert said in refused("sparse-codes", "sample:cat", *model, *words)


def test_measurements_without_data_are_one_line(tmp_path):
    assert "got 'sparse:sdnet'" in refused("measure", "sparse:sdnet")
    for key in ("sparse", "sparse:cifar_sdnet18", "sparse-attack"):
        assert "needs cifar10 below --data" in refused("measure", key, "--data", tmp_path)
