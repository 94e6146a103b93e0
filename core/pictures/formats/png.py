"""PNG: its chunks are read here, and Pillow sees only those that make the picture.

Texts, of which some programs write megabytes, are never unpacked. A critical chunk with a wrong checksum is refused,
an ancillary one left out, as the PNG specification has it.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.pictures.formats.colour import convertible, note_on
from core.pictures.formats.deep import scale_of
from core.pictures.formats.layers import Code, Layers, image, loaded, of_picture, opened, orientation_of
from core.pictures.formats.limits import MAX_PROFILE, UnsupportedError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CRITICAL = (b"IHDR", b"PLTE", b"IDAT")
_COUNTING = {  # ancillary chunks by which a picture looks otherwise: what each holds
    b"tRNS": "transparency",
    b"cICP": "colour code",
    b"iCCP": "colour profile",
    b"eXIf": "EXIF block",
}
_NEEDED = (b"IHDR", b"PLTE", b"tRNS", b"eXIf")
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_MAX_CHUNKS = 200_000  # 256 bytes each of the largest upload
# Texts that turn the picture, where programs have written EXIF and XMP before PNG had a chunk for them.
_TURNING = re.compile(rb"(XML:com\.adobe\.xmp|Raw profile type exif)\0")
_MAX_TURNING = 1_000_000  # bytes, packed or not: Pillow unpacks no more
_DEPTH = 24  # where IHDR, the first chunk, has the bits of a sample


def read(data: bytes, stretch: bool = False) -> Layers:
    """The default image of a PNG. Raises ImageError, UnsupportedError, ValueError, and what Pillow raises."""
    plain, packed, code, full, spoilt = _parts(data)
    picture = loaded(plain, "PNG")
    profile = _within(packed, MAX_PROFILE)
    large = len(profile) > MAX_PROFILE
    layers = _layers(picture, plain, stretch)
    is_video = not full and convertible(code)  # of a code that is not used, its range is not either
    colour = layers.colour.point(lambda v: (v - 16) * 255 / 219) if is_video else layers.colour
    left_out = [f"Its {what} has a wrong checksum and is left out." for what in spoilt]
    if large:
        left_out.append(f"Its colour profile has over {MAX_PROFILE / 1e6:.0f} MB and is left out.")
    note = " ".join(filter(None, (layers.note, *left_out, note_on(code))))
    return replace(layers, colour=colour, profile=None if large else profile, code=code, note=note)


def _parts(data: bytes) -> tuple[bytes, bytes, Code | None, bool, list[str]]:
    """The file with what Pillow needs alone, the profile (still packed), cICP's code and whether its range is full, and
    what chunks hold that are left out for their checksums. Raises ValueError where a critical one does not fit its own.
    """
    before: list[bytes] = []
    pixels: list[memoryview] = []
    after: list[bytes] = []
    profile, code, full = b"", None, True
    once: set[bytes] = set()
    spoilt: list[str] = []
    for name, body, fits in _chunks(data):
        if not fits:
            if name in _CRITICAL:
                raise ValueError(f"its chunk {name.decode()} does not fit its checksum")
            what = _COUNTING[b"eXIf"] if _turns(name, body) else _COUNTING.get(name)
            spoilt += [what] if what and what not in spoilt else []
        elif name == b"IDAT":
            pixels.append(body)
        elif name in once:
            continue
        elif name in _NEEDED or _turns(name, body):
            once.add(name)
            if name in _NEEDED or _is_small(name, body):
                (after if pixels else before).append(_chunk(name, body))
        elif name == b"iCCP" and not profile:
            profile = bytes(body).partition(b"\0")[2][1:]
        elif name == b"cICP" and len(body) == 4:
            code, full = Code(body[0], body[1]), body[3] != 0
        elif name == b"CgBI":
            raise UnsupportedError("packed for Apple's devices only")
    packed = _chunk(b"IDAT", b"".join(pixels))
    plain = b"".join([SIGNATURE, *before, packed, *after, _chunk(b"IEND", b"")])
    return plain, profile, code, full, spoilt


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview, bool]]:
    """Names and bodies of the chunks before IEND, and whether each fits its checksum; the last may be cut short, and
    fits if it is critical: Pillow says what is missing. Raises ValueError for too many."""
    view, at = memoryview(data), len(SIGNATURE)
    for _ in range(_MAX_CHUNKS):
        if at + 8 > len(data):
            return
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if name == b"IEND":
            return
        if end > len(data):
            fits = name in _CRITICAL
        else:
            fits = zlib.crc32(view[at + 4 : end - 4]) == int.from_bytes(view[end - 4 : end], "big")
        yield name, view[at + 8 : at + 8 + length], fits
        at = end
    raise ValueError(f"over {_MAX_CHUNKS:,} chunks")


def _chunk(name: bytes, body: bytes | memoryview) -> bytes:
    checksum = zlib.crc32(body, zlib.crc32(name))
    return b"".join([struct.pack(">I", len(body)), name, body, struct.pack(">I", checksum)])


def _turns(name: bytes, body: memoryview) -> bool:
    """Whether a chunk is a text by which a picture may be turned."""
    return name in _TEXTS and len(body) <= _MAX_TURNING and _TURNING.match(body) is not None


def _is_small(name: bytes, body: memoryview) -> bool:
    """Whether a text is whole, and unpacks to no more than Pillow allows."""
    after = bytes(body).partition(b"\0")[2]
    if name == b"zTXt":
        packed = after[1:]
    elif name == b"iTXt" and after[:1] == b"\1":
        packed = after[2:].split(b"\0", 2)[-1]
    else:
        return True
    return 0 < len(_within(packed, _MAX_TURNING)) <= _MAX_TURNING


def _within(packed: bytes, most: int) -> bytes:
    """Bytes unpacked, but never more than one beyond `most`; none if they are broken."""
    try:
        return zlib.decompressobj().decompress(packed, most + 1)
    except zlib.error:
        return b""


def _layers(picture: Image.Image, plain: bytes, stretch: bool) -> Layers:
    depth = plain[_DEPTH]
    key = _transparent(picture, depth)
    if picture.mode.startswith("I"):  # grey of 16 bit, the only deep samples that Pillow hands over whole
        samples = np.asarray(picture)
        alpha = None if key is None else image(np.where(samples == key, 0, 255).astype(np.uint8))
        scale = scale_of(samples, 65535, stretch)
        return Layers(image(scale.shown(samples)), alpha, None, None, orientation_of(picture), scale.note, scale.narrow)
    if key is not None:
        picture.info["transparency"] = key
    if depth < 16:
        return of_picture(picture)
    picture.info.pop("transparency", None)
    layers = of_picture(picture)
    samples = np.asarray(layers.colour)
    if key is not None:
        clear = (samples == [sample >> 8 for sample in key]) & (_low_bytes(plain) == [sample & 255 for sample in key])
        layers = replace(layers, alpha=image(np.where(clear.all(-1), 0, 255).astype(np.uint8)))
    scale = scale_of(samples, 255, stretch)
    return replace(layers, colour=image(scale.shown(samples)), note=scale.note, narrow=scale.narrow)


def _transparent(picture: Image.Image, depth: int) -> Any:
    """The one sample value that a grey or RGB PNG calls transparent, or None: on the scale of Pillow's pixels, but of
    RGB of 16 bit on the file's.

    The file states it on the scale of its own bit depth; Pillow passes that on while it rescales the pixels.
    """
    key = picture.info.get("transparency")
    if picture.mode not in ("L", "RGB", "I;16") or key is None:
        return None
    if picture.mode == "RGB":
        return key if depth == 16 else tuple(sample & 255 for sample in key)
    return key if depth == 16 else (key & (2**depth - 1)) * 255 // (2**depth - 1)


def _low_bytes(plain: bytes) -> NDArray[np.uint8]:
    """The lower bytes (H, W, 3) of an RGB PNG of 16 bit: those that Pillow keeps if told that they come first."""
    picture = opened(plain, "PNG")
    picture.tile = [tile._replace(args="RGB;16L") for tile in picture.tile]
    picture.load()
    return np.asarray(picture)
