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


def compiled(model: Any, precision: Precision = "f32") -> Compiled:
    """An openvino.Model of one input (B, C, H, W) and one output (B, K), as a module that computes in `precision`.

    Raises SwiftError, in OpenVINO's own words, for what it cannot run here.
    """
    from core.models.compiled import Compiled

    settings = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": torch.get_num_threads()}
    try:
        return Compiled(runtime().Core().compile_model(model, "CPU", settings))
    except RuntimeError as error:
        raise SwiftError(f"expected a network that OpenVINO can run, got one that it refuses: {said(error)}") from error


def said(error: Exception) -> str:
    """The last line of an error: OpenVINO names its own source files first."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:200] if lines else type(error).__name__
