"""PBM, PGM and PPM (P1 to P6), read by NumPy: Pillow takes most of a minute for a large one of 12 bit or of text."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from core.pictures.formats.deep import scale_of
from core.pictures.formats.layers import Layers, image
from core.pictures.formats.limits import check_bytes, check_size

_GAP = rb"(?:\s|#[^\r\n]*[\r\n])+"
_SIZES = re.compile(rb"P([1-6])" + _GAP + rb"(\d{1,9})" + _GAP + rb"(\d{1,9})")
_MAXVAL = re.compile(_GAP + rb"(\d{1,9})")
_COMMENT = re.compile(rb"#[^\r\n]*")
_HEADER = 100_000  # bytes that comments may take
_MAX_COMMENTS = 100_000  # among the samples


def is_pnm(data: bytes) -> bool:
    """Whether the first bytes are those of P1 to P6, and not of a text that begins alike."""
    return re.match(rb"P[1-6]\s+[#\d]", data[:64]) is not None


def read(data: bytes, stretch: bool = False) -> Layers:
    """A PBM, PGM or PPM, of up to 16 bit. Raises ImageError for its size and ValueError for a broken one."""
    head = data[:_HEADER]
    sizes = _SIZES.match(head)
    if sizes is None:
        raise ValueError("no width and height")
    form, width, height = (int(number) for number in sizes.groups())
    check_size("picture", width, height)
    at, most = sizes.end(), 1
    if form not in (1, 4):
        maxval = _MAXVAL.match(head, at)
        if maxval is None or not 0 < (most := int(maxval[1])) < 65536:
            raise ValueError("its highest value is not between 1 and 65535")
        at = maxval.end()
    shape = (height, width, 3) if form in (3, 6) else (height, width)
    samples = (_text if form <= 3 else _binary)(data, at, shape, form, most)
    if most < 256:
        eight = np.rint(np.arange(256).clip(max=most) * 255 / most).astype(np.uint8)
        return Layers(image(eight[samples]))
    scale = scale_of(samples, most, stretch)
    return Layers(image(scale.shown(samples)), note=scale.note, narrow=scale.narrow)


def _binary(data: bytes, at: int, shape: tuple[int, ...], form: int, most: int) -> NDArray[np.unsignedinteger]:
    """The samples after the one white space that ends the header: 0 is black, but in P4 white."""
    at += 1
    if form == 4:
        row = -(-shape[1] // 8)
        bits = np.unpackbits(_plain(data, at, np.dtype(np.uint8), shape[0] * row).reshape(shape[0], row), axis=1)
        return 1 - bits[:, : shape[1]]
    kind = np.dtype(np.uint8 if most < 256 else ">u2")
    return _plain(data, at, kind, int(np.prod(shape))).reshape(shape)


def _plain(data: bytes, at: int, kind: np.dtype[np.unsignedinteger], count: int) -> NDArray[np.unsignedinteger]:
    if len(data) - at < count * kind.itemsize:
        raise ValueError(f"{len(data) - at:,} bytes of samples instead of {count * kind.itemsize:,}")
    return np.frombuffer(data, kind, count, at)


def _text(data: bytes, at: int, shape: tuple[int, ...], form: int, most: int) -> NDArray[np.unsignedinteger]:
    """The samples as decimal numbers; the digits of P1 may stand without white space between them."""
    count = int(np.prod(shape))
    check_bytes(4 * count)
    text = data[at:]
    if text.count(b"#") > _MAX_COMMENTS:
        raise ValueError(f"over {_MAX_COMMENTS:,} comments")
    text = _COMMENT.sub(b" ", text)
    if form == 1:
        digits = np.frombuffer(text.translate(None, b" \t\r\n\v\f"), np.uint8) - np.uint8(ord("0"))
        numbers: NDArray[np.integer] = 1 - digits[:count].astype(np.int32)
    else:
        # without a count: with one, NumPy fills up with what happens to lie in memory
        numbers = np.fromstring(text.decode("ascii"), np.int32, sep=" ") if text.strip() else np.empty(0, np.int32)
        numbers = numbers[:count]
    if len(numbers) < count or numbers.min() < 0 or numbers.max() > most:
        raise ValueError(f"fewer than {count:,} samples of 0 to {most}")
    return numbers.astype(np.uint16).reshape(shape)
