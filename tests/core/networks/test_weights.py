"""Trained numbers: files read without trust and written whole."""

import contextlib
import hashlib
import json
import pickle
import subprocess
import sys
import warnings
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from core.networks import weights
from core.networks.download import WeightsError
from core.networks.weights import load_into, read_metadata, read_state
from tests.helpers.weight_files import (
    Malicious,
    bomb,
    cyclic,
    cyclic_and_wide,
    equal,
    npy_of_objects,
    npz,
    one_sentence,
    safetensors_header,
    small_net,
    torch_bytes,
    torchscript,
    zipped_again,
)

ROOT = Path(__file__).parents[3]


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


def test_data_parallel_around_the_features_alone_is_unwrapped():
    old = {"features.module.0.weight": torch.ones(2), "classifier.0.weight": torch.ones(1)}
    assert set(read_state(torch_bytes(old))) == {"features.0.weight", "classifier.0.weight"}


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
        "cyclic and wide": cyclic_and_wide,
        "no tensors": lambda: torch_bytes({"state_dict": {"w": 1.0}}),
        "empty dict": lambda: torch_bytes({}),
        "list": lambda: torch_bytes([torch.ones(2)]),
        "one tensor": lambda: torch_bytes(torch.ones(2)),
        "numbers alone": lambda: torch_bytes({"loss": torch.tensor(0.4)}),
        "zip in a zip": zipped_again,
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


# Packaged, metadata, imports


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


@pytest.mark.parametrize("content", ["{}", '{"__metadata__": {"a": 1}}', '{"__metadata__": []}', "[" * 50_000, "no"])
def test_metadata_of_odd_headers(content):
    if content == "{}":
        assert read_metadata(safetensors_header(content)) == {}
    else:
        with pytest.raises(WeightsError) as error:
            read_metadata(safetensors_header(content))
        one_sentence(error)


def test_nothing_heavy_is_imported(tmp_path):
    path = tmp_path / "x"
    weights.write_state(path, {"w": torch.ones(1)}, {"arch": "y"})
    code = (
        "import sys; from pathlib import Path; from core.base.files import cache_folder;"
        "from core.networks.published import *; from core.networks.weights import *;"
        "packaged(); published('resnet18_blur3'); published_names(); cache_folder();"
        f"assert read_metadata(Path({str(path)!r})) == {{'arch': 'y'}};"
        "print([m for m in ('torch', 'torchvision', 'streamlit', 'captum', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
