"""What all readers of pictures share: the one error, and the limits that are checked before pixels are unpacked."""

from __future__ import annotations

MAX_PIXELS = 25_000_000
MAX_SAMPLE_BYTES = 200_000_000  # of unpacked samples: 8 a pixel of the largest picture
MAX_PROFILE = 16_000_000  # bytes of a colour profile, unpacked; real ones have up to 4 MB
LIMIT = f"at most {MAX_PIXELS / 1e6:.0f} megapixels"


class ImageError(ValueError):
    """A picture that cannot be used: says what was expected, what came and what to do, in one sentence."""


class UnsupportedError(Exception):
    """A whole picture of a kind that no reader here knows; its text names the kind."""


def check_size(name: str, width: int, height: int) -> None:
    """Raises ImageError for a picture or tile, called `name`, of more than MAX_PIXELS or of no pixels at all."""
    if min(width, height) < 1:
        raise ImageError(f"expected at least one pixel, got a {width}x{height} {name}: choose another picture")
    if width * height > MAX_PIXELS:
        came = f"a {width}x{height} {name} ({width * height / 1e6:.1f} megapixels)"
        raise ImageError(f"expected {LIMIT}, got {came}: make it smaller first")


def check_bytes(count: int) -> None:
    """Raises ImageError for more than MAX_SAMPLE_BYTES bytes of unpacked samples."""
    if count > MAX_SAMPLE_BYTES:
        raise ImageError(
            f"expected at most {MAX_SAMPLE_BYTES / 1e6:.0f} MB of unpacked samples, got {count / 1e6:.0f} MB: "
            "make it smaller, or save it with fewer bits or channels"
        )
