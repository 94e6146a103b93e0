"""A study over a folder: the rows are the study's own, a kill loses and doubles nothing, and nothing bad crashes."""

import contextlib
import csv
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from core import networks
from core.batch import run
from core.batch.work import in_processes, in_this_process, versions
from core.networks.weights import write_state
from core.studies.random import row as random_row
from core.terminal import app
from tests.helpers.batch_folder import SIDE, counting, make_folder, planned, rows, same_rows

ROOT = Path(__file__).parents[3]
SWEEP = ("--model", "cifar_vgg", "--set", "max_shift=2")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_folder(tmp_path_factory.mktemp("pictures"))


def command(*words):
    return CliRunner().invoke(app, ["batch", *map(str, words)])


def refused(*words):
    """The one line on stderr of a command that must fail."""
    done = command(*words)
    assert done.exit_code == 2, done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


# ---- the same however it is computed -------------------------------------------------------------


def test_processes_and_parts_do_not_show(folder, tmp_path):
    one, two = tmp_path / "one.parquet", tmp_path / "two.parquet"
    run.run(planned(folder, chunk=5), one, in_this_process)
    run.run(planned(folder, chunk=2), two, in_processes(2))
    assert same_rows(one, two)
    assert len(rows(one)[0]) == 12


def test_a_part_that_several_processes_share_is_in_order(tmp_path):
    one, two = tmp_path / "one.parquet", tmp_path / "two.parquet"
    mixed = make_folder(tmp_path / "mixed", 7)
    (mixed / "cat" / "004.png").write_bytes(b"words")
    run.run(planned(mixed, chunk=2), one, in_this_process)
    run.run(planned(mixed, chunk=16), two, in_processes(3))
    assert same_rows(one, two)
    assert run.provenance(one)["skipped"] == run.provenance(two)["skipped"] != []


def test_parts_do_not_show_in_random_features(folder, tmp_path):
    one, two = tmp_path / "one.parquet", tmp_path / "two.parquet"
    for out, chunk in ((one, 12), (two, 5)):
        job = planned(folder, "random-features", (random_row.RANDOM, "digits_cnn"), ("features=50",), chunk)
        run.run(job, out, in_this_process)
    assert same_rows(one, two)


def test_this_process_keeps_its_threads(folder, tmp_path):
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        run.run(planned(folder), tmp_path / "out.parquet", in_this_process)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


# ---- kills ---------------------------------------------------------------------------------------


def until(true, seconds=200):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def children(pid):
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout
    return [int(word) for word in found.split()]


def is_alive(pid):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks at processes as Linux shows them")
def test_a_killed_run_goes_on_where_it_was(folder, tmp_path):
    out, words = tmp_path / "out.parquet", ("--model", "cifar_vgg", "--set", "max_shift=6", "--chunk", "1")
    line = [sys.executable, "-m", "core", "batch", "shift-sweep", folder, *words, "--out", out, "--jobs", "2"]
    running = subprocess.Popen(list(map(str, line)), cwd=ROOT, stdout=subprocess.DEVNULL)
    parts = run.parts_folder(out)
    until(lambda: len(list(parts.glob("part-*"))) >= 2)
    born = children(running.pid)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert len(born) >= 2
    until(lambda: not any(map(is_alive, born)))  # they do not outlive their parent
    done = {path: path.stat().st_mtime_ns for path in parts.glob("part-*")}
    assert 2 <= len(done) < 12
    assert not out.exists()

    job, computed, kept = planned(folder, words=("max_shift=6",), chunk=1), [], {}

    def watch(done_now, total):
        kept.update({path: path.stat().st_mtime_ns for path in done})
        assert done_now <= total == 12 - len(done)

    report = run.run(job, out, counting(computed), progress=watch)
    assert kept == done
    assert sorted(computed) == [i for i in range(12) if run.part_path(parts, i) not in done]
    assert (report.kept, report.parts, report.rows, report.complete) == (len(done), 12, 12, False)
    assert not parts.exists()
    run.run(job, tmp_path / "undisturbed.parquet", in_this_process)
    assert same_rows(out, tmp_path / "undisturbed.parquet")


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks at processes as Linux shows them")
def test_a_process_that_is_killed_is_one_sentence_and_its_parts_stay(folder, tmp_path):
    job, out, before = planned(folder, words=("max_shift=6",), chunk=1), tmp_path / "out.parquet", children(os.getpid())

    def kill(done, total):
        if done == 1:
            os.kill(next(pid for pid in children(os.getpid()) if pid not in before and is_spawned(pid)), signal.SIGKILL)

    with pytest.raises(ValueError, match="one was killed"):
        run.run(job, out, in_processes(2), progress=kill)
    kept = len(list(run.parts_folder(out).glob("part-*")))
    assert 1 <= kept < 12
    assert run.run(job, out, in_this_process).kept == kept


def is_spawned(pid):
    return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()


def test_ctrl_c_keeps_the_parts(folder, tmp_path):
    out, computed, job = tmp_path / "out.parquet", [], planned(folder)

    def stop(done, total):
        if done >= 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.run(job, out, counting(computed), progress=stop)
    run.run(job, out, counting(computed))
    assert sorted(computed) == [0, 1, 2, 3]
    assert len(rows(out)[0]) == 12


def test_a_kill_after_the_last_part_and_one_after_the_merge(folder, tmp_path, monkeypatch):
    out, job, computed = tmp_path / "out.parquet", planned(folder), []
    with monkeypatch.context() as patch:
        patch.setattr(run, "merge", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run.run(job, out, counting(computed))
    with monkeypatch.context() as patch:
        patch.setattr(run, "left_over", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run.run(job, out, counting(computed))
    assert len(list(run.parts_folder(out).glob("part-*"))) == 4
    assert run.run(job, out, counting(computed)).complete
    assert sorted(computed) == [0, 1, 2, 3]
    assert [path.name for path in tmp_path.iterdir()] == ["out.parquet"]


def test_one_run_at_a_time(folder, tmp_path):
    out, job = tmp_path / "out.parquet", planned(folder)
    with run.claimed(run.parts_folder(out)), pytest.raises(ValueError, match="another run is at it"):
        run.run(job, out, in_this_process)
    assert list(tmp_path.iterdir()) == []


# ---- the command ---------------------------------------------------------------------------------


def test_the_command_writes_rows_and_provenance_once(folder, tmp_path):
    out = tmp_path / "new" / "out.parquet"
    words = ("shift-sweep", folder, *SWEEP, "--model", "untrained:cifar_vgg", "--out", out, "--jobs", 1)
    done = command(*words)
    assert done.exit_code == 0, done.output
    assert "24 rows of 12 pictures" in done.stdout
    about = run.provenance(out)
    assert about["params"] == {"max_shift": 2, "boundary": "crop", "target": None, "resizer": "none"}
    assert about["versions"] == versions()
    assert [net["name"] for net in about["networks"]] == ["cifar_vgg", "untrained:cifar_vgg"]
    assert all(net["provenance"] in done.stdout and len(net["digest"]) == 64 for net in about["networks"])
    program, *again = about["command"].split()
    assert (program, again[0], again[1]) == ("receptive", "batch", "shift-sweep")
    before = out.stat().st_mtime_ns
    done = CliRunner().invoke(app, again)
    assert done.exit_code == 0, done.output
    assert "complete already" in done.stdout
    assert out.stat().st_mtime_ns == before
    said = refused(*words, "--set", "boundary=reflect")
    assert "setting boundary was crop and is now reflect" in said
    assert "--fresh" in said
    assert command(*words, "--set", "boundary=reflect", "--fresh").exit_code == 0
    assert run.provenance(out)["params"]["boundary"] == "reflect"
    assert [path.name for path in out.parent.iterdir()] == ["out.parquet"]


def test_broken_pictures_are_counted_and_listed(folder, tmp_path):
    mixed = make_folder(tmp_path / "mixed", 4)
    whole = (mixed / "cat" / "000.png").read_bytes()
    for name, data in {"cut.png": whole[:200], "text.jpg": b"words", "empty.gif": b"", "a, b.png": b"%PDF-1.7"}.items():
        (mixed / "cat" / name).write_bytes(data)
    out = tmp_path / "out.parquet"
    done = command("shift-sweep", mixed, *SWEEP, "--out", out, "--chunk", 2, "--jobs", 1)
    assert done.exit_code == 0, done.output
    assert "without a row: 4" in done.stdout
    with run.skipped_path(out).open(newline="") as stream:
        listed = list(csv.DictReader(stream))
    assert {row["name"]: row["reason"] for row in listed}.keys() == {
        *("cat/cut.png", "cat/text.jpg", "cat/empty.gif", "cat/a, b.png")
    }
    assert all(row["reason"] for row in listed)
    assert len(rows(out)[0]) == 4


def test_a_folder_of_nothing_but_broken_pictures(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(b"words")
    assert command("shift-sweep", tmp_path / "in", *SWEEP, "--out", tmp_path / "o.parquet").exit_code == 0
    assert rows(tmp_path / "o.parquet")[0] == []


def test_own_weights_are_a_file(folder, tmp_path):
    net = networks.load(networks.find("cifar_vgg")).engine.plain
    path, out = tmp_path / "mine.safetensors", tmp_path / "out.parquet"
    write_state(path, net.state_dict(), {}, half=False)
    for words in ((), ("--arch", "cifar_vgg", "--like", "CIFAR-10")):
        done = command("shift-sweep", folder, "--model", path, "--set", "max_shift=1", *words, "--out", out, "--fresh")
        assert done.exit_code == 0, done.output
        assert {row["network"] for row in rows(out)[0]} == {"user:mine.safetensors"}
    assert "expected a family" in refused("shift-sweep", folder, "--model", path, "--like", "birds")
    (tmp_path / "pickle.pt").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    assert "expected" in refused("shift-sweep", folder, "--model", tmp_path / "pickle.pt")


# ---- bad words -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nothing", "."), "expected a study of shift-sweep, patch-evidence"),
        (("shift_sweep", "."), "expected a study of"),
        (("shift-sweep", "nowhere", *SWEEP), "nowhere"),
        (("shift-sweep", "empty", *SWEEP), "found none"),
        (("shift-sweep", "in", "--model", "cifar_vg"), "did you mean cifar_vgg"),
        (("shift-sweep", "in", "--model", "random"), "no answer"),
        (
            ("patch-evidence", "in", "--model", "cifar_vgg"),
            "expected a BagNet, or lite0 or a copy of it, got cifar_vgg",
        ),
        (("sparse-codes", "in", "--model", "cifar_vgg"), "cifar_vgg"),
        (("spinal-heads", "in", "--model", "cifar_vgg"), "cifar_vgg"),
        (("shift-sweep", "in", *SWEEP, "--set", "reach=2"), "one of max_shift, boundary, target"),
        (("shift-sweep", "in", *SWEEP, "--set", "max_shift=3"), "twice max_shift"),
        (("shift-sweep", "in", "--set", "max_shift"), "field=value"),
        (("shift-sweep", "in", "--set", "max_shift=2.5"), "a whole number for max_shift, got '2.5'"),
        (("shift-sweep", "in", "--set", "max_shift=99"), "1 to 24 px, got 99"),
        (("shift-sweep", "in", *SWEEP, "--set", "target=10"), "class of 0 to 9, got 10"),
        (("sparse-codes", "in", "--set", "lam=nan"), "lambda"),
        (("spinal-heads", "in", "--set", "epochs=3"), "no settings for spinal-heads"),
        (("random-features", "in", "--set", "size=4"), "px of size"),
        (("shift-sweep", "in", *SWEEP, "--out", "results.csv"), "ends in .parquet"),
        (("shift-sweep", "in", *SWEEP, "--out", "folder.parquet"), "got a folder"),
        (("shift-sweep", "in", *SWEEP, "--out", "file/out.parquet"), "file"),
        (("shift-sweep", "in", *SWEEP, "--out", "other.parquet"), "got another file"),
        (("shift-sweep", "in", *SWEEP, "--chunk", "0"), "one picture a part"),
        (("shift-sweep", "in", *SWEEP, "--jobs", "-1"), "1 process or more"),
        (("shift-sweep", "in", *SWEEP, "--scheduler", "here"), "tcp://HOST:PORT"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_bad_words(words, said, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").symlink_to(folder)
    (tmp_path / "empty").mkdir()
    (tmp_path / "folder.parquet").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "other.parquet").write_bytes(b"something else")
    before = sorted(tmp_path.rglob("*"))
    assert said in refused(*words)
    assert sorted(tmp_path.rglob("*")) == before


def test_parts_of_another_run_are_left_alone(folder, tmp_path):
    out, job = tmp_path / "out.parquet", planned(folder)

    def stop(done, total):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.run(job, out, in_this_process, progress=stop)
    other = make_folder(tmp_path / "other", 9)
    with pytest.raises(ValueError, match="number of pictures was 12 and is now 9"):
        run.run(planned(other), out, in_this_process)
    (run.parts_folder(out) / run.ABOUT).write_text("{")
    with pytest.raises(ValueError, match="something else"):
        run.run(job, out, in_this_process)
    (run.parts_folder(out) / "notes.txt").touch()
    run.run(planned(other), out, in_this_process, fresh=True)
    assert len(rows(out)[0]) == 9
    assert [path.name for path in run.parts_folder(out).iterdir() if path.name != run.LOCK] == ["notes.txt"]


def test_another_version_is_another_run(folder, tmp_path):
    job, out = planned(folder), tmp_path / "out.parquet"
    run.run(job, out, in_this_process)
    newer = replace(job, work=replace(job.work, versions=job.work.versions | {"torch": "9.9"}))
    with pytest.raises(ValueError, match=r"version of torch was .* and is now 9\.9"):
        run.run(newer, out, in_this_process)
    with pytest.raises(ValueError, match="install the same"):
        run.run(newer, tmp_path / "new.parquet", in_this_process)


# ---- what a row depends on -----------------------------------------------------------------------


def paint(path, shade):
    """Another picture in the file's place, of as many bytes."""
    size = path.stat().st_size
    Image.new("RGB", (SIDE, SIDE), (shade, 90, 10)).save(path, "BMP")
    path.write_bytes(path.read_bytes().ljust(size, b"\0")[: max(size, path.stat().st_size)])


def folder_of_bitmaps(path, count=6):
    for i in range(count):
        path.mkdir(exist_ok=True)
        Image.fromarray(np.random.default_rng(i).integers(0, 256, (SIDE, SIDE, 3), np.uint8)).save(path / f"{i}.bmp")
    return path


def test_a_part_whose_picture_was_replaced_is_computed_again(tmp_path):
    inside, out, computed = folder_of_bitmaps(tmp_path / "in"), tmp_path / "out.parquet", []

    def stop(done, total):
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.run(planned(inside, chunk=2), out, counting(computed), progress=stop)
    assert computed == [0, 1]
    paint(inside / "0.bmp", 200)
    report = run.run(planned(inside, chunk=2), out, counting(computed))
    assert (computed, report.kept) == ([0, 1, 0, 2], 1)
    run.run(planned(inside, chunk=2), tmp_path / "new.parquet", in_this_process)
    assert same_rows(out, tmp_path / "new.parquet")


def test_a_finished_batch_is_not_that_of_replaced_pictures(tmp_path):
    inside, out = folder_of_bitmaps(tmp_path / "in"), tmp_path / "out.parquet"
    run.run(planned(inside), out, in_this_process)
    assert run.run(planned(inside), out, in_this_process).complete
    paint(inside / "3.bmp", 120)
    with pytest.raises(ValueError, match="some have changed since"):
        run.run(planned(inside), out, in_this_process)


def test_one_file_under_two_preprocessings_is_two_networks(folder, tmp_path):
    net = networks.load(networks.find("cifar_vgg")).engine.plain
    path, out = tmp_path / "mine.safetensors", tmp_path / "out.parquet"
    write_state(path, net.state_dict(), {}, half=False)
    words = ("shift-sweep", folder, "--model", path, "--set", "max_shift=1", "--jobs", 1)
    assert command(*words, "--out", out, "--like", "cifar10").exit_code == 0
    first = rows(out)[0]
    assert "its networks was" in refused(*words, "--out", out, "--like", "tiny-imagenet-20")
    assert command(*words, "--out", tmp_path / "other.parquet", "--like", "tiny-imagenet-20").exit_code == 0
    other = rows(tmp_path / "other.parquet")[0]
    assert [row["network_digest"] for row in first] == [row["network_digest"] for row in other]
    assert [row["probability"] for row in first] != [row["probability"] for row in other]
