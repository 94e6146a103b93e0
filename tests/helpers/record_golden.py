"""Write tests/golden/*.json anew: `python tests/helpers/record_golden.py`, where the reference is present.

It runs the tests that compare with the reference. If all pass, what our networks gave in them becomes the record.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

FILES = ("models_antialiased", "models_bagnet", "models_sdnet", "patches", "random_depthwise")
FIRST, PROBES = 8, 12
DIGITS = 6  # a relative error of 5e-6 at most, half of the strictest case's tolerance


def rounded(value: float, digits: int = DIGITS) -> float:
    return float(f"{value:.{digits}g}")


def summary(got: torch.Tensor) -> dict[str, Any]:
    """What `parity.output_problems` compares with: the first values, and probes spread evenly to the last."""
    flat = got.detach().double().numpy().ravel()
    places = np.unique(np.linspace(0, flat.size - 1, PROBES).astype(int)).tolist()
    return {
        "shape": list(got.shape),
        "first": [rounded(v) for v in flat[:FIRST]],
        "mean": rounded(flat.mean()),
        "std": rounded(flat.std()),
        "l2norm": rounded(np.sqrt((flat * flat).sum())),
        "probes": [[i, rounded(flat[i])] for i in places],
    }


def steps(net: nn.Module, size: tuple[int, int]) -> dict[str, Any]:
    """The operator norm and the steps that our own layers find on pictures of `size`."""
    from core.models.sdnet import SDNet
    from core.models.sparse import SparseConv2d

    if isinstance(net, SDNet) and net.is_coded:
        net.fit_steps(size)
        layers = {name: layer for name, layer in net.named_modules() if isinstance(layer, SparseConv2d)}
        return {"step_sizes": {name: rounded(float(layer.step_size), 9) for name, layer in layers.items()}}
    if not isinstance(net, SparseConv2d):
        return {}
    net.fit_step(size)
    used, norm = (rounded(float(value), 9) for value in (net.step_size, net.operator_norm(size)))
    return {"power_iteration": {"step_size_used": used, "lambda_max_lanczos_float64": norm}}


def text(value: Any, depth: int = 2) -> str:
    """JSON with a line for each key down to `depth`."""
    if not depth or not isinstance(value, dict):
        return json.dumps(value, separators=(",", ":"))
    return "{\n" + ",\n".join(f"{json.dumps(key)}:{text(v, depth - 1)}" for key, v in value.items()) + "\n}"


class Recorder:
    """A pytest plugin: stands between the tests and `parity`, and remembers what passed."""

    def __init__(self) -> None:
        self.cases: dict[str, dict[str, Any]] = {}
        self.facts: dict[int, dict[str, Any]] = {}  # by the id of the case, which `cases` keeps alive
        self.nets: dict[int, nn.Module] = {}
        self.summaries: dict[int, dict[str, Any]] = {}  # by the id of the reference's summary

    def pytest_sessionstart(self) -> None:
        from tests.helpers import parity

        state_problems, output_problems = parity.state_problems, parity.output_problems

        def load(name):
            if name not in self.cases:  # never our own record in its place
                self.cases[name] = json.loads((parity.REFERENCE / f"{name}.json").read_text())
            return self.cases[name]

        def state(net, case):
            problems = state_problems(net, case)
            if not problems:
                self.facts[id(case)] = {
                    "state_dict": parity.state_shapes(net),
                    "n_parameters": sum(p.numel() for p in net.parameters()),
                }
                self.nets[id(case)] = net
            return problems

        def output(got, want, rtol):
            problems = output_problems(got, want, rtol)
            if not problems:
                self.summaries.setdefault(id(want), summary(got))
            return problems

        parity.load_case, parity.state_problems, parity.output_problems = load, state, output

    def record(self, case: dict[str, Any]) -> dict[str, Any]:
        """Settings as they were, results as ours: the keys that the tests read."""
        record = {key: case[key] for key in ("rtol", "input")}
        record["fill"] = {key: case["fill"][key] for key in ("id", "gain") if key in case["fill"]}
        if "heatmap" in case:
            record["heatmap"] = {"target_class": case["heatmap"]["target_class"]}
        record |= self.facts.get(id(case), {})
        if id(case) in self.nets:
            record |= steps(self.nets[id(case)], tuple(case["input"]["x"]["shape"][2:]))
        for section in ("outputs", "intermediate"):
            found = {key: self.summaries.get(id(want)) for key, want in case.get(section, {}).items()}
            record[section] = {key: value for key, value in found.items() if value}
        return {key: value for key, value in record.items() if value}


def main() -> int:
    recorder = Recorder()
    here = Path(__file__).parents[1]
    tests = [str(here / f"test_{name}.py") for name in FILES]
    failed = pytest.main([*tests, "-q", "-k", "recorded or authors"], plugins=[recorder])
    if failed:
        print("nothing written: expected every test to find the reference and to pass")
        return failed
    for name, case in recorder.cases.items():
        (here / "golden" / f"{name}.json").write_text(text(recorder.record(case)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
