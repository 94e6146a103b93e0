"""Golden parity: the recipe that fills a network and its input, and the comparison with recorded numbers.

A case holds numbers for deterministic, untrained parameters: `state_dict` {key: shape}, `fill`, `input`, `outputs`
(summaries) and `rtol`. Where the reference is present (RECEPTIVE_REFERENCE, or ../shared/reference), its numbers are
the authors' code's. Elsewhere the case is our own record in tests/golden/, which `python
tests/helpers/record_golden.py` writes: what our networks gave while they equalled the reference.
"""

from __future__ import annotations

import json
import math
import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

GOLDEN = Path(__file__).parents[1] / "golden"
REFERENCE = Path(os.environ.get("RECEPTIVE_REFERENCE") or Path(__file__).parents[3] / "shared" / "reference") / "cases"
UNTOUCHED = ("num_batches_tracked", "filt", "step_size")

Case = dict[str, Any]
Shapes = dict[str, tuple[int, ...]]


def load_case(name: str) -> Case:
    """The reference's numbers where they are present, else our own record of them."""
    reference = REFERENCE / f"{name}.json"
    case: Case = json.loads((reference if reference.is_file() else GOLDEN / f"{name}.json").read_text())
    return case


def state_shapes(net: nn.Module) -> Shapes:
    return {key: tuple(value.shape) for key, value in net.state_dict().items()}


def state_problems(net: nn.Module, case: Case) -> list[str]:
    """Keys and shapes in which the network's state differs from the case's."""
    got, want = state_shapes(net), {key: tuple(shape) for key, shape in case["state_dict"].items()}
    return [
        f"{key}: {got.get(key)} instead of {want.get(key)}"
        for key in sorted(got.keys() | want.keys())
        if got.get(key) != want.get(key)
    ]


def fill_value(key: str, shapes: Shapes, gain: float) -> np.ndarray:
    """Recipe `crc32-normal-v1`: a normal draw seeded by the key's CRC-32, scaled by what the entry is."""
    prefix, _, leaf = key.rpartition(".")
    shape = shapes[key]
    z = np.random.RandomState(zlib.crc32(key.encode())).standard_normal(shape)
    if leaf == "running_mean":
        return 0.1 * z
    if leaf == "running_var":
        return 1 + 0.1 * np.abs(z)
    if len(shape) > 1:
        z *= gain * math.sqrt(2 / math.prod(shape[1:]))  # in place: VGG-16's largest draw is 0.8 GB
        return z
    if leaf == "weight":
        return 1 + 0.1 * z
    of_a_norm = len(shapes.get(f"{prefix}.weight" if prefix else "weight", ())) == 1
    return 0.1 * z if of_a_norm else 0.01 * z


def unit_value(key: str, shapes: Shapes) -> np.ndarray:
    """Recipe `crc32-unit-v1`: the draw itself."""
    return np.random.RandomState(zlib.crc32(key.encode())).standard_normal(shapes[key])


def fill_module(net: nn.Module, gain: float = 1.0, *, unit: bool = False) -> None:
    """Overwrite the parameters and the running statistics in place."""
    shapes = state_shapes(net)
    with torch.no_grad():
        for key, value in net.state_dict().items():
            if key.rpartition(".")[2] not in UNTOUCHED:
                drawn = unit_value(key, shapes) if unit else fill_value(key, shapes, gain)
                value.copy_(torch.from_numpy(drawn))


def make_input(spec: dict[str, Any]) -> torch.Tensor:
    """float32 input: white noise ("normal"), or noise in squares of `rep` pixels ("blocks")."""
    draw = np.random.RandomState(spec["seed"]).standard_normal
    *batch, height, width = spec["shape"]
    rep = spec["rep"] if spec["kind"] == "blocks" else 1
    x = draw((*batch, height // rep, width // rep)).repeat(rep, axis=-2).repeat(rep, axis=-1)
    return torch.from_numpy((x * spec.get("scale", 1) + spec.get("shift", 0)).astype(np.float32))


def output_problems(got: torch.Tensor, want: dict[str, Any], rtol: float) -> list[str]:
    """Where an output leaves its recorded summary; the absolute tolerance is `rtol` of the record's rms."""
    if list(got.shape) != want["shape"]:
        return [f"shape {list(got.shape)} instead of {want['shape']}"]
    flat = got.detach().double().numpy().ravel()
    rtol = want.get("rtol", rtol)
    rms = want["l2norm"] / math.sqrt(flat.size)
    atol = want.get("atol", rtol * rms)
    index, value = zip(*want["probes"], strict=True)
    pairs = {
        "first": (flat[: len(want["first"])], want["first"]),
        "probes": (flat[list(index)], value),
        "mean": (flat.mean(), want["mean"]),
        "std": (flat.std(), want["std"]),
        "rms": (np.sqrt((flat * flat).mean()), rms),
    }
    return [
        f"{name}: off by up to {np.abs(np.subtract(ours, theirs)).max():.3g} (rms {rms:.3g})"
        for name, (ours, theirs) in pairs.items()
        if not np.allclose(ours, theirs, rtol=rtol, atol=atol)
    ]
