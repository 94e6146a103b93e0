"""JPEG: by Pillow; where it fails, the frame header tells a kind that it does not read from a damaged file."""

from __future__ import annotations

import struct

from core.pictures.formats.layers import Layers, loaded, of_picture
from core.pictures.formats.limits import ImageError, UnsupportedError

_FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}  # ITU-T T.81, table B.1
_HIERARCHY = 0xDE  # DHP, before the first frame of several
_JPEG_LS = 0xF7  # ITU-T T.87
_CAMERAS = 0xC0, 8, 3  # baseline, 8 bits, three channels
_SCAN, _END = 0xDA, 0xD9
_ALONE = (0x00, 0x01, *range(0xD0, 0xD9))  # markers without a length
_MAX_SEGMENTS = 10_000


def read(data: bytes, stretch: bool = False) -> Layers:
    """A JPEG. Raises ImageError, UnsupportedError for kinds that Pillow does not read, and what it raises else.

    Which of the rarer kinds are read is up to the libjpeg inside Pillow, so each is tried first.
    """
    try:
        return of_picture(loaded(data, "JPEG"))
    except ImageError:
        raise
    except Exception as error:
        rare = "" if "truncated" in str(error) else _rarity(data)  # that much of it was understood
        if rare:
            raise UnsupportedError(rare) from error
        raise


def _rarity(data: bytes) -> str:
    """What sets a JPEG apart from those of cameras, in words; "" where its frame header is as theirs."""
    marker, bits, channels = _frame(data)
    if marker == _JPEG_LS:
        return "JPEG-LS"
    kind = marker & 15 if marker != _HIERARCHY else 4
    found = (
        ("lossless", kind & 3 == 3),
        ("hierarchical", kind & 4),
        ("arithmetic coding", kind & 8),
        (f"{bits} bits a sample", bits != 8),
        (f"{channels} channels", channels not in (1, 3, 4)),
    )
    return ", ".join(words for words, holds in found if holds)


def _frame(data: bytes) -> tuple[int, int, int]:
    """Marker, bits and channels of the first frame header; those of cameras unless a whole one precedes the pixels."""
    at = 2
    for _ in range(_MAX_SEGMENTS):
        at = data.find(b"\xff", at)
        if at < 0 or at + 10 > len(data) or data[at + 1] in (_SCAN, _END):
            break
        marker = data[at + 1]
        if marker in _FRAMES or marker in (_HIERARCHY, _JPEG_LS):
            return marker, data[at + 4], data[at + 9]
        if marker == 0xFF:  # a byte that fills
            at += 1
        else:
            at += 2 if marker in _ALONE else 2 + struct.unpack_from(">H", data, at + 2)[0]
    return _CAMERAS
