"""Trained numbers: files read without trust, written whole, and fetched from a hostile loopback server."""

import contextlib
import hashlib
import io
import json
import os
import pickle
import socket
import subprocess
import sys
import threading
import time
import warnings
import zipfile
from collections import OrderedDict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from core import download as download_module
from core import weights
from core.weights import Offline, Published, WeightsError, download, load_into, read_metadata, read_state

ROOT = Path(__file__).parents[1]
PAYLOAD = np.random.default_rng(0).bytes(400_000)
DIGEST = hashlib.sha256(PAYLOAD).hexdigest()


def small_net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 2))


def torch_bytes(value, *, zipped=True, protocol=2):
    stream = io.BytesIO()
    torch.save(value, stream, _use_new_zipfile_serialization=zipped, pickle_protocol=protocol)
    return stream.getvalue()


def equal(left, right):
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


def one_sentence(error):
    text = str(error.value)
    assert "\n" not in text
    assert text.startswith("expected ")
    assert "got" in text
    assert ": " in text
    assert len(text) < 600
    return text


# Reading


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "old"])
@pytest.mark.parametrize("wrap", ["bare", "state_dict", "model", "module"])
@pytest.mark.parametrize("as_path", [True, False], ids=["path", "bytes"])
def test_torch_files_are_unwrapped(tmp_path, zipped, wrap, as_path):
    state = small_net().state_dict()
    saved = {
        "bare": state,
        "state_dict": {"epoch": 90, "state_dict": state, "optimizer": {"lr": 0.1}},
        "model": {"model": state},
        "module": {"state_dict": OrderedDict((f"module.{name}", tensor) for name, tensor in state.items())},
    }[wrap]
    data = torch_bytes(saved, zipped=zipped)
    (tmp_path / "misleading.safetensors").write_bytes(data)
    assert equal(read_state(tmp_path / "misleading.safetensors" if as_path else data), state)


def test_safetensors_is_known_by_content(tmp_path):
    state = small_net().state_dict()
    path = tmp_path / "net.pth"
    path.write_bytes(safetensors.torch.save(state))
    assert equal(read_state(path), state)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64, torch.float8_e4m3fn])
def test_floats_become_float32_and_integers_stay(dtype):
    got = read_state(torch_bytes({"w": torch.tensor([1.5, -2.0]).to(dtype), "n": torch.tensor(7)}))
    assert got["w"].dtype == torch.float32
    assert got["w"].tolist() == [1.5, -2.0]
    assert got["n"].dtype == torch.int64


def test_torchvision_densenet_names_become_module_names():
    old = {"features.denseblock1.denselayer2.norm.1.weight": torch.ones(2), "features.norm0.weight": torch.ones(1)}
    got = read_state(torch_bytes(old))
    assert set(got) == {"features.denseblock1.denselayer2.norm1.weight", "features.norm0.weight"}


class Malicious:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.system, (f"touch '{self.target}'",)


@pytest.mark.parametrize("protocol", range(6))
def test_a_plain_pickle_that_wants_to_run_code_is_refused(tmp_path, protocol):
    touched = tmp_path / "touched"
    data = pickle.dumps({"w": Malicious(touched)}, protocol=protocol)
    with pytest.raises(WeightsError, match="could run code") as error:
        read_state(data)
    assert "safetensors" in one_sentence(error)
    assert not touched.exists()
    pickle.loads(data)
    assert touched.exists()  # else the refusal above proved nothing


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "old"])
def test_a_torch_file_that_wants_to_run_code_is_refused(tmp_path, zipped, protocol):
    touched = tmp_path / "touched"
    path = tmp_path / "evil.safetensors"
    path.write_bytes(torch_bytes({"w": torch.ones(2), "x": Malicious(touched)}, zipped=zipped, protocol=protocol))
    with pytest.raises(WeightsError) as error:
        read_state(path)
    assert "torch.save(net.state_dict(), path)" in one_sentence(error)
    assert not touched.exists()


def test_a_whole_pickled_network_is_refused():
    with pytest.raises(WeightsError, match=r"torch\.nn\.modules\.linear\.Linear.*could run code"):
        read_state(torch_bytes(nn.Linear(2, 2)))


def bomb():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02}q\x00.")
        archive.writestr("archive/data/0", bytes(3_000_000))
    return stream.getvalue()


def torchscript():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("net/data.pkl", b"\x80\x02}q\x00.")
        archive.writestr("net/constants.pkl", b"\x80\x02)q\x00.")
    return stream.getvalue()


def npz():
    stream = io.BytesIO()
    np.savez(stream, w=np.ones(3))
    return stream.getvalue()


def npy_of_objects():
    stream = io.BytesIO()
    np.save(stream, np.array([object()], dtype=object), allow_pickle=True)
    return stream.getvalue()


def cyclic():
    tree = {}
    tree["model"] = tree
    return torch_bytes(tree)


def safetensors_header(text, length=None):
    return (len(text) if length is None else length).to_bytes(8, "little") + text.encode()


@pytest.mark.parametrize(
    "make",
    {
        "empty": lambda: b"",
        "one byte": lambda: b"\x80",
        "html": lambda: b"<!doctype html><p>Sign in" * 20,
        "text": lambda: b"weights",
        "bomb": bomb,
        "torchscript": torchscript,
        "npz": npz,
        "npy of objects": npy_of_objects,
        "object array": lambda: torch_bytes({"w": np.array([object()], dtype=object)}),
        "cyclic": cyclic,
        "no tensors": lambda: torch_bytes({"state_dict": {"w": 1.0}}),
        "empty dict": lambda: torch_bytes({}),
        "list": lambda: torch_bytes([torch.ones(2)]),
        "one tensor": lambda: torch_bytes(torch.ones(2)),
        "mixed": lambda: torch_bytes({"w": torch.ones(2), "epoch": 3}),
        "integer name": lambda: torch_bytes({1: torch.ones(2)}),
        "unprintable name": lambda: torch_bytes({"a\nb": torch.ones(2)}),
        "nan": lambda: torch_bytes({"w": torch.full((4,), float("nan"))}),
        "overflows float32": lambda: torch_bytes({"w": torch.tensor([1e300], dtype=torch.float64)}),
        "complex": lambda: torch_bytes({"w": torch.ones(2, dtype=torch.complex64)}),
        "meta": lambda: torch_bytes({"w": torch.ones(2, device="meta")}),
        "a terabyte of one number": lambda: torch_bytes({"w": torch.ones(1).expand(1 << 40)}),
        "several gigabytes in sum": lambda: torch_bytes(
            {"big": torch.ones(1 << 21)} | {f"w{i}": torch.ones(1).expand(1 << 20) for i in range(600)}
        ),
        "truncated zip": lambda: torch_bytes({"w": torch.ones(200)})[:-60],
        "truncated old": lambda: torch_bytes({"w": torch.ones(200)}, zipped=False)[:-60],
        "truncated safetensors": lambda: safetensors.torch.save({"w": torch.ones(200)})[:-60],
        "huge header": lambda: safetensors_header("{", 1 << 60),
        "huge shape": lambda: (
            safetensors_header(json.dumps({"w": {"dtype": "F32", "shape": [1 << 40, 1 << 40], "data_offsets": [0, 4]}}))
            + bytes(4)
        ),
        "safetensors without tensors": lambda: safetensors_header("{}"),
    }.items(),
    ids=lambda case: case[0],
)
def test_what_is_not_a_state_is_refused_in_one_sentence(make):
    with pytest.raises(WeightsError) as error:
        read_state(make[1]())
    one_sentence(error)


def test_sizes_are_bounded_by_the_file():
    with pytest.raises(WeightsError, match="unpacks beyond its size"):
        read_state(bomb())
    with pytest.raises(WeightsError, match=r"'w' to fit in its file, got shape \(1000000,\)"):
        read_state(torch_bytes({"w": torch.ones(1).expand(1_000_000)}))


def test_files_that_cannot_be_opened(tmp_path):
    for path in (tmp_path / "missing.pth", tmp_path):
        with pytest.raises(WeightsError) as error:
            read_state(path)
        one_sentence(error)
        with pytest.raises(WeightsError):
            read_metadata(path)


SOURCES = {
    "safetensors": safetensors.torch.save({"a.w": torch.ones(3, 2), "n": torch.tensor(1)}, {"arch": "x"}),
    "zip": torch_bytes({"state_dict": {"a.w": torch.ones(3, 2), "n": torch.tensor(1)}}),
    "old": torch_bytes({"a.w": torch.ones(3, 2), "n": torch.tensor(1)}, zipped=False),
}


def read_or_refuse(data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own, about bytes that nobody writes
        try:
            state = read_state(data)
        except WeightsError:
            state = {}
        assert all(isinstance(tensor, torch.Tensor) for tensor in state.values())
        with contextlib.suppress(WeightsError):
            read_metadata(data)


@given(st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_random_bytes(data):
    read_or_refuse(data)


@pytest.mark.parametrize("kind", SOURCES)
@given(st.data())
@settings(max_examples=150, deadline=None)
def test_damaged_files(kind, data):
    damaged = bytearray(SOURCES[kind])
    for _ in range(data.draw(st.integers(0, 4), label="flips")):
        damaged[data.draw(st.integers(0, len(damaged) - 1), label="at")] = data.draw(st.integers(0, 255))
    read_or_refuse(bytes(damaged[: data.draw(st.integers(0, len(damaged)), label="cut")]))
    read_or_refuse(bytes(damaged))


# Writing


def test_written_state_comes_back(tmp_path):
    state = small_net().state_dict()
    path = tmp_path / "net.safetensors"
    weights.write_state(path, state, {"arch": "small", "labels": json.dumps(["cat", "é"])})
    got = read_state(path)
    assert got.keys() == state.keys()
    assert got["1.num_batches_tracked"].dtype == torch.int64
    for name, tensor in state.items():
        bound = tensor.abs().double() * 2**-11 + 2**-25
        assert ((got[name].double() - tensor.double()).abs() <= bound).all(), name
    assert safetensors.torch.load_file(path)["0.weight"].dtype == torch.float16
    assert read_metadata(path) == {"arch": "small", "labels": json.dumps(["cat", "é"])}
    assert read_metadata(path.read_bytes()) == read_metadata(path)
    weights.write_state(path, state, {}, half=False)
    assert equal(read_state(path), state)
    assert read_metadata(path) == {}
    assert [p.name for p in tmp_path.iterdir()] == ["net.safetensors"]


def test_writing_shared_and_strided_tensors(tmp_path):
    tied = torch.arange(6.0).reshape(2, 3)
    state = {"a": tied, "b": tied, "t": tied.T, "c": torch.ones(1, 4, 2, 2).to(memory_format=torch.channels_last)}
    weights.write_state(tmp_path / "x", state, {})
    assert equal(read_state(tmp_path / "x"), state)


def test_numbers_beyond_float16_are_kept(tmp_path):
    state = {"running_var": torch.tensor([1e6, 2.0]), "w": torch.tensor([1.0])}
    weights.write_state(tmp_path / "x", state, {})
    assert equal(read_state(tmp_path / "x"), state)


@pytest.mark.parametrize("state", [{}, {"w": torch.tensor([float("nan")])}, {"w": torch.tensor([float("inf")])}])
def test_what_cannot_be_loaded_is_not_written(tmp_path, state):
    with pytest.raises(WeightsError) as error:
        weights.write_state(tmp_path / "x", state, {})
    one_sentence(error)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("step", ["write_bytes", "replace"])
def test_a_write_that_dies_leaves_the_old_file(tmp_path, monkeypatch, step):
    path = tmp_path / "net.safetensors"
    weights.write_state(path, {"w": torch.ones(2)}, {})
    before = path.read_bytes()
    whole = Path.write_bytes

    def die(self, data):
        if step == "write_bytes":
            whole(self, data[: len(data) // 2])
        raise OSError("the disk went away")

    monkeypatch.setattr(Path, step, die)
    with pytest.raises(OSError, match="went away"):
        weights.write_state(path, {"w": torch.zeros(2)}, {})
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["net.safetensors"]


def test_state_digest():
    state = {"b": torch.arange(6.0).reshape(2, 3), "a": torch.tensor(3), "e": torch.empty(0)}
    digest = weights.state_digest(state)
    expected = hashlib.sha256()
    for name, dtype, shape, data in (
        ("a", "torch.int64", [], np.int64(3).tobytes()),
        ("b", "torch.float32", [2, 3], np.arange(6, dtype=np.float32).tobytes()),
        ("e", "torch.float32", [0], b""),
    ):
        expected.update(json.dumps([name, dtype, shape]).encode() + b"\n" + data)
    assert digest == expected.hexdigest()
    assert weights.state_digest(dict(reversed(state.items()))) == digest
    strided = state | {"b": state["b"].T.contiguous().T}
    assert weights.state_digest(strided) == digest
    for change in (
        {"b": state["b"].reshape(3, 2)},
        {"b": state["b"].half()},
        {"b": state["b"] + 1e-6},
        {"c": torch.ones(1)},
    ):
        assert weights.state_digest(state | change) != digest
    assert weights.state_digest({"w": torch.ones(2, dtype=torch.bfloat16)})


# Loading


def test_load_into_gives_the_numbers_and_tolerates_old_batch_norm():
    state = {name: tensor + 1 for name, tensor in small_net().state_dict().items()}
    net = small_net()
    load_into(net, state)
    assert equal(net.state_dict(), state)
    net = small_net()
    load_into(net, {name: tensor for name, tensor in state.items() if "num_batches" not in name})
    assert net[1].num_batches_tracked == 0
    assert torch.equal(net[0].weight, state["0.weight"])


def test_load_into_says_what_differs_and_changes_nothing():
    net, state = small_net(), small_net().state_dict()
    before = weights.state_digest(state)
    cases = [
        ({"0.weight": None}, r"without 0\.weight"),
        ({"1.running_mean": None}, r"without 1\.running_mean"),
        ({"4.filt": torch.ones(1)}, r"unexpected 4\.filt"),
        ({"0.weight": None, "9.weight": torch.ones(1)}, r"without 0\.weight and with the unexpected 9\.weight"),
        ({f"x{i}": torch.ones(1) for i in range(5)}, r"x0, x1, x2 and 2 more"),
        ({"3.weight": torch.ones(10, 4)}, r"3\.weight \(10, 4\).* for \(2, 4\).*num_classes"),
        ({"3.weight": torch.ones(2, 4, dtype=torch.int8)}, r"3\.weight .*int8.* for .*float32"),
    ]
    for change, message in cases:
        wrong = {name: tensor for name, tensor in (state | change).items() if tensor is not None}
        if "3.weight" not in change:
            wrong["0.bias"] = torch.full((4,), 9.0)
        with pytest.raises(WeightsError, match=message) as error:
            load_into(net, wrong)
        one_sentence(error)
        assert weights.state_digest(net.state_dict()) == before


# Packaged, published, imports


def test_packaged_lists_the_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "ASSETS", tmp_path)
    assert weights.packaged() == {}
    (tmp_path / "weights").mkdir()
    for name in ("b.safetensors", "a.safetensors", "notes.txt"):
        (tmp_path / "weights" / name).touch()
    folder = tmp_path / "weights"
    assert list(weights.packaged().items()) == [
        ("a", folder / "a.safetensors"),
        ("b", folder / "b.safetensors"),
    ]


def test_cache_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path / "here"))
    assert weights.cache_folder() == tmp_path / "here"
    monkeypatch.delenv("RECEPTIVE_CACHE")
    assert "receptive" in weights.cache_folder().parts[-1:]
    assert not (tmp_path / "here").exists()


@pytest.mark.parametrize("content", ["{}", '{"__metadata__": {"a": 1}}', '{"__metadata__": []}', "[" * 50_000, "no"])
def test_metadata_of_odd_headers(content):
    if content == "{}":
        assert read_metadata(safetensors_header(content)) == {}
    else:
        with pytest.raises(WeightsError) as error:
            read_metadata(safetensors_header(content))
        one_sentence(error)


def test_published_by_the_authors():
    assert len(weights.PUBLISHED) == 28
    assert weights.published("resnet18_blur3") == Published(
        "resnet18_blur3",
        "https://antialiased-cnns.s3.us-east-2.amazonaws.com/weights_v0.1/resnet18_lpf3-449351b9.pth",
        "449351b9",
        "authors",
    )
    assert len({entry.filename for entry in weights.PUBLISHED.values()}) == 28
    assert all(entry.name == name for name, entry in weights.PUBLISHED.items())


def test_every_published_name_has_an_address():
    names = weights.published_names()
    assert names == sorted(set(names))
    for name in names:
        entry = weights.published(name)
        assert entry.name == name
        assert entry.source == ("authors" if "_blur" in name else "torchvision")
    assert weights.published("resnet18").filename == "resnet18-f37072fd.pth"


@pytest.mark.parametrize("find", [weights.published, weights.published_torchvision])
def test_unknown_names_list_known_ones(find):
    with pytest.raises(WeightsError, match="resnet18") as error:
        find("resnet18_blur9")
    one_sentence(error)


@pytest.mark.parametrize(
    ("url", "prefix"),
    [
        ("file:///etc/passwd", DIGEST),
        ("ftp://host/x.pth", DIGEST),
        ("http://host/", DIGEST),
        ("http://host/..", DIGEST),
        ("http://host/a%2Fb", DIGEST),
        ("http://host/x.pth?y", DIGEST),
        ("http://host/x.pth", ""),
        ("http://host/x.pth", "ABCDEF12"),
    ],
)
def test_published_refuses_what_cannot_be_trusted(url, prefix):
    with pytest.raises(WeightsError) as error:
        Published("x", url, prefix, "authors")
    one_sentence(error)


def test_nothing_heavy_is_imported(tmp_path):
    path = tmp_path / "x"
    weights.write_state(path, {"w": torch.ones(1)}, {"arch": "y"})
    code = (
        "import sys; from pathlib import Path; import core.published; from core.weights import *;"
        "packaged(); published('resnet18_blur3'); published_names(); cache_folder();"
        f"assert read_metadata(Path({str(path)!r})) == {{'arch': 'y'}};"
        "print([m for m in ('torch', 'torchvision', 'streamlit', 'captum', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# Downloading: each path of the server misbehaves in its own way


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.close_connection = True
        self.server.asked.append((self.path, self.headers["Range"]))
        getattr(self, self.path.split("/")[1])()

    def start(self):
        asked = self.headers["Range"]
        return int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0

    def send(self, body, *, status=200, length=None, **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def ranged(self, *, drop=None):
        start, total = self.start(), len(PAYLOAD)
        if start >= total:
            self.send(b"", status=416)
            return
        body = PAYLOAD[start:] if drop is None else PAYLOAD[start:drop]
        headers = {"Content_Range": f"bytes {start}-{total - 1}/{total}"} if start else {}
        self.send(body, status=206 if start else 200, length=total - start, **headers)

    def drops(self):
        self.ranged(drop=None if self.start() else 150_000)

    def plain(self):
        self.send(PAYLOAD)

    def plaindrops(self):
        self.send(PAYLOAD[:150_000] if len(self.server.asked) == 1 else PAYLOAD, length=len(PAYLOAD))

    def wrongrange(self):
        start = self.start()
        self.send(PAYLOAD[5:] if start else PAYLOAD, status=206 if start else 200, Content_Range="bytes 5-9/10")

    def only206(self):
        self.send(PAYLOAD, status=206)

    def wrong(self):
        self.send(b"<html>sign in</html>")

    def missing(self):
        self.send(b"no", status=404)

    def broken(self):
        self.send(b"oops", status=500)

    def silent(self):
        self.server.release.wait(5)

    def stalls(self):
        self.send(PAYLOAD[:150_000], length=len(PAYLOAD))
        self.wfile.flush()
        self.server.release.wait(5)

    def slow(self):
        self.send(b"", length=len(PAYLOAD))
        for at in range(0, len(PAYLOAD), 40_000):
            self.wfile.write(PAYLOAD[at : at + 40_000])
            time.sleep(0.1)

    def short(self):
        self.send(PAYLOAD, length=len(PAYLOAD) // 2)

    def huge(self):
        self.send(b"x", length=3_000_000_000)

    def endless(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(PAYLOAD)

    def chunked(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"fffff\r\n" + PAYLOAD[:1000])

    def garbage(self):
        self.wfile.write(b"\x00\x01 not http\r\n\r\n")

    def redirect(self):
        self.send(b"", status=302, Location="/ranged/net.pth")

    def loop(self):
        self.send(b"", status=302, Location=self.path)

    def tofile(self):
        self.send(b"", status=302, Location=Path(__file__).as_uri())

    def toftp(self):
        self.send(b"", status=302, Location="ftp://127.0.0.1/net.pth")

    def todata(self):
        self.send(b"", status=302, Location="data:text/plain,hello")


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request, client_address):
            pass  # a client that hangs up is part of these tests

    with Server(("127.0.0.1", 0), Handler) as running:
        running.asked, running.release = [], threading.Event()
        running.url = f"http://127.0.0.1:{running.server_port}"
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running
        running.release.set()
        running.shutdown()
        thread.join()


def entry(server, way, prefix=DIGEST[:8]):
    return Published("net", f"{server.url}/{way}/net.pth", prefix, "authors")


def test_download_verifies_renames_and_is_reused(server, tmp_path, monkeypatch):
    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path / "cache"))
    seen = []
    path = download(entry(server, "ranged"), progress=lambda done, total: seen.append((done, total)))
    assert path == tmp_path / "cache" / "net.pth"
    assert path.read_bytes() == PAYLOAD
    assert seen[-1] == (len(PAYLOAD), len(PAYLOAD))
    assert len(seen) > 3
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert download(entry(server, "ranged")) == path
    assert len(server.asked) == 1
    assert not (tmp_path / "cache" / "net.pth.part").exists()


def test_a_corrupt_file_is_fetched_again(server, tmp_path):
    (tmp_path / "net.pth").write_bytes(PAYLOAD[:-1] + b"?")
    assert download(entry(server, "ranged"), tmp_path).read_bytes() == PAYLOAD
    (tmp_path / "net.pth").write_bytes(b"half")
    with pytest.raises(WeightsError):
        download(entry(server, "missing"), tmp_path)
    assert not (tmp_path / "net.pth").exists()


@pytest.mark.parametrize(
    ("way", "second"),
    [("drops", "bytes=150000-"), ("plaindrops", "bytes=150000-")],
    ids=["resumed", "restarted"],
)
def test_cut_off_half_way_then_finished(server, tmp_path, way, second):
    with pytest.raises(WeightsError, match=r"got 150,000 bytes.*try again") as error:
        download(entry(server, way), tmp_path)
    one_sentence(error)
    assert not (tmp_path / "net.pth").exists()
    seen = []
    path = download(entry(server, way), tmp_path, lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == PAYLOAD
    assert [asked for _, asked in server.asked] == [None, second]
    assert seen[-1] == (len(PAYLOAD), len(PAYLOAD))
    assert (seen[0][0] > 150_000) == (way == "drops")


@pytest.mark.parametrize("kept", [len(PAYLOAD), len(PAYLOAD) + 7])
def test_a_part_beyond_the_end_starts_again(server, tmp_path, kept):
    (tmp_path / "net.pth.part").write_bytes(bytes(kept))
    assert download(entry(server, "ranged"), tmp_path).read_bytes() == PAYLOAD
    assert [asked for _, asked in server.asked] == [f"bytes={kept}-", None]


def test_a_server_that_resumes_elsewhere_is_asked_for_the_whole(server, tmp_path):
    (tmp_path / "net.pth.part").write_bytes(PAYLOAD[:100])
    assert download(entry(server, "wrongrange"), tmp_path).read_bytes() == PAYLOAD
    assert len(server.asked) == 2


def test_a_part_of_another_file_is_thrown_away_once_its_hash_is_wrong(server, tmp_path):
    (tmp_path / "net.pth.part").write_bytes(b"?" * 1000)
    with pytest.raises(WeightsError, match="thrown away"):
        download(entry(server, "ranged"), tmp_path)
    assert download(entry(server, "ranged"), tmp_path).read_bytes() == PAYLOAD


@pytest.mark.parametrize(
    ("way", "message", "keeps_part"),
    [
        ("wrong", "SHA-256 that starts with .*thrown away", False),
        ("short", "SHA-256 that starts with", False),
        ("missing", "got 404", False),
        ("broken", "got 500.*later", False),
        ("only206", "got status 206", False),
        ("huge", "at most 2,000,000,000 bytes.*got 3,000,000,000", True),
        ("chunked", "got 0 bytes|got 1,000 bytes", True),
        ("garbage", "expected an answer from 127.0.0.1", False),
        ("loop", "infinite loop", False),
        ("tofile", "got 302.*not allowed", False),
        ("toftp", "unknown url type", False),
        ("todata", "not allowed|unknown url type", False),
        ("silent", "timed out.*packaged networks keep working", False),
        ("stalls", "timed out.*try again", True),
    ],
)
def test_failures_are_one_sentence_and_never_half_used(server, tmp_path, way, message, keeps_part):
    with pytest.raises(WeightsError, match=message) as error:
        download(entry(server, way), tmp_path, timeout=0.5)
    one_sentence(error)
    assert isinstance(error.value, Offline) == (way == "silent")
    assert not (tmp_path / "net.pth").exists()
    assert (tmp_path / "net.pth.part").exists() == keeps_part
    assert download(entry(server, "plain"), tmp_path).read_bytes() == PAYLOAD


def test_redirects_and_unknown_lengths(server, tmp_path):
    assert download(entry(server, "redirect"), tmp_path).read_bytes() == PAYLOAD
    seen = []
    download(entry(server, "endless"), tmp_path / "other", lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(PAYLOAD), None)


def test_a_stream_without_a_length_is_bounded(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download_module, "MAX_BYTES", 200_000)
    with pytest.raises(WeightsError, match="at most 200,000 bytes"):
        download(entry(server, "endless"), tmp_path)
    assert not (tmp_path / "net.pth").exists()
    assert (tmp_path / "net.pth.part").stat().st_size == 0


def test_no_server_is_offline(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))  # bound, not listening: the system refuses
        url = f"http://127.0.0.1:{reserved.getsockname()[1]}/net.pth"
        with pytest.raises(Offline, match=r"refused.*packaged networks keep working") as error:
            download(Published("net", url, DIGEST, "authors"), tmp_path)
    one_sentence(error)
    assert not (tmp_path / "net.pth").exists()


def test_no_name_service_is_offline(tmp_path, monkeypatch):
    def unknown(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(Offline, match="Name or service not known"):
        download(weights.published("resnet18_blur3"), tmp_path)


def test_a_folder_that_cannot_be_made(server, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(WeightsError, match="RECEPTIVE_CACHE") as error:
        download(entry(server, "ranged"), tmp_path / "file" / "cache")
    one_sentence(error)
    assert server.asked == []


def test_progress_can_stop_a_download_that_later_goes_on(server, tmp_path):
    class Stop(Exception):
        pass

    def stop(done, total):
        raise Stop

    with pytest.raises(Stop):
        download(entry(server, "ranged"), tmp_path, stop)
    assert not (tmp_path / "net.pth").exists()
    assert download(entry(server, "ranged"), tmp_path).read_bytes() == PAYLOAD
    assert server.asked[1][1] is not None


def test_two_processes_and_a_thread_share_one_download(server, tmp_path):
    code = (
        "import sys; from pathlib import Path; from core.download import *;"
        "print(download(Published('net', sys.argv[1], sys.argv[2], 'authors'), Path(sys.argv[3])))"
    )
    url = f"{server.url}/slow/net.pth"
    others = [
        subprocess.Popen([sys.executable, "-c", code, url, DIGEST, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    assert download(entry(server, "slow"), tmp_path).read_bytes() == PAYLOAD
    for other in others:
        assert other.communicate(timeout=30)[0].decode().strip() == str(tmp_path / "net.pth")
        assert other.returncode == 0
    assert len(server.asked) == 1
