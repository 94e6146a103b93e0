"""TIFF: contiguous pages of up to 8 bit by Pillow; deeper ones, planes and many channels by tifffile."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from core.pictures.formats import tiff_pages as tags
from core.pictures.formats.deep import Scale, scale_of
from core.pictures.formats.layers import Layers, image, loaded, of_picture
from core.pictures.formats.limits import UnsupportedError
from core.pictures.formats.tiff_pages import Page, deflated, main_page, plain
from core.pictures.formats.tiff_samples import IMAGE_CODECS, SIMPLE, UNDEFINED, UNSIGNED, check_cover, samples

PREFIXES = tags.PREFIXES
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _CMYK, _YCBCR, _LAB = 0, 1, 2, 3, 5, 6, 8  # photometric interpretations
_COLOURS = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3, _PALETTE: 1, _CMYK: 4, _YCBCR: 3, _LAB: 3}
_SHALLOW = {_YCBCR: "YCbCr", _LAB: "LAB"}  # Pillow's modes of those that are read with 8 bits only
_PREMULTIPLIED, _STRAIGHT = 1, 2  # kinds of extra samples that are alpha
_NEAR = 8  # extra samples among which alpha is looked for
_MAX_OF_PILLOW = 6  # channels
_SHORT_MAP = "Its palette has no number above 255 of 65,535: its colours are read as 8-bit ones."


def read(data: bytes, stretch: bool = False) -> Layers:
    """The full-size page of a TIFF. Raises ImageError, UnsupportedError, ValueError, and what Pillow raises."""
    page = main_page(data)
    layers = (_by_pillow(data, page) if _is_pillows(page) else None) or _layers(data, page, stretch)
    return replace(layers, note=_SHORT_MAP) if page.colour_map[1] else layers


def _by_pillow(data: bytes, page: Page) -> Layers | None:
    """The page by Pillow; None if it knows no such pages. Raises as `read`."""
    check_cover(page)  # Pillow would leave black what is missing
    # uncompressed, Pillow takes every pixel to have colours of its own
    halved = page.is_halved and page.number(tags.COMPRESSION, 1) == 1
    try:
        return of_picture(loaded((deflated if halved else plain)(data, page), "TIFF"))
    except UnidentifiedImageError:
        return None


def _is_pillows(page: Page) -> bool:
    """Whether Pillow reads the page rightly, if at all: of deep ones and of planes it reads some wrongly in silence."""
    forms, codec = set(page.numbers(tags.FORMAT, UNSIGNED)), page.number(tags.COMPRESSION, 1)
    if max(page.numbers(tags.BITS, 1)) > 8 or forms - {UNSIGNED, UNDEFINED} or codec in IMAGE_CODECS:
        return False
    channels = page.number(tags.SAMPLES, 1)
    apart = page.number(tags.PLANAR, 1) == 2 and channels > 1
    return codec not in SIMPLE or not (apart or channels > _MAX_OF_PILLOW or page.number(tags.FILL_ORDER, 1) == 2)


def _layers(data: bytes, page: Page, stretch: bool) -> Layers:
    photometric = _photometric(page)
    colours = _COLOURS[photometric]
    extra = page.numbers(tags.EXTRA)[:_NEAR]
    at = next((i for i, kind in enumerate(extra) if kind in (_PREMULTIPLIED, _STRAIGHT)), None)
    read = samples(data, page, colours + (0 if at is None else at + 1))
    if read.shape[2] < colours:
        raise UnsupportedError(f"{read.shape[2]} channels where its colours need {colours}")
    white = _white(page, read.dtype)
    colour = read[..., 0] if colours == 1 else read[..., :colours]
    grey_or_rgb = photometric in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB)
    shallow = Scale(0, white or 1) if page.number(tags.BITS, 1) <= 8 and read.dtype.kind == "u" else None
    scale = shallow or scale_of(colour, white, stretch and grey_or_rgb)
    eight, alpha = _coloured(page, colour) if photometric == _PALETTE else scale.shown(colour), None
    if photometric == _WHITE_IS_ZERO:
        eight = 255 - eight
    if at is not None and read.shape[2] > colours + at:
        opaque = read[..., colours + at]
        alpha = scale_of(opaque, white).shown(opaque)
        if extra[at] == _PREMULTIPLIED:
            eight = _divided(eight, alpha)
    profile, orientation = page.tags.get(tags.PROFILE), page.number(tags.ORIENTATION, 1)
    found = Layers(_image(eight, photometric), None if alpha is None else image(alpha), orientation=orientation)
    if profile is not None:
        found = replace(found, profile=bytes(profile.raw))
    return replace(found, note=scale.note, narrow=scale.narrow) if grey_or_rgb else found


def _photometric(page: Page) -> int:
    """Raises UnsupportedError for colours that are not read, or not so."""
    default = _RGB if page.number(tags.SAMPLES, 1) >= 3 else _BLACK_IS_ZERO
    found, bits = page.number(tags.PHOTOMETRIC, default), page.number(tags.BITS, 1)
    if found not in _COLOURS or (found in _SHALLOW and bits != 8) or page.is_halved:
        raise UnsupportedError(f"photometric interpretation {found} with {bits} bits")
    return found


def _white(page: Page, kind: np.dtype[Any]) -> float | None:
    """What the file calls white: MaxSampleValue, or the end of an unsigned type of up to 16 bit."""
    bits = page.number(tags.BITS, 1)
    if kind.kind == "u" and bits <= 8:
        return 2.0**bits - 1
    if stated := page.numbers(tags.MAX_VALUE):
        return float(max(stated))
    return 2.0**bits - 1 if kind.kind == "u" and bits <= 16 else None


def _coloured(page: Page, index: NDArray[np.unsignedinteger]) -> NDArray[np.uint8]:
    """The colours (H, W, 3) that the page's palette has at an index (H, W). Raises ValueError for a short palette."""
    palette = np.array(page.colour_map[0])
    count = 2 ** page.number(tags.BITS, 1)
    if len(palette) != 3 * count:
        raise ValueError(f"a palette of {len(palette)} numbers instead of {3 * count}")
    colours: NDArray[np.uint8] = (palette.reshape(3, count).T // 256).astype(np.uint8)[index]
    return colours


def _image(eight: NDArray[np.uint8], photometric: int) -> Image.Image:
    if mode := _SHALLOW.get(photometric):
        whole = Image.frombytes(mode, (eight.shape[1], eight.shape[0]), eight.tobytes())
        return whole if mode == "LAB" else whole.convert("RGB")
    return image(eight)


def _divided(eight: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Colours (H, W) or (H, W, C) that were stored times their alpha (H, W), without it."""
    over = np.maximum(alpha, 1) if eight.ndim == 2 else np.maximum(alpha, 1)[..., None]
    straight: NDArray[np.uint8] = ((eight.astype(np.uint32) * 255 + over // 2) // over).clip(max=255).astype(np.uint8)
    return straight
