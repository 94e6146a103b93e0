"""Every record of ours is written as it was read, says where it comes from, and is missed when it is damaged."""

import importlib
import json
import re
from dataclasses import dataclass, fields, is_dataclass
from fnmatch import fnmatch

import numpy as np
import pytest
from numpy.typing import NDArray

from core.base.files import ASSETS
from core.base.records import Damaged, as_json, from_json, read, read_all, save
from core.studies.random import attack_dataset, maps
from core.studies.random.baselines import BASELINES
from core.studies.random.maps import DECIMALS

RESULTS = ASSETS / "results"
KINDS = {  # by file: what is read from it
    "claims/shift_pairs.json": "shift.pairs:Pairs",
    "claims/live.json": "core.claims.live:Lives",
    "first_look/home_answer.json": "core.overview.first_look:Answer",
    "first_look/home_patch_evidence.json": "patch.evidence:Result",
    "first_look/home_random_features.json": "random.glance:Found",
    "first_look/home_shift_sweep.json": "shift.sweep:Result",
    "first_look/home_sparse_codes.json": "sparse.glance:Found",
    "first_look/home_spinal_heads.json": "spinal.glance:Found",
    "first_look/patch_evidence.json": "patch.evidence:Result",
    "first_look/random_answers.json": "random.answers:Said",
    "first_look/random_features.json": "random.features:Result",
    "first_look/random_maps.json": "random.maps:Result",
    "first_look/random_nearby.json": "random.nearby:Nearby",
    "first_look/random_photographs.json": "random.photographs:Placement",
    "first_look/shift_sweep.json": "shift.sweep:Result",
    "first_look/sparse_codes.json": "sparse.codes:Result",
    "first_look/sparse_frames.json": "sparse.frames:Frames",
    "imagenet/batch_statistics.json": "core.overview.otherwise:Otherwise",
    "imagenet/lite0*.json": "shift.photographs:Answered",
    "imagenet/preprocessing.json": "core.overview.otherwise:Otherwise",
    "patch_evidence/photographs.json": "patch.dataset:Measured",
    "patch_evidence/scrambled.json": "patch.scrambled:Scrambled",
    "random_features/background.json": "random.background_dataset:Measured",
    "random_features/dataset_*.json": "random.dataset:Measured",
    "random_features/retrieval.json": "random.retrieval_dataset:Measured",
    "many_pictures/*.json": "shift.many:Many",
    "resizers/*.json": "shift.resizers:Kept",
    "shift_sweep/*.json": "shift.dataset:Measured",
    "two_measures/*.json": "shift.two_measures:Steady",
    "sparse_codes/arrived.json": "sparse.arrived:Measured",
    "sparse_codes/attack.json": "sparse.attack_dataset:Measured",
    "sparse_codes/noise_*.json": "sparse.dataset:Measured",
    "sparse_codes/rescue_*.json": "sparse.rescue:Rescue",
    "spinal_heads/ablation.json": "spinal.ablation:Result",
    "spinal_heads/photographs.json": "spinal.photographs:Result",
    "spinal_heads/regression.json": "spinal.regression:Result",
    "spinal_heads/transfer.json": "spinal.transfer:Result",
    "spinal_heads/*_*.json": "spinal.heads:Result",
}
OTHERS = {
    "claims/exact.json",
    *("imagenet/samples.json", "random_features/attack.json"),
}
FILES = sorted(path.relative_to(RESULTS).as_posix() for path in RESULTS.rglob("*.json"))
CODED = [name for name in FILES if name not in OTHERS]
OLDER = ("random_features/dataset_cifar10.json", "random_features/dataset_digits.json")  # than `Plan.others`
MEASURED = {  # the modules whose `measured` reads a folder, or a file, and one file that it reads
    "patch.dataset": "patch_evidence/photographs.json",
    "random.attack_dataset": "random_features/attack.json",
    "random.background_dataset": "random_features/background.json",
    "random.dataset": "random_features/dataset_digits.json",
    "random.retrieval_dataset": "random_features/retrieval.json",
    "shift.dataset": "shift_sweep/cifar_vgg.json",
    "shift.many": "many_pictures/photo_resnet.json",
    "shift.resizers": "resizers/photo_resnet.json",
    "shift.two_measures": "two_measures/photo_resnet.json",
    "sparse.arrived": "sparse_codes/arrived.json",
    "sparse.attack_dataset": "sparse_codes/attack.json",
    "sparse.dataset": "sparse_codes/noise_cifar_sdnet18.json",
    "spinal.ablation": "spinal_heads/ablation.json",
    "spinal.dataset": "spinal_heads/digits_small_cnn.json",
    "spinal.regression": "spinal_heads/regression.json",
    "spinal.transfer": "spinal_heads/transfer.json",
}
OF_A_FILE = ("spinal.ablation", "spinal.regression", "spinal.transfer")


def kind_of(name):
    module, kind = next(kind for pattern, kind in KINDS.items() if fnmatch(name, pattern)).split(":")
    return getattr(importlib.import_module(module if module.startswith("core.") else f"core.studies.{module}"), kind)


def same(a, b):
    """Equal in every value, and in every array's dtype and shape."""
    assert type(a) is type(b)
    if is_dataclass(a):
        for field in fields(a):
            same(getattr(a, field.name), getattr(b, field.name))
    elif isinstance(a, np.ndarray):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)
    elif isinstance(a, dict):
        assert list(a) == list(b)
        same(list(a.values()), list(b.values()))
    elif isinstance(a, list | tuple):
        for x, y in zip(a, b, strict=True):
            same(x, y)
    else:
        assert a == b or (a != a and b != b)


@pytest.mark.parametrize("name", CODED)
def test_a_record_is_written_as_it_was_read(name, tmp_path):
    raw = json.loads((RESULTS / name).read_text())
    value, about = read(RESULTS / name, kind_of(name))
    digits = DECIMALS if kind_of(name) is maps.Result else None  # float32 needs them for its decimals
    save(tmp_path / "again.json", value, about if "result" in raw else None, digits=digits)
    same(read(tmp_path / "again.json", kind_of(name))[0], value)
    text = (tmp_path / "again.json").read_text()
    assert not re.search(r"[\[:,]\s*NaN", text)  # as a number, which JSON has not
    again = json.loads(text)
    # what older records do not tell is read as None
    again = {key: value for key, value in again.items() if key in raw or value is not None}
    if name in OLDER:
        assert again["plan"].pop("others") == list(BASELINES)
    # to the letter, in this order; beside the result the order is free
    assert json.dumps(again.get("result", again)) == json.dumps(raw.get("result", raw))
    assert again == raw


def test_the_attacks_are_written_as_they_were_read():
    raw = json.loads((RESULTS / "random_features" / attack_dataset.RECORD).read_text())["sets"]
    found = attack_dataset.measured(RESULTS / "random_features")
    assert [list(attack_dataset.as_record(one)) for one in found] == [list(one) for one in raw]
    for one, fields_of in zip(found, raw, strict=True):
        again = attack_dataset.from_record(attack_dataset.as_record(one))
        same(again, one)
        assert again.examples[0].clean.dtype == np.float32
        pictures, written = (r.pop("examples") for r in (fields_of, attack_dataset.as_record(one)))
        assert [example["truth"] for example in written] == [example["truth"] for example in pictures]
        assert as_json(one, 6) | {"examples": None} == fields_of | {"examples": None}


@pytest.mark.parametrize("name", FILES)
def test_a_record_says_where_it_comes_from(name):
    record = json.loads((RESULTS / name).read_text())
    for about in record.get("sets", [record]):
        about = about.get("about", about)
        if name.startswith("first_look/"):
            assert about["command"] == "receptive first-look"
            assert list(about["key"]) == ["picture", "networks", "params"]
        else:
            assert re.match("receptive (measure|reproduce)", about["command"])
            assert re.fullmatch(r"\d{4}-\d\d-\d\d", about["date"])
            assert re.fullmatch(r"[0-9a-f]{12}(-dirty)?", about["commit"])


def reader(module, folder):
    """`measured` of the module, on its record in the folder."""
    measured = importlib.import_module(f"core.studies.{module}").measured
    name = MEASURED[module].split("/")[1]
    return measured(folder / name if module in OF_A_FILE else folder), folder / name


@pytest.mark.parametrize("module", MEASURED)
def test_nothing_measured_is_nothing(module, tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        assert not reader(module, folder)[0]


@pytest.mark.parametrize("text", ["", '{"a": [1, 2', "[1]", "3", "null", '{"a": 1}', '{"result": {}}'])
@pytest.mark.parametrize("module", MEASURED)
def test_a_damaged_record_is_said(module, text, tmp_path):
    name = MEASURED[module].split("/")[1]
    (tmp_path / name).write_bytes((RESULTS / MEASURED[module]).read_bytes())
    assert reader(module, tmp_path)[0]
    (tmp_path / name).write_text(text)
    said = rf"^expected .*{name} as it was written, got one that is damaged .*: install Receptive again, or measure it"
    with pytest.raises(Damaged, match=said):
        reader(module, tmp_path)


# ---- the codec -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Inner:
    values: np.ndarray
    few: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Outer:
    """One field of each kind."""

    name: str
    pair: tuple[int, float]
    parts: tuple[Inner, ...]
    by_name: dict[str, Inner]
    arrays: tuple[np.ndarray, ...]
    rows: list[tuple[float | None, float]]
    counts: NDArray[np.int64]
    truth: np.ndarray
    missing: float
    perhaps: np.ndarray | None
    rate: float | str
    anything: dict[str, object]
    old: tuple[str, ...] = ("as ever",)


def inner(values):
    return Inner(np.array(values), np.array([0.5], np.float32))


OUTER = Outer(
    name="é", pair=(1, 0.123456789), parts=(inner([[1, 2]]), inner([np.nan, 0.123456789])), by_name={"a": inner([])},
    arrays=(np.arange(3), np.ones((2, 2))), rows=[(None, 0.5), (0.25, 1.0)], counts=np.zeros((3, 0), np.int64),
    truth=np.array([True, False]), missing=float("nan"), perhaps=None, rate="auto", anything={"of": [1, {"it": None}]},
)  # fmt: skip


def test_every_kind_of_field_comes_back_as_it_was(tmp_path):
    save(tmp_path / "it.json", OUTER, {"command": "receptive"})
    value, about = read(tmp_path / "it.json", Outer)
    same(value, OUTER)
    assert about == {"command": "receptive"}
    assert [list(found) for found in (read_all(tmp_path.glob("*"), Outer), read_all([], Outer))] == [["it"], []]
    assert list(as_json(OUTER)) == [field.name for field in fields(Outer)]
    assert as_json(np.float64(0.5)) == 0.5
    assert as_json(np.array([[np.nan, 1.5]])) == [[None, 1.5]]


def test_arrays_are_rounded_and_settings_are_not():
    found = as_json(OUTER, 2)
    assert found["parts"][1]["values"] == [None, 0.12]
    assert found["parts"][0]["values"] == [[1, 2]]
    assert found["pair"] == [1, 0.123456789]


def test_records_of_before_and_after_are_read():
    before = {name: value for name, value in as_json(OUTER).items() if name != "old"}
    assert from_json(Outer, before | {"new": 1}).old == ("as ever",)
    del before["truth"], before["pair"]
    with pytest.raises(ValueError, match=r"^expected the fields of .*Outer, got none for pair, truth: write it again$"):
        from_json(Outer, before)
    with pytest.raises(ValueError, match="zip"):  # a pair of three
        from_json(Outer, as_json(OUTER) | {"pair": [1, 2, 3]})
