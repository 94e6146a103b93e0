"""The door for user pictures: closed forms for good files, one clear sentence for bad ones, nothing else ever."""

import io
import struct
import subprocess
import sys
import time
import tracemalloc
import warnings
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageCms, ImageDraw, PngImagePlugin

from core.image import MAX_PIXELS, ImageError, RGBImage, decode, from_pixels, png_bytes, thumbnail

RNG = np.random.default_rng(7)
PHOTO = np.kron(RNG.integers(0, 256, (3, 5, 3)), np.ones((4, 4, 1))).astype(np.uint8)  # (12, 20, 3) blocks
RAMP = np.arange(256, dtype=np.uint8).reshape(8, 32)
LOSSLESS = ["PNG", "BMP", "TIFF", "WEBP"]
ALL = [*LOSSLESS, "JPEG", "GIF"]


def save(picture, form, **options):
    buffer = io.BytesIO()
    if form == "WEBP":
        options = {"lossless": True, "exact": True, **options}
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width, height, depth, colour, rows, *extra):
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(extra) + body + chunk(b"IEND", b"")


def tiff(width, height, body, **tags):
    """A little-endian grey TIFF of one strip, its tags written by hand (each one SHORT or LONG)."""
    numbers = {256: width, 257: height, 258: 8, 259: 1, 262: 1, 273: 0, 277: 1, 278: height, 279: len(body)}
    numbers |= {int(name[1:]): value for name, value in tags.items()}
    numbers[273] = 8 + 2 + 12 * len(numbers) + 4
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(numbers.items()))
    return b"II*\0" + struct.pack("<IH", 8, len(numbers)) + entries + b"\0\0\0\0" + body


def grey(values):
    return np.repeat(np.asarray(values)[..., None], 3, axis=2)


def refused(data):
    """The message, checked to be one sentence that says what was expected and what came."""
    with pytest.raises(ImageError) as caught:
        decode(data)
    message = str(caught.value)
    assert message.startswith("expected ")
    assert "got " in message
    assert ": " in message
    assert "\n" not in message
    return message


def attempt(data):
    try:
        return decode(data)
    except ImageError as error:
        return str(error)


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

DEEP = np.linspace(0, 65535, 640).round().astype(np.uint16).reshape(10, 64)


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
        (np.int32([[0, 257, 2570]]), [0, 1, 10]),
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
        (np.float32([[7, 7]]), [0, 0]),
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


def swapped_profile():
    """Pillow's sRGB profile with its red and green primaries exchanged and another name: red means green."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for index in range(struct.unpack_from(">I", profile, 128)[0]):
        at = 132 + 12 * index
        if profile[at : at + 4] in (b"rXYZ", b"gXYZ"):
            profile[at : at + 4] = {b"rXYZ": b"gXYZ", b"gXYZ": b"rXYZ"}[bytes(profile[at : at + 4])]
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "odd ".encode("utf-16-be"))


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


# ---- refused -------------------------------------------------------------------------------------


def archive():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as folder:
        folder.writestr("cat.txt", "miaow")
    return buffer.getvalue()


SVG = '<?xml version="1.0"?>\n<!-- drawn by hand --><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"", "empty file"),
        (SVG.encode(), "SVG"),
        (b"\xef\xbb\xbf \n<SVG/>", "SVG"),
        (SVG.encode("utf-16"), "SVG"),
        (b"<svg><foreignObject><html/></foreignObject></svg>", "SVG"),
        (b"<!DOCTYPE html><html><body><svg/></body></html>", "HTML"),
        (b"\n\n<html><head></head></html>", "HTML"),
        (b"<?xml version='1.0'?><note/>", "XML"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0avifmif1miaf", "AVIF"),
        (save(Image.new("RGB", (8, 8)), "AVIF"), "AVIF"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp42", "video"),
        (save(Image.new("RGB", (8, 8)), "PDF"), "PDF"),
        (save(Image.new("RGB", (8, 8)), "JPEG2000"), "JPEG 2000"),
        (save(Image.new("RGB", (8, 8)), "ICO"), "icon"),
        (archive(), "ZIP"),
        (b"8BPS\0\1", "Photoshop"),
        (b"just some words", "another kind"),
        (b"\0" * 4000, "another kind"),
        (save(Image.new("RGB", (8, 8)), "PPM"), "another kind"),
    ],
)
def test_other_files_are_named(data, named):
    assert named in refused(data)


def test_postscript_and_friends_never_reach_pillow():
    # Pillow would hand EPS to Ghostscript; the door knows six formats only.
    assert "another kind" in refused(save(Image.new("RGB", (8, 8)), "EPS"))


@pytest.mark.parametrize("form", ALL)
@pytest.mark.parametrize("share", [0.3, 0.6])
def test_truncated(form, share):
    data = save(Image.fromarray(RNG.integers(0, 256, (64, 64, 3)).astype(np.uint8)), form)
    message = refused(data[: int(len(data) * share)])
    assert form in message
    assert "cut short" in message


@pytest.mark.parametrize("form", ALL)
def test_only_the_first_bytes(form):
    for length in range(1, 40):
        refused(save(Image.fromarray(PHOTO), form)[:length])


def bomb(form, width, height):
    """A small file that claims width x height pixels; a PNG even carries (packed) zeros for its first rows."""
    data = bytearray(save(Image.new("RGB", (8, 8)), form))
    if form == "PNG":
        return png(width, height, 8, 2, [bytes(3 * width)] * 100)
    if form == "JPEG":
        at = data.index(b"\xff\xc0") + 5
        struct.pack_into(">HH", data, at, height, width)
    elif form == "GIF":
        struct.pack_into("<HH", data, 6, width, height)
    elif form == "BMP":
        struct.pack_into("<ii", data, 18, width, height)
    elif form == "TIFF":
        return tiff(width, height, bytes(64))
    return bytes(data)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP", "TIFF"])
@pytest.mark.parametrize("size", [(30000, 30000), (10000, 10000), (5001, 5000)])
def test_too_many_pixels_are_refused_unread(form, size):
    data = bomb(form, *size)
    tracemalloc.start()
    began = time.perf_counter()
    message = refused(data)
    took, peak = time.perf_counter() - began, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "25 megapixels" in message
    assert f"{size[0]}x{size[1]}" in message
    assert took < 1
    assert peak < 5e6


def test_webp_bomb_is_refused():
    chunks = b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + (16382).to_bytes(3, "little") * 2
    data = b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks
    # Older Pillows refuse it because no frame follows, newer ones by its size.
    assert any(word in refused(data) for word in ("WEBP", "25 megapixels"))


def test_resident_memory_stays_small_in_a_fresh_process():
    # tracemalloc does not see Pillow's own pixels, the system's peak does.
    code = (
        "import resource, sys; from core.image import ImageError, decode\n"
        "data = sys.stdin.buffer.read(); before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: decode(data)\n"
        "except ImageError: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    data = png(30000, 30000, 8, 0, [bytes(30000)] * 3000)  # 90 MB of zeros in 90 kB
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], input=data, capture_output=True, check=True)
    assert int(run.stdout) < 30_000  # kB
    assert run.stderr == b""


def test_exactly_the_limit_is_welcome():
    assert decode(save(Image.new("1", (5000, MAX_PIXELS // 5000)), "PNG")).pixels.size == 3 * MAX_PIXELS


def test_a_gif_frame_larger_than_its_screen_counts():
    data = bytearray(save(Image.new("L", (8, 8)), "GIF"))
    at = data.index(b"\x2c\0\0\0\0") + 5
    struct.pack_into("<HH", data, at, 20000, 20000)
    assert "megapixels" in refused(bytes(data))


def test_a_huge_tiff_tile_counts():
    assert "32768x32768 TIFF tile" in refused(tiff(64, 64, bytes(64), t322=32768, t323=32768, t324=8, t325=64))


@pytest.mark.parametrize("name", [b"zTXt", b"iTXt", b"iCCP"])
@pytest.mark.parametrize("after", [False, True], ids=["before the pixels", "after the pixels"])
def test_a_huge_packed_text_is_not_unpacked(name, after):
    packed = zlib.compress(bytes(200_000_000), 9)
    head = {b"zTXt": b"k\0\0", b"iTXt": b"k\0\1\0\0\0", b"iCCP": b"k\0\0"}[name]
    bad = chunk(name, head + packed)
    plain = png(2, 1, 8, 0, [b"\x05\x06"])
    data = plain[:-12] + bad + plain[-12:] if after else png(2, 1, 8, 0, [b"\x05\x06"], bad)
    tracemalloc.start()
    outcome = attempt(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Texts make the file invalid, a profile is only left out: Pillow's choice.
    assert "too large" in outcome if isinstance(outcome, str) else outcome.pixels[0, :, 0].tolist() == [5, 6]
    assert peak < 20e6


def test_pillows_text_limit_is_the_one_we_rely_on():
    assert PngImagePlugin.MAX_TEXT_CHUNK <= 2**20


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (0, 0)])
@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF"])
def test_no_pixels_at_all(form, size):
    refused(bomb(form, *size))


# ---- whatever comes ------------------------------------------------------------------------------


def rich(form):
    """A file with many of the format's parts: EXIF, profile, alpha or palette, several frames."""
    picture = Image.new("RGBA", (24, 18), (255, 255, 0, 128))
    ImageDraw.Draw(picture).ellipse((3, 3, 20, 14), fill=(0, 90, 255, 255))
    exif = Image.Exif()
    exif[0x0112] = 6
    extra = {"exif": exif, "icc_profile": swapped_profile()}
    if form in ("GIF", "WEBP", "TIFF", "PNG"):
        more = {} if form == "GIF" else extra
        return save(picture, form, save_all=True, append_images=[picture.rotate(90)], **more)
    return save(picture.convert("RGB"), form, **(extra if form == "JPEG" else {}))


FILES = {form: rich(form) for form in ALL}
FILES["TIFF packed"] = save(Image.fromarray(PHOTO), "TIFF", compression="tiff_lzw")
FILES["TIFF jpeg"] = save(Image.fromarray(PHOTO), "TIFF", compression="jpeg")
FILES["CMYK"] = save(Image.new("CMYK", (9, 9), (9, 8, 7, 6)), "JPEG")
FILES["PNG 16"] = png(64, 10, 16, 0, [row.astype(">u2").tobytes() for row in DEEP])
FAST = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MAGIC = [
    b"",
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"GIF89a",
    b"BM",
    b"II*\0",
    b"MM\0*",
    b"RIFF\x10\0\0\0WEBPVP8 ",
]


def check(data):
    """Either a whole picture or one clear sentence: any other exception ends the test."""
    outcome = attempt(data)
    if isinstance(outcome, str):
        assert outcome.startswith("expected ")
    else:
        assert from_pixels(outcome.pixels) == outcome


@settings(FAST, max_examples=300)
@given(st.sampled_from(MAGIC), st.binary(max_size=300))
def test_random_bytes(magic, tail):
    check(magic + tail)


@pytest.mark.parametrize("name", FILES)
@FAST
@given(data=st.data())
def test_flipped_bytes(name, data):
    broken = bytearray(FILES[name])
    where = st.integers(0, len(broken) - 1)
    for at, value in data.draw(st.lists(st.tuples(where, st.integers(0, 255)), min_size=1, max_size=8)):
        broken[at] = value
    check(bytes(broken))


@pytest.mark.parametrize("name", FILES)
def test_truncated_at_every_point(name):
    whole = FILES[name]
    assert decode(whole).pixels.size
    for length in range(0, len(whole), max(1, len(whole) // 150)):
        check(whole[:length])


@FAST
@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))))
def test_png_roundtrip_is_exact(pixels):
    image = from_pixels(pixels)
    again = decode(png_bytes(image))
    np.testing.assert_array_equal(again.pixels, pixels)
    assert again == image


@FAST
@given(
    *[hnp.arrays(np.uint8, st.tuples(st.integers(1, 2), st.integers(1, 2), st.just(3)), elements=st.integers(0, 1))] * 2
)
def test_equal_if_and_only_if_pixels_and_shape_are(one, two):
    assert (from_pixels(one) == from_pixels(two)) == np.array_equal(one, two)


def test_threads_do_not_disturb_each_other():
    # Every one of these files makes Pillow warn, and a warning is an error here.
    warns = save(Image.fromarray(PHOTO), "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\0")
    before, alone = warnings.filters[:], decode(warns)
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(decode, [warns] * 400)) == {alone}
    assert warnings.filters == before


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
