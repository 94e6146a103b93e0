"""The records below a results folder, each file read once while it stays the same."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from core.base.records import REINSTALL, read_back, record_of
from core.studies.patch import dataset
from core.studies.random import background_dataset, retrieval_dataset
from core.studies.shift import dataset as shift_dataset
from core.studies.sparse import attack_dataset
from core.studies.sparse import dataset as sparse_dataset
from core.studies.spinal import dataset as spinal_dataset
from core.studies.spinal import regression as spinal_regression
from core.studies.spinal import transfer as spinal_transfer

if TYPE_CHECKING:
    from core.studies.random.attack_figures import Measured as RandomAttack

T = TypeVar("T")
EXACT = "claims/exact.json"
SHIFT_PAIRS = "claims/shift_pairs.json"
KEPT = 64  # readings


def kept(read: Callable[[Path], T], path: Path) -> T:
    """`read(path)`, a file or a folder of JSON files, remembered until one of them changes. Raises Damaged, OSError."""
    files = [path] if path.suffix else sorted(path.glob("*.json"))
    stamp = tuple((f.name, f.stat().st_mtime_ns, f.stat().st_size) for f in files if f.is_file())
    return _kept(read, path, stamp)  # type: ignore[no-any-return]


@functools.lru_cache(maxsize=KEPT)
def _kept(read: Callable[[Path], Any], path: Path, stamp: object) -> Any:
    with read_back(path, remedy=REINSTALL):
        return read(path)


def shift_record(results: Path) -> dict[str, shift_dataset.Measured]:
    return kept(shift_dataset.measured, results / "shift_sweep")


def shift_pairs_record(results: Path) -> dict[str, Any]:
    """What core.studies.shift.measure wrote, {} without it."""
    return kept(_json, results / SHIFT_PAIRS)


def patches_record(results: Path) -> dataset.Measured | None:
    return kept(dataset.measured, results / "patch_evidence")


def sparse_record(results: Path) -> dict[str, sparse_dataset.Measured]:
    return kept(sparse_dataset.measured, results / "sparse_codes")


def sparse_attack_record(results: Path) -> attack_dataset.Measured | None:
    return kept(attack_dataset.measured, results / "sparse_codes")


def random_record(results: Path, name: str) -> dict[str, Any] | None:
    """As core.studies.random.dataset.as_record wrote it: its own reader needs torch, for which no page waits."""
    return kept(_json, results / "random_features" / f"dataset_{name}.json") or None


def retrieval_record(results: Path) -> retrieval_dataset.Measured | None:
    return kept(retrieval_dataset.measured, results / "random_features")


def background_record(results: Path) -> background_dataset.Measured | None:
    return kept(background_dataset.measured, results / "random_features")


def random_attacks_record(results: Path) -> list[RandomAttack]:
    from core.studies.random import attack_figures  # needs Plotly

    return kept(attack_figures.measured, results / "random_features")


def spinal_record(results: Path, name: str) -> spinal_dataset.Measured | None:
    return kept(spinal_dataset.measured, results / "spinal_heads").get(name)


def transfer_record(results: Path) -> tuple[spinal_transfer.Result, dict[str, str]] | None:
    return kept(spinal_transfer.measured, results / "spinal_heads" / spinal_transfer.RECORD.name)


def regression_record(results: Path) -> tuple[spinal_regression.Result, dict[str, Any]] | None:
    return kept(_regression, results / "spinal_heads" / spinal_regression.RECORD.name)


def _regression(path: Path) -> tuple[spinal_regression.Result, dict[str, Any]] | None:
    if not path.is_file():
        return None
    record = record_of(path)
    return spinal_regression.from_dict(record.pop("result")), record


def exact(results: Path) -> dict[str, Any]:
    """What core.reproduce.facts wrote: {"facts": {name: fields of Ours but the date}, "date", "commit"}, or {}."""
    return kept(_json, results / EXACT)


def _json(path: Path) -> dict[str, Any]:
    return dict(record_of(path)) if path.is_file() else {}
