"""Colours through the door: profiles by their numbers, not by their names; colours that are stated by code."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from core.pictures.image import decode
from tests.helpers import profiles
from tests.helpers.pictures import PHOTO, RAMP, chunk, grey, png, save
from tests.helpers.profiles import (
    ADOBE,
    BT2020,
    D65,
    DCI,
    P3,
    SRGB,
    gamma,
    grey_profile,
    in_srgb,
    profile,
    table,
    to_linear,
)
from tests.helpers.tiffs import tiff

SWAPPED = (SRGB[1], SRGB[0], SRGB[2])
NAMES = ["sRGB IEC61966-2.1", "DCI-P3 D65 Gamut with sRGB Transfer", "sRGB-elle-V2-g10.icc", "c2", "Display P3", ""]


def with_profile(icc, form="PNG", pixels=PHOTO):
    return save(Image.fromarray(pixels), form, icc_profile=icc)


def by_hand(*chunks, pixels=PHOTO):
    rows = [row.tobytes() for row in pixels]
    return png(pixels.shape[1], len(pixels), 8, 2 if pixels.ndim == 3 else 0, rows, *chunks)


def off(data, expected):
    return np.abs(decode(data).pixels.astype(int) - expected).max()


# ---- profiles ------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("name", NAMES)
def test_a_profile_is_applied_whatever_its_name_says(name, form):
    linear = profiles.from_linear(np.linspace(0, 1, 256))
    for icc, expected in (
        (profile(name, P3), in_srgb(PHOTO, P3)),
        (profile(name, ADOBE, gamma(2.2)), in_srgb(PHOTO, ADOBE, curve=lambda v: v ** (round(2.2 * 256) / 256))),
        (profile(name, curve=gamma(1)), np.rint(linear * 255)[PHOTO]),
        (profile(name, SWAPPED), PHOTO[..., [1, 0, 2]]),
    ):
        assert off(with_profile(icc, form), expected) <= 2


@pytest.mark.parametrize("name", NAMES)
def test_a_profile_that_is_srgb_changes_nothing(name):
    curves = [
        table(to_linear),
        table(to_linear, 4096),
        table(to_linear, 256),
        table(to_linear, 64),
        table(to_linear, 26),
    ]
    for icc in [profile(name, curve=curve) for curve in (*curves, profiles.parametric())]:
        for form in ("PNG", "TIFF", "WEBP"):
            np.testing.assert_array_equal(decode(with_profile(icc, form)).pixels, PHOTO)
    for mode in ("RGBA", "P"):
        picture = Image.fromarray(PHOTO).convert(mode)
        expected = decode(save(picture, "PNG")).pixels
        np.testing.assert_array_equal(decode(save(picture, "PNG", icc_profile=icc)).pixels, expected)


def test_nearly_srgb_is_not_srgb():
    came = decode(with_profile(profile("sRGB", curve=gamma(2.2)), pixels=grey(RAMP))).pixels[..., 0].astype(int)
    expected = np.rint(profiles.from_linear((RAMP / 255) ** (round(2.2 * 256) / 256)) * 255)
    assert np.abs(came - expected).max() <= 2
    assert np.abs(came - RAMP).max() >= 5


@pytest.mark.parametrize("name", ["Gray Gamma 1.8", "sGrey", "sRGB grey"])
def test_grey_profiles(name):
    for value in (1, 1.8):
        expected = np.rint(profiles.from_linear((RAMP / 255) ** (round(value * 256) / 256)) * 255)
        for form in ("PNG", "TIFF"):
            assert off(with_profile(grey_profile(name, gamma(value)), form, RAMP), grey(expected)) <= 1
    for data in (
        with_profile(grey_profile(name, table(to_linear)), pixels=RAMP),
        with_profile(profile(name, P3), pixels=RAMP),
    ):
        np.testing.assert_array_equal(decode(data).pixels, grey(RAMP))


def test_a_profile_of_more_than_a_megabyte_is_applied():
    noise = np.random.default_rng(0).integers(0, 256, 1_300_000).astype(np.uint8).tobytes()
    for stuffing in (bytes(1_300_000), noise):
        icc = profile("swapped", SWAPPED, more=[(b"zzzz", b"data\0\0\0\0" + stuffing)])
        for form in ("PNG", "TIFF", "WEBP"):
            assert off(with_profile(icc, form), PHOTO[..., [1, 0, 2]]) <= 2
        plain = decode(save(Image.fromarray(PHOTO), "JPEG")).pixels[..., [1, 0, 2]]
        assert off(with_profile(icc, "JPEG"), plain) <= 3


def test_cmyk_and_lab_stay_as_they_are():
    inks = Image.new("CMYK", (4, 4), (0, 255, 255, 0))
    assert off(save(inks, "TIFF", icc_profile=profile("sRGB")), (255, 0, 0)) <= 4  # a profile of other colours
    lab = save(Image.new("LAB", (2, 2), (255, 128, 128)), "TIFF", icc_profile=profile("sRGB", P3))
    assert off(lab, 255) <= 2


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_profiles_of_deep_and_planar_tiffs(kind):
    scale = {np.uint8: 1, np.uint16: 257, np.float32: 1 / 255}[kind]
    for planar in (False, True):
        samples = (PHOTO * np.float64(scale)).astype(kind)
        assert off(tiff(samples, planar=planar, t34675=profile("x", SWAPPED)), PHOTO[..., [1, 0, 2]]) <= 2
    samples = (RAMP * np.float64(scale)).astype(kind)
    expected = np.rint(profiles.from_linear(RAMP / 255) * 255)
    assert off(tiff(samples, t34675=grey_profile("x", gamma(1))), grey(expected)) <= 1


# ---- by code -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "primaries", "white", "curve"),
    [
        ((12, 13), P3, D65, to_linear),
        ((11, 13), P3, DCI, to_linear),
        ((9, 13), BT2020, D65, to_linear),
        ((1, 8), SRGB, D65, lambda v: v),
        ((12, 4), P3, D65, lambda v: v**2.2),
        ((5, 5), ((0.64, 0.33), (0.29, 0.6), (0.15, 0.06)), D65, lambda v: v**2.8),
        ((9, 1), BT2020, D65, lambda v: np.where(v < 0.081, v / 4.5, ((v + 0.0993) / 1.0993) ** (1 / 0.45))),
        ((1, 13), SRGB, D65, to_linear),
    ],
)
def test_cicp(code, primaries, white, curve):
    image = decode(by_hand(chunk(b"cICP", bytes([*code, 0, 1]))))
    assert np.abs(image.pixels.astype(int) - in_srgb(PHOTO, primaries, white, curve)).max() <= 1
    assert image.note == ""


def test_cicp_of_srgb_leaves_every_pixel_and_outweighs_a_profile():
    wrong = chunk(b"iCCP", b"x\0\0" + zlib.compress(profile("swapped", SWAPPED)))
    np.testing.assert_array_equal(decode(by_hand(wrong, chunk(b"cICP", bytes([1, 13, 0, 1])))).pixels, PHOTO)
    np.testing.assert_array_equal(
        decode(by_hand(chunk(b"cICP", bytes([12, 13, 0, 1])), pixels=RAMP)).pixels, grey(RAMP)
    )


def test_cicp_of_video_range():
    narrow = np.rint(16 + PHOTO * (219 / 255)).astype(np.uint8)
    assert off(by_hand(chunk(b"cICP", bytes([1, 13, 0, 0])), pixels=narrow), PHOTO) <= 1


@pytest.mark.parametrize(("code", "said"), [((9, 16), "high dynamic range"), ((9, 18), "high dynamic range"),
                                            ((10, 13), "10, 13"), ((1, 200), "1, 200"), ((2, 2), "")])  # fmt: skip
def test_codes_that_are_not_converted_are_said(code, said):
    image = decode(by_hand(chunk(b"cICP", bytes([*code, 0, 1]))))
    np.testing.assert_array_equal(image.pixels, PHOTO)
    assert (said in image.note) if said else image.note == ""


@pytest.mark.parametrize("code", [(0, 0), (1, 0), (2, 2), (1, 2), (9, 16), (200, 13)])
def test_of_a_code_that_is_not_used_the_range_is_not_either(code):
    for pixels in (PHOTO, RAMP):
        full, video = (decode(by_hand(chunk(b"cICP", bytes([*code, 0, end])), pixels=pixels)) for end in (1, 0))
        np.testing.assert_array_equal(video.pixels, pixels if pixels.ndim == 3 else grey(pixels))
        assert video.note == full.note
    swapped = chunk(b"iCCP", b"x\0\0" + zlib.compress(profile("swapped", SWAPPED)))
    assert off(by_hand(swapped, chunk(b"cICP", bytes([*code, 0, 0]))), PHOTO[..., [1, 0, 2]]) <= 2


def test_gamma_and_primaries_of_png_are_ignored():
    chrm = chunk(b"cHRM", struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000))
    for value in (45455, 100000):
        np.testing.assert_array_equal(decode(by_hand(chunk(b"gAMA", struct.pack(">I", value)), chrm)).pixels, PHOTO)


def smooth():
    return np.stack(np.broadcast_arrays(np.arange(48)[:, None] * 4 + 30, np.arange(64) * 3 + 30, 90), -1).astype(
        np.uint8
    )


@pytest.mark.parametrize(("code", "expected"), [((12, 13), P3), ((12, 1), P3), ((1, 13), SRGB), ((1, 1), SRGB)])
def test_nclx_of_avif(code, expected):
    data = save(Image.fromarray(smooth()), "AVIF", quality=100, subsampling="4:4:4")
    came = decode(data).pixels
    stated = data.replace(b"nclx" + bytes([0, 1, 0, 13]), b"nclx" + bytes([0, code[0], 0, code[1]]))
    assert off(stated, in_srgb(came, expected)) <= 1
    icc = save(Image.fromarray(smooth()), "AVIF", quality=100, subsampling="4:4:4", icc_profile=profile("P", P3))
    assert off(icc, in_srgb(came, P3)) <= 2


def test_a_profile_by_a_library_is_as_those_by_hand():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    np.testing.assert_array_equal(decode(with_profile(srgb)).pixels, decode(with_profile(profile("x"))).pixels)
