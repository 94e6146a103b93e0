"""AVIF, by Pillow; its boxes are read here first, for what Pillow does not tell: brands, colours, true sizes.

ISO/IEC 14496-12 has the boxes, 23008-12 the items (HEIF), the AV1 specification (5.5) the sequence header.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from PIL import features

from core.pictures.formats.colour import SRGB, note_on
from core.pictures.formats.layers import Code, Layers, loaded, of_picture
from core.pictures.formats.limits import UnsupportedError, check_size

_BRANDS = (b"avif", b"avis")
_WITHIN = (b"meta", b"iprp", b"ipco", b"moov", b"trak", b"mdia", b"minf", b"stbl")
_MAX_BOXES = 10_000
_VIDEO_CURVES = (1, 6, 14, 15)  # of BT.709: what encoders of video write by default


class _Box(NamedTuple):
    name: bytes
    start: int  # of its contents
    end: int


def brands(data: bytes) -> list[bytes]:
    """The brands of an ISO file, the major one first; none if it does not begin as one."""
    size = min(int.from_bytes(data[:4], "big"), 4096, len(data))
    if data[4:8] != b"ftyp" or size < 16:
        return []
    return [data[8:12], *(data[at : at + 4] for at in range(16, size - 3, 4))]


def is_avif(data: bytes) -> bool:
    """Whether the file says that it holds AV1 pictures."""
    return any(brand in _BRANDS for brand in brands(data))


def read(data: bytes, stretch: bool = False) -> Layers:
    """The first picture of an AVIF. Raises ImageError, UnsupportedError, and what Pillow raises for broken bytes.

    A file without a profile has its colours by the numbers of its nclx box. A curve of BT.709 counts as sRGB's there,
    as it does for those who show such files: encoders of video write it whatever the picture is.
    """
    if not features.check("avif"):
        raise UnsupportedError("AVIF, which this installation of Pillow does not read")
    boxes = list(_boxes(data, 0, len(data)))
    for at in (at for box in boxes for at in _starts(data, box, boxes)):
        # the coded pictures may state more than their file does, and a decoder obeys them
        if size := _sequence_size(data[at : at + 256]):
            check_size("picture", *size)
    if brands(data)[0] not in _BRANDS:  # Pillow looks at the major brand only
        data = data[:8] + _BRANDS[0] + data[12:]
    layers = of_picture(loaded(data, "AVIF"))
    code = None if layers.profile else _code(data, boxes)
    return replace(layers, code=code, note=note_on(code))


def _boxes(data: bytes, start: int, end: int) -> Iterator[_Box]:
    """The boxes and, after each that holds such, those within it: at most _MAX_BOXES of them are looked at."""
    waiting, looked = [(start, end)], 0
    while waiting and looked < _MAX_BOXES:
        at, end = waiting.pop()
        looked += 1
        if at + 8 > end:
            continue
        size, name = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1 and at + 16 <= end:
            size, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        stop = min(end, at + size) if size else end
        if stop < at + head:
            continue
        waiting.append((stop, end))
        yield _Box(name, at + head, stop)
        if name in _WITHIN:
            waiting.append((at + head + 4 * (name == b"meta"), stop))


def _code(data: bytes, boxes: list[_Box]) -> Code | None:
    for box in boxes:
        if box.name == b"colr" and data[box.start : box.start + 4] == b"nclx" and box.end - box.start >= 8:
            primaries, transfer = struct.unpack_from(">HH", data, box.start + 4)
            return Code(primaries, SRGB.transfer if transfer in _VIDEO_CURVES else transfer)
    return None


def _starts(data: bytes, box: _Box, boxes: list[_Box]) -> list[int]:
    """Where in the file the coded data begin of which a box tells: of items (iloc), or of a track's chunks."""
    body = data[box.start : box.end]
    if box.name in (b"stco", b"co64"):
        width = 4 if box.name == b"stco" else 8
        count = min(int.from_bytes(body[4:8], "big"), (len(body) - 8) // width, _MAX_BOXES)
        return [int.from_bytes(body[8 + width * i : 8 + width * (i + 1)], "big") for i in range(count)]
    return _items(body, next((b.start for b in boxes if b.name == b"idat"), 0)) if box.name == b"iloc" else []


def _items(body: bytes, idat: int) -> list[int]:
    """Where every item of an iloc box begins; `idat`: where the box of that name has its contents."""
    version, at = body[0], 6
    offset_size, length_size = body[4] >> 4, body[4] & 15
    base_size, index_size = body[5] >> 4, body[5] & 15 if version else 0
    wide = 4 if version == 2 else 2
    starts: list[int] = []

    def number(size: int) -> int:
        nonlocal at
        at += size
        return int.from_bytes(body[at - size : at], "big")

    for _ in range(min(number(wide), _MAX_BOXES)):
        number(wide)
        method = number(2) & 15 if version else 0
        number(2)
        base = number(base_size) + (idat if method == 1 else 0)
        extents = number(2)
        if extents and at < len(body):
            starts.append(base + int.from_bytes(body[at + index_size : at + index_size + offset_size], "big"))
        at += extents * (index_size + offset_size + length_size)
    return starts


def _sequence_size(data: bytes) -> tuple[int, int] | None:
    """The largest frame that an AV1 stream's sequence header allows, if it begins with one."""
    at = 0
    while at + 2 < len(data):
        kind, extended, sized = data[at] >> 3 & 15, data[at] >> 2 & 1, data[at] >> 1 & 1
        at += 1 + extended
        size, shift = 0, 0
        while sized and at < len(data):
            size |= (data[at] & 127) << shift
            at, shift, more = at + 1, shift + 7, data[at] & 128
            if not more:
                break
        if kind == 1:
            return _frame_size(data[at:])
        if kind not in (2, 15):  # delimiters and padding may come before
            return None
        at += size
    return None


def _frame_size(header: bytes) -> tuple[int, int]:
    bits = int.from_bytes(header, "big")
    left = 8 * len(header)

    def take(count: int) -> int:
        nonlocal left
        left -= count
        return bits >> left & ((1 << count) - 1) if left >= 0 else 0

    take(4)
    if take(1):  # a reduced header, of a still picture
        take(5)
    else:
        model = 0
        if take(1):  # timing
            take(64)
            if take(1):
                zeros = 0
                while left > 0 and not take(1):
                    zeros += 1
                take(zeros)
            model = take(1) and 1 + take(5)
            take(42 if model else 0)
        delay = take(1)
        for _ in range(take(5) + 1):
            take(12)
            take(1 if take(5) > 7 else 0)
            if model and take(1):
                take(2 * model + 1)
            if delay and take(1):
                take(4)
    wide, high = take(4) + 1, take(4) + 1
    return take(wide) + 1, take(high) + 1
