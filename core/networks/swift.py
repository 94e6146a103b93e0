"""OpenVINO, the optional extra `fast`: what compiles a network for this processor, and tells nobody."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from core.base.heavy import torch

if TYPE_CHECKING:
    from core.models.compiled import Compiled

MISSING = 'expected the extra "fast" (OpenVINO), found none: pip install "receptive[fast]"'
UNKNOWN = "No conversion rule found for operations"
Precision = Literal["f32", "bf16"]


class SwiftError(RuntimeError):
    """OpenVINO is not installed, or cannot run a network; the message says what to do."""


def installed() -> bool:
    """Whether OpenVINO is there; imports nothing of it."""
    return find_spec("openvino") is not None


def runtime() -> ModuleType:
    """OpenVINO, which by itself tells its makers of every import and conversion: asked for here, it tells nobody.

    Raises SwiftError where it is not installed.
    """
    if not installed():
        raise SwiftError(MISSING)
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # "not installed": it keeps quiet then
    return import_module("openvino")


def compiled(model: Any, precision: Precision = "f32", batch: int = 0) -> Compiled:
    """An openvino.Model of one input (B, C, H, W) and one output (B, K), as a module that computes in `precision`;
    `batch`: how many pictures it takes at a time, 0 for any number.

    Raises SwiftError, in OpenVINO's own words, for what it cannot run here.
    """
    from core.models.compiled import Compiled

    settings = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": torch.get_num_threads()}
    try:
        return Compiled(runtime().Core().compile_model(model, "CPU", settings), batch)
    except RuntimeError as error:
        raise SwiftError(refusal(error)) from error


def refusal(error: Exception) -> str:
    """A sentence of what OpenVINO refuses, in its own words: the operators that it does not know, or the last line, as
    it names its own source files first."""
    lines = [" ".join(filter(str.isprintable, line.split())) for line in str(error).splitlines()]
    unknown = next((line.rpartition(": ")[2] for line in lines if UNKNOWN in line), "")
    if unknown:
        return f"expected operators that OpenVINO knows, got {unknown:.200}: export the network without them"
    said = next((line for line in reversed(lines) if line), type(error).__name__)
    return f"expected a network that OpenVINO can run, got one that it refuses ({said:.200}): export it anew"
