"""The names of a zip's members as their writer meant them: which letters, and where the folders end."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator

UTF8_FLAG = 0x800
UNICODE_PATH = 0x7075  # Info-ZIP's extra field for a name in UTF-8


def member_names(archive: zipfile.ZipFile) -> Iterator[str]:
    """The name of each member of `infolist`, with slashes between folders; whatever it may be, it is not checked.

    After PKWARE's specification (APPNOTE.TXT, 4.4.17, appendix D) and Info-ZIP's (4.6.9): a name in the extra field
    that was made for the member's name; UTF-8 where the flag says so; and, as many writers do not set it, where the
    bytes are that; else code page 437. Backslashes separate folders whatever made the zip: writers on Unix that were
    given the paths of Windows leave them in some names or in all, and hardly any picture's name holds one.
    """
    for member in archive.infolist():
        name = member.orig_filename  # filename ends at a zero byte
        if member.extra or not name.isascii():
            name = _meant(member)
        yield name.replace("\\", "/")


def _meant(member: zipfile.ZipInfo) -> str:
    written: str = member.orig_filename
    flagged = member.flag_bits & UTF8_FLAG
    raw = written.encode("utf-8" if flagged else "cp437")
    for text in (*_unicode_paths(member.extra, raw), *(() if flagged else (raw,))):
        try:
            return str(text, "utf-8")
        except UnicodeDecodeError:
            continue
    return written


def _unicode_paths(extra: bytes, raw: bytes) -> Iterator[bytes]:
    """The names, in UTF-8, of the fields that were made for a name of these bytes."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        body = extra[at + 4 : at + 4 + size]
        if kind == UNICODE_PATH and len(body) > 5 and body[:5] == struct.pack("<BI", 1, zlib.crc32(raw)):
            yield body[5:]
        at += 4 + size
