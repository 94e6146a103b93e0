"""Checkpoints of training scripts are read without running anything that lies in them."""

import argparse
import datetime
import io
import pickle
import types
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from core.networks import checkpoints
from core.networks.download import WeightsError
from core.networks.weights import read_state
from tests.helpers.weight_files import Malicious, equal, small_net, torch_bytes, zipped_again

BESIDE = {
    "namespace": lambda: argparse.Namespace(lr=0.1, out=Path("runs"), when=datetime.datetime(2026, 1, 2)),
    "numpy scalars": lambda: [np.float64(91.5), np.int32(3), np.bool_(True), np.float32(1), np.str_("a")],
    "numpy array": lambda: np.arange(5.0),
    "path": lambda: Path("/tmp/x"),
    "simple namespace": lambda: types.SimpleNamespace(a=1),
}


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "old"])
@pytest.mark.parametrize("kind", BESIDE)
def test_what_training_scripts_leave_beside_the_tensors_is_passed_over(kind, zipped):
    state = small_net().state_dict()
    assert equal(read_state(torch_bytes({"model": state, "args": BESIDE[kind]()}, zipped=zipped)), state)


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "old"])
def test_code_hidden_in_what_is_passed_over_is_refused_and_not_run(tmp_path, zipped):
    touched = tmp_path / "touched"
    for hidden in (argparse.Namespace(lr=Malicious(touched)), [np.float64(1), Malicious(touched)]):
        with pytest.raises(WeightsError, match="could run code"):
            read_state(torch_bytes({"model": small_net().state_dict(), "args": hidden}, zipped=zipped))
    assert not touched.exists()


def test_no_code_of_what_is_passed_over_is_run(monkeypatch):
    """Neither numpy's nor argparse's: their names stand for a class of ours that drops what it is given."""
    data = torch_bytes({"w": torch.ones(2), "args": argparse.Namespace(a=1), "acc": np.float64(1)})

    def forbidden(*args, **kwargs):
        raise AssertionError("it was run")

    monkeypatch.setattr(argparse, "Namespace", forbidden)
    monkeypatch.setattr(np._core.multiarray, "scalar", forbidden)
    tree = checkpoints.read_parts(data)
    assert [part.others for part in tree] == [("'args'", "'acc'")]


def test_torchs_own_list_of_known_classes_is_as_before():
    before = set(map(str, torch.serialization.get_safe_globals()))
    data = torch_bytes({"w": torch.ones(200), "args": argparse.Namespace(a=1)})
    with ThreadPoolExecutor(8) as pool:
        assert all(set(state) == {"w"} for state in pool.map(read_state, [data] * 64))
    assert set(map(str, torch.serialization.get_safe_globals())) == before
    with pytest.raises(pickle.UnpicklingError, match=r"argparse\.Namespace"):
        torch.load(io.BytesIO(data), weights_only=True)


def test_a_zip_of_weights_is_told_apart():
    with pytest.raises(WeightsError, match=r"got a zip that holds 'birds\.pt': unpack it, give the file inside"):
        read_state(zipped_again())


def test_quantised_weights_are_refused_without_a_word_of_torchs():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own, about making them
        data = torch_bytes({"w": torch.quantize_per_tensor(torch.ones(4), 0.1, 0, torch.qint8)})
    with pytest.raises(WeightsError, match="got quantised ones"):
        read_state(data)


def test_a_dict_is_read_though_other_things_lie_in_it():
    part, *_ = checkpoints.read_parts(torch_bytes({"w": torch.ones(2), "epoch": 3, 7: torch.ones(2)}))
    assert (list(part.tensors), part.others) == (["w"], ("'epoch'", "7"))
