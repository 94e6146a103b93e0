"""TIFFs whose strips or tiles do not cover the picture: missed where missing, named where they are left out."""

import numpy as np
import pytest

from core.pictures.formats.tiff_pages import main_page
from tests.core.pictures.test_tiff import EIGHT, WRITTEN, off, shown
from tests.helpers.pictures import attempt, refused
from tests.helpers.tiffs import DEFLATE, LZW, NONE, tiff

IN_PARTS = [{"rows": 7}, {"tile": (16, 16)}, {"rows": 7, "planar": True}, {"tile": (16, 16), "planar": True}]


def parted(kind, codec, layout, big=False, change=None):
    """EIGHT as a TIFF in parts; `change` gets the offsets and the lengths and gives others."""
    channels = 3 if layout.get("planar") or kind is np.uint8 else 1
    samples = (EIGHT[..., :channels] * np.float64(WRITTEN[kind])).astype(kind)
    data = tiff(samples, codec=codec, big=big, **layout)
    page = main_page(data)
    offsets, lengths = (324, 325) if "tile" in layout else (273, 279)
    at, counts = change(list(page.numbers(offsets)), list(page.numbers(lengths)))
    return tiff(samples, codec=codec, big=big, **layout, **{f"t{offsets}": at, f"t{lengths}": counts})


@pytest.mark.parametrize("layout", IN_PARTS, ids=str)
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("codec", [NONE, DEFLATE])
def test_parts_that_do_not_cover_the_picture_are_missed(layout, kind, codec):
    for big in (False, True):
        whole = parted(kind, codec, layout, big, lambda at, counts: (at, counts))
        assert not isinstance(attempt(whole), str)
        for kept in (1, 2, -1):
            for change in (
                lambda at, counts, kept=kept: (at[:kept], counts[:kept]),
                lambda at, counts, kept=kept: (at[:kept], counts),
            ):
                message = refused(parted(kind, codec, layout, big, change))
                assert "damaged or cut short" in message
                assert "strips or tiles instead of" in message
        short = refused(parted(kind, codec, layout, big, lambda at, counts: (at, [counts[0] // 2, *counts[1:]])))
        assert "damaged or cut short" in short


@pytest.mark.parametrize("layout", IN_PARTS, ids=str)
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("codec", [NONE, DEFLATE, LZW])
def test_sparse_files_are_named(layout, kind, codec):
    for left_out in (0, 1, -1, slice(None)):

        def change(at, counts, left_out=left_out):
            for numbers in (at, counts):
                numbers[left_out] = [0] * len(numbers) if isinstance(left_out, slice) else 0
            return at, counts

        message = refused(parted(kind, codec, layout, change=change))
        assert "of a kind that is read, got another (a sparse file, which leaves out tiles or strips)" in message
        assert "save it as TIFF without compression, or as PNG" in message


def test_lengths_of_nothing_are_worked_out_where_nothing_is_packed():
    for layout in IN_PARTS:
        data = parted(np.uint8, NONE, layout, change=lambda at, counts: (at, [0] * len(counts)))
        assert off(data, shown(3)) == 0
    assert off(tiff(EIGHT[..., :3], t279=5), shown(3)) == 0  # nor are they asked for of a single strip
