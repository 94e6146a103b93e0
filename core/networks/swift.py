"""OpenVINO, the optional extra `fast`: what compiles a network for this processor, and tells nobody.

Networks of depthwise convolutions gain two to five times, ordinary ones nothing (tests/benchmarks/README.md): only the
former are compiled, and only once they have been asked enough for the seconds that it takes. What came of it is kept
on this machine, and is asked only where it agrees with the network that it stands for.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import sys
import threading
import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from core.base import files
from core.base.heavy import nn, torch

if TYPE_CHECKING:
    from core.models.compiled import Compiled

MISSING = 'expected the extra "fast" (OpenVINO), found none: pip install "receptive[fast]"'
PAYS_ANEW, PAYS_KEPT = 256, 32  # inputs from which translating and compiling pays, and compiling alone
AGREES = 1e-4  # of the largest logit: what float32's rounding may change (core.networks.engine.FLOAT32_NOISE)
KEPT = 24  # translated networks on this machine, about 20 MB each at most
UNKNOWN = "No conversion rule found for operations"
Precision = Literal["f32", "bf16"]
log = logging.getLogger(__name__)


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
    last = next((line for line in reversed(lines) if line), type(error).__name__)
    return f"expected a network that OpenVINO can run, got one that it refuses ({last:.200}): export it anew"


def said(error: Exception) -> str:
    """The first line of an error that is not OpenVINO's naming of its own source files."""
    lines = [line.strip() for line in str(error).splitlines()]
    return next((line[:200] for line in lines if line and ".cpp:" not in line), type(error).__name__)


def gains(net: nn.Module) -> bool:
    """Whether a network has depthwise convolutions."""
    return any(isinstance(layer, nn.Conv2d) and layer.groups == layer.in_channels > 1 for layer in net.modules())


@dataclass(frozen=True, eq=False)
class Rungs:
    """A network compiled in float32, and in bfloat16 where the engine asks for it."""

    exact: Compiled
    fast: Compiled | None


@dataclass(eq=False)
class Swift:
    """What may answer in the place of `net`, (B, *shape) -> (B, K) in float32; `half`: in bfloat16, too."""

    net: nn.Module
    half: bool = False
    asked: int = 0
    made: dict[tuple[tuple[int, ...], int], Rungs | None] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def rungs(self, shape: tuple[int, ...], count: int) -> Rungs | None:
        """The compiled network, where it pays for `count` more inputs (C, H, W); None otherwise, and where OpenVINO
        cannot run it or answers otherwise: that is logged in a sentence, once."""
        key = shape, torch.get_num_threads()
        with self.lock:
            self.asked += count
            if key not in self.made:
                if self.asked < (PAYS_KEPT if self.kept(shape).is_file() else PAYS_ANEW):
                    return None
                self.made[key] = self.make(shape)
            return self.made[key]

    def make(self, shape: tuple[int, ...]) -> Rungs | None:
        """The network compiled from what was kept, or else translated anew; None, with a sentence in the log, where it
        cannot be had or answers otherwise."""
        for source in (self.read, self.translated):
            try:
                model = source(shape)
                if model is not None:
                    found = Rungs(compiled(model), compiled(model, "bf16") if self.half else None)
                    self.check(found.exact, shape)
                    return found
            except Exception as error:  # two compilers may raise anything, and torch answers in any case
                got = f"{type(error).__name__} ({said(error)})"
                log.warning("expected OpenVINO to answer as torch does, got %s: torch answers in its place", got)
        return None

    def check(self, exact: Compiled, shape: tuple[int, ...]) -> None:
        """Raises SwiftError unless the compiled network answers noise as its own does."""
        x = torch.randn(2, *shape, generator=torch.Generator().manual_seed(0))
        with torch.inference_mode():
            expected, got = self.net(x), exact(x)
        strays = float((got - expected).abs().max() / expected.abs().max())
        if not strays <= AGREES:
            raise SwiftError(f"answers that stray by {strays:.1e} of the largest")

    @functools.cached_property
    def digest(self) -> str:
        """Of all that a translation depends on."""
        told = hashlib.sha256(f"{version('openvino')} {torch.__version__} {self.net}".encode())
        for name, value in self.net.state_dict().items():
            told.update(name.encode() + value.detach().contiguous().numpy().tobytes())
        return told.hexdigest()[:32]

    def kept(self, shape: tuple[int, ...]) -> Path:
        """The file of the translated network, there or not."""
        return folder() / f"{self.digest}-{'x'.join(map(str, shape))}.xml"

    def read(self, shape: tuple[int, ...]) -> Any | None:
        """The openvino.Model that was kept, None without one."""
        path = self.kept(shape)
        return runtime().Core().read_model(path) if path.is_file() else None

    def translated(self, shape: tuple[int, ...]) -> Any:
        """The network as an openvino.Model of any number of inputs, kept for the next time where there is room."""
        with warnings.catch_warnings(), torch.inference_mode(False), torch.no_grad():
            warnings.simplefilter("ignore")  # of what torch and OpenVINO will change, to those who develop with them
            some = {0: torch.export.Dim("inputs", min=2)}
            program = torch.export.export(self.net, (torch.zeros(2, *shape),), dynamic_shapes=(some,), strict=False)
            model = runtime().convert_model(program)
        model.reshape([-1, *shape])
        with suppress(OSError, RuntimeError):
            keep(model, self.kept(shape))
        return model


def of_parts(exact: nn.Module, half: bool) -> tuple[Swift | None, Swift | None]:
    """(for the whole network, for what follows its codes); one that sees patches alone gets its own for these.

    Codes are left to torch: how many steps they take is not known to a translator.
    """
    from core.models.lite import LocalLite0, Patches
    from core.models.sparse import Tail

    if getattr(exact, "is_coded", False):
        return None, Swift(Tail(exact), half)
    if not isinstance(exact, LocalLite0):
        return Swift(exact, half), None
    patches = Swift(Patches(exact))

    def sooner(x: torch.Tensor) -> torch.Tensor:
        rungs = patches.rungs(tuple(x.shape[1:]), len(x))
        return rungs.exact(x) if rungs else exact.seen(x)

    exact.sooner = sooner
    return None, None


def folder() -> Path:
    return files.cache_folder() / "compiled"


def keep(model: Any, path: Path) -> None:
    """Write a model beside the others, whole or not at all; the oldest go. Raises OSError, RuntimeError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=path.parent) as fresh:
        runtime().save_model(model, Path(fresh) / path.name, compress_to_fp16=False)
        for name in (path.with_suffix(".bin").name, path.name):  # whoever finds the second finds the first
            (Path(fresh) / name).replace(path.parent / name)
    for old in sorted(path.parent.glob("*.xml"), key=lambda one: one.stat().st_mtime)[:-KEPT]:
        old.unlink(missing_ok=True)
        old.with_suffix(".bin").unlink(missing_ok=True)
