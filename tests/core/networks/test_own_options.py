"""What is said of a weights file, by its own header or by a command, makes sense or is refused in a sentence."""

import contextlib
import json
import math
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from safetensors.torch import save
from typer.testing import CliRunner

from core import networks
from core.models import create_model
from core.networks import brought, own_options, packaged
from core.networks.download import WeightsError
from core.networks.own_options import FileOptions, told_frame
from core.pictures.preprocess import Preprocessing
from core.terminal import app, own_file
from tests.helpers.weight_files import one_sentence, torch_bytes

GOOD = {"labels": '["a", "b", "c"]', "input_size": "48", "mean": "[0.4, 0.5, 0.6]", "std": "[0.2, 0.3, 0.1]"}
DEEP = "[" * 100_000 + "]" * 100_000


@pytest.fixture(scope="module")
def state():
    return create_model("cifar_vgg", num_classes=3).state_dict()


# ---- a file's own header -------------------------------------------------------------------------


def test_a_header_that_makes_sense_is_taken(state):
    network = brought.open_file(save(state, GOOD), "birds.safetensors")
    assert network.labels == ("a", "b", "c")
    assert network.preprocessing == Preprocessing(48, (0.4, 0.5, 0.6), (0.2, 0.3, 0.1))


BAD = {
    "labels": ["1.5", "null", "true", '"abc"', '[["a"]]', '[{"name": "a"}]', '["a", 1]', "[]", '[""]', "{}", "a,b", "",
               DEEP],
    "input_size": ["0", "-32", "1e9", "100000", "32.5", '"32"', "null", "[32]", "NaN", "", DEEP],
    "mean": ["0.5", '["a", "b", "c"]', "[NaN, 0.5, 0.5]", "[0.5, null, 0.5]", "[]", "[123.7, 116.3, 103.5]", "{}", DEEP,
             "[0.5, 0.5]", "[true, true, true]"],
    "std": ["[0, 0.2, 0.2]", "[-0.2, 0.2, 0.2]", "[Infinity, 1, 1]", '["0.2", "0.2", "0.2"]', "[NaN, 1, 1]", "[[0.2]]",
            "[1e-9, 1, 1]"],
}  # fmt: skip


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in BAD.items() for value in values])
def test_a_header_of_ours_that_makes_no_sense_is_one_sentence(state, field, value):
    data = save(state, GOOD | {field: value})
    for open_it in (brought.guesses, brought.guess, lambda d: brought.open_file(d, "birds")):
        with pytest.raises(WeightsError, match="file") as error:
            open_it(data)
        assert "save the file without it" in one_sentence(error)


@pytest.mark.parametrize("missing", GOOD)
def test_a_header_that_is_not_of_our_kind_is_left_aside(state, missing):
    """Others may write anything under these names."""
    about = {name: DEEP for name in GOOD if name != missing} | {"format": "pt"}
    network = brought.open_file(save(state, about), "birds")
    assert network.labels == ("class 0", "class 1", "class 2")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
SENSIBLE = st.lists(st.floats(0.01, 1), min_size=3, max_size=3)


@given(
    st.fixed_dictionaries({
        "labels": VALUES | st.lists(st.text(min_size=1, max_size=4), min_size=3, max_size=3),
        "input_size": VALUES | st.integers(1, 64),
        "mean": VALUES | SENSIBLE,
        "std": VALUES | SENSIBLE,
    }).map(lambda about: {name: json.dumps(value) for name, value in about.items()})
    | st.fixed_dictionaries({name: st.text(max_size=20) for name in GOOD})
)  # fmt: skip
@example(dict.fromkeys(GOOD, DEEP))
@example(GOOD | {"input_size": "1" * 5000})
@settings(max_examples=300, deadline=None)
def test_any_header_is_taken_or_refused_in_a_sentence(about):
    try:
        labels, (size, mean, std) = own_options.told_labels(about), own_options.told_numbers(about)
    except WeightsError as error:
        said = str(error)
        assert said.startswith("expected ")
        assert "\n" not in said
        assert len(said) < 400
        return
    assert labels
    assert all(isinstance(name, str) and name for name in labels)
    assert 1 <= size <= 1024
    assert len(mean) == len(std) > 0
    assert all(0 <= value <= 1 for value in mean)
    assert all(0 < value < math.inf for value in std)


@given(st.dictionaries(st.sampled_from([*GOOD, "dataset", "arch"]), st.text(max_size=30)))
@settings(max_examples=60, deadline=None)
def test_any_metadata_in_a_file_raises_nothing_else(about):
    data = save(create_model("cifar_vgg", num_classes=3).state_dict(), about)
    with contextlib.suppress(WeightsError):
        brought.guess(data)


# ---- the options of a command --------------------------------------------------------------------


@pytest.fixture
def file(tmp_path, state):
    path = tmp_path / "birds.pt"
    path.write_bytes(torch_bytes({"model": state, "ema": {name: value * 1.01 for name, value in state.items()}}))
    return path


@pytest.mark.parametrize("labels", ['["\\ud800", "b"]', '["a", "\\udfff b"]', '["a", "  "]', '["a", "\\n"]'])
def test_labels_that_cannot_be_written_are_refused(state, labels):
    """Before, half of a surrogate pair ended the page, and a blank one was a label fewer on it."""
    with pytest.raises(WeightsError, match="expected a list of names as the file's own labels"):
        brought.guesses(save(state, GOOD | {"labels": labels}))


def test_a_label_of_two_lines_is_one(state):
    [guess] = brought.guesses(save(state, GOOD | {"labels": json.dumps(["a\nb", "c\td ", "e\u2028f"])}))
    assert guess.labels == ("a b", "c d", "e f")


def test_labels_that_do_not_fit_are_said(state):
    [guess] = brought.guesses(save(state, GOOD | {"labels": '["cat", "dog"]'}))
    assert guess.labels == ()
    assert guess.unfit == "the file's own 2 labels are left out, for it tells apart 3 classes"
    network = brought.open_file(save(state, GOOD | {"labels": '["cat", "dog"]'}), "x")
    assert "the file's own 2 labels" in network.card.provenance


def test_labels_in_json_may_hold_commas():
    assert own_file.labels('["tench, Tinca", "[x"]') == ("tench, Tinca", "[x")
    with pytest.raises(WeightsError, match="expected a list of names"):
        own_file.labels("[1, 2]")


def test_options_become_a_network(file):
    options = FileOptions(part="ema", labels=("wren", "owl", "kite"), mean=(0.5,), std=(0.2, 0.3, 0.4), size=40)
    network = networks.open_network(str(file), options)
    assert network.labels == ("wren", "owl", "kite")
    assert network.preprocessing == Preprocessing(40, (0.5,) * 3, (0.2, 0.3, 0.4))
    assert "'birds.pt (ema)' as cifar_vgg" in network.card.provenance
    assert network.digest != networks.open_network(str(file), FileOptions(part="model")).digest


def test_what_is_not_said_is_the_families(file):
    network = networks.open_network(str(file), FileOptions(part="ema", like="photographs", mean=(0.4,)))
    family = packaged.family_preprocessing("tiny-imagenet-20")
    assert network.preprocessing == Preprocessing(64, (0.4,) * 3, family.std)
    with pytest.raises(WeightsError, match="expected a family of"):
        networks.open_network(str(file), FileOptions(part="ema", like="birds"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"size": 0.5}, "expected an input of 1 to 1,024 px"),
        ({"size": 5000}, "expected an input of 1 to 1,024 px, got 5000"),
        ({"mean": (123.7, 116.3, 103.5)}, "expected means of pixels in"),
        ({"mean": (math.nan,)}, "expected means of pixels in"),
        ({"std": (0.0,)}, "expected deviations of at least 0.0001"),
        ({"std": (math.inf,)}, "expected deviations of at least 0.0001"),
    ],
)
def test_options_that_make_no_sense(options, said):
    with pytest.raises(WeightsError, match=said) as error:
        FileOptions(**options)
    one_sentence(error)


def test_a_mean_for_other_channels_than_the_network_sees(file):
    with pytest.raises(
        WeightsError, match="expected 1 or 3 numbers for each of --mean and --std, got 2 and 0"
    ) as error:
        networks.open_network(str(file), FileOptions(part="ema", mean=(0.5, 0.5)))
    one_sentence(error)
    with pytest.raises(WeightsError, match="expected a mean for each of the 3 channels that cifar_vgg sees, got 1"):
        networks.open_network(str(file), FileOptions(part="ema", like="mnist"))


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.mark.parametrize("command", ["shift-sweep", "retrieve"])
def test_commands_take_what_is_said(command, file, tmp_path, cat):
    from core.pictures.image import png_bytes, thumbnail

    gallery = tmp_path / "gallery"
    gallery.mkdir()
    for i in range(3):
        (gallery / f"{i}.png").write_bytes(png_bytes(thumbnail(cat, 40 + i)))
    words = {
        "shift-sweep": ("sample:cat", "--max-shift", 1),
        "retrieve": ("sample:cat", "--gallery", gallery, "--features", 8, "--size", 16),
    }[command]
    names = tmp_path / "names.txt"
    names.write_text("wren\nsnowy owl\n\nred, kite\n", encoding="utf-8")
    size = "--input-size" if command == "retrieve" else "--size"
    said = ("--part", "ema", "--labels", names, "--mean", "0.5", "--std", "0.2,0.2,0.2", size, 40)
    done = run(command, *words, "--model", file, *said)
    assert done.exit_code == 0, done.output
    assert "your own file 'birds.pt (ema)' as cifar_vgg; not measured by this project" in done.stdout
    if command == "shift-sweep":
        assert any(f"says {name}" in done.stdout for name in ("wren", "snowy owl", "red, kite"))


@pytest.mark.parametrize("command", ["shift-sweep", "patch-evidence", "sparse-codes", "retrieve", "report", "batch"])
def test_every_command_with_a_model_has_the_options(command):
    shown = run(command, "--help").output
    assert all(own_file.written(name) in shown for name in own_file.HELP)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "choose model, ema, with --part in a command"),
        (("--part", "x"), "expected the name of a network in the file, got 'x': choose model, ema"),
        (("--part", "ema", "--labels", "a,b"), "expected 3 labels"),
        (("--part", "ema", "--labels", " , "), "expected labels in ' , ', got none"),
        (("--part", "ema", "--mean", "grey"), "expected numbers for --mean, got 'grey'"),
        (("--part", "ema", "--std", "0"), "expected deviations of at least"),
        (("--part", "ema", "--size", "-3"), "expected a whole number of px for --input-size, got '-3'"),
        (("--part", "ema", "--size", "9" * 50), "expected a whole number of px"),
        (("--part", "ema", "--like", "birds"), "expected a family of"),
        (("--part", "ema", "--arch", "alexnet"), "choose the architecture"),
        (("--part", "ema", "--arch", "cifar_vg"), "did you mean cifar_vgg"),
        (("--part", "ema", "--arch", "random_depthwise"), "expected an architecture that gives answers"),
    ],
)
def test_what_makes_no_sense_is_one_line(file, words, said):
    done = run("shift-sweep", "sample:cat", "--max-shift", 1, "--model", file, *words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert said in done.stderr


def test_options_without_a_weights_file_are_refused(tmp_path):
    for words in (("shift-sweep", "sample:cat"), ("report", "sample:cat", "--out", tmp_path / "x.html")):
        done = run(*words, "--labels", "a,b", "--size", 32)
        assert done.exit_code == 2
        assert "expected a weights file for --labels a,b --input-size 32" in done.stderr


def test_labels_of_a_file_that_is_no_text(tmp_path):
    path = tmp_path / "names.txt"
    path.write_bytes(b"caf\xe9\n")
    with pytest.raises(WeightsError, match="expected a text file of labels") as error:
        own_file.labels(str(path))
    one_sentence(error)
    assert own_file.labels("cat, dog,x" * 500)[1] == "dog"


def test_a_reports_commands_say_it_again(file):
    from core.pictures.samples import load_sample
    from core.report.page import ask

    options = FileOptions(part="ema", labels=("a", "b", "c"), words=("--part", "ema", "--labels", "a,b,c"))
    asked = ask(load_sample("cat"), "cat", [str(file)], "sample:cat", options)
    assert "--part ema --labels a,b,c" in asked.again
    assert str(file) in asked.again
    other = ask(load_sample("cat"), "cat", ["cifar_vgg"], "sample:cat")
    assert "--part" not in other.again


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"resize": "20"}, "expected to scale to 32 px or more"),
        ({"resize": '"48"'}, "expected to scale to 32 px or more"),
        ({"resize": "[48]"}, "expected to scale to 32 px or more"),
        ({"resize": "1e9"}, "expected to scale to 32 px or more"),
        ({"interpolation": "nearest"}, "expected an interpolation of bilinear, bicubic"),
    ],
)
def test_a_header_whose_frame_makes_no_sense(told, said):
    with pytest.raises(WeightsError, match=said):
        told_frame({"input_size": "32"} | told)


def test_a_header_tells_its_frame():
    assert told_frame({"input_size": "32"}) == (None, "bilinear")
    assert told_frame({"input_size": "32", "resize": "48", "interpolation": "bicubic"}) == (48, "bicubic")


def test_an_input_of_ones_own_is_the_whole_square():
    start = Preprocessing(224, (0.5,) * 3, (0.5,) * 3, resize=256)
    assert FileOptions(mean=(0.4,)).applied(start).resize == 256
    assert FileOptions(size=224).applied(start).resize == 256
    assert FileOptions(size=96).applied(start) == replace(start, size=96, resize=None)
