"""The door for user pictures: closed forms for good files."""

import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from core.pictures.image import ImageError, RGBImage, decode, from_pixels, png_bytes, thumbnail
from tests.helpers.pictures import ALL, DEEP, LOSSLESS, PHOTO, RAMP, RNG, chunk, grey, png, save, swapped_profile, tiff

# ---- good pictures -------------------------------------------------------------------------------


@pytest.mark.parametrize("form", LOSSLESS)
def test_rgb_is_exact(form):
    image = decode(save(Image.fromarray(PHOTO), form))
    assert (image.height, image.width, image.pixels.dtype) == (12, 20, np.uint8)
    np.testing.assert_array_equal(image.pixels, PHOTO)


@pytest.mark.parametrize("form", ALL)
@pytest.mark.parametrize("size", [(1, 1), (5000, 3), (3, 5000), (17, 1)])
def test_odd_sizes(form, size):
    image = decode(save(Image.new("RGB", size, (200, 100, 50)), form))
    assert (image.width, image.height) == size
    assert np.abs(image.pixels.astype(int) - (200, 100, 50)).max() <= 2


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF", "GIF"])
def test_grey_is_exact(form):
    np.testing.assert_array_equal(decode(save(Image.fromarray(RAMP), form)).pixels, grey(RAMP))


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF"])
def test_one_bit(form):
    bits = RNG.integers(0, 2, (9, 13)).astype(bool)
    np.testing.assert_array_equal(decode(save(Image.fromarray(bits), form)).pixels, grey(bits * np.uint8(255)))


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}])
def test_jpeg_is_close(options):
    smooth = np.stack(np.broadcast_arrays(np.arange(64)[:, None] * 2, np.arange(64) * 3, 90), -1).astype(np.uint8)
    came = decode(save(Image.fromarray(smooth), "JPEG", quality=95, **options)).pixels
    assert np.abs(came.astype(int) - smooth).mean() < 2


def test_grey_jpeg():
    assert np.abs(decode(save(Image.fromarray(RAMP), "JPEG", quality=98)).pixels.astype(int) - grey(RAMP)).max() < 6


@pytest.mark.parametrize("form", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("alpha", [0, 1, 64, 128, 200, 255])
def test_alpha_over_white(form, alpha):
    came = decode(save(Image.new("RGBA", (6, 4), (255, 40, 0, alpha)), form)).pixels
    expected = [255 + (colour - 255) * alpha / 255 for colour in (255, 40, 0)]
    np.testing.assert_allclose(came.reshape(-1, 3), np.tile(expected, (24, 1)), atol=0.51)


def test_half_transparent_red_is_pink():
    assert decode(save(Image.new("RGBA", (1, 1), (255, 0, 0, 128)), "PNG")).pixels.tolist() == [[[255, 127, 127]]]


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_grey_with_alpha(form):
    came = decode(save(Image.new("LA", (2, 2), (100, 51)), form)).pixels
    np.testing.assert_allclose(came, 255 - 155 * 51 / 255, atol=0.51)


def test_premultiplied_alpha_in_tiff():
    # ExtraSamples (338) = 1: red at half strength is stored already multiplied.
    data = bytearray(save(Image.new("RGBA", (1, 1), (128, 0, 0, 128)), "TIFF"))
    at = data.index(struct.pack("<HHI", 338, 3, 1)) + 8
    assert data[at] == 2
    data[at] = 1
    np.testing.assert_allclose(decode(bytes(data)).pixels[0, 0], (255, 127, 127), atol=1)


@pytest.mark.parametrize("form", ["PNG", "GIF", "BMP", "TIFF"])
def test_palette(form):
    picture = Image.new("P", (3, 1))
    picture.putpalette([10, 20, 30, 200, 100, 0, 0, 255, 9])
    picture.putdata([0, 1, 2])
    assert decode(save(picture, form)).pixels.tolist() == [[[10, 20, 30], [200, 100, 0], [0, 255, 9]]]


@pytest.mark.parametrize(("form", "transparency", "first"), [("GIF", 0, 255), ("PNG", 0, 255), ("PNG", b"\x80", 132)])
def test_palette_with_transparency(form, transparency, first):
    picture = Image.new("P", (2, 1))
    picture.putpalette([10, 10, 10, 200, 100, 0])
    picture.putdata([0, 1])
    came = decode(save(picture, form, transparency=transparency)).pixels
    assert came.tolist() == [[[first] * 3, [200, 100, 0]]]


@pytest.mark.parametrize(
    ("depth", "row", "key", "expected"),
    [
        (1, b"\x40", 1, [0, 255]),
        (1, b"\x40", 0, [255, 255]),
        (2, b"\x60", 1, [255, 170]),
        (4, b"\x3c", 3, [255, 204]),
        (8, b"\x07\x70", 7, [255, 112]),
        (16, b"\x12\x34\x12\x35", 0x1234, [255, 18]),
    ],
)
def test_grey_png_with_one_transparent_value(depth, row, key, expected):
    data = png(2, 1, depth, 0, [row], chunk(b"tRNS", struct.pack(">H", key)))
    assert decode(data).pixels[0, :, 0].tolist() == expected


@pytest.mark.parametrize(("depth", "pack"), [(8, ">6B"), (16, ">6H")])
def test_rgb_png_with_one_transparent_colour(depth, pack):
    samples = [value if depth == 8 else 256 * value + 99 for value in (1, 2, 3, 9, 8, 7)]
    row = struct.pack(pack, *samples)
    data = png(2, 1, depth, 2, [row], chunk(b"tRNS", struct.pack(">3H", *samples[:3])))
    assert decode(data).pixels.tolist() == [[[255, 255, 255], [9, 8, 7]]]


# ---- more than eight bits ------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_sixteen_bit_grey_is_scaled(form):
    came = decode(save(Image.fromarray(DEEP), form)).pixels
    np.testing.assert_array_equal(came, grey(np.rint(DEEP / 257)))


def test_sixteen_bit_big_endian_tiff():
    picture = Image.frombytes("I;16B", (64, 10), DEEP.astype(">u2").tobytes())
    np.testing.assert_array_equal(decode(save(picture, "TIFF")).pixels, grey(np.rint(DEEP / 257)))


@pytest.mark.parametrize("channels", [3, 4])
def test_sixteen_bit_colour_png(channels):
    values = np.stack([DEEP, DEEP[::-1], DEEP // 2, np.full_like(DEEP, 65535)][:channels], -1)
    data = png(64, 10, 16, {3: 2, 4: 6}[channels], [row.astype(">u2").tobytes() for row in values])
    assert np.abs(decode(data).pixels - values[..., :3] / 257).max() <= 1


def test_sixteen_bit_grey_with_alpha_png():
    row = struct.pack(">4H", 0, 0x8000, 0x4000, 0xFFFF)
    np.testing.assert_allclose(decode(png(2, 1, 16, 4, [row])).pixels[0, :, 0], [127, 64], atol=1)


@pytest.mark.parametrize(
    ("bits", "values", "tags", "expected"),
    [
        (16, "<3H", {}, [0, 128, 255]),
        (16, "<3H", {"t262": 0}, [255, 127, 0]),
        (8, "<3B", {"t262": 0}, [255, 127, 0]),
    ],
)
def test_tiff_white_may_be_zero(bits, values, tags, expected):
    top = 2**bits - 1
    body = struct.pack(values, 0, (top + 1) // 2, top)
    assert decode(tiff(3, 1, body, t258=bits, **tags)).pixels[0, :, 0].tolist() == expected


def test_twelve_bit_tiff():
    body = bytes([0x00, 0x08, 0x00, 0xFF, 0xF0, 0x00])  # 0, 2048, 4095, 0: two samples in three bytes
    assert decode(tiff(4, 1, body, t258=12)).pixels[0, :, 0].tolist() == [0, 128, 255, 0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.int32([[0, 100, 255]]), [0, 100, 255]),
        (np.int32([[0, 257 * 100, 65535]]), [0, 100, 255]),
        (np.int32([[0, 257, 2570]]), [0, 26, 255]),
        (np.int32([[-100, 0, 100]]), [0, 128, 255]),
        (np.int32([[0, 10**9, 2 * 10**9]]), [0, 128, 255]),
        (np.float32([[0, 0.2, 1]]), [0, 51, 255]),
        (np.float32([[0, 0.2, 0.4]]), [0, 51, 102]),
        (np.float32([[3, 100.4, 250]]), [3, 100, 250]),
        (np.float32([[0, 25700, 60000]]), [0, 100, 233]),
        (np.float32([[0, 0.51, 1.02]]), [0, 128, 255]),
        (np.float32([[-1, 0, 1]]), [0, 128, 255]),
        (np.float32([[np.nan, 0.2, np.inf, -np.inf, 1]]), [0, 51, 255, 0, 255]),
        (np.float32([[np.nan, np.nan]]), [0, 0]),
        (np.float32([[-3e38, 0, 3e38]]), [0, 128, 255]),
        (np.float32([[7, 7]]), [255, 255]),
    ],
)
def test_thirty_two_bit_tiff(values, expected):
    assert decode(save(Image.fromarray(values), "TIFF")).pixels[0, :, 0].tolist() == expected


def test_unsigned_thirty_two_bit_tiff():
    assert decode(tiff(3, 1, struct.pack("<3I", 0, 2**31, 2**32 - 1), t258=32)).pixels[0, :, 0].tolist() == [
        0,
        128,
        255,
    ]


# ---- colour spaces -------------------------------------------------------------------------------

INKS = {(0, 0, 0, 0): (255, 255, 255), (255, 0, 0, 0): (0, 255, 255), (0, 255, 0, 0): (255, 0, 255)}
INKS |= {(0, 0, 255, 0): (255, 255, 0), (0, 0, 0, 255): (0, 0, 0), (0, 255, 255, 0): (255, 0, 0)}


@pytest.mark.parametrize("form", ["JPEG", "TIFF"])
@pytest.mark.parametrize(("ink", "rgb"), INKS.items())
def test_cmyk(form, ink, rgb):
    came = decode(save(Image.new("CMYK", (16, 16), ink), form)).pixels
    assert np.abs(came.astype(int) - rgb).max() <= 4


def test_lab_and_ycbcr_tiff():
    assert np.abs(decode(save(Image.new("LAB", (2, 2), (255, 128, 128)), "TIFF")).pixels.astype(int) - 255).max() <= 2
    red = Image.new("RGB", (2, 2), (255, 0, 0)).convert("YCbCr")
    assert np.abs(decode(save(red, "TIFF")).pixels.astype(int) - (255, 0, 0)).max() <= 2


@pytest.mark.parametrize("form", ["PNG", "TIFF", "WEBP", "JPEG"])
def test_icc_profile_is_applied(form):
    came = decode(save(Image.new("RGB", (8, 8), (255, 0, 0)), form, icc_profile=swapped_profile())).pixels
    assert np.abs(came.astype(int) - (0, 255, 0)).max() <= 4


def test_icc_profile_and_alpha():
    data = save(Image.new("RGBA", (2, 2), (255, 0, 0, 128)), "PNG", icc_profile=swapped_profile())
    assert np.abs(decode(data).pixels.astype(int) - (127, 255, 127)).max() <= 3


def test_a_linear_srgb_profile_is_not_taken_for_srgb():
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    curve = profile.index(b"para\0\0\0\0", 128)
    profile[curve : curve + 12] = b"curv" + bytes(8)  # a curve without points is the identity
    linear = bytes(profile).replace("built-in".encode("utf-16-be"), "linear  ".encode("utf-16-be"))
    came = decode(save(Image.new("RGB", (2, 2), (128, 128, 128)), "PNG", icc_profile=linear)).pixels
    assert np.abs(came.astype(int) - 188).max() <= 1  # 1.055 * (128 / 255) ** (1 / 2.4) - 0.055


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P"])
@pytest.mark.parametrize("profile", [b"no profile at all", swapped_profile()[:300], b"\0" * 200], ids=len)
def test_a_broken_profile_costs_nothing(mode, profile):
    picture = Image.fromarray(PHOTO).convert(mode)
    expected = decode(save(picture, "PNG")).pixels
    np.testing.assert_array_equal(decode(save(picture, "PNG", icc_profile=profile)).pixels, expected)


def test_srgb_and_foreign_profiles_change_nothing():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    np.testing.assert_array_equal(decode(save(Image.fromarray(PHOTO), "PNG", icc_profile=srgb)).pixels, PHOTO)
    rgb_on_grey = save(Image.fromarray(RAMP), "TIFF", icc_profile=swapped_profile())
    np.testing.assert_array_equal(decode(rgb_on_grey).pixels, grey(RAMP))


# ---- orientation and frames ----------------------------------------------------------------------

TURNS = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a.swapaxes(0, 1)[:, ::-1],
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: a.swapaxes(0, 1)[::-1],
}


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF", "JPEG"])
@pytest.mark.parametrize("orientation", TURNS)
def test_exif_orientation(form, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    blocks = np.kron([[0, 255, 90], [200, 30, 140]], np.ones((16, 16))).astype(np.uint8)
    came = decode(save(Image.fromarray(grey(blocks)), form, exif=exif)).pixels
    expected = grey(TURNS[orientation](blocks))
    assert came.shape == expected.shape
    assert np.abs(came.astype(int) - expected).max() <= (12 if form == "JPEG" else 0)


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"]
)
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_broken_exif_costs_nothing(form, exif):
    picture = Image.fromarray(PHOTO)
    np.testing.assert_array_equal(decode(save(picture, form, exif=exif)).pixels, decode(save(picture, form)).pixels)


@pytest.mark.parametrize("form", ["GIF", "WEBP", "TIFF", "PNG", "MPO"])
def test_first_frame(form):
    frames = [Image.new("RGB", (16, 16), colour) for colour in ((255, 0, 0), (0, 255, 0), (0, 0, 255))]
    came = decode(save(frames[0], form, save_all=True, append_images=frames[1:])).pixels
    assert np.abs(came.astype(int) - (255, 0, 0)).max() <= 2


# ---- RGBImage ------------------------------------------------------------------------------------


def test_another_shape_of_the_same_bytes_is_another_picture():
    flat = np.arange(36, dtype=np.uint8)
    digests = {from_pixels(flat.reshape(h, 12 // h, 3)).digest for h in (1, 2, 3, 4, 6, 12)}
    assert len(digests) == 6


def test_identity():
    one, same = from_pixels(PHOTO), from_pixels(PHOTO.copy())
    assert one == same
    assert len({one, same}) == 1
    assert one != from_pixels(PHOTO[::-1])
    assert one != one.digest
    assert len(one.digest) == 64
    assert int(one.digest, 16)


def test_pixels_cannot_be_changed():
    mine = PHOTO.copy()
    image = from_pixels(mine)
    mine[:] = 0
    np.testing.assert_array_equal(image.pixels, PHOTO)
    for kept in (image, decode(png_bytes(image)), thumbnail(image, 4)):
        assert not kept.pixels.flags.writeable
        with pytest.raises(ValueError, match="read-only"):
            kept.pixels[0, 0, 0] = 1
        with pytest.raises(ValueError, match="WRITEABLE"):
            kept.pixels.setflags(write=True)


@pytest.mark.parametrize(
    "array", [PHOTO / 255, PHOTO[..., 0], PHOTO[..., :2], PHOTO[:0], PHOTO.astype(int), [[[1, 2, 3]]], None]
)
def test_from_pixels_refuses_other_arrays(array):
    with pytest.raises(ImageError, match=r"^expected .* got .*: "):
        from_pixels(array)


def test_from_pixels_takes_views():
    np.testing.assert_array_equal(from_pixels(PHOTO[::-2, ::3]).pixels, PHOTO[::-2, ::3])


@pytest.mark.parametrize(
    ("height", "width", "side", "expected"),
    [
        (100, 50, 20, (20, 10)),
        (50, 100, 20, (10, 20)),
        (3, 5000, 256, (1, 256)),
        (9, 9, 9, (9, 9)),
        (4, 2, 99, (4, 2)),
    ],
)
def test_thumbnail_keeps_the_aspect(height, width, side, expected):
    small = thumbnail(from_pixels(np.full((height, width, 3), 77, np.uint8)), side)
    assert small.pixels.shape == (*expected, 3)
    assert (small.pixels == 77).all()


def test_thumbnail_is_antialiased():
    board = np.indices((64, 64)).sum(0) % 2 * np.uint8(255)
    assert np.abs(thumbnail(from_pixels(grey(board).astype(np.uint8)), 8).pixels.astype(int) - 127).max() < 12


def test_thumbnail_refuses_no_side():
    with pytest.raises(ValueError, match="at least 1 pixel, got 0"):
        thumbnail(from_pixels(PHOTO), 0)


def test_rgbimage_is_frozen():
    with pytest.raises(AttributeError):
        RGBImage(PHOTO, "0").digest = "1"
