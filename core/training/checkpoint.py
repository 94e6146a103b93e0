"""What a training goes on from after a kill: one file, whole or not at all, that belongs to one recipe."""

from __future__ import annotations

import io
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from core.base.files import whole
from core.base.records import read_back
from core.networks.download import WeightsError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def save(path: Path, recipe: DataclassInstance, state: dict[str, Any]) -> None:
    """Write `state`, plain values and tensors, as of `recipe`. Raises OSError."""
    data = io.BytesIO()  # onto a full disk, torch would only say that it is at an "unexpected pos"
    torch.save({"recipe": asdict(recipe), **state}, data)
    whole(path, lambda fresh: fresh.write_bytes(data.getvalue()))


def read(path: Path, recipe: DataclassInstance, *names: str) -> dict[str, Any] | None:
    """What `save` wrote under these names, None without a file.

    Raises WeightsError if it is damaged or belongs to another recipe, OSError.
    """
    if not path.exists():
        return None
    with read_back(path, WeightsError):
        found = torch.load(path, weights_only=True)
        state: dict[str, Any] = {name: found[name] for name in names}
        of = found["recipe"]
    if of != asdict(recipe):
        raise WeightsError(f"expected a checkpoint of {recipe}, got one of {of}: delete {path} to start anew")
    return state
