"""Picture files made by hand, and what is asked of the one door that reads them."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from core.pictures.digit_form import boxed, placed
from core.pictures.image import ImageError, decode

RNG = np.random.default_rng(7)
PHOTO = np.kron(RNG.integers(0, 256, (3, 5, 3)), np.ones((4, 4, 1))).astype(np.uint8)  # (12, 20, 3) blocks
RAMP = np.arange(256, dtype=np.uint8).reshape(8, 32)
LOSSLESS = ["PNG", "BMP", "TIFF", "WEBP"]
ALL = [*LOSSLESS, "JPEG", "GIF"]
DEEP = np.linspace(0, 65535, 640).round().astype(np.uint16).reshape(10, 64)


def save(picture, form, **options):
    buffer = io.BytesIO()
    if form == "WEBP":
        options = {"lossless": True, "exact": True, **options}
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width, height, depth, colour, rows, *extra):
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(extra) + body + chunk(b"IEND", b"")


def tiff(width, height, body, **tags):
    """A little-endian grey TIFF of one strip, its tags written by hand (each one SHORT or LONG)."""
    numbers = {256: width, 257: height, 258: 8, 259: 1, 262: 1, 273: 0, 277: 1, 278: height, 279: len(body)}
    numbers |= {int(name[1:]): value for name, value in tags.items()}
    numbers[273] = 8 + 2 + 12 * len(numbers) + 4
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(numbers.items()))
    return b"II*\0" + struct.pack("<IH", 8, len(numbers)) + entries + b"\0\0\0\0" + body


def grey(values):
    return np.repeat(np.asarray(values)[..., None], 3, axis=2)


def refused(data):
    """The message, checked to be one sentence that says what was expected and what came."""
    with pytest.raises(ImageError) as caught:
        decode(data)
    message = str(caught.value)
    assert message.startswith("expected ")
    assert "got " in message
    assert ": " in message
    assert "\n" not in message
    return message


def attempt(data):
    try:
        return decode(data)
    except ImageError as error:
        return str(error)


def swapped_profile():
    """Pillow's sRGB profile with its red and green primaries exchanged and another name: red means green."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for index in range(struct.unpack_from(">I", profile, 128)[0]):
        at = 132 + 12 * index
        if profile[at : at + 4] in (b"rXYZ", b"gXYZ"):
            profile[at : at + 4] = {b"rXYZ": b"gXYZ", b"gXYZ": b"rXYZ"}[bytes(profile[at : at + 4])]
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "odd ".encode("utf-16-be"))


def like_mnist(digits):
    """A split of scikit-learn's digits as MNIST has them: uint8 (N, 28, 28, 1), the smooth ink in 20 px, and a margin
    around it."""
    large = [Image.fromarray(digit[..., 0]).resize((80, 80), Image.Resampling.BICUBIC) for digit in digits.pixels]
    ink = [np.where(np.asarray(one) >= 64, np.asarray(one) / 255, 0) for one in large]
    return np.stack([placed(boxed(one)) for one in ink])[..., None]
