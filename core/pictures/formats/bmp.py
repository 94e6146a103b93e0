"""BMP: by Pillow, but for colours in bits of their own (BI_BITFIELDS): of 16 bits it reads no alpha, in silence."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from core.pictures.formats.layers import Layers, by_rows, image, loaded, of_picture
from core.pictures.formats.limits import check_size

_BITFIELDS = (3, 6)  # of biCompression: masks of three colours, and with alpha
_MASKS = 54  # bytes before them, in every version of the header


def read(data: bytes, stretch: bool = False) -> Layers:
    """A BMP. Raises ImageError, ValueError, and what Pillow raises for broken bytes and kinds that it does not know."""
    return _bitfields(data) or of_picture(loaded(data, "BMP"))


def _bitfields(data: bytes) -> Layers | None:
    """A BMP of 16 or 32 bit with masks, which are runs of ones, any of 1 to 16 bit; None for every other BMP.

    Wherever its header has a mask of alpha, alpha is read, and 0 is clear.
    """
    if len(data) < _MASKS + 16:
        return None
    start, size, width, height, _, bits, packing = struct.unpack_from("<IIiiHHI", data, 10)
    if packing not in _BITFIELDS or bits not in (16, 32) or size not in (40, 52, 56, 108, 124):
        return None
    check_size("picture", width, abs(height))
    masks = [mask & (2**bits - 1) for mask in struct.unpack_from("<4I", data, _MASKS)]
    if not any(masks[:3]):
        return None
    row = (width * bits // 8 + 3) & ~3
    if len(data) < start + row * abs(height):
        raise ValueError("fewer rows than its header says")
    packed = np.frombuffer(data, np.uint8, row * abs(height), start).reshape(abs(height), row)
    values = packed[:, : width * bits // 8].copy().view(f"<u{bits // 8}")[:: -1 if height > 0 else 1]
    has_alpha = masks[3] and (size >= 56 or packing == _BITFIELDS[1])
    layers = [_layer(values, mask) for mask in masks[: 4 if has_alpha else 3]]
    return Layers(image(np.stack(layers[:3], -1)), image(layers[3]) if has_alpha else None)


def _layer(values: NDArray[np.unsignedinteger], mask: int) -> NDArray[np.uint8]:
    """The bits of a mask as 0..255, rounded; a colour without bits is black. uint8 of the same shape (H, W)."""
    low = (mask & -mask).bit_length() - 1
    most = mask >> max(low, 0)
    if most & (most + 1) or most >= 2**16:
        raise ValueError("its masks are no runs of bits")
    if not mask:
        return np.zeros(values.shape, np.uint8)
    levels = np.rint(np.arange(most + 1) * 255.0 / most).astype(np.uint8)
    return by_rows(lambda part: levels[(part & mask) >> low], values, np.empty(values.shape, np.uint8))
