"""Every number that a command takes, at nothing, below it and huge: one sentence and exit code 2, or an answer."""

from dataclasses import fields

import numpy as np
import pytest
from PIL import Image
from typer.main import get_command

from core.networks import weights
from core.pictures import noise
from core.studies import STUDIES
from core.terminal import app
from tests.core.terminal.test_terminal import refused, run

NUMBERS = ("0", "-1", "1000000000")
SHORT = {  # what is quick enough of each command that takes a number
    "app": (),  # none of these is a port
    "shift-sweep": ("photo.png", "--model", "cifar_vgg", "--max-shift", "1"),
    "patch-evidence": ("photo.png", "--model", "photo_bagnet9", "--resolution", "coarse"),
    "sparse-codes": ("photo.png", "--model", "cifar_sdnet18", "--noise", "gaussian:0.1"),
    "random-features": ("pictures", "--features", "20", "--classifier", "knn"),
    "spinal-heads": ("--heads", "fc", "--seeds", "1", "--epochs", "1"),
    "retrieve": ("photo.png", "--gallery", "pictures", "--features", "20"),
    "batch": ("shift-sweep", "pictures", "--model", "cifar_vgg", "--set", "max_shift=1"),
    "reproduce": ("no such claim", "--quick"),
}
SMALL = {"shift-sweep": {"max_shift": 1}, "random-features": {"features": 20}}  # of a batch
MODELS = {"shift-sweep": "cifar_vgg", "patch-evidence": "photo_bagnet9", "sparse-codes": "cifar_sdnet18"}
TAKING = [
    (name, parameter.opts[0])
    for name, command in get_command(app).commands.items()
    for parameter in command.params
    if type(parameter.default) in (int, float) or parameter.opts[0] == "--short"
]
SETTINGS = [
    (study.word, field.name)
    for study in STUDIES
    for field in fields(study.table.params)
    if {"int", "float"} & {*str(field.type).split(" | ")}
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder with a picture, a folder of twelve in two classes, and one of two."""
    path = tmp_path_factory.mktemp("desk")
    dice = np.random.default_rng(0)
    names = ["photo", "two/0", "two/1", *(f"pictures/{name}/{i}" for name in ("a", "b") for i in range(6))]
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(dice.integers(0, 256, (64, 64, 3), np.uint8)).save(path / f"{name}.png")
    return path


@pytest.fixture
def here(desk, tmp_path, monkeypatch):
    """Work where nothing is left: the pictures are linked to."""
    for name in ("photo.png", "pictures", "two"):
        (tmp_path / name).symlink_to(desk / name)
    monkeypatch.chdir(tmp_path)


def answered_or_refused(*words):
    done = run(*words)
    if done.exit_code:
        assert (done.exit_code, type(done.exception)) == (2, SystemExit), (done.output, done.exception)
        [said] = done.stderr.splitlines()
        assert said.startswith("expected ")
        assert "got " in said


def test_every_command_that_takes_a_number_is_in_the_table():
    assert {name for name, _ in TAKING} == set(SHORT)


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(("name", "option"), TAKING)
def test_a_number_is_taken_or_refused_in_one_sentence(here, name, option, number):
    answered_or_refused(name, *SHORT[name], option, number)


@pytest.mark.parametrize("number", [*NUMBERS, "1", "1e300", "nan"])
@pytest.mark.parametrize("option", ["--mean", "--std", "--input-size", "--target"])
def test_a_number_among_words_is_taken_or_refused_in_one_sentence(here, option, number):
    """One px is no input that a network with five poolings answers."""
    path = weights.packaged()["cifar_vgg"]
    answered_or_refused("shift-sweep", "photo.png", "--model", path, "--max-shift", "1", option, number)


@pytest.mark.parametrize("number", [*NUMBERS, "1e300", "nan"])
@pytest.mark.parametrize("option", ["--lambda={}", *(f"--noise={kind}:{{}}" for kind in noise.KINDS)])
def test_a_level_is_taken_or_refused_in_one_sentence(here, option, number):
    answered_or_refused("sparse-codes", *SHORT["sparse-codes"], option.format(number))


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(("study", "field"), SETTINGS)
def test_a_setting_of_a_batch_is_taken_or_refused_in_one_sentence(here, study, field, number):
    said = {**SMALL.get(study, {}), field: number}
    words = [word for name, value in said.items() for word in ("--set", f"{name}={value}")]
    models = ["--model", MODELS[study]] if study in MODELS else []
    answered_or_refused("batch", study, "two", "--jobs", "1", *models, *words)


@pytest.mark.parametrize("size", [*NUMBERS, "1025"])
@pytest.mark.parametrize("data", ["pictures", "digits"])
def test_pictures_have_sides_that_a_network_can_see(here, data, size):
    said = refused("random-features", data, "--features", "20", "--classifier", "knn", "--size", size)
    assert said == f"expected 1 to 1,024 px a side, got {int(size):,}: choose one of them"
