"""Commands of before are told as they are written today, and what they name today is what wrote the record."""

import json
import shlex

import pytest

from core.base.renamed import COMMANDS, today
from core.networks import weights
from core.overview.board import RESULTS
from core.reproduce.table import MEASUREMENTS
from tests.core.terminal.test_terminal import refused, run


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("receptive measure cifar_vgg --data FOLDER", "receptive measure shift:cifar_vgg --data FOLDER"),
        ("receptive measure-patches --data=X", "receptive measure patches --data FOLDER"),
        ("receptive measure-sparse", "receptive measure sparse"),
        (
            "receptive measure-sparse --data X cifar_sdnet18 cifar_resnet18",
            "receptive measure sparse:cifar_sdnet18 sparse:cifar_resnet18 --data FOLDER",
        ),
        ("receptive measure-random digits --work runs/x", "receptive measure random:digits"),
        ("receptive measure-spinal digits", "receptive measure spinal:digits:small_cnn"),
        ("receptive measure-spinal mnist --backbone vgg5", "receptive measure spinal:mnist:vgg5"),
    ],
)
def test_old_words_are_todays(old, new):
    assert today(old) == new
    assert today(new) == new


@pytest.mark.parametrize(
    "command", ["", "receptive", "receptive first-look", "receptive train measure", "ls 'a", "receptive measure"]
)
def test_other_commands_stay(command):
    assert today(command) == command


def commands(value):
    """Every command in a record."""
    if isinstance(value, dict):
        found = [value["command"]] if isinstance(value.get("command"), str) else []
        return found + [one for inner in value.values() for one in commands(inner)]
    return [one for inner in value for one in commands(inner)] if isinstance(value, list) else []


@pytest.mark.parametrize("key", [key for key, one in MEASUREMENTS.items() if one.record])
def test_what_a_packaged_record_tells_is_what_measures_it_today(key):
    path = RESULTS / MEASUREMENTS[key].record
    if not path.exists():
        assert key == "sparse:cifar_sdnet18_all"
        return
    about = json.loads(path.read_text()) if path.suffix == ".json" else weights.read_metadata(path)
    told = {today(one) for one in commands(about)}
    assert len(told) == 1
    words = shlex.split(told.pop())
    assert words[:2] == ["receptive", "reproduce"] or words[:3] == ["receptive", "measure", key]


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "measure"])
def test_an_old_command_is_one_sentence_that_names_todays(name):
    said = refused(name, "--data", "nowhere", "--help")
    assert f"expected a command of today, got {name}: run receptive measure {COMMANDS[name]} --data FOLDER" in said
    assert name not in run("--help").stdout.replace("measure ", "")


def test_a_network_in_the_place_of_a_key_is_told_its_key():
    assert "did you mean shift:cifar_vgg, many:cifar_vgg?" in refused("measure", "cifar_vgg", "--data", "nowhere")
