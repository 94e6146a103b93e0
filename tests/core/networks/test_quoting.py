"""What is shown to be copied runs what it says, whatever a file is called. Nothing here runs a name: see `words_of`."""

import ast
import re
import shlex
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.base import quote
from core.networks import quoting
from core.networks.own_options import ASIS, FileOptions, Opened
from core.pictures import samples
from core.pictures.image import from_pixels
from core.studies.asked import Asked
from core.studies.patch import evidence
from core.studies.random import features, retrieval
from core.studies.shift import sweep
from core.studies.sparse import codes
from core.studies.spinal import heads

ROOT = Path(__file__).parents[3]
PIXELS = np.zeros((2, 2, 3), np.uint8)
HARMLESS = ["$(false)", "`false`", "'", '"', "a'b\"c", "a\nb", "-rf", "--out", "~", "~root", "sample:cat", "Sample:cat",
            "torchvision:EuroSAT", "plugin:x", "untrained:resnet18", "user:x", "a b", "a;false", "a&&false", "!!", "*",
            "${HOME}", "\\", "\\'", "#a", "<a", ">a", "é", "猫.png", "\u202egnp.x", "{}", "%s", "-", "a\tb",
            "=x"]  # fmt: skip
names = st.text(st.characters(exclude_characters="\0/", exclude_categories=["Cs"]), min_size=1, max_size=30)


def hostile(test):
    for name in HARMLESS:
        test = example(name)(test)
    return settings(max_examples=60, deadline=None)(given(names)(test))


def words_of(command):
    """What bash takes a command for: its words are printed, not run."""
    program = command.split(" ")[0]
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-c", f"{program}() {{ printf '%s\\0' \"$@\"; }}; {command}"],
        capture_output=True, timeout=20,
    )  # fmt: skip
    assert not done.stderr
    return done.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]


def literals(code):
    return [n.value for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Constant) and isinstance(n.value, str)]


class Asking:
    """What the commands read of a Result."""

    models = ("photo_resnet",)
    target = 0


class Own:
    def __init__(self, name):
        self.models, self.target = (f"user:{name}",), 0


COMMANDS = {
    "shift": lambda r, source: sweep.command(r, sweep.Params(), source),
    "patch": lambda r, source: evidence.command(r, evidence.Params(), source),
    "sparse": lambda r, source: codes.command(r, codes.Params(), source),
    "retrieve": lambda r, source: retrieval.command(retrieval.Params(), source),
    "report": lambda r, source: Asked(from_pixels(PIXELS), "x", source).again,
}
SNIPPETS = {
    "shift": lambda source: sweep.snippet(Asking(), sweep.Params(), source),
    "patch": lambda source: evidence.snippet(Asking(), evidence.Params(), source),
    "sparse": lambda source: codes.snippet(Asking(), codes.Params(), source),
}
DATA = {
    "random": lambda word: features.command(features.Params(), word),
    "spinal": lambda word: heads.command(heads.Params(), word),
    "gallery": lambda word: retrieval.command(retrieval.Params(), "a.png", word),
}
DATA_SNIPPETS = {
    "random": lambda word: features.snippet(features.Params(), word),
    "spinal": lambda word: heads.snippet(heads.Params(), word),
}


@hostile
def test_words_come_out_of_bash_as_they_went_in(name):
    assert words_of(quote.command("receptive", name, "--json", name)) == [name, "--json", name]


@hostile
def test_a_file_is_one_word_that_opens_that_file(name):
    word = quoting.file(name)
    assert word in (name, f"./{name}")
    assert not word.startswith(("-", "~"))
    assert not word.lower().startswith(("sample:", "torchvision:", "plugin:", "untrained:", "user:"))
    assert Path(word) == Path(name)


@pytest.mark.parametrize("kind", COMMANDS)
def test_every_command_about_a_picture_names_that_picture(kind):
    @hostile
    def check(name):
        words = words_of(COMMANDS[kind](Asking(), quoting.file(name)))
        assert words[1] == quoting.file(name)
        assert words[1:] == [w for w in words[1:] if w == words[1] or not w.startswith("-") or w.startswith("--")]
        assert COMMANDS[kind](Asking(), f"-{name}") == COMMANDS[kind](Asking(), f"./-{name}")

    check()


@pytest.mark.parametrize("kind", ["shift", "patch", "sparse"])
def test_every_command_about_a_network_of_the_readers_names_its_file(kind):
    @hostile
    def check(name):
        words = words_of(COMMANDS[kind](Own(name), "sample:cat"))
        assert words[words.index("--model") + 1] == quoting.file(name)
        assert words[1] == "sample:cat"

    check()


@pytest.mark.parametrize("kind", DATA)
def test_every_command_about_a_data_set_names_it(kind):
    @hostile
    def check(name):
        assert quote.path(name) in words_of(DATA[kind](name))

    check()


@pytest.mark.parametrize("kind", SNIPPETS)
def test_every_snippet_about_a_picture_opens_that_picture(kind):
    @hostile
    def check(name):
        word = quoting.file(name)
        code = SNIPPETS[kind](word)
        compile(code, "snippet", "exec")
        assert word in literals(code)

    check()
    assert literals(SNIPPETS[kind]("sample:cat"))[:1] != ["sample:cat"]
    assert "cat" in literals(SNIPPETS[kind]("sample:cat"))


@pytest.mark.parametrize("kind", DATA_SNIPPETS)
def test_every_snippet_about_a_data_set_names_it(kind):
    @hostile
    def check(name):
        code = DATA_SNIPPETS[kind](name)
        compile(code, "snippet", "exec")
        assert name in literals(code)

    check()


def test_a_report_names_the_file_that_was_asked_for():
    @hostile
    def check(name):
        from core.networks.card import Card

        card = Card("user:mine.pt", "", "", "user", "", 32, opened=Opened(quote.path(name)))
        asked = Asked(from_pixels(PIXELS), "x", quoting.file(name), (card,))
        assert words_of(asked.again)[1:4] == [quoting.file(name), "--model", quote.path(name)]
        swept = sweep.command(Own("mine.pt"), sweep.Params(), asked.source, asked.files)
        words = words_of(swept)
        assert [words[1], words[3]] == [quoting.file(name), quote.path(name)]

    check()


@pytest.mark.parametrize("name", ["photo_resnet", "mine", "sample:cat", "-x.pt", "mine.pt"])
def test_an_upload_called_like_a_network_is_named_as_a_file(name, tmp_path, monkeypatch):
    """7361185 said --model photo_resnet for an upload of that name, and the command asked the packaged network."""
    from core import networks
    from core.networks import brought

    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes((ROOT / "assets/weights/cifar_vgg.safetensors").read_bytes())
    opened = brought.open_file((tmp_path / name).read_bytes(), name)
    [word] = quoting.models([opened.card.name], brought.opened([opened.card]))[1:]
    assert networks.open_network(word).identity == opened.identity
    assert not brought.is_file("photo_resnet")  # a packaged network's name is never a file


def told():
    """What a reader may say of a file of three classes, as one upload each."""
    names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=9).map(
        lambda s: " ".join(s.split())
    )
    labels = st.one_of(st.just(()), st.tuples(*[names.filter(bool)] * 3))
    mean = st.one_of(st.just(()), st.tuples(*[st.floats(0, 1)] * 3))
    std = st.one_of(st.just(()), st.tuples(*[st.floats(1e-3, 9)] * 3))
    return st.builds(FileOptions, labels=labels, mean=mean, std=std, size=st.sampled_from([0, 32, 64]))


@settings(max_examples=80, deadline=None)
@given(told())
@example(FileOptions(labels=("a, b", "[c", "d")))
@example(FileOptions(labels=("[a", "b", "c")))
@example(FileOptions(labels=("-a", "'", "$(false)")))
@example(FileOptions(labels=("~", "~nobody", "a")))
def test_what_was_said_of_a_file_is_in_the_command_and_in_the_lines(options):
    """7361185 named the file alone: the command opened it with other labels and another mean."""
    from core.terminal.own_file import HELP, file_options, written

    result, opened = Own("mine.pt"), {"user:mine.pt": Opened("mine.pt", options)}
    words = words_of(sweep.command(result, sweep.Params(), "x.png", opened))[1:]
    pairs = dict(zip(words[1::2], words[2::2], strict=False))
    assert file_options({name: pairs.get(written(name), "") for name in HELP}) == options
    lines = sweep.snippet(result, sweep.Params(), "x.png", opened).splitlines()
    [made] = [line for line in lines if line.startswith("nets = ")]
    calls = {"open_network": lambda word, how=ASIS: (word, how), "FileOptions": FileOptions}
    if options == ASIS:
        assert ast.literal_eval(made.rpartition(" in ")[2][:-1]) == ["mine.pt"]
    else:
        assert eval(made.removeprefix("nets = "), calls) == [("mine.pt", options)]  # our own words


def test_files_opened_in_two_ways_are_no_one_command():
    opened = {"a": Opened("a.pt", FileOptions(std=(0.9,))), "b": Opened("b.pt")}
    with pytest.raises(quoting.Apart, match="expected weights files opened alike, got 2 ways: use the lines of Python"):
        quoting.models(["a", "b"], opened)
    imports, made = quoting.loading(["a", "b", "cifar_vgg"], opened)
    assert "FileOptions" in imports
    assert (
        made
        == "nets = [open_network('a.pt', FileOptions(std=(0.9,))), open_network('b.pt'), open_network('cifar_vgg')]"
    )


def test_an_upload_called_like_a_sample_is_not_the_sample(tmp_path, monkeypatch):
    from core.pictures.image import png_bytes
    from core.terminal.studies import read_picture
    from pages.parts.common.tray import Picture

    image = from_pixels(PIXELS)
    upload, sample = Picture("sample:cat", "", image, None), Picture("Chelsea the cat", "", image, "cat")
    assert (upload.source, sample.source) == ("./sample:cat", "sample:cat")
    monkeypatch.chdir(tmp_path)
    Path("sample:cat").write_bytes(png_bytes(image))
    assert read_picture(upload.source).digest == image.digest
    assert read_picture(sample.source).digest == samples.load_sample("cat").digest
    names = {}
    exec("\n".join(samples.opening(upload.source)), names)  # our own words
    assert names["image"].digest == image.digest


def test_nothing_else_quotes():
    """shlex.quote, and commands put together by hand, are gone: what needs a command asks core.base.quote."""
    paths = [*sorted((ROOT / "core").rglob("*.py")), *sorted((ROOT / "pages").rglob("*.py"))]
    for path in paths:
        text = path.read_text()
        if path.name not in ("quote.py", "quoting.py"):
            assert not re.search(r"shlex\.(quote|join)", text), path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.JoinedStr) and isinstance(first := node.values[0], ast.Constant):
                assert not re.match(r"receptive [a-z-]+ .*", str(first.value)) or len(node.values) == 1, (
                    path,
                    first.value,
                )


def test_the_words_of_a_batch_are_kept_as_words():
    assert shlex.split(quote.command("receptive", "batch", quote.path("-in"), "--out", "a b")) == [
        "receptive", "batch", "./-in", "--out", "a b",
    ]  # fmt: skip
