"""The samples of a TIFF page by tifffile, which is given them uncompressed.

Without the package imagecodecs tifffile unpacks little, and without any bound. So the strips are unpacked first, by the
libtiff inside Pillow: as rows of plain bytes it reads whatever they hold, and never more than their size says.
"""

from __future__ import annotations

import io
import logging
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import TiffImagePlugin

from core.base.heavy import tifffile
from core.pictures.formats import tiff_pages as tags
from core.pictures.formats.layers import by_rows, opened
from core.pictures.formats.limits import UnsupportedError, check_bytes
from core.pictures.formats.tiff_pages import Page, written

UNSIGNED, SIGNED, FLOAT, UNDEFINED = 1, 2, 3, 4  # sample formats
IMAGE_CODECS = {50001: "WEBP", 34712: "JPEG2000", 33005: "JPEG2000"}  # compression -> Pillow's reader of a strip
_NONE, _OLD_JPEG = 1, 6  # compressions; the old JPEG may lie elsewhere than in strips
_WITH_PREDICTOR = (5, 8, 32946, 34925, 50000)  # LZW, Deflate twice, LZMA, Zstandard
SIMPLE = (_NONE, *_WITH_PREDICTOR, 32773)  # compressions that libtiff unpacks to plain bytes: also PackBits
_DIFFERENCES, _FLOAT_DIFFERENCES = 2, 3  # predictors
_WHOLE = {UNSIGNED: (8, 16, 32, 64), SIGNED: (8, 16, 32, 64), FLOAT: (16, 32, 64)}
_MAX_PACKED_BITS = 32  # of unsigned samples that fill no whole bytes
_AT_A_TIME = 2**20  # bytes or samples that are unpacked

logging.getLogger("tifffile").addHandler(logging.NullHandler())  # it tells stderr of broken files


class _Grid(NamedTuple):
    """How samples lie: `channels` of a pixel side by side, `bits` each, in each of `planes`; `pieces` strips or tiles
    of `rows` x `width` px a plane, the last strip with what is left of `length`."""

    bits: int
    channels: int
    planes: int
    rows: int
    width: int
    length: int
    pieces: int
    is_tiled: bool

    @property
    def row_bytes(self) -> int:
        return -(-self.width * self.channels * self.bits // 8)

    @property
    def all_rows(self) -> int:
        """Of a plane, tiles one below the other."""
        return self.rows * self.pieces if self.is_tiled else self.length

    def numbers(self, form: int, at: tuple[int, ...], lengths: tuple[int, ...]) -> dict[int, tuple[int, ...]]:
        """The tags of samples that lie so, uncompressed, each strip or tile `at` a place with its length in bytes."""
        channels = self.channels * self.planes
        found = {tags.BITS: (self.bits,) * channels, tags.FORMAT: (form,) * channels, tags.SAMPLES: (channels,)}
        found |= {tags.COMPRESSION: (_NONE,), tags.PHOTOMETRIC: (1,), tags.PLANAR: (2 if self.planes > 1 else 1,)}
        if self.is_tiled:
            found |= {tags.TILE_WIDTH: (self.width,), tags.TILE_LENGTH: (self.rows,)}
            return found | {tags.TILE_OFFSETS: at, tags.TILE_COUNTS: lengths}
        return found | {tags.ROWS: (self.rows,), tags.STRIP_OFFSETS: at, tags.STRIP_COUNTS: lengths}


def samples(data: bytes, page: Page, wanted: int) -> NDArray[Any]:
    """The samples (H, W, C), of their own type: where channels lie in planes, only the first `wanted`.

    Raises ImageError for too many bytes, UnsupportedError, and ValueError for broken strips.
    """
    form = page.number(tags.FORMAT, UNSIGNED)
    try:
        with tifffile.TiffFile(
            io.BytesIO(_simple(data, page, UNSIGNED if form == UNDEFINED else form, wanted))
        ) as file:
            found = file.pages.first.asarray(maxworkers=1)
    except NotImplementedError as error:
        raise UnsupportedError(str(error)) from error
    if found.ndim == 2:
        return found[..., None]
    return np.moveaxis(found, 0, -1) if page.number(tags.PLANAR, 1) == 2 else found


def check_cover(page: Page) -> None:
    """Looks whether the strips or tiles of a page, of up to 8 bits a sample, cover its picture.

    Raises ValueError where they do not, UnsupportedError where some are left out, and ImageError for too many bytes.
    """
    codec, channels = page.number(tags.COMPRESSION, _NONE), page.number(tags.SAMPLES, 1)
    if codec == _NONE and not page.is_halved:
        _strips(page, _grid(page, UNSIGNED, channels))
    elif codec != _OLD_JPEG:
        page.places(channels if page.number(tags.PLANAR, 1) == 2 else 1)


def _simple(data: bytes, page: Page, form: int, wanted: int) -> bytes:
    """A TIFF with nothing but these samples, uncompressed and in whole bytes."""
    grid = _grid(page, form, wanted)
    codec = page.number(tags.COMPRESSION, _NONE)
    predictor = page.number(tags.PREDICTOR, 1) if codec in _WITH_PREDICTOR else 1  # libtiff ignores it elsewhere
    if codec not in (*SIMPLE, *IMAGE_CODECS):
        raise UnsupportedError(f"{_name(codec)} with {grid.bits} bits")
    if predictor not in (1, _DIFFERENCES, _FLOAT_DIFFERENCES) or (predictor != 1 and grid.bits not in _WHOLE[form]):
        raise UnsupportedError(f"predictor {predictor} with {grid.bits} bits")
    at, lengths = _strips(page, grid)
    size = {tags.WIDTH: page.size[:1], tags.LENGTH: page.size[1:]}
    if codec == _NONE and grid.bits in (8, 16, 32, 64):
        size[tags.FILL_ORDER] = (page.number(tags.FILL_ORDER, 1),)
        return written(page.order, memoryview(data)[8:], size | grid.numbers(form, at, lengths))
    if codec in IMAGE_CODECS:
        body = _by_codec(data, grid, IMAGE_CODECS[codec], at, lengths)
    else:
        body = _by_libtiff(data, page, grid, at, lengths)
        if predictor != 1:
            _add_up(body, grid, page.order, predictor)
    if grid.bits not in (8, 16, 32, 64):
        body, grid = _spread(body, grid, page.order)
    piece = grid.row_bytes * (grid.rows if grid.is_tiled else grid.length)
    grid = grid if grid.is_tiled else grid._replace(rows=grid.length, pieces=1)
    count = grid.planes * grid.pieces
    places = tuple(8 + i * piece for i in range(count))
    return written(page.order, body.data.cast("B"), size | grid.numbers(form, places, (piece,) * count))


def _grid(page: Page, form: int, wanted: int) -> _Grid:
    """Raises UnsupportedError for types of samples that are not read, ImageError for too many bytes of them."""
    bits, forms = set(page.numbers(tags.BITS, 1)), set(page.numbers(tags.FORMAT, UNSIGNED))
    if len(bits) > 1 or len(forms) > 1:
        raise UnsupportedError("channels of different types")
    [depth] = bits
    if depth not in _WHOLE.get(form, ()) and not (form == UNSIGNED and 0 < depth <= _MAX_PACKED_BITS):
        raise UnsupportedError(f"{depth} bits of sample format {form}")
    channels, planes = max(1, page.number(tags.SAMPLES, 1)), 1
    if page.number(tags.PLANAR, 1) == 2:
        channels, planes = 1, min(channels, wanted)
    wide, rows = page.piece
    grid = _Grid(depth, channels, planes, rows, wide, page.size[1], page.pieces, page.is_tiled)
    check_bytes(grid.planes * grid.row_bytes * grid.all_rows)
    return grid


def _strips(page: Page, grid: _Grid) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Where the strips or tiles begin and how long they are, packed. Raises as `Page.places`, and ValueError where
    the file says of one that it has fewer bytes than its samples."""
    at, lengths = page.places(grid.planes)
    if page.number(tags.COMPRESSION, _NONE) == _NONE:  # then their lengths follow from their sizes
        whole, last = grid.rows * grid.row_bytes, (grid.all_rows - (grid.pieces - 1) * grid.rows) * grid.row_bytes
        needed = ((whole,) * (grid.pieces - 1) + (last,)) * grid.planes
        # of a single one libtiff takes no notice of what the file says, nor does it of a length of 0
        if len(at) > 1 and any(0 < said < need for said, need in zip(lengths, needed, strict=False)):
            raise ValueError("strips or tiles with fewer bytes than their samples")
        lengths = needed
    if len(lengths) < len(at):
        raise ValueError(f"{len(lengths)} lengths of strips or tiles instead of {len(at)}")
    return at, lengths


def _by_libtiff(
    data: bytes, page: Page, grid: _Grid, at: tuple[int, ...], lengths: tuple[int, ...]
) -> NDArray[np.uint8]:
    """The bytes of all planes, (rows, bytes of a row): libtiff takes them for the grey pixels of 8 bit of a picture."""
    planes = []
    grey = _Grid(8, 1, 1, grid.rows, grid.row_bytes, grid.all_rows, grid.pieces, False)
    for first in range(0, grid.planes * grid.pieces, grid.pieces):
        own = slice(first, first + grid.pieces)
        numbers: dict[int, tuple[int, ...]] = {tags.WIDTH: (grid.row_bytes,), tags.LENGTH: (grid.all_rows,)}
        numbers |= grey.numbers(UNSIGNED, at[own], lengths[own])
        for tag in (tags.COMPRESSION, tags.FILL_ORDER):
            numbers[tag] = (page.number(tag, 1),)
        # not by Image.open: it would count every byte as a pixel of a picture that is too large
        plane = TiffImagePlugin.TiffImageFile(io.BytesIO(written(page.order, memoryview(data)[8:], numbers)))
        plane.load()
        planes.append(np.array(plane))
    return planes[0] if len(planes) == 1 else np.concatenate(planes)


def _by_codec(data: bytes, grid: _Grid, codec: str, at: tuple[int, ...], lengths: tuple[int, ...]) -> NDArray[np.uint8]:
    """The bytes of strips that are whole pictures of another format, (rows, bytes of a row)."""
    mode = {1: "L", 3: "RGB", 4: "RGBA"}.get(grid.channels)
    if mode is None or grid.bits != 8:
        raise UnsupportedError(f"{codec} with {grid.channels} channels of {grid.bits} bits")
    pieces = []
    for i, (start, length) in enumerate(zip(at, lengths, strict=True)):
        rows = min(grid.rows, grid.all_rows - i % grid.pieces * grid.rows)
        picture = opened(data[start : start + length], codec)
        if picture.size != (grid.width, rows):
            raise ValueError(f"a strip of {picture.size} px instead of {(grid.width, rows)}")
        pieces.append(np.asarray(picture.convert(mode)).reshape(rows, grid.row_bytes))
    return np.concatenate(pieces)


def _add_up(body: NDArray[np.uint8], grid: _Grid, order: str, predictor: int) -> None:
    """Undo a predictor in place: samples as differences from pixel to pixel (TIFF 6.0, 14); of floats the bytes, rows
    holding first the highest byte of all samples, then the next (TIFF Technical Note 3)."""
    kind, size = np.dtype(f"{order}u{grid.bits // 8}"), grid.bits // 8
    step = max(1, _AT_A_TIME // grid.row_bytes)
    for top in range(0, len(body), step):
        part = body[top : top + step]
        if predictor == _DIFFERENCES:
            values = part.view(kind).reshape(len(part), -1, grid.channels)
            values[:] = np.cumsum(values, axis=1, dtype=kind.newbyteorder("="))
        else:
            sums = np.cumsum(part.reshape(len(part), -1, grid.channels), axis=1, dtype=np.uint8)
            whole = sums.reshape(len(part), size, -1).swapaxes(1, 2)
            part[:] = (whole if order == ">" else whole[..., ::-1]).reshape(part.shape)


def _spread(body: NDArray[np.uint8], grid: _Grid, order: str) -> tuple[NDArray[np.uint8], _Grid]:
    """Samples that fill no whole bytes in 16 or 32 bits each, high bits empty."""
    bits = 16 if grid.bits <= 16 else 32
    kind = np.dtype(f"{order}u{bits // 8}")
    count = grid.width * grid.channels
    weights = 2 ** np.arange(grid.bits - 1, -1, -1, dtype=np.uint32)

    def whole(part: NDArray[np.uint8]) -> NDArray[np.uint32]:
        return np.unpackbits(part, axis=1)[:, : count * grid.bits].reshape(-1, count, grid.bits) @ weights

    return by_rows(whole, body, np.empty((len(body), count), kind)).view(np.uint8), grid._replace(bits=bits)


def _name(codec: int) -> str:
    known = {member.value: member.name.replace("_", " ") for member in tifffile.COMPRESSION}
    return f"compression {known.get(codec, codec)}"
