"""A batch on a cluster: a Dask scheduler and two workers on loopback, one of them killed half way."""

import os
import re
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core import networks
from core.batch import cluster as batch_cluster
from core.batch import run
from core.batch.work import in_this_process
from core.networks.weights import write_state
from core.terminal import app
from tests.helpers.batch_folder import make_folder, planned, rows, same_rows

pytest.importorskip("distributed")
ROOT = Path(__file__).parents[3]
HOST = "127.0.0.1"
REACH = "max_shift=5"
COUNT = 10  # pictures
QUIET = {"DASK_DISTRIBUTED__ADMIN__LOW_LEVEL_LOG_LENGTH": "0", "OMP_NUM_THREADS": "1"}


def free_port():
    with socket.socket() as one:
        one.bind((HOST, 0))
        return one.getsockname()[1]


@contextmanager
def process(*words):
    """A `dask` command, killed in the end."""
    line = [sys.executable, "-m", "dask", *map(str, words)]
    running = subprocess.Popen(
        line, cwd=ROOT, env=os.environ | QUIET, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield running
    finally:
        running.kill()
        running.wait()


@contextmanager
def cluster(workers, folder):
    """A scheduler's address and its worker processes; a worker without a nanny is gone once it is killed."""
    with ExitStack() as stack:
        address = f"tcp://{HOST}:{free_port()}"
        words = ("--host", HOST, "--port", address.rpartition(":")[2], "--no-dashboard", "--no-show")
        boss = stack.enter_context(process("scheduler", *words))
        own = ("--nthreads", 1, "--no-nanny", "--no-dashboard", "--local-directory", folder)
        found = [stack.enter_context(process("worker", address, "--host", HOST, *own)) for _ in range(workers)]
        yield address, boss, found


@contextmanager
def receptive(*words):
    """The command of a batch, killed in the end."""
    line = [sys.executable, "-m", "core", "batch", "shift-sweep", *map(str, words)]
    with subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            running.kill()


def until(true, running, seconds=200):
    end = time.monotonic() + seconds
    while not true():
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_folder(tmp_path_factory.mktemp("pictures"), COUNT)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A cluster of two workers, for one test that kills a worker and then one that kills the scheduler."""
    with cluster(2, tmp_path_factory.mktemp("workers")) as found:
        yield found


def test_a_worker_killed_half_way_does_not_show(folder, tmp_path, shared):
    local, out, own = tmp_path / "local.parquet", tmp_path / "out.parquet", tmp_path / "mine.safetensors"
    write_state(own, networks.load(networks.find("cifar_vgg_blur3")).engine.plain.state_dict(), {}, half=False)
    models = ("cifar_vgg", str(own))
    run.run(planned(folder, models=models, words=(REACH,), chunk=1), local, in_this_process)
    address, _, (first, second) = shared
    options = [word for name in models for word in ("--model", name)]
    words = (folder, *options, "--set", REACH, "--chunk", 1, "--out", out, "--scheduler", address)
    with receptive(*words) as running:
        parts = run.parts_folder(out)
        until(lambda: len(list(parts.glob("part-*"))) >= 2, running)
        first.kill()
        assert len(list(parts.glob("part-*"))) < COUNT
        said, wrong = running.communicate(timeout=300)
        assert running.returncode == 0, wrong
    assert second.poll() is None
    assert f"{2 * COUNT} rows of {COUNT} pictures" in said
    assert same_rows(local, out)
    assert len({(row["picture"], row["network"]) for row in rows(out)[0]}) == len(rows(out)[0]) == 2 * COUNT
    here, there = run.provenance(local), run.provenance(out)
    assert here | {"command": there["command"]} == there
    assert not parts.exists()


def test_a_lost_scheduler_keeps_the_parts(folder, tmp_path, shared):
    out = tmp_path / "out.parquet"
    address, boss, _ = shared
    words = (folder, "--model", "cifar_vgg", "--set", REACH, "--chunk", 1, "--out", out, "--scheduler", address)
    with receptive(*words) as running:
        parts = run.parts_folder(out)
        until(lambda: len(list(parts.glob("part-*"))) >= 2, running)
        boss.kill()
        _, wrong = running.communicate(timeout=300)
    assert running.returncode == 2
    assert wrong.splitlines()[-1].startswith("expected the scheduler to stay, the connection was lost: run the same")
    assert "Traceback" not in wrong
    done = {path: path.stat().st_mtime_ns for path in parts.glob("part-*")}
    assert 2 <= len(done) < COUNT
    report = run.run(planned(folder, words=(REACH,), chunk=1), out, in_this_process)
    assert (report.kept, report.rows) == (len(done), COUNT)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:{}", "tcp://nowhere.invalid:8786"])
def test_a_scheduler_that_nobody_reaches(folder, tmp_path, address, monkeypatch):
    monkeypatch.setattr(batch_cluster, "SECONDS", 1)
    words = ["batch", "shift-sweep", str(folder), "--out", str(tmp_path / "out.parquet")]
    done = CliRunner().invoke(app, [*words, "--scheduler", address.format(free_port())])
    assert done.exit_code == 2, done.output
    assert re.fullmatch(r"expected a Dask scheduler at tcp://\S+, nobody answered within \d s: .*\n", done.stderr)
    assert list(tmp_path.iterdir()) == []


def test_without_distributed_the_remedy_is_named(folder, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    words = ["batch", "shift-sweep", str(folder), "--out", str(tmp_path / "out.parquet"), "--scheduler", "tcp://a:1"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 2
    assert 'pip install "receptive[cluster]"' in done.stderr
    assert done.stderr.count("\n") == 1
