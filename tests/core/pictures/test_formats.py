"""PNG's chunks, BMP's bit fields, PPM and AVIF through the door; and one table of what files are called."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from core.pictures.files import list_pictures, open_pictures
from core.pictures.image import SUFFIXES, decode
from tests.helpers.pictures import PHOTO, RAMP, chunk, grey, png, refused, save
from tests.helpers.profiles import SRGB, profile

ROWS = [row.tobytes() for row in PHOTO]
SWAPPED = b"x\0\0" + zlib.compress(profile("swapped", (SRGB[1], SRGB[0], SRGB[2])))
WORDS = b'{"node": 1}' * 150_000  # 1.65 MB


def photo_png(*chunks, after=()):
    data = png(20, 12, 8, 2, ROWS, *chunks)
    return data[:-12] + b"".join(after) + data[-12:]


def spoilt(data, name):
    """The PNG with a wrong checksum in the first chunk of that name."""
    at = data.index(name)
    end = at + 4 + struct.unpack(">I", data[at - 4 : at])[0]
    return data[:end] + bytes([data[end] ^ 1]) + data[end + 1 :]


# ---- PNG -----------------------------------------------------------------------------------------

TEXTS = {
    "zTXt": [chunk(b"zTXt", b"workflow\0\0" + zlib.compress(WORDS))],
    "iTXt packed": [chunk(b"iTXt", b"workflow\0\1\0\0\0" + zlib.compress(WORDS))],
    "iTXt": [chunk(b"iTXt", b"workflow\0\0\0\0\0" + WORDS)],
    "tEXt": [chunk(b"tEXt", b"workflow\0" + WORDS)],
    "many": [chunk(b"zTXt", b"k%d\0\0" % i + zlib.compress(WORDS[:900_000])) for i in range(80)],
    "broken": [chunk(b"zTXt", b"workflow\0\0no zlib"), chunk(b"iTXt", b"\xff"), chunk(b"tEXt", b"")],
    "of EXIF, far too long": [chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(bytes(10**8)))],
}


@pytest.mark.parametrize("name", TEXTS)
def test_texts_are_not_needed(name):
    for data in (photo_png(*TEXTS[name]), photo_png(after=TEXTS[name])):
        np.testing.assert_array_equal(decode(data).pixels, PHOTO)


ANCILLARY = {
    b"pHYs": struct.pack(">IIB", 3937, 3937, 1),
    b"tEXt": b"Software\0x",
    b"zTXt": b"k\0\0" + zlib.compress(b"x"),
    b"iTXt": b"k\0\0\0\0\0x",
    b"gAMA": struct.pack(">I", 45455),
    b"sRGB": b"\0",
    b"tIME": bytes(7),
    b"bKGD": bytes(6),
    b"sBIT": b"\x08\x08\x08",
    b"cHRM": bytes(32),
    b"eXIf": b"II*\0",
    b"hIST": b"",
    b"prVt": b"abc",
    b"sPLT": b"x\0",
    b"acTL": struct.pack(">II", 1, 0),
    b"iCCP": b"x\0\0" + zlib.compress(profile("sRGB")),
    b"cICP": b"\1\r\0\1",
}


@pytest.mark.parametrize("name", ANCILLARY)
def test_a_wrong_checksum_of_an_ancillary_chunk_harms_no_pixel(name):
    for data in (photo_png(chunk(name, ANCILLARY[name])), photo_png(after=[chunk(name, ANCILLARY[name])])):
        np.testing.assert_array_equal(decode(spoilt(data, name)).pixels, PHOTO)
    np.testing.assert_array_equal(decode(photo_png(after=[chunk(name, ANCILLARY[name])[:-6]])[:-12]).pixels, PHOTO)


COUNTING = {  # ancillary chunks that change pixels, and what is said of each where it is spoilt
    b"iCCP": (SWAPPED, "colour profile"),
    b"cICP": (b"\x0c\r\0\1", "colour code"),
    b"tRNS": (PHOTO[0, 0].astype(">u2").tobytes(), "transparency"),
    b"eXIf": (b"II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0", "EXIF block"),
    b"zTXt": (b"Raw profile type exif\0\0" + zlib.compress(b"exif"), "EXIF block"),
}


@pytest.mark.parametrize("name", COUNTING)
def test_with_a_wrong_checksum_it_is_left_out_and_said(name):
    body, said = COUNTING[name]
    whole = photo_png(chunk(name, body))
    assert name == b"zTXt" or decode(whole) != decode(photo_png())
    image = decode(spoilt(whole, name))
    np.testing.assert_array_equal(image.pixels, PHOTO)
    assert image.note == f"Its {said} has a wrong checksum and is left out."
    assert decode(photo_png(*[spoilt(chunk(name, body), name)] * 9)).note == image.note  # once
    assert decode(spoilt(photo_png(chunk(name, body), chunk(name, body)), name)) == decode(whole)  # the second is whole


def test_nothing_is_said_of_a_spoilt_chunk_that_changes_no_pixel():
    for name in (b"pHYs", b"tEXt", b"gAMA", b"sRGB", b"cHRM", b"prVt"):
        assert decode(spoilt(photo_png(chunk(name, ANCILLARY[name])), name)).note == ""


@pytest.mark.parametrize("interlaced", [False, True])
def test_all_sixteen_bits_of_a_transparent_colour_count(interlaced):
    key = (0x1234, 0x00C8, 0xFF00)
    near = [tuple(v + (i == at) * step for i, v in enumerate(key)) for at in range(3) for step in (1, -1, 55)]
    rows = [struct.pack(">3H", *colour) for colour in (key, *near)]  # one px each: interlaced, a pass a row at the most
    data = png(1, len(rows), 16, 2, rows, chunk(b"tRNS", struct.pack(">3H", *key)))
    if interlaced:  # the passes of a column: rows 0, 8; 4; 2, 6; then the odd ones
        order = [0, 8, 4, 2, 6, 1, 3, 5, 7, 9]
        data = png(1, len(rows), 16, 2, [rows[i] for i in order], chunk(b"tRNS", struct.pack(">3H", *key)))
        header = data[12:28] + b"\1"
        data = data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:]
    came = decode(data).pixels[:, 0].tolist()
    assert came == [[255] * 3, *([v >> 8 for v in colour] for colour in near)]


@pytest.mark.parametrize("name", [b"IHDR", b"PLTE", b"IDAT"])
def test_a_wrong_checksum_where_pixels_depend_on_it_is_refused(name):
    palette = Image.fromarray(PHOTO).convert("P")
    message = refused(spoilt(save(palette, "PNG"), name))
    assert name.decode() in message
    assert "damaged" in message


def test_pixels_in_many_small_chunks():
    data = photo_png()
    at = data.index(b"IDAT")
    length = struct.unpack(">I", data[at - 4 : at])[0]
    body = data[at + 4 : at + 4 + length]
    pieces = [chunk(b"IDAT", body[i : i + 1]) + chunk(b"IDAT", b"") for i in range(length)]
    np.testing.assert_array_equal(decode(data[: at - 4] + b"".join(pieces) + data[-12:]).pixels, PHOTO)


def test_texts_that_turn_the_picture_still_do():
    exif = b"Exif\0\0II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0"
    raw = b"\nexif\n%8d\n" % len(exif) + exif.hex().encode() + b"\n"
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf tiff:Orientation="6"/></x:xmpmeta>'
    for turning in (
        chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(raw)),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(xmp)),
        chunk(b"eXIf", exif[6:]),
    ):
        for data in (photo_png(turning), photo_png(after=[turning])):
            np.testing.assert_array_equal(decode(data).pixels, PHOTO.swapaxes(0, 1)[:, ::-1])


def test_apples_own_png_is_named():
    assert "Apple" in refused(b"\x89PNG\r\n\x1a\n" + chunk(b"CgBI", b"P\0 \6") + photo_png()[8:])


# ---- BMP -----------------------------------------------------------------------------------------


def fields(bits, masks, alpha=0, size=40, flipped=False):
    """PHOTO as a BMP with bit fields."""
    values = np.zeros(PHOTO.shape[:2], np.uint32)
    for i, mask in enumerate(masks):
        low = (mask & -mask).bit_length() - 1
        values |= np.rint(PHOTO[..., i] / 255 * (mask >> low)).astype(np.uint32) << low
    values |= alpha
    rows = (values if flipped else values[::-1]).astype("<u4" if bits == 32 else "<u2")
    head = struct.pack("<IiiHHIIiiII", size, 20, -12 if flipped else 12, 1, bits, 3, rows.nbytes, 0, 0, 0, 0)
    head += struct.pack("<3I", *masks) if size == 40 else struct.pack("<4I", *masks, alpha) + bytes(size - 56)
    return b"BM" + struct.pack("<IHHI", 14 + len(head) + rows.nbytes, 0, 0, 14 + len(head)) + head + rows.tobytes()


@pytest.mark.parametrize(
    ("bits", "masks"),
    [
        (16, (0x0F00, 0x00F0, 0x000F)),
        (16, (0xF800, 0x07E0, 0x001F)),
        (16, (0x7C00, 0x03E0, 0x001F)),
        (16, (0x001F, 0x07E0, 0xF800)),
        (16, (0x00E0, 0x001C, 0x0003)),
        (32, (0xFF000000, 0x00FF0000, 0x0000FF00)),
        (32, (0x000000FF, 0x0000FF00, 0x00FF0000)),
        (32, (0x3FF00000, 0x000FFC00, 0x000003FF)),
    ],
)
def test_bit_fields(bits, masks):
    least = min((mask >> ((mask & -mask).bit_length() - 1)) for mask in masks)
    for flipped in (False, True):
        came = decode(fields(bits, masks, flipped=flipped)).pixels
        assert np.abs(came.astype(int) - PHOTO).max() <= max(1, round(255 / least / 2) + 8 * (least < 255))


ALPHA = [  # bits, masks of the colours, of alpha
    (16, (0x0F00, 0x00F0, 0x000F), 0xF000),
    (16, (0x7C00, 0x03E0, 0x001F), 0x8000),
    (16, (0xF800, 0x07C0, 0x003E), 0x0001),
    (32, (0xFF0000, 0xFF00, 0xFF), 0xFF000000),
    (32, (0x3FF00000, 0x000FFC00, 0x000003FF), 0xC0000000),
]


@pytest.mark.parametrize(("bits", "masks", "alpha"), ALPHA)
@pytest.mark.parametrize("size", [56, 108, 124])
def test_bit_fields_with_alpha(bits, masks, alpha, size):
    opaque = decode(fields(bits, masks, alpha, size)).pixels
    np.testing.assert_array_equal(opaque, decode(fields(bits, masks)).pixels)
    values = np.frombuffer(fields(bits, masks, alpha, size)[14 + size :], f"<u{bits // 8}").copy()
    values[::2] &= ~np.uint32(alpha) & (2**bits - 1)  # every other pixel is clear
    half = decode(fields(bits, masks, alpha, size)[: 14 + size] + values.tobytes()).pixels
    assert half[:, ::2].min() == 255
    np.testing.assert_array_equal(half[:, 1::2], opaque[:, 1::2])


def test_a_mask_of_alpha_beyond_the_pixel_is_none():
    whole = bytearray(fields(16, (0xF800, 0x07E0, 0x001F), 0, 108))
    struct.pack_into("<I", whole, 66, 0xFF000000)
    np.testing.assert_array_equal(decode(bytes(whole)).pixels, decode(fields(16, (0xF800, 0x07E0, 0x001F))).pixels)


@pytest.mark.parametrize(
    ("at", "value", "named"),
    [(30, 4, "compression (4)"), (28, 2, "depth (2)"), (28, 64, "depth (64)"), (14, 16, "header type (16)")],
)
def test_other_bmps_are_called_unsupported_and_not_damaged(at, value, named):
    data = bytearray(save(Image.fromarray(PHOTO), "BMP"))
    data[at] = value
    message = refused(bytes(data))
    assert named in message
    assert "damaged" not in message
    assert "save it as PNG first" in message


# ---- PBM, PGM, PPM -------------------------------------------------------------------------------

BITS = PHOTO[..., 0] > 127
PLAIN = {
    b"P1": (b"1\n" + b"\n".join(b"".join(b"%d" % (not bit) for bit in row) for row in BITS), grey(BITS * 255)),
    b"P1 ": (b"1\n" + b"\n".join(b" ".join(b"%d" % (not bit) for bit in row) for row in BITS), grey(BITS * 255)),
    b"P2": (b"255\n" + b" ".join(b"%d" % v for v in PHOTO[..., 0].flat), grey(PHOTO[..., 0])),
    b"P3": (b"255\n" + b"\n".join(b"%d" % v for v in PHOTO.flat), PHOTO),
    b"P4": (b"1\n" + np.packbits(~BITS, axis=1).tobytes(), grey(BITS * 255)),
    b"P5": (b"255\n" + PHOTO[..., 0].tobytes(), grey(PHOTO[..., 0])),
    b"P6": (b"255\n" + PHOTO.tobytes(), PHOTO),
    b"P6 16": (b"65535\n" + (PHOTO.astype(">u2") * 257).tobytes(), PHOTO),
    b"P5 16": (b"65535 " + (PHOTO[..., 0].astype(">u2") * 257).tobytes(), grey(PHOTO[..., 0])),
    b"P2 16": (b"65535\n" + b" ".join(b"%d" % (257 * int(v)) for v in PHOTO[..., 0].flat), grey(PHOTO[..., 0])),
}


@pytest.mark.parametrize("form", PLAIN)
def test_portable_maps(form):
    body, expected = PLAIN[form]
    body = body.partition(b"\n")[2] if form[:2] in (b"P1", b"P4") else body
    for head in (b"%s\n20 12\n", b"%s 20 12 ", b"%s\n# a comment\n20\n#another, 3 4\n12\n"):
        np.testing.assert_array_equal(decode(head % form[:2] + body).pixels, expected)
    for length in (0, 1, len(body) // 2, len(body) - 1):
        if form[:2] in (b"P2", b"P3") and length == len(body) - 1:
            continue  # one digit less of a number
        assert "PPM" in refused(b"%s\n20 12\n" % form[:2] + body[:length])


def test_comments_among_plain_samples():
    assert decode(b"P2 2 1 9 # most\n0 # black\n9\n").pixels[0, :, 0].tolist() == [0, 255]
    assert decode(b"P1 2 1\n1 # black\n0\n").pixels[0, :, 0].tolist() == [0, 255]


@pytest.mark.parametrize("body", [b"256 1", b"-1 1", b"1.5 1", b"x 1", b"1", b"", b"   ", b"1 nan", b"1e1 1"])
def test_other_plain_samples_are_refused(body):
    assert "PPM" in refused(b"P2 2 1 255\n" + body)


@pytest.mark.parametrize(
    "head", [b"P5 5001 5000 255\n", b"P2 30000 30000 255\n", b"P4 100000 100000 ", b"P6 0 5 255\n"]
)
def test_the_size_of_a_portable_map_is_checked_first(head):
    message = refused(head + b"1 2 3")
    assert "25 megapixels" in message or "at least one pixel" in message


@pytest.mark.parametrize("most", [b"0", b"65536", b"", b"-1", b"abc"])
def test_the_highest_value_of_a_portable_map_is_checked(most):
    assert "65535" in refused(b"P5 2 1 " + most + b"\n\0\0\0\0")


# ---- AVIF ----------------------------------------------------------------------------------------


def avif(pixels=PHOTO, **options):
    return save(Image.fromarray(pixels), "AVIF", quality=100, subsampling="4:4:4", **options)


@pytest.mark.parametrize("major", [b"avif", b"mif1", b"miaf"])
def test_avif_is_read_whichever_brand_comes_first(major):
    data = avif()
    assert np.abs(decode(data[:8] + major + data[12:]).pixels.astype(int) - PHOTO).max() <= 3


def test_avif_alpha_frames_and_grey():
    half = np.dstack([PHOTO, np.full(PHOTO.shape[:2], 128, np.uint8)])
    assert np.abs(decode(avif(half)).pixels - (PHOTO * (128 / 255) + 127)).max() <= 3
    moving = avif(save_all=True, append_images=[Image.fromarray(255 - PHOTO)])
    assert moving[8:12] == b"avis"
    assert np.abs(decode(moving).pixels.astype(int) - PHOTO).max() <= 3
    assert np.abs(decode(avif(RAMP)).pixels.astype(int) - grey(RAMP)).max() <= 3


@pytest.mark.parametrize("sequence", [False, True])
def test_the_frames_within_count_not_only_what_the_file_says(sequence):
    large = Image.new("RGB", (6000, 5000), (9, 9, 9))
    more = {"save_all": True, "append_images": [large]} if sequence else {}
    data = bytearray(save(large, "AVIF", speed=10, quality=10, **more))
    assert "30.0 megapixels" in refused(bytes(data))
    at = data.find(b"ispe")
    struct.pack_into(">II", data, at + 8, 64, 64)
    assert "30.0 megapixels" in refused(bytes(data))


# ---- what files are called -----------------------------------------------------------------------


def test_every_suffix_is_a_file_that_is_read(tmp_path):
    forms = {
        ".webp": "WEBP",
        ".bmp": "BMP",
        ".tif": "TIFF",
        ".tiff": "TIFF",
        ".gif": "GIF",
        ".avif": "AVIF",
        ".mpo": "MPO",
    }
    forms |= dict.fromkeys((".png", ".apng"), "PNG") | dict.fromkeys((".ppm", ".pgm", ".pbm", ".pnm"), "PPM")
    forms |= dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif", ".pjpeg", ".pjp"), "JPEG")
    assert set(forms) == set(SUFFIXES)
    for i, (suffix, form) in enumerate(forms.items()):
        picture = Image.fromarray(PHOTO).convert("1" if suffix == ".pbm" else "L" if suffix == ".pgm" else "RGB")
        name = f"a/{i}{suffix.upper() if i % 2 else suffix}"
        (tmp_path / "a").mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(save(picture, form))
    listing = list_pictures(tmp_path)
    assert len(listing.found) == len(SUFFIXES)
    broken: list[str] = []
    assert sum(len(images) for images, _ in open_pictures(listing.found, ["a"], 5, broken)) == len(SUFFIXES)
    assert broken == []
