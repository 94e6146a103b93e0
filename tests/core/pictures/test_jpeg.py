"""JPEG through the door: the kinds of it that are not read are named as such, and only broken files called broken."""

import struct

import numpy as np
import pytest
from PIL import Image

from tests.helpers.pictures import PHOTO, RAMP, attempt, grey, refused, save


def segment(marker, body):
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body


def lossless(samples, bits=8, frame=0xC3, fill=b""):
    """A grey lossless JPEG (ITU-T T.81, annex H), predictor 1, each length of a difference in five bits."""
    values = samples.astype(int)
    before = np.roll(values, 1, axis=1)
    before[:, 0] = np.concatenate([[2 ** (bits - 1)], values[:-1, 0]])
    code = ""
    for step in map(int, (values - before).flat):
        length = abs(step).bit_length()
        code += f"{length:05b}" + (f"{step if step > 0 else step + 2**length - 1:0{length}b}" if length else "")
    code += "1" * (-len(code) % 8)
    packed = int(code, 2).to_bytes(len(code) // 8, "big").replace(b"\xff", b"\xff\0")
    header = struct.pack(">BHHB3B", bits, *samples.shape, 1, 1, 0x11, 0)
    table = bytes([0, *(0, 0, 0, 0, 17), *[0] * 11, *range(17)])
    scan = segment(0xDA, bytes([1, 1, 0, 1, 0, 0]))
    return b"\xff\xd8" + segment(0xC4, table) + fill + segment(frame, header) + scan + packed + b"\xff\xd9"


@pytest.mark.parametrize(
    ("bits", "frame", "named"),
    [
        (12, 0xC0, "12 bits a sample"),
        (12, 0xC1, "12 bits a sample"),
        (12, 0xC2, "12 bits a sample"),
        (12, 0xC3, "lossless, 12 bits a sample"),
        (16, 0xC3, "lossless, 16 bits a sample"),
        (8, 0xC5, "hierarchical"),
        (8, 0xC7, "lossless, hierarchical"),
        (8, 0xDE, "hierarchical"),
        (8, 0xCB, "lossless, arithmetic coding"),
        (8, 0xCF, "lossless, hierarchical, arithmetic coding"),
        (8, 0xF7, "JPEG-LS"),
        (12, 0xF7, "JPEG-LS"),
    ],
)
@pytest.mark.parametrize("fill", [b"", b"\xff\xff", segment(0xE1, b"\xff\xc0" * 9)])
def test_rare_jpegs_are_called_unsupported_and_not_damaged(bits, frame, named, fill):
    message = refused(lossless(RAMP, bits, frame, fill))
    assert f"expected a JPEG picture of a kind that is read, got another ({named}): save it as PNG first" in message


def test_lossless_jpegs_come_as_they_are_or_are_named():
    data = lossless(RAMP)
    outcome = attempt(data)  # by the libjpeg inside Pillow: since libjpeg-turbo 3 it reads them
    if isinstance(outcome, str):
        assert "of a kind that is read, got another (lossless)" in outcome
    else:
        np.testing.assert_array_equal(outcome.pixels, grey(RAMP))
        assert "damaged or cut short" in refused(data[:-60])
    colours = save(Image.fromarray(PHOTO), "JPEG").replace(b"\xff\xc0", b"\xff\xc3")
    assert "got another (lossless)" in refused(colours)


def test_channels_of_a_jpeg_that_mean_no_colours_are_named():
    two = save(Image.fromarray(RAMP), "JPEG")
    at = two.index(b"\xff\xc0")
    two = two[:at] + segment(0xC0, two[at + 4 : at + 9] + b"\2\1\x11\0\2\x11\0") + two[at + 13 :]
    assert "of a kind that is read, got another (2 channels): save it as PNG first" in refused(two)


@pytest.mark.parametrize("length", [2, 3, 30, 170, 400])
def test_a_usual_jpeg_cut_short_is_damaged(length):
    assert "damaged or cut short" in refused(save(Image.fromarray(PHOTO), "JPEG")[:length].ljust(3, b"\xff"))
