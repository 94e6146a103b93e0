"""The bytes of an ONNX file, walked before OpenVINO sees them: it would read the files that they name.

ONNX is a protobuf. Of its messages only those are opened in which a tensor or an operator may lie; no number of a
tensor is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from core.networks.download import MAX_BYTES, WeightsError

DEEPEST = 64  # graphs within operators within graphs
ROUNDS = frozenset({"Loop", "Scan"})  # the operators that may go on for ever
REMEDY = "export the network again with torch.onnx.export"
# by message: the fields that hold messages, from onnx.proto
MESSAGES: dict[str, dict[int, str]] = {
    "model": {7: "graph", 14: "entry", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
    "entry": {},
}
IR_VERSION, PRODUCER, PRODUCER_VERSION, GRAPH = 1, 2, 3, 7  # of a model
OPERATOR = 4  # of a node
EXTERNAL, WHERE = 13, 14  # of a tensor: the file that it lies in, and whether it does


class _Damaged(ValueError):
    """The bytes are no protobuf."""


@dataclass
class About:
    """What a file says of itself: `metadata` by key, its `producer`, and the names of its `operators`."""

    metadata: dict[str, str] = field(default_factory=dict)
    producer: str = ""
    operators: set[str] = field(default_factory=set)


def is_onnx(data: bytes) -> bool:
    """Whether the bytes are fields of a protobuf to their end, among them a version and a graph."""
    try:
        found = {(number, type(value)) for number, value in _fields(memoryview(data))}
    except _Damaged:
        return False
    return {(IR_VERSION, int), (GRAPH, memoryview)} <= found


def walked(data: bytes) -> About:
    """What the bytes of an ONNX file say of it. Raises WeightsError for what is none, names another file, or may go on
    for ever."""
    if not 0 < len(data) <= MAX_BYTES:
        raise WeightsError(f"expected a file of 1 to {MAX_BYTES:,} bytes, got {len(data):,}: choose another file")
    if not is_onnx(data):
        raise WeightsError(f"expected an ONNX file, got one that is damaged or none: {REMEDY}")
    about = About()
    try:
        _walk(memoryview(data), "model", about, DEEPEST)
    except _Damaged as error:
        raise WeightsError(f"expected an ONNX file, got one that is damaged ({error}): {REMEDY}") from error
    if rounds := ROUNDS & about.operators:
        raise WeightsError(
            f"expected a network that ends by itself, got the operator {min(rounds)}: export it without loops"
        )
    return about


def _walk(data: memoryview, kind: str, about: About, deeper: int) -> None:
    if not deeper:
        raise _Damaged("graphs too deep within each other")
    entry = {1: "", 2: ""}
    for number, value in _fields(data):
        if kind == "tensor" and (number == EXTERNAL or (number == WHERE and value)):
            raise WeightsError(
                "expected an ONNX file that holds its own numbers, got one that names another file for them: "
                "save it as one file, torch.onnx.export(…, external_data=False)"
            )
        below = MESSAGES[kind].get(number)
        if not isinstance(value, memoryview):
            continue
        if below:
            _walk(value, below, about, deeper - 1)
        elif kind == "node" and number == OPERATOR:
            about.operators.add(_text(value))
        elif kind == "model" and number in (PRODUCER, PRODUCER_VERSION):
            about.producer = f"{about.producer} {_text(value)}".strip()
        elif kind == "entry" and number in entry:
            entry[number] = _text(value)
    if kind == "entry":
        about.metadata[entry[1]] = entry[2]


def _text(value: memoryview) -> str:
    return bytes(value).decode("utf-8", "replace")


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """(number, value) of every field of a message: whole numbers, 0 for fixed ones, or the bytes of all else.

    Raises _Damaged.
    """
    at = 0
    while at < len(data):
        key, at = _number(data, at, 5)
        number, wire = (key & 0xFFFFFFFF) >> 3, key & 7  # as protobuf's own reader, which keeps 32 bits
        value: int | memoryview = 0
        if wire == 0:
            value, at = _number(data, at, 10)
        elif wire == 2:
            length, at = _number(data, at, 5)
            value, at = data[at : at + length], at + length
        elif wire in (1, 5):
            at += 8 if wire == 1 else 4
        else:  # groups, which ONNX has none of
            raise _Damaged(f"a field of kind {wire}")
        if at > len(data) or not number:
            raise _Damaged("cut off")
        yield number, value


def _number(data: memoryview, at: int, most: int) -> tuple[int, int]:
    """The whole number that begins at a byte and takes `most` of them at most, and where the next field begins."""
    value = 0
    for i, byte in enumerate(data[at : at + most]):
        value |= (byte & 127) << 7 * i
        if byte < 128:
            return value, at + i + 1
    raise _Damaged("cut off")
