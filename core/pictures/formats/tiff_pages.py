"""TIFF's directories, read within bounds: which page is the picture, and a plain file of it alone.

Readers behind this door see a classic TIFF of one page that has only the tags of its pixels: no loops, no makers'
notes, no lists that are longer than any picture needs. TIFF 6.0 has the tags, TIFF/EP and DNG those of raw cameras.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, zip_longest
from typing import NamedTuple

from core.pictures.formats.foreign import RAW
from core.pictures.formats.limits import MAX_PIXELS, MAX_PROFILE, ImageError, UnsupportedError, check_bytes, check_size

PREFIXES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
SUBFILE, OLD_SUBFILE, WIDTH, LENGTH, BITS, COMPRESSION = 254, 255, 256, 257, 258, 259
PHOTOMETRIC, FILL_ORDER, STRIP_OFFSETS, ORIENTATION, SAMPLES = 262, 266, 273, 274, 277
ROWS, STRIP_COUNTS, MAX_VALUE, PLANAR, PREDICTOR = 278, 279, 281, 284, 317
TILE_WIDTH, TILE_LENGTH, TILE_OFFSETS, TILE_COUNTS, SUB_IFDS = 322, 323, 324, 325, 330
EXTRA, FORMAT, PROFILE, COLOUR_MAP, SUBSAMPLING = 338, 339, 34675, 320, 530
_XMP, _JPEG_TABLES = 700, 347
_RGB, _PALETTE, _YCBCR = 2, 3, 6  # photometric interpretations
_KEPT = {
    *(WIDTH, LENGTH, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER, STRIP_OFFSETS, ORIENTATION, SAMPLES, ROWS),
    *(STRIP_COUNTS, PLANAR, PREDICTOR, TILE_WIDTH, TILE_LENGTH, TILE_OFFSETS, TILE_COUNTS, EXTRA, FORMAT, PROFILE),
    *(_XMP, COLOUR_MAP, _JPEG_TABLES, *range(512, 522)),  # 512 to 521: JPEG of TIFF 6.0
    *(292, 293, 332, 334, 336, 529, 530, 531, 532),  # fax options, inks, and what YCbCr means
}
_MOSAIC = (32803, 34892)  # photometric interpretations: a colour filter array, and linear raw
_REDUCED, _MASK = 1, 4  # bits of SUBFILE
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_CODES = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_MAX_PAGES = 1_000  # that are looked at
_MAX_ENTRIES = 4_096  # of a directory
_MAX_VALUES = 4_096  # of a tag, but for these:
_MAX_LONG = MAX_PIXELS // 50  # strips or tiles, of 150 px in three planes
_LONG_TAGS = {
    **dict.fromkeys((STRIP_OFFSETS, STRIP_COUNTS, TILE_OFFSETS, TILE_COUNTS, COLOUR_MAP), _MAX_LONG),
    **dict.fromkeys((_XMP, _JPEG_TABLES), 1_000_000),
    PROFILE: MAX_PROFILE,
}
_MAX_PACKED = 1_000_000_000  # bytes of all strips, which may lie one on the other
_UINT32 = 4
_DEFLATE = 8


class Tag(NamedTuple):
    """A tag's type, and its values in the file's byte order."""

    kind: int
    raw: memoryview | bytes


@dataclass(frozen=True)
class Page:
    """One directory. `order`: struct's sign of the byte order; `tags`: those with values that lie in the file."""

    order: str
    tags: Mapping[int, Tag]

    def numbers(self, tag: int, *default: int) -> tuple[int, ...]:
        """A tag's whole numbers, or the default where it is missing or of another type."""
        found = self.tags.get(tag)
        if found is None or found.kind not in _CODES:
            return default
        count = len(found.raw) // _SIZES[found.kind]
        return struct.unpack(f"{self.order}{count}{_CODES[found.kind]}", found.raw) or default

    def number(self, tag: int, default: int = 0) -> int:
        """The first of a tag's whole numbers."""
        return self.numbers(tag, default)[0]

    @property
    def is_reduced(self) -> bool:
        """A thumbnail or a mask of another page."""
        return bool(self.number(SUBFILE) & (_REDUCED | _MASK)) or self.number(OLD_SUBFILE) == 2

    @property
    def is_tiled(self) -> bool:
        """Whether it lies in tiles instead of strips."""
        return TILE_OFFSETS in self.tags or TILE_WIDTH in self.tags

    @property
    def is_halved(self) -> bool:
        """Whether several pixels share their colours."""
        return self.number(PHOTOMETRIC) == _YCBCR and self.numbers(SUBSAMPLING, 2, 2) != (1, 1)

    @property
    def size(self) -> tuple[int, int]:
        """Width and length, in px as stored."""
        return self.number(WIDTH), self.number(LENGTH)

    @property
    def piece(self) -> tuple[int, int]:
        """Width and rows of a tile or strip; of a strip at most the picture's."""
        width, length = self.size
        if self.is_tiled:
            return self.number(TILE_WIDTH), self.number(TILE_LENGTH)
        return width, min(self.number(ROWS, length) or length, length)

    @property
    def pieces(self) -> int:
        """Tiles or strips that a plane of the picture needs."""
        (width, length), (wide, rows) = self.size, self.piece
        return -(-width // wide) * -(-length // rows)

    @property
    def colour_map(self) -> tuple[tuple[int, ...], bool]:
        """The numbers of its palette, of 16 bits, and whether the file has them with 8, as libtiff's tools take it."""
        stored = self.numbers(COLOUR_MAP) if self.number(PHOTOMETRIC) == _PALETTE else ()
        is_short = 0 < max(stored, default=0) < 256
        return tuple(257 * value for value in stored) if is_short else stored, is_short

    def places(self, planes: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Where the strips or tiles of so many planes begin, and the lengths in bytes that the file says of them.

        Raises ValueError where there are too few to cover the picture, UnsupportedError where some are left out.
        """
        count = planes * self.pieces
        at = self.numbers(TILE_OFFSETS if self.is_tiled else STRIP_OFFSETS)[:count]
        lengths = self.numbers(TILE_COUNTS if self.is_tiled else STRIP_COUNTS)[:count]
        if len(at) < count:
            raise ValueError(f"{len(at)} strips or tiles instead of {count}")
        if any(not start and not length for start, length in zip_longest(at, lengths, fillvalue=0)):
            raise UnsupportedError("a sparse file, which leaves out tiles or strips")
        return at, lengths


def main_page(data: bytes) -> Page:
    """The picture of a TIFF: its first page that is not a smaller copy of another, in SubIFDs too.

    Raises ImageError for a raw camera file and for a picture or tiles of over MAX_PIXELS, ValueError without any page.
    """
    pages = list(_pages(data))
    whole = [page for page in pages if not page.is_reduced]
    if any(page.number(PHOTOMETRIC) in _MOSAIC for page in whole):
        name, remedy = RAW
        raise ImageError(f"expected a picture whose colours are finished, got {name}: {remedy}")
    if not pages:
        raise ValueError("no page")
    page = whole[0] if whole else max(pages, key=lambda page: page.size[0] * page.size[1])
    _check(page)
    return page


def _check(page: Page) -> None:
    """Raises ImageError or ValueError where the picture, its tiles, or what is packed would be too much to unpack."""
    width, length = page.size
    check_size("picture", width, length)
    if page.is_tiled:
        # Whole tiles are unpacked, and a tile may be far larger than the picture it covers.
        wide, long = page.piece
        check_size("TIFF tile", wide, long)
        if page.pieces * wide * long > 4 * MAX_PIXELS + wide * long:
            raise ValueError("its tiles are many times larger than the picture")
    if sum(page.numbers(TILE_COUNTS if page.is_tiled else STRIP_COUNTS)) > _MAX_PACKED:
        raise ValueError("its strips overlap")


def plain(data: bytes, page: Page) -> bytes:
    """A classic TIFF of this page alone, its pixels where they lay. Raises ValueError for offsets beyond 4 GB."""
    kept = {number: tag for number, tag in page.tags.items() if number in _KEPT}
    wide = [number for number, tag in kept.items() if _SIZES[tag.kind] == 8 and tag.kind in _CODES]  # BigTIFF's
    numbers = {number: page.numbers(number) for number in wide}
    if colours := page.colour_map[0]:
        numbers[COLOUR_MAP] = colours
    if page.number(PHOTOMETRIC) == _RGB and 3 < page.number(SAMPLES, 1) <= 16 and EXTRA not in kept:
        numbers[EXTRA] = (0,) * (page.number(SAMPLES) - 3)  # what the file does not call alpha is none
    return written(page.order, memoryview(data)[8:], numbers, kept)


def deflated(data: bytes, page: Page) -> bytes:
    """A TIFF as by `plain` whose strips or tiles, uncompressed in the file, are compressed: then libtiff reads them."""
    offsets, counts = (TILE_OFFSETS, TILE_COUNTS) if page.is_tiled else (STRIP_OFFSETS, STRIP_COUNTS)
    check_bytes(sum(page.numbers(counts)))
    where = zip(page.numbers(offsets), page.numbers(counts), strict=False)
    strips = [zlib.compress(memoryview(data)[at : at + count], 1) for at, count in where]
    lengths = tuple(map(len, strips))
    numbers = {COMPRESSION: (_DEFLATE,), offsets: tuple(accumulate(lengths[:-1], initial=8)), counts: lengths}
    kept = {number: tag for number, tag in page.tags.items() if number in _KEPT}
    return written(page.order, b"".join(strips), numbers, kept)


def written(
    order: str,
    body: bytes | memoryview,
    numbers: Mapping[int, tuple[int, ...]],
    others: Mapping[int, Tag] | None = None,
) -> bytes:
    """A classic TIFF of one page: eight bytes of header, `body`, and the tags `others`, or instead `numbers`.

    Raises ValueError for numbers that 32 bits do not hold.
    """
    if any(not 0 <= value < 2**32 for values in numbers.values() for value in values):
        raise ValueError("a number beyond 32 bits in its tags")
    own = {number: Tag(_UINT32, struct.pack(f"{order}{len(v)}I", *v)) for number, v in numbers.items()}
    tags = {**(others or {}), **own}
    length = len(body)
    at = 8 + length + length % 2
    where = at + 2 + 12 * len(tags) + 4
    entries, values = [struct.pack(f"{order}H", len(tags))], []
    for number, (kind, raw) in sorted(tags.items()):
        entries.append(struct.pack(f"{order}HHI", number, kind, len(raw) // _SIZES[kind]))
        if len(raw) <= 4:
            entries.append(bytes(raw).ljust(4, b"\0"))
        else:
            entries.append(struct.pack(f"{order}I", where))
            values.append(bytes(raw) + bytes(len(raw) % 2))
            where += len(values[-1])
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", at)
    return b"".join([head, body, bytes(length % 2), *entries, bytes(4), *values])


def _pages(data: bytes) -> Iterator[Page]:
    """The pages in the order of the file, each before those of its SubIFDs; a broken directory ends its chain."""
    order, big = "<" if data[:2] == b"II" else ">", data[2:4].strip(b"\0") == b"+"
    if big and data[4:8] != struct.pack(f"{order}HH", 8, 0):
        raise ValueError("a BigTIFF whose offsets have not 8 bytes")
    wide = 8 if big else 4
    waiting, seen = [int.from_bytes(data[wide : 2 * wide], "little" if order == "<" else "big")], set[int]()
    while waiting and len(seen) < _MAX_PAGES:
        at = waiting.pop()
        if not 8 <= at < len(data) or at in seen:
            continue
        seen.add(at)
        found = _directory(data, at, order, big)
        if found is None:
            continue
        tags, following = found
        page = Page(order, tags)
        waiting += [following, *reversed(page.numbers(SUB_IFDS)[:_MAX_PAGES])]
        yield page


def _directory(data: bytes, at: int, order: str, big: bool) -> tuple[dict[int, Tag], int] | None:
    """The tags of a directory and where the next one lies (0: nowhere); None if it is no directory."""
    head, entry, inside = ("Q", "HHQ", 8) if big else ("H", "HHI", 4)
    size = struct.calcsize(f"={entry}") + inside
    first = at + struct.calcsize(f"={head}")
    if first > len(data):
        return None
    [count] = struct.unpack_from(f"{order}{head}", data, at)
    if not 0 < count <= _MAX_ENTRIES or first + count * size > len(data):
        return None
    tags: dict[int, Tag] = {}
    view = memoryview(data)
    for i in range(count):
        place = first + i * size
        number, kind, values = struct.unpack_from(f"{order}{entry}", data, place)
        length = values * _SIZES.get(kind, 0)
        if not length or number in tags or values > _LONG_TAGS.get(number, _MAX_VALUES):
            continue
        start = place + size - inside
        if length > inside:
            [start] = struct.unpack_from(f"{order}{'Q' if big else 'I'}", data, start)
        if start + length <= len(data):
            tags[number] = Tag(kind, view[start : start + length])
    end = first + count * size
    following = data[end : end + inside]
    return tags, int.from_bytes(following, "little" if order == "<" else "big") if len(following) == inside else 0
