"""Disks that are full or cannot be written, and files of ours that are damaged: one sentence, and exit code 2."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.main import get_command

from core.base import jobs, resume
from core.base.files import write_json
from core.base.records import Damaged, as_json, in_words, read_back
from core.batch import run as batch
from core.batch.work import in_this_process
from core.compute import sign_counts
from core.compute.sign_counts import Spec
from core.data.sets import DATASETS
from core.overview import board
from core.studies import first_look as studies_first_look
from core.studies.shift import sweep
from core.terminal import app
from tests.core.data.test_public import eurosat
from tests.core.terminal.test_terminal import refused, run
from tests.helpers.batch_folder import make_folder, planned

ROOT = Path(__file__).parents[3]
WRITES = ("--json", "--png", "--out", "--work", "--runs")  # options that say where something is written
COMMANDS = {  # what is quick enough of each command that writes where it is told to, but for the place
    "shift-sweep": ("photo.png", "--model", "cifar_vgg", "--max-shift", "1"),
    "patch-evidence": ("photo.png", "--model", "photo_bagnet9", "--resolution", "coarse"),
    "sparse-codes": ("photo.png", "--model", "cifar_sdnet18"),
    "random-features": ("digits", "--features", "20", "--classifier", "knn"),
    "spinal-heads": ("--heads", "fc", "--seeds", "1", "--epochs", "1"),
    "retrieve": ("photo.png", "--gallery", "photos/test", "--features", "20", "--size", "32"),
    "networks": (),
    "train": ("digits_cnn",),
    **{
        f"measure {key}": (key, "--data", "sets")
        for key in (
            *("random:digits", "spinal:digits:small_cnn", "spinal-ablation", "spinal-transfer", "spinal-regression"),
            *("retrieval", "background"),
        )
    },
    "report": ("photo.png",),
    "batch": ("shift-sweep", "photos/test", "--model", "cifar_vgg", "--set", "max_shift=1", "--jobs", "1"),
    "download-data": ("EuroSAT",),
    "claims": (),
    "reproduce": ("exact",),
}
WRITING = [
    (words, option)
    for name, command in get_command(app).commands.items()
    for option in WRITES
    if any(option in parameter.opts for parameter in command.params)
    for words in ([words for words in COMMANDS if words.split()[0] == name] or [name])
]
PLACES = {
    "below a file": "file/out",
    "nowhere": "/proc/receptive/out",
    "below a circle": "circle/out",
    "a circle": "circle",
    "a folder": "folder",
    "no name": "",
}
FOLDERS = ("--work", "--runs")  # for them the last two are places


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A folder with a picture, a data set of photographs, a file and a folder; nothing else is ever in it."""
    path = tmp_path_factory.mktemp("desk")
    dice = np.random.default_rng(0)
    for half, count in (("train", 4), ("test", 1)):
        for name in DATASETS["tiny-imagenet-20"].classes:
            (path / "photos" / half / name).mkdir(parents=True)
            for i in range(count):
                pixels = dice.integers(0, 256, (64, 64, 3), np.uint8)
                Image.fromarray(pixels).save(path / "photos" / half / name / f"{i}.png")
    Image.fromarray(dice.integers(0, 256, (64, 64, 3), np.uint8)).save(path / "photo.png")
    (path / "sets").mkdir()
    for name in ("corel", "cats-dogs", "tiny-imagenet-20"):
        (path / "sets" / name).symlink_to(path / "photos")
    (path / "file").touch()
    (path / "folder").mkdir()
    for link, other in (("circle", "back"), ("back", "circle"), ("circle.parquet", "circle.parquet")):
        (path / link).symlink_to(other)
    eurosat(path / "cache" / "datasets")
    return path


def test_every_command_that_writes_is_in_the_table():
    assert {name for name, _ in WRITING} == set(COMMANDS)


@pytest.mark.parametrize(
    ("name", "option", "place"),
    [(*pair, place) for pair in WRITING for place in list(PLACES)[: -2 if pair[1] in FOLDERS else None]],
    ids=lambda word: word,
)
def test_where_nothing_can_be_written_is_one_sentence(desk, monkeypatch, name, option, place):
    monkeypatch.chdir(desk)
    monkeypatch.setenv("RECEPTIVE_CACHE", str(desk / "cache"))
    suffix = ".parquet" if name == "batch" and place not in ("a folder", "no name") else ""
    before = sorted(desk.rglob("*"))
    done = run(name.split()[0], *COMMANDS[name], option, PLACES[place] + suffix)
    assert (done.exit_code, type(done.exception)) == (2, SystemExit), (done.output, done.exception)
    [said] = done.stderr.splitlines()
    assert said.startswith("expected ")
    assert ", got " in said
    assert ": " in said
    after = sorted(desk.rglob("*"))
    assert [path for path in after if path not in before and path.suffix != ".lock"] == []


# ---- what is printed -----------------------------------------------------------------------------


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_for_what_is_printed_is_one_sentence():
    with open("/dev/full", "w") as full:
        words = [sys.executable, "-m", "core", "networks"]
        done = subprocess.run(words, cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "expected to read or write what is printed, got No space left on device: "
        "check the path, its permissions and the room on its disk"
    ]


def test_a_reader_who_has_enough_is_no_error():
    with subprocess.Popen(
        [sys.executable, "-m", "core", "networks"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""


# ---- full disks ----------------------------------------------------------------------------------


@pytest.fixture
def full(tmp_path):
    """A disk of 64 KB with 8 KB left, which only the system's keeper can have."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True)
    if made.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {made.stderr.decode().strip()}")
    (disk / "filled").write_bytes(bytes(56 * 1024))
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def test_a_checkpoint_that_has_no_room_is_one_sentence_and_leaves_nothing(full):
    assert "No space left on device" in refused_late("train", "digits_cnn", "--runs", full / "runs")
    assert list((full / "runs").iterdir()) == []


def refused_late(*words):
    """The one line on stderr of a command that had begun."""
    done = run(*words)
    assert (done.exit_code, type(done.exception)) == (2, SystemExit), (done.output, done.exception)
    [said] = done.stderr.splitlines()
    return said


def test_a_mapped_table_that_has_no_room_is_an_error_and_no_kill(full):
    pixels = np.zeros((400, 8, 8, 1), np.uint8)
    with pytest.raises(OSError, match="No space left"):
        sign_counts.extract(Spec(1000, 3, 0, 1), pixels, full / "table.npy")


def test_a_result_that_has_no_room_is_one_sentence_and_leaves_nothing(full):
    words = ("shift-sweep", "sample:cat", "--model", "cifar_vgg", "--json", full / "out.json")
    assert "No space left on device" in refused(*words)
    assert [path.name for path in full.iterdir()] == ["filled"]


def test_a_training_beside_the_app_that_has_no_room_is_one_sentence(full, monkeypatch):
    monkeypatch.setenv("RECEPTIVE_CACHE", str(full))
    (full / "more").write_bytes(bytes(8 * 1024))
    with pytest.raises(jobs.NotBegun, match=r"^expected to keep what it writes in .*No space left.*RECEPTIVE_CACHE"):
        jobs.begin("spinal-heads", "new", ["spinal-heads", "--epochs", "1", "--seeds", "1"], {"long": "x" * 5000})


# ---- files of ours that are damaged --------------------------------------------------------------


TORN = {
    "empty": "",
    "torn": '{"a": [1, 2',
    "a list": "[1]",
    "a number": "3",
    "other fields": '{"a": 1}',
    "null": "null",
}


@pytest.mark.parametrize("text", TORN.values(), ids=TORN)
def test_a_torn_file_of_ours_says_which_one_and_what_to_do(tmp_path, text):
    path = resume.part(tmp_path, "finished")
    path.write_text(text)
    said = r"^expected .*json as it was written, got one that is damaged .*: delete it to start anew$"
    with pytest.raises(Damaged, match=said):
        resume.remembering(tmp_path, {"of": 1})("finished", lambda: 0)


@pytest.mark.parametrize("harm", [lambda data: data[:90], lambda data: b"", lambda data: data.replace(b"|i1", b"|u1")])
def test_a_torn_table_is_said(tmp_path, harm):
    path, pixels = tmp_path / "table.npy", np.zeros((3, 8, 8, 1), np.uint8)
    spec = Spec(20, 3, 0, 1)
    sign_counts.extract(spec, pixels, path)
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(Damaged, match=r"table\.npy as it was written, .*: delete it to start anew$"):
        sign_counts.extract(spec, pixels, path)


@pytest.mark.parametrize(
    "harm", [lambda data: data[:90], lambda data: b"torn", lambda data: data[:4] + bytes(400) + data[404:]]
)
def test_a_torn_part_of_a_batch_is_said(tmp_path, harm):
    job, out = planned(make_folder(tmp_path / "pictures", 6)), tmp_path / "out.parquet"

    def stop_after_a_part(done, total):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        batch.run(job, out, in_this_process, progress=stop_after_a_part)
    part = batch.part_path(batch.parts_folder(out), 0)
    part.write_bytes(harm(part.read_bytes()))
    with pytest.raises(Damaged, match=r"part-000000\.parquet as it was written, .*: delete it, and run the same"):
        batch.run(job, out, in_this_process)
    part.unlink()
    assert batch.run(job, out, in_this_process).rows == 6


@pytest.mark.parametrize("text", TORN.values(), ids=TORN)
@pytest.mark.parametrize("name", ["claims/exact.json", "shift_sweep/cifar_vgg.json", "spinal_heads/transfer.json"])
def test_a_damaged_record_takes_its_own_claims_out_and_no_other(tmp_path, name, text):
    results = tmp_path / "results"
    for path in [one for one in board.RESULTS.rglob("*") if one.is_file()]:
        (results / path.relative_to(board.RESULTS)).parent.mkdir(parents=True, exist_ok=True)
        os.link(path, results / path.relative_to(board.RESULTS))
    (results / name).unlink()
    (results / name).write_text(text)
    before, now = board.board(), board.board(results)
    assert [claim.name for claim, _, _ in now] == [claim.name for claim, _, _ in before]
    lost = [claim for (claim, ours, _), (_, was, _) in zip(now, before, strict=True) if was and not ours]
    assert 0 < len(lost) < 40
    if text not in ("", '{"a": [1, 2'):
        return  # readers differ in what they make of another record
    for claim in lost:
        assert claim.why_not.startswith(f"expected {results}")
        assert "install Receptive again, or measure it again" in claim.why_not


@pytest.mark.parametrize("text", TORN.values(), ids=TORN)
def test_a_damaged_first_look_is_computed_anew(tmp_path, monkeypatch, text):
    monkeypatch.setattr(studies_first_look, "FOLDER", tmp_path)
    key = json.dumps(studies_first_look.key([], "", sweep.Params()))
    for record in (text, f'{{"key": {key}, "result": {text}}}', f'{{"key": {text}}}'):
        (tmp_path / "shift_sweep.json").write_text(record)
        assert studies_first_look.find("shift_sweep", sweep.Result, [], "", sweep.Params()) is None
        assert studies_first_look.latest("shift_sweep", sweep.Result, []) is None


def test_a_whole_first_look_is_found(tmp_path, monkeypatch):
    whole = json.loads((studies_first_look.FOLDER / "shift_sweep.json").read_text())
    whole["key"] = studies_first_look.key([], "", sweep.Params())
    monkeypatch.setattr(studies_first_look, "FOLDER", tmp_path)
    (tmp_path / "shift_sweep.json").write_text(json.dumps(whole))
    found = studies_first_look.find("shift_sweep", sweep.Result, [], "", sweep.Params())
    assert as_json(found) == whole["result"]
    assert as_json(studies_first_look.latest("shift_sweep", sweep.Result, [])) == whole["result"]
    assert studies_first_look.find("shift_sweep", sweep.Result, [], "", sweep.Params(max_shift=1)) is None


def test_what_the_system_says_stays_its_own(tmp_path):
    with pytest.raises(IsADirectoryError), read_back(tmp_path):
        tmp_path.read_text()
    with pytest.raises(Damaged, match="without a number"), read_back(tmp_path):
        raise OSError("without a number")
    assert in_words(OSError(28, "No space left on device", "a\nb")).startswith("expected to read or write a b, got No")
    assert in_words(ValueError("two\nlines")) == "two lines"
    assert in_words(MemoryError()) == "MemoryError"


def test_a_file_without_a_name_is_refused():
    with pytest.raises(ValueError, match=r"^expected a file to write, got '\.': name one$"):
        write_json(Path(""), {})
