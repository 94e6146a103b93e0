"""TIFF through the door: every layout of samples comes right, whichever library reads it."""

import io
import struct
from itertools import product

import numpy as np
import pytest
from PIL import Image, ImageCms

from core.pictures.image import decode
from tests.core.pictures.test_image import TURNS
from tests.helpers import tiffs
from tests.helpers.pictures import RNG, attempt, grey, refused, save
from tests.helpers.tiffs import DEFLATE, JPEG2000, LZMA, LZW, NONE, PACKBITS, WEBP, ZSTD, packed, pieces, tiff

HEIGHT, WIDTH = 37, 53
EIGHT = RNG.integers(0, 256, (HEIGHT, WIDTH, 5)).astype(np.uint8)
EIGHT[0, :2] = [[0], [255]]
REVERSED = bytes(int(f"{i:08b}"[::-1], 2) for i in range(256))
LAYOUTS = [{}, {"rows": 7}, {"tile": (16, 32)}, {"planar": True}, {"planar": True, "tile": (16, 32)}]
WRITTEN = {  # type -> what 0 to 255 are multiplied with
    **dict.fromkeys((np.uint8, np.int16), 1),
    **dict.fromkeys((np.uint16, np.uint32), 257),
    **dict.fromkeys((np.float16, np.float32, np.float64), 1 / 255),
}


def off(data, expected):
    """The largest difference of a picture from what it should be."""
    came = decode(data).pixels.astype(int)
    assert came.shape == expected.shape
    return np.abs(came - expected).max()


def shown(channels):
    """The first channels of EIGHT, up to three, as a picture."""
    return EIGHT[..., :3].astype(int) if channels >= 3 else grey(EIGHT[..., 0]).astype(int)


# ---- types, layouts, compressions ----------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
@pytest.mark.parametrize("kind", WRITTEN, ids=lambda kind: kind.__name__)
def test_every_type_in_every_layout(kind, layout):
    for channels, order in product((1, 2, 3, 4, 5), "<>"):
        samples = (EIGHT[..., :channels] * np.float64(WRITTEN[kind])).astype(kind)
        unspecified = {"t338": [0] * (channels - len(shown(channels)[0, 0]))} if channels > 3 else {}
        unspecified |= {"t338": 0} if channels == 2 else {}
        assert off(tiff(samples, order=order, **layout, **unspecified), shown(channels)) <= 1, (channels, order)


@pytest.mark.parametrize("codec", [LZW, DEFLATE, PACKBITS, LZMA, ZSTD])
@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_every_compression(codec, layout):
    for kind, predictor in product((np.uint8, np.uint16, np.float16, np.float32, np.float64), (1, 2, 3)):
        floats = np.dtype(kind).kind == "f"
        if (predictor == 3 and not floats) or (predictor == 2 and floats) or (predictor > 1 and codec == PACKBITS):
            continue
        for channels, order in product((1, 3), "<>"):
            samples = (EIGHT[..., :channels] * np.float64(WRITTEN[kind])).astype(kind)
            data = tiff(samples, codec=codec, predictor=predictor, order=order, **layout)
            assert off(data, shown(channels)) <= 1, (kind, predictor, channels, order)


@pytest.mark.parametrize("bits", [1, 2, 4, 6, 8, 10, 12, 14, 16, 24, 32])
def test_every_number_of_bits(bits):
    top = 2**bits - 1
    samples = RNG.integers(0, top + 1, (HEIGHT, WIDTH, 3)).astype("u1" if bits <= 8 else "u2" if bits <= 16 else "u4")
    samples[0, :2] = [[0], [top]]
    expected = np.rint(samples * (255 / top)).astype(int)
    for layout, codec, order, fill in product(LAYOUTS, (NONE, LZW), "<>", (1, 2)):
        planes = [samples[..., i : i + 1] for i in range(3)] if layout.get("planar") else [samples]
        rows, tile = layout.get("rows", HEIGHT), layout.get("tile")
        strips = [packed(piece, codec) for p in planes for piece in pieces(p, bits, order, tile, rows, 1)]
        strips = [strip.translate(REVERSED) for strip in strips] if fill == 2 else strips
        data = tiff(samples, bits=bits, codec=codec, order=order, strips=strips, t266=fill, **layout)
        assert off(data, expected) <= 1, (layout, codec, order, fill)
    for white_is_zero, layout, fill in product((0, 1), LAYOUTS[:3], (1, 2)):
        strips = list(pieces(samples[..., :1], bits, "<", layout.get("tile"), layout.get("rows", HEIGHT), 1))
        strips = [strip.translate(REVERSED) for strip in strips] if fill == 2 else strips
        data = tiff(samples[..., :1], bits=bits, strips=strips, t262=white_is_zero, t266=fill, **layout)
        assert off(data, grey(expected[..., 0] if white_is_zero else 255 - expected[..., 0])) <= 1


def test_planes_of_sixteen_bit_uncompressed():
    # Pillow 13.0.0 reads these wrongly without a word: tags 284 = 2, 259 = 1, 16 bits
    assert off(tiff(EIGHT[..., :3].astype(np.uint16) * 257, planar=True), shown(3)) == 0


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_bigtiff(order, kind):
    data = tiff((EIGHT[..., :3] * np.float64(WRITTEN[kind])).astype(kind), order=order, big=True, rows=7, codec=DEFLATE)
    assert off(data, shown(3)) <= 1


def test_signed_bytes_are_read_as_signed():
    assert off(tiff((EIGHT[..., :1].astype(int) - 128).astype(np.int8)), shown(1)) == 0
    assert off(tiff((EIGHT[..., :3].astype(int) - 128).astype(np.int8), planar=True), shown(3)) == 0


@pytest.mark.parametrize("turn", TURNS)
def test_deep_pages_are_turned_upright(turn):
    for samples in (EIGHT[..., :3].astype(np.uint16) * 257, EIGHT[..., :3].astype(np.float32) / 255):
        assert off(tiff(samples, t274=turn), TURNS[turn](shown(3))) <= 1


# ---- channels and colours ------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.uint32, np.float32], ids=lambda kind: kind.__name__)
def test_alpha_only_where_extra_samples_say_so(layout, kind):
    for channels, white_is_zero in ((2, False), (2, True), (4, False)):
        stored = EIGHT[..., :channels]
        alpha = stored[..., -1:] / 255
        colour = shown(channels)
        colour = 255 - colour if white_is_zero else colour
        over_white = np.rint(colour * alpha + 255 * (1 - alpha)).astype(int)
        photometric = 2 if channels == 4 else 1 - white_is_zero
        times = np.concatenate([np.rint(stored[..., :-1] * alpha).astype(np.uint8), stored[..., -1:]], -1)
        cases = [(stored, 0, colour), (stored, 2, over_white)] + ([(times, 1, over_white)] if not white_is_zero else [])
        for samples, extra, expected in cases:
            data = (samples * np.float64(WRITTEN[kind])).astype(kind)
            assert off(tiff(data, t262=photometric, t338=extra, **layout), expected) <= 3, (channels, extra)
    data = (EIGHT[..., :4] * np.float64(WRITTEN[kind])).astype(kind)
    assert off(tiff(data, **layout), shown(4)) <= 1  # four channels, and not a word of the last one


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_many_channels(layout):
    five = np.concatenate([EIGHT[..., :4], EIGHT[..., 4:]], -1)
    alpha = five[..., 4:] / 255
    over_white = np.rint(shown(3) * alpha + 255 * (1 - alpha)).astype(int)
    for times in (1, 257):
        samples = five.astype(np.uint16) * times if times > 1 else five
        assert off(tiff(samples, t338=[0, 0], **layout), shown(5)) == 0
        assert off(tiff(samples, t338=[0, 2], **layout), over_white) <= 1
        nine = np.concatenate([samples, samples[..., :4]], -1)
        assert off(tiff(nine, t338=[0] * 6, **layout), shown(3)) == 0
        assert off(tiff(nine, t262=1, t338=[0] * 8, **layout), shown(1)) == 0


@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_other_colours_in_every_layout(layout):
    for codec, order in product((NONE, DEFLATE), "<>"):
        how = {**layout, "codec": codec, "order": order}
        inks = EIGHT[..., :4]
        by_pillow = np.asarray(Image.frombytes("CMYK", (WIDTH, HEIGHT), inks.tobytes()).convert("RGB")).astype(int)
        assert off(tiff(inks, t262=5, **how), by_pillow) <= 1
        assert off(tiff(inks.astype(np.uint16) * 257, t262=5, **how), by_pillow) <= 1
        lab = Image.frombytes("LAB", (WIDTH, HEIGHT), EIGHT[..., :3].tobytes())
        profiles = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        by_lcms = np.asarray(ImageCms.profileToProfile(lab, *profiles, outputMode="RGB")).astype(int)
        assert off(tiff(EIGHT[..., :3], t262=8, **how), by_lcms) <= 1
        ycbcr = np.asarray(Image.fromarray(EIGHT[..., :3]).convert("YCbCr"))
        assert off(tiff(ycbcr, t262=6, t530=[1, 1], **how), shown(3)) <= 4


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_palettes(bits):
    index = RNG.integers(0, 2**bits, (HEIGHT, WIDTH, 1)).astype(np.uint8 if bits <= 8 else np.uint16)
    palette = RNG.integers(0, 65536, (3, 2**bits))
    expected = (palette[:, index[..., 0]] // 256).transpose(1, 2, 0)
    for layout, codec in product(LAYOUTS[:3], (NONE, LZW)):
        data = tiff(index, bits=bits, codec=codec, t262=3, t320=palette.ravel().tolist(), **layout)
        assert off(data, expected) == 0
    if bits == 8:
        both = np.concatenate([index, EIGHT[..., :1]], -1)
        for planar, codec in product((False, True), (NONE, LZW)):
            data = tiff(both, planar=planar, codec=codec, t262=3, t320=palette.ravel().tolist(), t338=2)
            alpha = EIGHT[..., :1] / 255
            assert off(data, np.rint(expected * alpha + 255 * (1 - alpha)).astype(int)) <= 1


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("most", [255, 200, 1])
def test_a_palette_of_eight_bit_numbers(bits, most):
    index = RNG.integers(0, 2**bits, (HEIGHT, WIDTH, 1)).astype(np.uint8 if bits <= 8 else np.uint16)
    palette = RNG.integers(0, most + 1, (3, 2**bits))
    palette[0, 0] = most
    expected = palette[:, index[..., 0]].transpose(1, 2, 0)
    for layout, codec, big in product(LAYOUTS[:3], (NONE, LZW), (False, True)):
        data = tiff(index, bits=bits, codec=codec, big=big, t262=3, t320=palette.ravel().tolist(), **layout)
        assert off(data, expected) == 0
        assert "its colours are read as 8-bit ones" in decode(data).note
    palette[1, -1] = 256  # one number beyond: 16 bits, and nearly black
    image = decode(tiff(index, bits=bits, t262=3, t320=palette.ravel().tolist()))
    assert (image.pixels.max() <= 1, image.note) == (True, "")
    assert decode(tiff(index, bits=bits, t262=3, t320=[0] * palette.size)).note == ""  # black either way


@pytest.mark.parametrize("codec", [NONE, LZW, DEFLATE, PACKBITS])
@pytest.mark.parametrize("share", [(1, 1), (2, 1), (2, 2), (4, 2)])
def test_pixels_that_share_their_colours(codec, share):
    across, down = share
    smooth = np.stack(np.broadcast_arrays(np.arange(36)[:, None] * 5, np.arange(52) * 4, 90), -1).astype(np.uint8)
    whole = np.asarray(Image.fromarray(smooth).convert("YCbCr"))

    def strip(rows):
        blocks = (rows[t : t + down, x : x + across] for t in range(0, len(rows), down) for x in range(0, 52, across))
        mean = [(b[..., 0].tobytes(), b[..., 1:].mean((0, 1)).round().astype(np.uint8).tobytes()) for b in blocks]
        return b"".join(light + colour for light, colour in mean)

    strips = [packed(strip(whole[top : top + 12]), codec) for top in (0, 12, 24)]
    # what lies behind the last strip must not be taken for pixels
    data = tiff(whole, codec=codec, rows=12, strips=strips, t262=6, t530=[across, down], t700=bytes(9000))
    assert off(data, smooth.astype(int)) <= 8


@pytest.mark.parametrize("tile", [None, (16, 32)])
@pytest.mark.parametrize(("codec", "form"), [(WEBP, "WEBP"), (JPEG2000, "JPEG2000"), (33005, "JPEG2000")])
def test_pictures_of_another_format_inside(codec, form, tile):
    for channels in (1, 3, 4):
        if channels == 1 and form == "WEBP":
            continue
        samples = np.concatenate([EIGHT[..., :3], np.full_like(EIGHT[..., :1], 255)], -1)[..., :channels]
        shape = (-1, tile[1] if tile else WIDTH, channels)
        blocks = [np.frombuffer(p, np.uint8).reshape(shape).squeeze() for p in pieces(samples, 8, "<", tile, 10, 1)]
        strips = [save(Image.fromarray(block), form) for block in blocks]
        extra = {"t338": 2} if channels == 4 else {}
        data = tiff(samples, codec=codec, tile=tile, rows=None if tile else 10, strips=strips, **extra)
        assert off(data, shown(channels)) == 0


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg_inside(mode):
    smooth = np.stack(np.broadcast_arrays(np.arange(64)[:, None] * 2, np.arange(64) * 3, 90), -1).astype(np.uint8)
    picture = Image.fromarray(smooth).convert(mode)
    expected = np.asarray(picture.convert("RGB")).astype(int)
    assert np.abs(decode(save(picture, "TIFF", compression="jpeg", quality=95)).pixels - expected).mean() < 2


# ---- pages ---------------------------------------------------------------------------------------

SMALL = np.full((4, 6, 3), (200, 30, 30), np.uint8)


def paged(*pages, order="<", big=False):
    """Pages one after the other; each {array, sub: pages of its SubIFDs, further tags}."""
    body, chain = bytearray(b"II*\0\0\0\0\0" if order == "<" else b"MM\0*\0\0\0\0"), []

    def add(page):
        page = dict(page)
        array, inner = page.pop("array"), page.pop("sub", ())
        offsets = [add(one) for one in inner]
        tags = {256: array.shape[1], 257: array.shape[0], 258: [8 * array.itemsize] * array.shape[2], 259: 1}
        tags |= {262: 2 if array.shape[2] == 3 else 1, 273: len(body), 277: array.shape[2], 278: len(array)}
        tags |= {279: array.nbytes, 330: offsets} if offsets else {279: array.nbytes}
        body.extend(array.astype(array.dtype.newbyteorder(order)).tobytes())
        body.extend(bytes(len(body) % 2))
        at = len(body)
        body.extend(tiffs.directory(tags | {int(k[1:]): v for k, v in page.items()}, order, False, at))
        chain.append((at, len(tags.keys() | {int(k[1:]) for k in page})))
        return at

    starts = [add(page) for page in pages]
    counts = dict(chain)
    for at, following in zip([None, *starts], starts, strict=False):
        where = 4 if at is None else at + 2 + 12 * counts[at]
        struct.pack_into(f"{order}I", body, where, following)
    return bytes(body)


@pytest.mark.parametrize("order", "<>")
def test_the_full_size_page_is_the_picture(order):
    small, full = {"array": SMALL, "t254": 1}, {"array": EIGHT[..., :3]}
    for pages in (
        [full],
        [small, full],
        [full, small],
        [small, small, full],
        [{**small, "sub": [full]}],
        [{**small, "sub": [small, full]}, small],
        [{"array": SMALL, "t255": 2}, {**full, "t255": 1}],  # as TIFF 5 said it
        [{"array": SMALL, "t254": 4}, full],  # a mask
        [{"array": SMALL, "t254": 1}, {**full, "t254": 1}],  # all of them smaller copies: the largest
        [{**full, "t254": 2}, {"array": SMALL, "t254": 2}],  # pages of one document: the first
    ):
        assert off(paged(*pages, order=order), shown(3)) == 0


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("photometric", [32803, 34892])
def test_raw_cameras_are_named(order, photometric):
    mosaic = {"array": RNG.integers(0, 4096, (40, 60, 1)).astype(np.uint16), "t262": photometric, "t254": 0}
    preview = {"array": SMALL, "t254": 1}
    for pages in (
        [mosaic],
        [preview, mosaic],
        [{**preview, "sub": [preview, mosaic]}],
        [{"array": SMALL, "sub": [mosaic]}],
    ):
        message = refused(paged(*pages, order=order))
        assert "a raw camera file" in message
        assert "raw converter" in message


# ---- what is not read, and what is too much ------------------------------------------------------


@pytest.mark.parametrize(
    ("samples", "more", "named"),
    [
        (EIGHT[..., :1], {"codec": 34887}, "LERC"),
        (EIGHT[..., :1].astype(np.float32), {"codec": 34887}, "LERC"),
        (EIGHT[..., :1], {"codec": 34934}, "JPEGXR"),
        (EIGHT[..., :1].astype(np.uint16), {"codec": 7}, "JPEG"),
        (EIGHT[..., :1], {"codec": 64999}, "64999"),
        (EIGHT[..., :2].astype(np.float32), {"t339": [3, 1], "t338": 0}, "different types"),
        (EIGHT[..., :1].astype(np.float64), {"t339": 6}, "64 bits of sample format 6"),
        (EIGHT[..., :3].astype(np.uint16), {"t262": 8}, "photometric interpretation 8"),
        (EIGHT[..., :1].astype(np.uint16), {"t262": 32845}, "photometric interpretation 32845"),
        (EIGHT[..., :2].astype(np.uint16), {"t262": 2}, "2 channels"),
    ],
)
def test_what_is_not_read_is_said_and_not_called_damaged(samples, more, named):
    codec = more.pop("codec", NONE)
    message = refused(tiff(samples, codec=codec, **({"strips": [bytes(64)]} if codec != NONE else {}), **more))
    assert named in message
    assert "damaged" not in message
    assert "save it as TIFF without compression, or as PNG" in message


def test_samples_may_take_so_much_and_no_more():
    data = tiff(np.zeros((1, 1), np.float64), t256=5000, t257=5000)
    assert decode(tiff(np.zeros((4, 4), np.float64))).pixels.max() == 0
    assert "damaged" in refused(data)  # 200 MB are allowed, but not there
    assert "200 MB" in refused(tiff(np.zeros((1, 1, 2), np.float64), t256=5000, t257=5000, t338=0))
    assert "25 megapixels" in refused(tiff(np.zeros((1, 1), np.float32), t256=5001, t257=5000))
    assert "TIFF tile" in refused(tiff(np.zeros((1, 1), np.float32), tile=(16, 16), t322=8192, t323=8192))


def test_a_loop_of_pages_ends():
    data = bytearray(paged({"array": SMALL}))
    at = struct.unpack_from("<I", data, 4)[0]
    struct.pack_into("<I", data, at + 2 + 12 * struct.unpack_from("<H", data, at)[0], at)
    assert off(bytes(data), SMALL.astype(int)) == 0


def test_strips_that_lie_one_on_the_other_are_refused():
    strip = packed(bytes(2 * 500), DEFLATE) + bytes(10**6)
    data = tiff(np.zeros((1, 500), np.uint16), codec=DEFLATE, strips=[strip], t257=5000, t278=1, t273=[8] * 5000,
                t279=[len(strip)] * 5000)  # fmt: skip
    assert "overlap" in refused(data)


def test_a_strip_unpacks_to_no_more_than_its_size():
    bomb = packed(bytes(50_000_000), DEFLATE)
    outcome = attempt(tiff(np.zeros((8, 8), np.float32), codec=DEFLATE, strips=[bomb]))
    assert isinstance(outcome, str) or outcome.pixels.max() == 0


def test_the_file_written_by_hand_is_one_that_others_read():
    with Image.open(io.BytesIO(tiff(EIGHT[..., :3], codec=LZW, tile=(16, 32)))) as picture:
        np.testing.assert_array_equal(np.asarray(picture), EIGHT[..., :3])
