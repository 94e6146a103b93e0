"""Samples of more than 8 bits through the door: one rule without jumps, said where it is no matter of course."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from core.pictures.formats.deep import scale_of
from core.pictures.image import decode
from tests.helpers.pictures import chunk, grey, png, save
from tests.helpers.tiffs import tiff

RAMP = np.repeat(np.linspace(0, 32767, 256).round().astype(np.int16)[None], 8, 0)
BLOBS = (np.hypot(*np.mgrid[-24:24, -32:32]) / 40 * 255).clip(8, 248).astype(np.float32)


def values(samples, **more):
    return decode(tiff(samples, **more)).pixels[..., 0].astype(int)


# ---- no jumps ------------------------------------------------------------------------------------


def test_white_stays_white_and_one_sample_below_black_changes_little():
    np.testing.assert_array_equal(values(RAMP), grey(np.arange(256)[None].repeat(8, 0))[..., 0])
    with_one = RAMP.copy()
    with_one[7, 0] = -1
    assert np.abs(values(with_one) - values(RAMP)).max() <= 1


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("scale", [1, 255])
@pytest.mark.parametrize("beyond", [{"high": 1.001}, {"high": 1.02}, {"low": -0.001}, {"low": -0.02, "high": 1.01}])
def test_a_little_outside_of_a_scale_is_a_little_change(kind, scale, beyond):
    inside = np.clip(BLOBS / 248, 0, 1)
    outside = inside.copy()
    outside[0, 0], outside[0, 1] = beyond.get("low", 0), beyond.get("high", 1)
    calm = values((inside * scale).astype(kind))
    assert np.abs(calm - np.rint(inside * 255)).max() <= 1
    assert np.abs(values((outside * scale).astype(kind)) - calm)[1:].max() <= 6


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int32, np.uint32, np.int16])
def test_the_brightest_sample_may_be_anything_and_nothing_jumps(kind):
    top = min(np.iinfo(kind).max if np.dtype(kind).kind in "iu" else 1e7, 1e7)
    steps = np.unique(np.geomspace(1 if np.dtype(kind).kind in "iu" else 1e-3, top, 4000).astype(kind))
    shown = [scale_of(row, None).shown(row)[0] for row in (np.array([[0, step // 2, step]], kind) for step in steps)]
    assert np.abs(np.diff([int(row[1]) for row, step in zip(shown, steps, strict=True) if step >= 400])).max() <= 3
    brightest = [row[2] for row in shown]
    assert np.abs(np.diff(np.array(brightest, int)))[steps[1:] / steps[:-1] < 1.01].max() <= 5
    assert np.array(brightest)[steps >= 1].min() >= 190


@settings(max_examples=150, deadline=None)
@given(
    hnp.arrays(np.float64, (3, 5), elements=st.floats(-70000, 70000, width=32)),
    st.floats(-1, 1),
    st.integers(0, 14),
)
def test_a_small_change_of_a_sample_is_a_small_change_of_the_picture(samples, sign, where):
    span = max(samples.max() - min(samples.min(), 0), 1.0)
    moved = samples.copy()
    moved.flat[where] += sign * span / 1000
    assert np.abs(values(moved) - values(samples)).max() <= 3


def test_whole_scales_are_kept():
    photo = np.arange(1, 241, dtype=np.uint8).reshape(12, 20)
    for kind in (np.float32, np.float64, np.int16, np.int32, np.uint32):
        np.testing.assert_array_equal(values(photo.astype(kind)), photo)
    for kind in (np.float32, np.int32, np.uint32):
        np.testing.assert_array_equal(values(photo.astype(kind) * 257), photo)
    np.testing.assert_array_equal(values(photo.astype(np.float32) / 255), photo)
    assert np.abs(values(photo.astype(np.float32) / 2550) - photo / 10).max() < 0.51  # dark stays dark


def test_colours_have_one_black_and_one_white():
    samples = np.zeros((2, 2, 3), np.float32)
    samples[0, 0], samples[1, 1] = (0.5, 0.25, 1), (-1, 0, 3)
    came = decode(tiff(samples)).pixels
    assert came[1, 1].tolist() == [0, 64, 255]
    assert came[0, 0].tolist() == [96, 80, 128]


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_what_is_not_a_number_is_black(kind):
    samples = np.array([[np.nan, 0.2, 1, np.inf, -np.inf]], kind)
    assert values(samples)[0].tolist() == [0, 51, 255, 255, 0]
    assert values(np.full((2, 2), np.nan, kind)).max() == 0
    assert values(np.stack([samples, samples, samples], -1))[0].tolist() == [0, 51, 255, 255, 0]


@pytest.mark.parametrize(
    "kind", [np.uint16, np.int16, np.uint32, np.int32, np.uint64, np.int64, np.float32, np.float64]
)
def test_the_ends_of_every_type(kind):
    ends = np.iinfo(kind) if np.dtype(kind).kind in "iu" else np.finfo(kind)
    assert values(np.array([[ends.min, ends.max]], kind))[0].tolist() == [0, 255]


# ---- what the file says --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [np.uint16, np.int16, np.uint32, np.float32])
def test_the_file_may_say_what_is_white(kind):
    samples = np.array([[0, 1000, 2000]], kind)
    assert values(samples, t281=4000)[0].tolist() == [0, 64, 128]
    assert values(samples, t281=1)[0].tolist() == [0, 128, 255]  # it cannot be less than what there is
    assert values(samples[..., None].repeat(3, 2), t281=[4000, 4000, 4000])[0].tolist() == [0, 64, 128]
    assert values(np.array([[0, 100, 200]], np.uint8), t281=200)[0].tolist() == [0, 100, 200]  # 8 bits stay as they are


@pytest.mark.parametrize("most", [1, 5, 100, 255, 256, 1023, 4095, 65535])
def test_the_highest_value_of_pgm_is_white(most):
    samples = np.linspace(0, most, 12).astype(">u2" if most > 255 else np.uint8).reshape(3, 4)
    expected = np.rint(samples.astype(int) * 255 / most)
    header = b"P5 4 3 %d\n" % most
    np.testing.assert_array_equal(decode(header + samples.tobytes()).pixels, grey(expected))


# ---- and it is said ------------------------------------------------------------------------------

NARROW = np.linspace(0, 4095, 640).astype(np.uint16).reshape(10, 64)
PLAIN = {"u2": NARROW * 16, "f4 0..1": np.float32(NARROW / 4095), "i4 0..255": (NARROW // 16).astype(np.int32)}


@pytest.mark.parametrize("name", PLAIN)
def test_nothing_is_said_of_what_is_usual(name):
    image = decode(tiff(PLAIN[name]))
    assert (image.note, image.narrow) == ("", False)


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (RAMP, ["0 to 32,767", "0 is shown as black, 32,767 as white"]),
        (RAMP - 1000, ["-1,000", "31,767"]),
        (np.float32([[0, 1.02]]), ["0 is shown as black, 1.02 as white"]),
        (np.int8([[-128, 127]]), ["-128", "127"]),
        (np.uint32([[0, 3]]), ["3 as white"]),
    ],
)
def test_a_range_of_its_own_is_said(samples, words):
    image = decode(tiff(samples))
    assert all(word in image.note for word in words), image.note
    assert image.note.endswith(".")
    assert not image.narrow


def deep_png(samples, colour=0):
    return png(samples.shape[1], len(samples), 16, colour, [row.astype(">u2").tobytes() for row in samples])


@pytest.mark.parametrize(
    "data",
    [tiff(NARROW), tiff(NARROW[..., None].repeat(3, 2)), save(Image.fromarray(NARROW), "PNG"), deep_png(NARROW),
     b"P5 64 10 65535\n" + NARROW.astype(">u2").tobytes()],
    ids=["TIFF", "TIFF RGB", "PNG", "PNG by hand", "PGM"],
)  # fmt: skip
def test_twelve_bits_in_sixteen_are_said_and_stretched(data):
    image = decode(data)
    assert image.pixels.max() == 16
    assert "0 to 4,095 of 65,535: shown as they are; stretch them" in image.note
    assert image.narrow
    stretched = decode(data, stretch=True)
    np.testing.assert_array_equal(stretched.pixels[..., 0], np.rint(NARROW / 4095 * 255))
    assert stretched.note.startswith("Stretched: ")
    assert not stretched.narrow
    assert stretched != image


def test_dark_colours_of_sixteen_bit_in_png_are_said_too():
    rgb = NARROW.reshape(10, 64)[..., None].repeat(3, 2)
    data = deep_png(rgb, colour=2)
    assert decode(data).narrow
    assert "of 255" in decode(data).note
    assert decode(data, stretch=True).pixels.max() == 255


def test_bright_samples_that_hardly_differ_are_said():
    data = tiff(np.float32([[300, 304, 310]]))
    assert decode(data).narrow
    assert decode(data, stretch=True).pixels[0, :, 0].tolist() == [0, 102, 255]


def test_eight_bits_are_never_stretched():
    dark = np.arange(12, dtype=np.uint8).reshape(3, 4)
    for data in (tiff(dark), tiff(dark[..., None].repeat(3, 2), planar=True), save(Image.fromarray(dark), "PNG")):
        image = decode(data, stretch=True)
        assert (image.note, image.narrow) == ("", False)
        np.testing.assert_array_equal(image.pixels, grey(dark))


def test_a_flat_picture_has_nothing_to_stretch():
    for samples in (np.full((2, 2), 5, np.uint16), np.full((2, 2), 7, np.float32)):
        assert not decode(tiff(samples)).narrow
        assert decode(tiff(samples)) == decode(tiff(samples), stretch=True)


def test_the_note_is_no_part_of_a_pictures_identity():
    said = decode(tiff(RAMP))
    same = decode(save(Image.fromarray(said.pixels), "PNG"))
    assert said.note != same.note
    assert said == same
    assert hash(said) == hash(same)


def test_two_notes_are_two_sentences():
    code = chunk(b"cICP", bytes([9, 16, 0, 1]))
    data = png(64, 10, 16, 0, [row.astype(">u2").tobytes() for row in NARROW], code)
    assert decode(data).note.count(". ") == 1
    assert struct.unpack(">I", data[16:20]) == (64,)
