"""`receptive random-features`, `receptive retrieve` and their measurements: what they write, what they refuse."""

import json
import shlex

import numpy as np
import pytest

from core.base.records import from_json
from core.pictures.image import png_bytes
from core.pictures.samples import SAMPLES, load_sample
from core.studies.random import features, retrieval
from core.studies.random.features import Params
from tests.core.terminal.test_terminal import refused, run


@pytest.fixture
def gallery(tmp_path):
    folder = tmp_path / "gallery"
    folder.mkdir()
    for sample in SAMPLES[:4]:
        (folder / f"{sample.name}.png").write_bytes(png_bytes(load_sample(sample.name)))
    (folder / "torn.png").write_bytes(b"torn")
    return folder


def test_it_writes_the_result_and_says_the_finding(tmp_path):
    out = tmp_path / "new" / "out.json"
    done = run("random-features", "digits", "--features", "40", "--classifier", "knn", "--seed", "3", "--json", out)
    assert done.exit_code == 0, done.output
    found = from_json(features.Result, json.loads(out.read_text()))
    assert found.counts.tolist() == [40]
    assert (found.seed, found.classifier, found.test) == (3, "knn", 500)
    assert features.finding(found) in done.stdout
    assert "40 features: top-1" in done.stdout


def test_its_own_command_line_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    params = Params(30, 0, 5, 2, "knn")
    words = shlex.split(features.command(params, "digits"))
    done = run(*words[1:])
    assert done.exit_code == 0, done.output
    found = from_json(features.Result, json.loads((tmp_path / "out.json").read_text()))
    assert (found.features, found.depth, found.kernel, found.seed, found.classifier) == (30, 0, 5, 2, "knn")


def test_your_own_folder_is_a_data_set(tmp_path):
    dice = np.random.default_rng(0)
    for name, least in (("dark", 0), ("light", 150)):
        (tmp_path / "mine" / name).mkdir(parents=True)
        for k in range(8):
            from core.pictures.image import from_pixels

            pixels = (least + 100 * dice.random((12, 12, 3))).astype(np.uint8)
            (tmp_path / "mine" / name / f"{k}.png").write_bytes(png_bytes(from_pixels(pixels)))
    (tmp_path / "mine" / "dark" / "torn.png").write_bytes(b"torn")
    done = run("random-features", tmp_path / "mine", "--features", "30", "--size", "12", "--classifier", "knn")
    assert done.exit_code == 0, done.output
    assert "of 4 test pictures of mine right" in done.stdout
    assert "left out" in done.stderr


def test_retrieve_finds_the_picture_itself_first(gallery, tmp_path):
    out = tmp_path / "out.json"
    done = run("retrieve", "sample:cat", "--gallery", gallery, "--count", "2", "--features", "50", "--json", out)
    assert done.exit_code == 0, done.output
    assert "left out: torn.png" in done.stderr
    found = json.loads(out.read_text())
    assert [near[0]["name"] for near in found["nearest"].values()] == ["cat.png"] * 3
    rows = [line.split() for line in done.stdout.splitlines() if line.endswith(".png")]
    assert len(rows) == 6
    assert [row[-1] for row in rows[::2]] == ["cat.png"] * 3
    assert "--gallery" in retrieval.command(retrieval.Params(), "sample:cat")


@pytest.mark.parametrize(
    "words",
    [
        ("random-features", "nowhere"),
        ("random-features", "digits", "--features", "0"),
        ("random-features", "digits", "--kernel", "4"),
        ("random-features", "digits", "--classifier", "forest"),
        ("random-features", "mnist", "--data", "/nowhere"),
        ("retrieve", "sample:cat", "--gallery", "/nowhere"),
        ("retrieve", "sample:nobody", "--gallery", "."),
        ("retrieve", "sample:cat", "--gallery", ".", "--kernel", "2"),
        ("retrieve", "sample:cat", "--gallery", ".", "--model", "nobody"),
        *(
            ("retrieve", "sample:cat", "--gallery", ".", option, "9" * 23)
            for option in ("--features", "--kernel", "--depth", "--seed", "--size", "--count")
        ),
        ("measure", "random:nowhere"),
        ("measure", "random:fashion-mnist", "--data", "/nowhere"),
        ("measure", "background", "--data", "/nowhere"),
        ("measure", "digits_cnn"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_2(words):
    assert "expected" in refused(*words)
