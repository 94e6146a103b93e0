"""ONNX files as OpenVINO reads them: what one takes and gives, by its own shapes.

A softmax or a sigmoid at the end of a file is left out, for the studies read logits. A model made here is
(B, C, S, S) -> (B, K) in float32, however the file lays pictures out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from core.networks import swift
from core.networks.download import WeightsError
from core.networks.onnx_bytes import About, walked
from core.networks.own_options import LAYOUTS, SIDES, Layout

T = TypeVar("T")
CHANNELS = (1, 3)
SMALLEST = 4  # px; a shorter side is taken for channels
LARGEST = 2**29  # numbers in one of a network's maps; a small file can ask for terabytes
NO_CHANGE = frozenset({"Convert", "Reshape", "Squeeze", "Unsqueeze"})  # after a softmax
ENDS = {"Softmax": "softmax", "Sigmoid": "sigmoid"}
SCALING = frozenset({"Subtract", "Add", "Multiply", "Divide"})
NO_ZERO = 1e-37  # the least probability whose logarithm is taken, in float32's reach
KEPT = "export it for answers alone"


@dataclass(frozen=True, eq=False)
class Read:
    """A file as OpenVINO reads it. `layouts`: how its input may be laid out, the likeliest first; `dims` of its input
    (4,), 0 for any length; `scale`: by how much it scales pixels before anything else, None where it neither scales
    them nor subtracts a mean.
    """

    about: About
    model: Any
    layouts: tuple[Layout, ...]
    dims: tuple[int, ...]
    scale: float | None

    @property
    def batch(self) -> int:
        """How many pictures it takes at a time, 0 for any number."""
        return self.dims[0]

    def side(self, layout: Layout) -> int:
        """Of its pictures in px, 0 for any."""
        return max(sides(self.dims, layout))

    def channels(self, layout: Layout) -> int:
        """Of its pictures, 0 for any number."""
        return self.dims[1 if layout == "NCHW" else 3]


def sides(dims: tuple[int, ...], layout: Layout) -> tuple[int, ...]:
    """Height and width."""
    return dims[2:] if layout == "NCHW" else dims[1:3]


@dataclass(frozen=True, eq=False)
class Fitted:
    """A model (B, C, S, S) -> (B, classes) of float32 for `batch` pictures at a time, 0 for any number; `end`: what of
    the file was left out at its end, "" for nothing."""

    model: Any
    batch: int
    classes: int
    end: str


def read(data: bytes) -> Read:
    """An ONNX file's bytes. Nothing outside of them is read.

    Raises WeightsError: OpenVINO is missing, damaged, numbers in another file, operators that cannot run, or not one
    input of square pictures in 1 or 3 channels.
    """
    about = walked(data)
    model = asked(lambda: swift.runtime().Core().read_model(data))
    if len(model.inputs) != 1:
        raise WeightsError(f"expected one input, the pictures, got {len(model.inputs)}: {KEPT}")
    [own] = model.inputs
    if not own.element_type.is_real():
        kind = own.element_type.get_type_name()
        raise WeightsError(f"expected an input of floating-point numbers, got {kind}: export it for float32")
    known = own.partial_shape.rank.is_static
    dims = tuple(0 if d.is_dynamic else d.get_length() for d in own.partial_shape) if known else ()
    layouts = _layouts(dims)
    if not layouts:
        raise WeightsError(
            "expected an input of square pictures in 1 or 3 channels, (B, C, S, S) or (B, S, S, C), "
            f"got {shown(own.partial_shape)}: export it for such pictures"
        )
    return Read(about, model, layouts, dims, _scale(model))


def _layouts(dims: tuple[int, ...]) -> tuple[Layout, ...]:
    """Which layouts an input may have, of whose lengths some are 0 for any; those whose channels it tells first."""
    found: list[tuple[bool, Layout]] = []
    for layout in LAYOUTS if len(dims) == 4 else ():
        channels, told = dims[1 if layout == "NCHW" else 3], set(sides(dims, layout)) - {0}
        if channels in (0, *CHANNELS) and len(told) < 2 and all(SMALLEST <= side <= SIDES[1] for side in told):
            found.append((not channels, layout))
    return tuple(layout for _, layout in sorted(found, key=lambda one: one[0]))


def _scale(model: Any) -> float | None:
    """By how much the file scales its pixels before anything else, the mean over channels; 1.0 where it only subtracts
    a mean, None where it does neither."""
    scale, node = None, model.get_parameters()[0]
    while True:
        readers = list(node.output(0).get_target_inputs())
        if len(readers) != 1:
            return scale
        node, place = readers[0].get_node(), readers[0].get_index()
        kind = node.get_type_name()
        if kind in ("Convert", "Transpose"):
            continue
        other = node.input_value(1 - place).get_node() if kind in SCALING else None
        if other is None or other.get_type_name() != "Constant" or other.get_data().size not in CHANNELS:
            return scale
        by = float(abs(other.get_data()).mean()) or 1.0
        scale = (scale or 1.0) * {"Multiply": by, "Divide": 1 / by}.get(kind, 1.0)


def fits(found: Read, layout: Layout, channels: int, side: int, *, log: bool = False) -> Iterator[Fitted]:
    """The file's model for any number of pictures of that size, if it can be had, and then for its own number.

    `log`: the logarithm of what it answers. Raises WeightsError: not one output (B, K), or maps too large to run.
    """
    for batch in (0, found.batch or 1):
        try:
            made = _fitted(found, layout, channels, side, batch, log)
        except WeightsError:
            if batch:
                raise
            continue
        yield made


def _fitted(found: Read, layout: Layout, channels: int, side: int, batch: int, log: bool) -> Fitted:
    ov = swift.runtime()
    model = found.model.clone()
    own = [batch or -1, channels, side, side] if layout == "NCHW" else [batch or -1, side, side, channels]
    asked(lambda: model.reshape(ov.PartialShape(own)))
    end, logits = _logits(ov, model)
    if log:
        logits = ov.opset13.log(ov.opset13.clamp(logits, NO_ZERO, 1.0)).output(0)
    model = ov.Model([logits], model.get_parameters())
    answers = model.outputs[0].partial_shape
    rows, classes = answers
    if classes.is_dynamic or not classes.get_length() or rows != ov.Dimension(batch or -1):
        raise WeightsError(f"expected a row of answers for each picture, (B, K), got {shown(answers)}: {KEPT}")
    for node in model.get_ordered_ops():
        for made in node.outputs():
            if _count(made.partial_shape) > LARGEST:
                raise WeightsError(
                    f"expected maps of at most {LARGEST:,} numbers, got {shown(made.partial_shape)}: "
                    "choose a smaller input or another network"
                )
    steps = ov.preprocess.PrePostProcessor(model)
    steps.input().tensor().set_element_type(ov.Type.f32).set_layout(ov.Layout("NCHW"))
    steps.input().model().set_layout(ov.Layout(layout))
    steps.output().tensor().set_element_type(ov.Type.f32)
    return Fitted(asked(steps.build), batch, classes.get_length(), end)


def _logits(ov: Any, model: Any) -> tuple[str, Any]:
    """The name of what ends the one output that is (B, K) or (B, K, 1, 1), "" for nothing that is left out; and what
    goes into it, as (B, K)."""
    rows = [made for made in model.outputs if _is_row(made.partial_shape)]
    if len(rows) != 1:
        got = ", ".join(shown(made.partial_shape) for made in model.outputs[:9])
        raise WeightsError(f"expected one output of answers, (B, K), got {got}: {KEPT}")
    last = node = rows[0].get_node().input_value(0)
    while node.get_node().get_type_name() in NO_CHANGE:
        node = node.get_node().input_value(0)
    end = ENDS.get(node.get_node().get_type_name(), "")
    before = node.get_node().input_value(0) if end else last
    if not _is_row(before.partial_shape):
        end, before = "", last
    if before.partial_shape.rank.get_length() > 2:
        before = ov.opset13.reshape(before, ov.opset13.constant([0, -1], dtype="int64"), special_zero=True).output(0)
    return end, before


def _is_row(own: Any) -> bool:
    """Whether a shape is (B, K), or (B, K, 1, 1)."""
    if own.rank.is_dynamic or own.rank.get_length() < 2:
        return False
    return all(d.is_static and d.get_length() == 1 for d in list(own)[2:])


def _count(own: Any) -> int:
    """How many numbers a shape holds for one picture, whatever is not known counted as 1."""
    return math.prod(d.get_length() for d in own if d.is_static) if own.rank.is_static else 1


def shown(own: Any) -> str:
    """A shape as people write it, ? for any length."""
    if own.rank.is_dynamic:
        return "any shape"
    return f"({', '.join('?' if d.is_dynamic else str(d.get_length()) for d in own)})"


def asked(work: Callable[[], T]) -> T:
    """What OpenVINO gives. Raises WeightsError, in its own words, for what it refuses."""
    try:
        return work()
    except swift.SwiftError as error:  # it is not installed, or says why already
        raise WeightsError(str(error)) from error
    except Exception as error:  # of hostile bytes it raises more than RuntimeError
        raise WeightsError(swift.refusal(error)) from error
