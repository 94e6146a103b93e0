"""What a reader makes of a picture: its colours in 8 bit, apart from its alpha, and what turns them into sRGB."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from core.pictures.formats.limits import LIMIT, ImageError, check_size

T = TypeVar("T", bound=np.generic)
_ORIENTATION = 274  # a tag of EXIF and of TIFF
_AT_A_TIME = 2**20  # samples that are converted


class Code(NamedTuple):
    """Colours by their numbers in ITU-T H.273, as cICP of PNG and nclx of AVIF state them."""

    primaries: int
    transfer: int


@dataclass(frozen=True)
class Layers:
    """A picture taken apart: `colour` in mode L, RGB, CMYK or LAB, `alpha` in mode L where there is any.

    `profile`: an ICC profile. `orientation`: EXIF's 1..8. `note`: what a user should know of it, one sentence or "".
    `narrow`: deep samples that use little of their range.
    """

    colour: Image.Image
    alpha: Image.Image | None = None
    profile: bytes | None = None
    code: Code | None = None
    orientation: int = 1
    note: str = ""
    narrow: bool = False


def opened(data: bytes, kind: str) -> ImageFile.ImageFile:
    """The picture by Pillow's reader of that name, its header read and its pixels still packed.

    Raises ImageError if it claims no pixels or too many, and whatever Pillow raises for broken bytes.
    """
    try:
        picture = Image.open(io.BytesIO(data), formats=(kind,))
    except Image.DecompressionBombError as error:
        # Pillow refuses before it tells the size, so ask the format's own header reader again.
        size = (1, 1)
        with suppress(Image.DecompressionBombError):  # WebP's reader has the same guard inside
            size = Image.OPEN[kind][0](io.BytesIO(data), "").size
        check_size("picture", *size)
        raise ImageError(f"expected {LIMIT}, got a far larger picture: make it smaller first") from error
    check_size("picture", *picture.size)
    return picture


def loaded(data: bytes, kind: str) -> Image.Image:
    """The picture by Pillow's reader of that name, with its pixels. Raises as `opened` does."""
    picture = opened(data, kind)
    picture.load()
    return picture


def of_picture(picture: Image.Image) -> Layers:
    """The layers of a loaded picture of 8 bit or less, of any such Pillow mode."""
    profile, orientation = picture.info.get("icc_profile"), orientation_of(picture)
    if picture.has_transparency_data:
        grey = picture.mode in ("1", "L", "LA", "La")
        both = picture.convert("LA" if grey else "RGBA")
        colour = both.getchannel("L") if grey else both.convert("RGB")
        return Layers(colour, both.getchannel("A"), profile, orientation=orientation)
    whole = picture.mode in ("L", "RGB", "CMYK", "LAB")
    return Layers(picture if whole else picture.convert("RGB"), None, profile, orientation=orientation)


def image(eight: NDArray[np.uint8]) -> Image.Image:
    """Samples (H, W) grey, (H, W, 3) RGB or (H, W, 4) CMYK, of 8 bit, as a layer."""
    if eight.ndim == 3 and eight.shape[2] == 4:
        return Image.frombytes("CMYK", (eight.shape[1], eight.shape[0]), eight.tobytes())
    return Image.fromarray(eight)


def by_rows(convert: Callable[[NDArray[Any]], NDArray[Any]], samples: NDArray[Any], out: NDArray[T]) -> NDArray[T]:
    """`out` (H, ...), filled with what `convert` makes of `samples` (H, ...), a few rows at a time to save memory."""
    step = max(1, _AT_A_TIME // max(1, samples[0].size))
    for top in range(0, len(samples), step):
        out[top : top + step] = convert(samples[top : top + step])
    return out


def orientation_of(picture: Image.Image) -> int:
    """EXIF orientation 1..8; a TIFF that Pillow has loaded is upright already and says 1."""
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # broken EXIF raises a dozen kinds of errors, and must not cost a good picture
        return 1
