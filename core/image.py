"""The only door for user pictures: a file's bytes become 8-bit RGB pixels, or `ImageError` says why not."""

from __future__ import annotations

import hashlib
import io
import threading
import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, UnidentifiedImageError

MAX_PIXELS = 25_000_000
_LIMIT = f"at most {MAX_PIXELS / 1e6:.0f} megapixels"

_WANTED = "expected a PNG, JPEG, WebP, BMP, TIFF or GIF picture"
_TIFF_PREFIXES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_WHITE_IS_ZERO = 0  # a value of TIFF's PhotometricInterpretation
_TAG_BITS, _TAG_PHOTOMETRIC, _TAG_SAMPLE_FORMAT = 258, 262, 339
_TAG_TILE_WIDTH, _TAG_TILE_LENGTH, _TAG_ORIENTATION = 322, 323, 274

_UPRIGHT = {  # EXIF orientation -> what makes the picture upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# What people drop by mistake: leading bytes -> its name and the remedy.
_FOREIGN: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "a PDF document", "export the page as PNG first"),
    (b"PK\x03\x04", "a ZIP archive (or an Office document)", "unpack it and choose a picture inside"),
    (b"PK\x05\x06", "an empty ZIP archive", "choose a picture"),
    (b"\x1f\x8b", "a gzip archive", "unpack it and choose a picture inside"),
    (b"7z\xbc\xaf", "a 7-Zip archive", "unpack it and choose a picture inside"),
    (b"Rar!", "a RAR archive", "unpack it and choose a picture inside"),
    (b"8BPS", "a Photoshop document", "export it as PNG first"),
    (b"\xff\x0a", "a JPEG XL picture", "save it as PNG or JPEG first"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture", "save it as PNG or JPEG first"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture", "save it as PNG or JPEG first"),
    (b"\0\0\1\0", "a Windows icon", "save it as PNG first"),
)

# Python's warning filters belong to the whole process, so one decode at a time changes them;
# this also keeps the memory at that of one large picture, however many people upload at once.
_ONE_AT_A_TIME = threading.Lock()


class ImageError(ValueError):
    """A picture that cannot be used: says what was expected, what came and what to do, in one sentence."""


@dataclass(frozen=True, eq=False)
class RGBImage:
    """`pixels` uint8 (H, W, 3), sRGB, read-only; `digest` SHA-256 hex of shape and pixels: its identity."""

    pixels: NDArray[np.uint8] = field(repr=False)
    digest: str

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


def decode(data: bytes) -> RGBImage:
    """The first frame of a PNG, JPEG, WebP, BMP, TIFF or GIF file: upright, alpha over white, sRGB, 8 bit.

    16-bit pictures are scaled to 8 bit. 32-bit whole numbers are read as 0..255 or 0..65535, floats as 0..1,
    0..255 or 0..65535, whichever holds them; other ranges are stretched from darkest to brightest.
    Raises ImageError, and nothing else, for bytes that are no such picture or hold over `MAX_PIXELS` pixels;
    the size is read from the header, before any pixel is unpacked.
    """
    kind = _kind(data)
    try:
        with _ONE_AT_A_TIME, warnings.catch_warnings():
            # Pillow warns of odd metadata, and of sizes that `_open` refuses: nothing a user can act on.
            warnings.filterwarnings("ignore", module="PIL")
            picture = _open(data, kind)
            picture.load()
            rgb = _flatten(picture, data)
            upright = _UPRIGHT.get(_orientation(picture))
            if upright is not None:
                rgb = rgb.transpose(upright)
            return _from_bytes(rgb.tobytes(), rgb.height, rgb.width)
    except ImageError:
        raise
    except Exception as error:  # Pillow's readers raise whatever the broken bytes trip, MemoryError included
        reason = "its header makes no sense"
        if not isinstance(error, UnidentifiedImageError) and str(error):
            reason = " ".join(str(error).split())[:100]
        raise ImageError(
            f"expected a whole {kind} picture, got one that is damaged or cut short ({reason}): "
            "save or download it again, or choose another"
        ) from error


def _kind(data: bytes) -> str:
    """Pillow's name of the format, from the leading bytes: a file's name and suffix are never trusted."""
    if not data:
        raise ImageError(f"{_WANTED}, got an empty file (0 bytes): save or download it again")
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if data.startswith(_TIFF_PREFIXES):
        return "TIFF"
    came, remedy = _foreign(data)
    if data.startswith(b"BM") and came is None:
        return "BMP"
    raise ImageError(f"{_WANTED}, got {came or 'a file of another kind'}: {remedy}")


def _foreign(data: bytes) -> tuple[str | None, str]:
    """Name and remedy of a file that is none of our pictures; the name is None if it is unknown."""
    for magic, name, remedy in _FOREIGN:
        if data.startswith(magic):
            return name, remedy
    if data[4:8] == b"ftyp":
        brands = data[8:64]
        if b"avif" in brands or b"avis" in brands:
            return "an AVIF picture", "save it as PNG or JPEG first"
        if any(brand in brands for brand in (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")):
            return "a HEIC picture (a phone's format)", "save it as JPEG or PNG first"
        return "a video", "save one frame as PNG or JPEG first"
    # Without its zero bytes, UTF-16 text reads like ASCII.
    text = data[:65536].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if text.startswith(b"<"):
        where = {
            name: min(at)
            for name, tags in (
                ("svg", (b"<svg",)),
                ("html", (b"<!doctype html", b"<html", b"<head", b"<body")),
            )
            if (at := [text.find(tag) for tag in tags if tag in text])
        }
        first = min(where, key=where.__getitem__, default="")
        if first == "svg":
            return "an SVG drawing", "export it as PNG first"
        if first == "html":
            return "an HTML web page", "save the picture itself instead of its page"
        return "an XML or HTML text", "choose a picture"
    return None, "choose a picture, or save it as PNG or JPEG first"


def _open(data: bytes, kind: str) -> Image.Image:
    """The picture with its header read and its pixels still packed; ImageError if it claims too many."""
    try:
        picture: Image.Image = Image.open(io.BytesIO(data), formats=(kind,))
    except Image.DecompressionBombError as error:
        # Pillow refuses before it tells the size, so ask the format's own header reader again.
        size = (0, 0)
        with suppress(Image.DecompressionBombError):  # WebP's reader has the same guard inside
            size = Image.OPEN[kind][0](io.BytesIO(data), "").size
        _check_size("picture", *size)
        raise ImageError(f"expected {_LIMIT}, got a far larger picture: make it smaller first") from error
    if min(picture.size) < 1:
        raise ImageError(f"expected at least one pixel, got none in {picture.size}: choose another picture")
    _check_size("picture", *picture.size)
    # libtiff unpacks whole tiles, and a tile may be far larger than the picture it covers.
    tags = getattr(picture, "tag_v2", {})
    _check_size("TIFF tile", int(tags.get(_TAG_TILE_WIDTH, 0)), int(tags.get(_TAG_TILE_LENGTH, 0)))
    return picture


def _check_size(name: str, width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        came = f"a {width}x{height} {name} ({width * height / 1e6:.1f} megapixels)"
        raise ImageError(f"expected {_LIMIT}, got {came}: make it smaller first")


def _orientation(picture: Image.Image) -> int:
    """EXIF orientation 1..8; a TIFF that Pillow has loaded is upright already and says 1."""
    try:
        return int(picture.getexif().get(_TAG_ORIENTATION, 1))
    except Exception:  # broken EXIF raises a dozen kinds of errors, and must not cost a good picture
        return 1


def _flatten(picture: Image.Image, data: bytes) -> Image.Image:
    """A loaded picture of any Pillow mode as RGB: 8 bit, colours in sRGB, alpha over white."""
    colour, alpha = _colour_and_alpha(picture, data)
    rgb = _to_srgb(colour, picture.info.get("icc_profile"))
    if alpha is None:
        return rgb
    canvas = Image.new("RGB", rgb.size, "white")
    canvas.paste(rgb, mask=alpha)
    return canvas


def _colour_and_alpha(picture: Image.Image, data: bytes) -> tuple[Image.Image, Image.Image | None]:
    """Colour in mode L, RGB, CMYK or LAB, and alpha in mode L if there is any."""
    key = _transparent_sample(picture, data)
    if picture.mode == "F" or picture.mode.startswith("I"):
        values = np.asarray(picture)
        opaque = None if key is None else Image.fromarray(np.where(values == key, 0, 255).astype(np.uint8))
        return Image.fromarray(_eight_bit(picture, values)), opaque
    if key is not None:
        picture.info["transparency"] = key
    if picture.has_transparency_data:
        grey = picture.mode in ("1", "L", "LA", "La")
        layers = picture.convert("LA" if grey else "RGBA")
        return layers.getchannel("L") if grey else layers.convert("RGB"), layers.getchannel("A")
    return (picture if picture.mode in ("L", "RGB", "CMYK", "LAB") else picture.convert("RGB")), None


def _transparent_sample(picture: Image.Image, data: bytes) -> Any:
    """The one sample value a grey or RGB PNG calls transparent, on the scale of Pillow's pixels, or None.

    The file states it on the scale of its own bit depth; Pillow passes that on while it rescales the pixels.
    """
    key = picture.info.get("transparency")
    if picture.format != "PNG" or picture.mode not in ("L", "RGB", "I;16") or key is None:
        return None
    depth = data[24]  # IHDR is always the first chunk
    if picture.mode == "RGB":
        return tuple(sample >> 8 if depth == 16 else sample & 255 for sample in key)
    return key if depth == 16 else (key & (2**depth - 1)) * 255 // (2**depth - 1)


def _eight_bit(picture: Image.Image, values: NDArray[Any]) -> NDArray[np.uint8]:
    """Samples of 12, 16 or 32 bit (H, W) scaled to 0..255; what is not a number becomes black."""
    tags = getattr(picture, "tag_v2", {})
    bits = int(tags.get(_TAG_BITS, (16,))[0])
    if picture.mode == "I" and bits == 32 and tags.get(_TAG_SAMPLE_FORMAT, (1,))[0] == 1:
        values = values.view(np.uint32)  # Pillow hands unsigned samples over as signed ones
    black, white = (0.0, 2.0**bits - 1) if picture.mode.startswith("I;16") else _black_and_white(values)
    scaled = values.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        scaled -= black
        scaled *= 255
        scaled /= (white - black) or np.inf
    np.nan_to_num(scaled, copy=False, nan=0.0, posinf=255.0, neginf=0.0)
    eight = np.rint(scaled, out=scaled).clip(0, 255).astype(np.uint8)
    return 255 - eight if tags.get(_TAG_PHOTOMETRIC) == _WHITE_IS_ZERO else eight


def _black_and_white(values: NDArray[Any]) -> tuple[float, float]:
    """The samples that mean black and white in a 32-bit picture, which does not say so itself."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    is_float = values.dtype.kind == "f"
    if low >= 0 and is_float and high <= 1:
        return 0.0, 1.0
    # A float that tops out just above 1 is an overshooting or high-range picture, not a nearly black one.
    if low >= 0 and not (is_float and high <= 16) and high <= 65535:
        return 0.0, 255.0 if high <= 255 else 65535.0
    return low, high


def _to_srgb(colour: Image.Image, profile: bytes | None) -> Image.Image:
    """Mode L, RGB, CMYK or LAB -> RGB, through the ICC profile where that works and is not sRGB itself."""
    if colour.mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(colour, lab, srgb, outputMode="RGB")
        assert converted is not None  # None is for inPlace=True only
        return converted
    if profile:
        with suppress(ImageCms.PyCMSError, ImportError, OSError, ValueError, TypeError):
            embedded = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            name = (embedded.profile.profile_description or "").lower()
            if "srgb" not in name or "linear" in name:
                srgb = ImageCms.createProfile("sRGB")
                converted = ImageCms.profileToProfile(colour, embedded, srgb, outputMode="RGB")
                if converted is not None:
                    return converted
    return colour.convert("RGB")


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
