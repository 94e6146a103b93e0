"""The only door for user pictures: a file's bytes become 8-bit RGB pixels, or `ImageError` says why not."""

from __future__ import annotations

import hashlib
import io
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from core.base.files import whole
from core.pictures.formats import avif, bmp, jpeg, png, pnm, tiff
from core.pictures.formats.colour import flat
from core.pictures.formats.foreign import foreign
from core.pictures.formats.layers import Layers, loaded, of_picture
from core.pictures.formats.limits import MAX_PIXELS, ImageError, UnsupportedError

__all__ = ["MAX_PIXELS", "SUFFIXES", "ImageError", "RGBImage", "decode", "from_pixels", "png_bytes", "thumbnail"]

# What files of the kinds that `decode` reads are called, in lower case: wherever files are chosen by name.
SUFFIXES = (
    *(".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".pjpeg", ".pjp", ".mpo", ".webp", ".bmp", ".tif", ".tiff"),
    *(".gif", ".avif", ".ppm", ".pgm", ".pbm", ".pnm"),
)
_WANTED = "expected a PNG, JPEG, WebP, BMP, TIFF, GIF, AVIF or PPM picture"

_UPRIGHT = {  # EXIF orientation -> what makes the picture upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


_READERS: dict[str, Callable[[bytes, bool], Layers]] = {  # WebP and GIF are read by Pillow alone
    "PNG": png.read,
    "JPEG": jpeg.read,
    "TIFF": tiff.read,
    "BMP": bmp.read,
    "AVIF": avif.read,
    "PPM": pnm.read,
}

# Python's warning filters belong to the whole process, so one decode at a time changes them;
# this also keeps the memory at that of one large picture, however many people upload at once.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True, eq=False)
class RGBImage:
    """`pixels` uint8 (H, W, 3), sRGB, read-only; `digest` SHA-256 hex of shape and pixels: its identity.

    `note`: what a user should know of how it was read, a sentence or "". `narrow`: its file has more than 8 bits a
    sample and uses little of their range, so `decode(data, stretch=True)` shows more.
    """

    pixels: NDArray[np.uint8] = field(repr=False)
    digest: str
    note: str = ""
    narrow: bool = False

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    def __eq__(self, other: object) -> bool:
        return self.digest == other.digest if isinstance(other, RGBImage) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.digest)


def from_pixels(array: NDArray[np.uint8]) -> RGBImage:
    """A copy of `array`, uint8 (H, W, 3), as an RGBImage; anything else raises ImageError."""
    came = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else type(array).__name__
    if came == type(array).__name__ or array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3:
        raise ImageError(f"expected a uint8 array of shape (H, W, 3), got {came}: convert it first")
    if array.size == 0:
        raise ImageError(f"expected at least one pixel, got {came}: choose another picture")
    return _from_bytes(array.tobytes(), array.shape[0], array.shape[1])


def _from_bytes(raw: bytes, height: int, width: int) -> RGBImage:
    digest = hashlib.sha256(f"{height}x{width}x3:".encode())
    digest.update(raw)
    # An array that borrows from bytes can never be made writable again.
    return RGBImage(np.frombuffer(raw, np.uint8).reshape(height, width, 3), digest.hexdigest())


def decode(data: bytes, stretch: bool = False) -> RGBImage:
    """The first full-size picture of a PNG, JPEG, WebP, BMP, TIFF, GIF, AVIF or PPM file (PBM, PGM): upright, alpha
    over white, sRGB, 8 bit.

    Samples of more than 8 bits: 0 is black, and white is what the type or the file says (the end of unsigned ones of up
    to 16 bit; PGM's highest value; TIFF's MaxSampleValue). Signed, 32-bit and floating samples do not say. There the
    lowest sample is black if it is below 0, and the brightest is white; but a brightest one of at most 1, of 192 to 255
    or of 49,152 to 65,535 is measured against 1, 255 and 65,535, and from 128 to 192 and from 32,768 to 49,152 white
    moves over gradually. So black and white follow the samples without a jump. What is not a number is black. `note`
    says what was chosen where it is no matter of course; with `stretch` the darkest deep sample is black and the
    brightest white.

    Colours: an ICC profile is applied unless it is sRGB by its numbers, and so are cICP of PNG and nclx of AVIF; gAMA
    and cHRM of PNG are ignored, as by the readers that networks are trained with. Animations: the first frame.

    Raises ImageError, and nothing else, for bytes that are no such picture or hold over `MAX_PIXELS` pixels;
    the size is read from the header, before any pixel is unpacked.
    """
    kind = _kind(data)
    try:
        with _ONE_AT_A_TIME, warnings.catch_warnings():
            # Pillow warns of odd metadata, and of sizes that are refused: nothing a user can act on.
            warnings.filterwarnings("ignore", module="PIL")
            layers = _READERS[kind](data, stretch) if kind in _READERS else of_picture(loaded(data, kind))
            rgb = flat(layers)
            upright = _UPRIGHT.get(layers.orientation)
            if upright is not None:
                rgb = rgb.transpose(upright)
            found = _from_bytes(rgb.tobytes(), rgb.height, rgb.width)
            return replace(found, note=layers.note, narrow=layers.narrow)
    except ImageError:
        raise
    except Exception as error:  # Pillow's readers raise whatever the broken bytes trip, MemoryError included
        raise ImageError(_refusal(kind, error)) from error


def _refusal(kind: str, error: Exception) -> str:
    said = "" if isinstance(error, UnidentifiedImageError) else " ".join(str(error).split())[:100]
    said = said or "its header makes no sense"
    if isinstance(error, UnsupportedError) or said.startswith(("Unsupported", "cannot handle")):  # Pillow's words
        remedy = "save it as TIFF without compression, or as PNG" if kind == "TIFF" else "save it as PNG first"
        return f"expected a {kind} picture of a kind that is read, got another ({said}): {remedy}"
    return (
        f"expected a whole {kind} picture, got one that is damaged or cut short ({said}): "
        "save or download it again, or choose another"
    )


def _kind(data: bytes) -> str:
    """The reader of the format, from the leading bytes: a file's name and suffix are never trusted."""
    if not data:
        raise ImageError(f"{_WANTED}, got an empty file (0 bytes): save or download it again")
    if data.startswith(png.SIGNATURE):
        return "PNG"
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if avif.is_avif(data):
        return "AVIF"
    found = foreign(data)
    if found is None:
        if data.startswith(tiff.PREFIXES):
            return "TIFF"
        if pnm.is_pnm(data):
            return "PPM"
        if data.startswith(b"BM"):
            return "BMP"
    came, remedy = found or ("a file of another kind", "choose a picture, or save it as PNG or JPEG first")
    raise ImageError(f"{_WANTED}, got {came}: {remedy}")


def thumbnail(image: RGBImage, side: int) -> RGBImage:
    """The picture made to fit into side x side pixels: antialiased, aspect kept, never enlarged.

    Raises ValueError for a side below 1 px.
    """
    if side < 1:
        raise ValueError(f"expected a side of at least 1 pixel, got {side}: choose a larger one")
    longest = max(image.height, image.width)
    if longest <= side:
        return image
    size = (max(1, round(image.width * side / longest)), max(1, round(image.height * side / longest)))
    small = Image.fromarray(image.pixels).resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return _from_bytes(small.tobytes(), small.height, small.width)


def png_bytes(image: RGBImage) -> bytes:
    """The picture as a PNG file; `decode` gives exactly the same picture back."""
    buffer = io.BytesIO()
    Image.fromarray(image.pixels).save(buffer, "PNG")
    return buffer.getvalue()


def write_png(path: Path, pixels: np.ndarray) -> None:
    """Write uint8 (H, W, 3) as a PNG, making its folder."""
    whole(path, lambda fresh: fresh.write_bytes(png_bytes(from_pixels(pixels))))
