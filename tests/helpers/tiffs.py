"""TIFF files of every kind, made by hand from TIFF 6.0: strips and tiles, planes, predictors, byte orders, BigTIFF."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

NONE, LZW, JPEG, DEFLATE, PACKBITS, LZMA, ZSTD, WEBP, JPEG2000 = 1, 5, 7, 8, 32773, 34925, 50000, 50001, 34712
BY_LIBTIFF = {LZW: "tiff_lzw", PACKBITS: "packbits", LZMA: "lzma", ZSTD: "zstd"}
KINDS = {"u": 1, "i": 2, "f": 3}


def packed(raw, codec):
    """Bytes as one strip of that compression."""
    if codec == NONE:
        return raw
    if codec == DEFLATE:
        return zlib.compress(raw)
    buffer = io.BytesIO()
    Image.frombytes("L", (len(raw), 1), raw).save(buffer, "TIFF", compression=BY_LIBTIFF[codec])
    with Image.open(io.BytesIO(buffer.getvalue())) as picture:
        [at], [count] = picture.tag_v2[273], picture.tag_v2[279]
    return buffer.getvalue()[at : at + count]


def rows_of(block, bits, order):
    """Samples (rows, width, channels) as the bytes of rows, each filled up to whole bytes."""
    flat = block.reshape(len(block), -1)
    if block.dtype.itemsize * 8 == bits:
        return flat.astype(block.dtype.newbyteorder(order)).tobytes()
    every = (flat[..., None] >> np.arange(bits - 1, -1, -1)) & 1
    return np.packbits(every.reshape(len(flat), -1).astype(np.uint8), axis=1).tobytes()


def differences(block, predictor, order):
    """The bytes of rows after a predictor: 2, differences of samples, or 3, of the bytes of floats."""
    whole = block.view(f"u{block.dtype.itemsize}")
    if predictor == 2:
        return rows_of(np.diff(whole, axis=1, prepend=whole.dtype.type(0)), whole.dtype.itemsize * 8, order)
    high_first = whole.astype(whole.dtype.newbyteorder(">")).view(np.uint8).reshape(len(block), -1, block.itemsize)
    planes = high_first.swapaxes(1, 2).reshape(len(block), -1, block.shape[2])
    return np.diff(planes, axis=1, prepend=np.uint8(0)).tobytes()


def pieces(array, bits, order, tile, rows, predictor):
    """The bytes of the strips, or tiles, of one plane (H, W, C)."""
    high, wide = tile or (rows, array.shape[1])
    for top in range(0, len(array), high):
        for left in range(0, array.shape[1], wide):
            block = array[top : top + high, left : left + wide]
            if tile:
                block = np.pad(block, ((0, high - len(block)), (0, wide - block.shape[1]), (0, 0)), mode="edge")
            block = np.ascontiguousarray(block)
            yield differences(block, predictor, order) if predictor > 1 else rows_of(block, bits, order)


def directory(tags, order, big, at, following=0):
    """An IFD and its values, to be written at `at`; tags {number: whole numbers or bytes}."""
    long, word = ("Q", 8) if big else ("I", 4)
    entries, after = b"", b""
    where = at + (8 if big else 2) + (12 + 8 if big else 12) * len(tags) + word
    for number, value in sorted(tags.items()):
        values = value if isinstance(value, (list, tuple, bytes)) else [value]
        kind, count = (7, len(values)) if isinstance(values, bytes) else (16 if big else 4, len(values))
        raw = values if kind == 7 else struct.pack(f"{order}{count}{long}", *values)
        entries += struct.pack(f"{order}HH{long}", number, kind, count)
        if len(raw) <= word:
            entries += raw.ljust(word, b"\0")
        else:
            entries += struct.pack(f"{order}{long}", where + len(after))
            after += raw + bytes(len(raw) % 2)
    head = struct.pack(f"{order}{'Q' if big else 'H'}", len(tags))
    return head + entries + struct.pack(f"{order}{long}", following) + after


def tiff(
    array,
    *,
    bits=None,
    order="<",
    big=False,
    planar=False,
    tile=None,
    rows=None,
    codec=NONE,
    predictor=1,
    strips=None,
    **more,
):
    """A TIFF of one page. `array` (H, W) or (H, W, C); `tile` (rows, columns), `rows` of a strip; `strips`: instead of
    packed ones; `more`: further tags, as t338=2."""
    array = array if array.ndim == 3 else array[..., None]
    channels, bits = array.shape[2], bits or array.dtype.itemsize * 8
    planes = [array[..., i : i + 1] for i in range(channels)] if planar else [array]
    body = strips or [
        packed(piece, codec) for p in planes for piece in pieces(p, bits, order, tile, rows or len(array), predictor)
    ]
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}H", 43 if big else 42)
    head += struct.pack(f"{order}HH", 8, 0) if big else b""
    start = len(head) + (8 if big else 4)
    at = [start + sum(map(len, body[:i])) for i in range(len(body))]
    tags = {256: array.shape[1], 257: array.shape[0], 258: [bits] * channels, 259: codec, 277: channels}
    tags |= {262: 2 if channels >= 3 else 1, 284: 2 if planar else 1, 339: [KINDS[array.dtype.kind]] * channels}
    tags |= (
        {322: tile[1], 323: tile[0], 324: at, 325: list(map(len, body))}
        if tile
        else {278: rows or len(array), 273: at, 279: list(map(len, body))}
    )
    tags |= {317: predictor} if predictor > 1 else {}
    tags |= {int(name[1:]): value for name, value in more.items()}
    end = start + sum(map(len, body))
    gap = bytes(end % 2)
    return b"".join([head, struct.pack(f"{order}{'Q' if big else 'I'}", end + len(gap)), *body, gap,
                     directory(tags, order, big, end + len(gap))])  # fmt: skip
