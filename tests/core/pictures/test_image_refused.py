"""The door for user pictures: one clear sentence for bad files, nothing else ever."""

import io
import struct
import subprocess
import sys
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
from PIL import Image, ImageDraw

from core.pictures.image import MAX_PIXELS, decode, from_pixels, png_bytes
from tests.helpers.effort import effort
from tests.helpers.pictures import ALL, DEEP, PHOTO, RNG, attempt, chunk, png, refused, save, swapped_profile, tiff

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
        (b"\0\0\0\x1cftypmif1\0\0\0\0avifmif1miaf", "AVIF picture, got one that is damaged"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0heicmif1miaf", "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1miaf", "HEIC"),
        # the words avif and heic count only where brands stand
        (b"\0\0\0\x14ftypisom\0\0\0\0mp42avif", "video"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heicavif", "HEIC"),
        (b"\0\0\0\x18ftypheic\0avifavifheic", "HEIC"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp42", "video"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(64), "a raw camera file: develop it"),
        (b"II*\0\x10\0\0\0CR\x02\0" + bytes(64), "a raw camera file"),
        (b"FUJIFILMCCD-RAW 0201", "a raw camera file"),
        (b"IIRO\x08\0\0\0", "a raw camera file"),
        (b"IIU\0\x18\0\0\0", "a raw camera file"),
        (b"FOVb\0\0\3\0", "a raw camera file"),
        (b"\0MRM\0\0\0\0", "a raw camera file"),
        (b"II\x1a\0\0\0HEAPCCDR", "a raw camera file"),
        (bytes.fromhex("ff4fff510029000000000010") + bytes(64), "JPEG 2000"),
        (b"II\xbc\x01\x08\0\0\0", "JPEG XR"),
        (b"PF\n2 1\n-1.0\n" + bytes(24), "PFM"),
        (b"Pf\n2 1\n-1.0\n" + bytes(8), "PFM"),
        (b"P7\nWIDTH 1\n", "PAM"),
        (b"P5 is my favourite", "another kind"),
        (save(Image.new("RGB", (8, 8)), "PDF"), "PDF"),
        (save(Image.new("RGB", (8, 8)), "JPEG2000"), "JPEG 2000"),
        (save(Image.new("RGB", (8, 8)), "ICO"), "icon"),
        (archive(), "ZIP"),
        (b"8BPS\0\1", "Photoshop"),
        (b"just some words", "another kind"),
        (b"\0" * 4000, "another kind"),
    ],
)
def test_other_files_are_named(data, named):
    assert named in refused(data)


def test_postscript_and_friends_never_reach_pillow():
    # Pillow would hand EPS to Ghostscript; the door knows eight formats only.
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
    message, took = effort(refused, data)
    peak = tracemalloc.get_traced_memory()[1]
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
        "import resource, sys; from core.pictures.image import ImageError, decode\n"
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
    image = decode(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert image.pixels[0, :, 0].tolist() == [5, 6]
    assert ("over 16 MB" in image.note) == (name == b"iCCP")
    assert peak < (40e6 if name == b"iCCP" else 3e6)


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
