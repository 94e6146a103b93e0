"""What people drop by mistake: a file's own kind by its first bytes, and the remedy."""

from __future__ import annotations

from core.pictures.formats.avif import brands

_CONVERT = "save it as PNG or JPEG first"
RAW = "a raw camera file", "develop it with a raw converter and save it as JPEG, PNG or TIFF first"

_STARTS: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "a PDF document", "export the page as PNG first"),
    (b"PK\x03\x04", "a ZIP archive (or an Office document)", "unpack it and choose a picture inside"),
    (b"PK\x05\x06", "an empty ZIP archive", "choose a picture"),
    (b"\x1f\x8b", "a gzip archive", "unpack it and choose a picture inside"),
    (b"7z\xbc\xaf", "a 7-Zip archive", "unpack it and choose a picture inside"),
    (b"Rar!", "a RAR archive", "unpack it and choose a picture inside"),
    (b"8BPS", "a Photoshop document", "export it as PNG first"),
    (b"\xff\x0a", "a JPEG XL picture", _CONVERT),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture", _CONVERT),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture", _CONVERT),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture (its bare stream)", _CONVERT),
    (b"II\xbc\x01", "a JPEG XR picture", _CONVERT),
    (b"\0\0\1\0", "a Windows icon", "save it as PNG first"),
    (b"PF\n", "a PFM picture (floats)", "save it as a float TIFF first"),
    (b"Pf\n", "a PFM picture (floats)", "save it as a float TIFF first"),
    (b"P7\n", "a PAM picture", "save it as PNG first"),
    (b"FUJIFILMCCD-RAW", *RAW),
    (b"IIRO", *RAW),  # Olympus
    (b"IIRS", *RAW),
    (b"MMOR", *RAW),
    (b"IIU\0", *RAW),  # Panasonic
    (b"II\x1a\0\0\0HEAPCCDR", *RAW),  # Canon, CRW
    (b"FOVb", *RAW),  # Sigma
    (b"\0MRM", *RAW),  # Minolta
    (b"II*\0\x10\0\0\0CR\x02", *RAW),  # Canon, CR2: its first directory follows at 16
)
_HEIC = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")


def foreign(data: bytes) -> tuple[str, str] | None:
    """Name and remedy of a file that is none of the pictures read here; None if it is unknown."""
    for magic, name, remedy in _STARTS:
        if data.startswith(magic):
            return name, remedy
    named = brands(data)
    if b"crx " in named:
        return RAW
    if any(brand in _HEIC for brand in named):
        return "a HEIC picture (a phone's format)", "save it as JPEG or PNG first"
    if named:
        return "a video", "save one frame as PNG or JPEG first"
    return _markup(data)


def _markup(data: bytes) -> tuple[str, str] | None:
    # Without its zero bytes, UTF-16 text reads like ASCII.
    text = data[:65536].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if not text.startswith(b"<"):
        return None
    where = {
        name: min(at)
        for name, tags in (("svg", (b"<svg",)), ("html", (b"<!doctype html", b"<html", b"<head", b"<body")))
        if (at := [text.find(tag) for tag in tags if tag in text])
    }
    first = min(where, key=where.__getitem__, default="")
    if first == "svg":
        return "an SVG drawing", "export it as PNG first"
    if first == "html":
        return "an HTML web page", "save the picture itself instead of its page"
    return "an XML or HTML text", "choose a picture"
