"""The terminal: the same Result as the page's, and one line on stderr for whatever goes wrong."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from core import networks
from core.base.records import from_json
from core.pictures.image import decode, png_bytes, thumbnail
from core.pictures.samples import load_sample
from core.studies.patch import evidence
from core.studies.shift import sweep
from core.studies.shift.sweep import Params, Result
from core.terminal import app, main
from core.training import distil, svm
from core.training.recipes import RECIPES
from tests.helpers.networks_by_hand import trained

ROOT = Path(__file__).parents[3]
SWEEP = ("shift-sweep", "sample:cat", "--model", "cifar_vgg", "--max-shift", "2")


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def refused(*words):
    """The one line on stderr of a command that must fail."""
    done = run(*words)
    assert done.exit_code == 2, done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.fixture
def photo(tmp_path, cat):
    path = tmp_path / "a cat.png"
    path.write_bytes(png_bytes(thumbnail(cat, 100)))
    return path


def check_shapes(fields, models, reach):
    assert list(fields) == list(Result.__dataclass_fields__)
    m, s = len(models), (2 * reach + 1) ** 2
    assert (fields["models"], fields["max_shift"], len(fields["labels"])) == (models, reach, 10)
    assert np.shape(fields["offsets"]) == (s, 2)
    for name in ("probability", "top1", "top1_probability", "float32"):
        assert np.shape(fields[name]) == (m, s)
    assert np.shape(fields["logit_error"]) == (m,)
    assert isinstance(fields["top1"][0][0], int)
    assert isinstance(fields["float32"][0][0], bool)


def test_the_command_writes_the_result(photo, tmp_path):
    out = tmp_path / "new folder" / "out.json"
    models = ["cifar_vgg", "untrained:cifar_vgg_blur3"]
    words = [word for name in models for word in ("--model", name)]
    done = run(
        "shift-sweep", photo, *words, "--max-shift", 2, "--boundary", "reflect", "--target", "ship", "--json", out
    )
    assert done.exit_code == 0, done.output
    assert done.stderr == ""
    fields = json.loads(out.read_text())
    check_shapes(fields, models, 2)
    assert (fields["boundary"], fields["labels"][fields["target"]]) == ("reflect", "ship")
    assert sweep.finding(from_json(sweep.Result, fields), ["cifar vgg", "untrained:cifar vgg · blur 3"]) in done.stdout
    assert [path.name for path in out.parent.iterdir()] == ["out.json"]


def test_the_result_is_the_pages(photo, tmp_path, cat):
    run("shift-sweep", photo, *SWEEP[2:], "--json", tmp_path / "out.json")
    got = from_json(sweep.Result, json.loads((tmp_path / "out.json").read_text()))
    expected = sweep.run([trained()], thumbnail(cat, 100), Params(2))
    assert got.picture == expected.picture
    np.testing.assert_array_equal(got.top1, expected.top1)
    np.testing.assert_allclose(got.probability, expected.probability, atol=1e-6)


def test_the_pages_command_line_runs(photo, tmp_path, monkeypatch, cat):
    monkeypatch.chdir(tmp_path)
    params = Params(2, "circular", 3)
    result = sweep.run([trained()], thumbnail(cat, 100), params)
    program, *words = shlex.split(sweep.command(result, params, photo.name))
    assert program == "receptive"
    assert run(*words).exit_code == 0
    again = from_json(sweep.Result, json.loads((tmp_path / "out.json").read_text()))
    assert (again.picture, again.boundary, again.target) == (result.picture, "circular", 3)
    np.testing.assert_array_equal(again.top1, result.top1)


@pytest.mark.parametrize("target", ["cat", "3"])
def test_a_class_is_a_label_or_an_index(target, tmp_path):
    assert run(*SWEEP, "--target", target, "--json", tmp_path / "out.json").exit_code == 0
    assert json.loads((tmp_path / "out.json").read_text())["target"] == 3


def test_a_real_process(photo, tmp_path):
    command = [sys.executable, "-m", "core", "shift-sweep", photo, "--max-shift", "1", "--model", "cifar_vgg"]
    done = subprocess.run([*command, "--json", tmp_path / "out.json"], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "consistency" in done.stdout
    check_shapes(json.loads((tmp_path / "out.json").read_text()), ["cifar_vgg"], 1)
    done = subprocess.run([*command, "--model", "nothing"], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "expected the name of a network" in done.stderr


# ---- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file"),
        (b"", "empty file"),
        (b"just some words", "another kind"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"<!doctype html><html>\n\n</html>", "HTML"),
        (b"%PDF-1.7\n", "PDF"),
        ("truncated", "cut short"),
        ("folder", "directory"),
    ],
    ids=["missing", "empty", "text", "svg", "html", "pdf", "truncated", "folder"],
)
def test_bad_pictures(photo, tmp_path, content, said):
    path = tmp_path / "photo.png"
    if content == "folder":
        path.mkdir()
    elif content == "truncated":
        path.write_bytes(photo.read_bytes()[:2000])
    elif content is not None:
        path.write_bytes(content)
    assert said in refused("shift-sweep", path, *SWEEP[2:])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--model", "cifar_vg"), "did you mean cifar_vgg"),
        (("--model", "untrained:nothing"), "nothing"),
        (("--model", "resnet18_blur3"), "download"),
        (("--model", "photo_resnet"), "share their labels"),
        (("--target", "cow"), "did you mean"),
        (("--target", "10"), "class of 0 to 9"),
        (("--target", "-1"), "expected a class"),
        (("--target", "²"), "expected a class"),
        (("--boundary", "zero"), "expected a boundary"),
        (("--boundary", "CROP"), "expected a boundary"),
        (("--max-shift", "0"), "1 to 24 px, got 0"),
        (("--max-shift", "99"), "1 to 24 px, got 99"),
        (("--max-shift", "-3"), "1 to 24 px, got -3"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_bad_options(words, said, tmp_path, monkeypatch):
    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path))
    assert said in refused(*SWEEP, *words)


def test_unknown_samples_are_named():
    assert "cat" in refused("shift-sweep", "sample:catt", *SWEEP[2:])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("shift-sweep",), "photo"),
        ((*SWEEP, "--max-shift", "many"), "--max-shift"),
        ((*SWEEP, "--nonsense"), "--nonsense"),
        ((*SWEEP, "another.png"), "another.png"),
        (("nonsense",), "nonsense"),
    ],
    ids=["no picture", "not a number", "no such option", "two pictures", "no such command"],
)
def test_what_is_not_a_command(words, said, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["receptive", *words])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("where", ["a file/out.json", "a folder"])
def test_an_output_that_cannot_be_written(tmp_path, where):
    (tmp_path / "a file").touch()
    (tmp_path / "a folder").mkdir()
    assert "a f" in refused(*SWEEP, "--json", tmp_path / where)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a file", "a folder"]


# ---- train and measure ---------------------------------------------------------------------------


def test_train_lists_its_recipes():
    done = run("train", "list")
    assert done.exit_code == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == [*RECIPES, *distil.COPIES, *svm.PLANS]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("train", "cifar_vgg_blur9"), "expected a recipe of cifar_vgg"),
        (("train", "cifar_vgg", "--data", "nowhere"), "nowhere/train"),
        (("train", "photo_resnet"), "--data FOLDER"),
        (("measure", "shift:cifar_vgg_blur9"), "did you mean shift:cifar_vgg_blur"),
        (("measure", "shift:cifar_vgg", "--data", "nowhere"), "nowhere"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_trained_or_measured(words, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert said in refused(*words)
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- patch evidence


def test_patch_evidence_writes_the_result_and_the_map(photo, tmp_path):
    out, png = tmp_path / "new" / "out.json", tmp_path / "newer" / "map.png"
    done = run("patch-evidence", photo, "--model", "photo_bagnet9", "--class", "lion", "--json", out, "--png", png)
    assert done.exit_code == 0, done.output
    found = from_json(evidence.Result, json.loads(out.read_text()))
    image = decode(photo.read_bytes())
    want = evidence.run([networks.load(networks.find("photo_bagnet9"))], image, evidence.Params(target=6))
    assert found.labels[found.target] == "lion"
    np.testing.assert_allclose(found.evidence[0], want.evidence[0], atol=1e-5)
    drawn = decode(png.read_bytes())
    assert (drawn.height % found.height, drawn.width % found.width) == (0, 0)
    assert evidence.finding(found, ["photo BagNet-9"]) in done.stdout


def test_patch_evidences_own_command_line_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    params = evidence.Params(target=5, other=6, resolution="coarse")
    network = networks.load(networks.find("photo_bagnet9"))
    result = evidence.run([network], load_sample("cat"), params)
    words = shlex.split(evidence.command(result, params, "sample:cat"))
    assert words[0] == "receptive"
    done = run(*words[1:])
    assert done.exit_code == 0, done.output
    again = from_json(evidence.Result, json.loads(Path("out.json").read_text()))
    np.testing.assert_allclose(again.evidence[0], result.evidence[0], atol=1e-5)
    assert Path("map.png").stat().st_size > 1000


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--class", "lyon"), "expected a class of the network, got 'lyon': did you mean lion"),
        (("--resolution", "half"), "expected a resolution of"),
        (("--short", "9"), "expected a short side of 48 to 320 px, got 9"),
        (("--model", "photo_resnet"), "expected a BagNet, or lite0 or a copy of it, got photo_resnet"),
        (("--model", "bagnet33"), "receptive download bagnet33"),
    ],
)
def test_bad_options_of_patch_evidence(words, said, monkeypatch, tmp_path):
    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path))
    model = () if words[0] == "--model" else ("--model", "photo_bagnet9")
    assert said in refused("patch-evidence", "sample:cat", *model, *words)


def test_a_download_that_fails_is_one_line(monkeypatch, tmp_path):
    from core.networks import download, published

    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path))
    monkeypatch.setattr(
        published, "published", lambda name: download.Published(name, "http://127.0.0.1:9/x.pth", "0" * 8, "authors")
    )
    done = run("download", "bagnet33")
    assert done.exit_code == 2
    assert "127.0.0.1" in done.stderr
    assert refused("measure", "patches", "--data", tmp_path).startswith("expected")
