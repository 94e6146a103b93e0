"""Bytes that mean harm, through the door: one sentence, soon, and with little memory."""

import random
import struct
import subprocess
import sys
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.effort import effort
from tests.helpers.pictures import PHOTO, attempt, chunk, png, save, swapped_profile
from tests.helpers.tiffs import DEFLATE, LZW, ZSTD, directory, tiff

BASE = np.random.default_rng(5).integers(0, 256, (19, 23, 5)).astype(np.uint8)
EXTREME = (0, 1, 2, 3, 4, 8, 127, 128, 255, 256, 4096, 65535, 2**16, 2**24, 2**31 - 1, 2**31, 2**32 - 1)
RAW_EXIF = chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"exif"))
FIELDS = struct.pack("<IiiHHIIiiII", 40, 4, 3, 1, 16, 3, 24, 0, 0, 0, 0) + struct.pack("<3I", 0xF00, 0xF0, 0xF)
FILES = {
    **{f"TIFF {kind}": tiff(BASE[..., :3].astype(kind)) for kind in ("u1", "i1", "u2", "i2", "u4", "f2", "f4", "f8")},
    "TIFF planes": tiff(BASE[..., :4].astype(np.uint16), planar=True, rows=7, t338=2),
    "TIFF tiles": tiff(BASE[..., :1].astype(np.float32), tile=(16, 16), codec=DEFLATE, predictor=3),
    "TIFF differences": tiff(BASE[..., :3].astype(np.uint16), codec=LZW, predictor=2),
    "TIFF bits": tiff(BASE[..., :1].astype(np.uint16) * 16, bits=12, codec=ZSTD),
    "TIFF palette": tiff(BASE[..., :2], planar=True, t262=3, t320=[0] * 768, t338=0),
    "TIFF shared colours": tiff(BASE[..., :3], t262=6, t530=[2, 2]),
    "BigTIFF": tiff(BASE[..., :3].astype(np.float16), big=True, order=">"),
    "PNG": png(2, 1, 8, 0, [b"\5\6"], chunk(b"iCCP", b"k\0\0" + zlib.compress(swapped_profile())), RAW_EXIF,
               chunk(b"cICP", bytes([12, 13, 0, 1])), chunk(b"tRNS", b"\0\5")),
    "BMP": b"BM" + struct.pack("<IHHI", 92, 0, 0, 66) + FIELDS + bytes(range(24)),
    "AVIF": save(Image.fromarray(PHOTO), "AVIF"),
    "AVIF frames": save(Image.fromarray(PHOTO), "AVIF", save_all=True, append_images=[Image.fromarray(255 - PHOTO)]),
    "P2": b"P2\n# c\n4 3\n255\n" + b" ".join(b"%d" % i for i in range(12)),
    "P1": b"P1\n4 3\n101010101111",
    "P5": b"P5\n4 3\n4095\n" + bytes(range(24)),
    "P6": save(Image.fromarray(PHOTO), "PPM"),
}  # fmt: skip


def mutated(data, dice):
    """The file with one to eight changes: bytes, numbers, a cut, an insertion."""
    data = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 3, 8))):
        at, way = dice.randrange(len(data)), dice.random()
        if way < 0.5:
            data[at] = dice.randrange(256)
        elif way < 0.85:
            form = dice.choice(("<H", ">H", "<I", ">I"))
            size = struct.calcsize(form)
            data[at : at + size] = struct.pack(form, dice.choice(EXTREME) % 2 ** (8 * size))
        elif way < 0.93:
            del data[at + 1 :]
        else:
            data[at:at] = bytes(dice.randrange(256) for _ in range(dice.randrange(1, 40)))
    return bytes(data)


@pytest.mark.parametrize("name", FILES)
def test_mutated_files(name):
    assert not isinstance(attempt(FILES[name]), str)
    dice, slowest = random.Random(name), 0.0
    tracemalloc.start()
    for _ in range(250):
        data = mutated(FILES[name], dice)
        outcome, took = effort(attempt, data)
        slowest = max(slowest, took)
        if isinstance(outcome, str):
            assert outcome.startswith("expected ")
            assert "\n" not in outcome
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert slowest < 5
    assert peak < 700e6


@pytest.mark.parametrize("name", FILES)
def test_truncated_files(name):
    whole = FILES[name]
    for length in range(0, len(whole), max(1, len(whole) // 100)):
        attempt(whole[:length])


# ---- made to measure -----------------------------------------------------------------------------


def pages(entries, count, blob):
    """A TIFF of `count` pages of the same entries (tag, type, number of values, value or place)."""
    size = 2 + 12 * len(entries) + 4
    body = bytearray(b"II*\0" + struct.pack("<I", 8 + len(blob)) + blob)
    for i in range(count):
        following = 8 + len(blob) + size * (i + 1) if i < count - 1 else 0
        body += struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries)
        body += struct.pack("<I", following)
    return bytes(body)


def long_lists(reduced):
    entries = [
        (254, 4, 1, reduced),
        (256, 4, 1, 1),
        (257, 4, 1, 1),
        (258, 4, 1, 16),
        (262, 4, 1, 1),
        (273, 4, 500_000, 8),
    ]
    entries += [(279, 4, 500_000, 8), (320, 3, 500_000, 8), (330, 4, 4096, 8), (347, 7, 10**6, 8), (34675, 7, 10**7, 8)]
    return pages(entries, 300, bytes(10**7))


def grey_tiff(body, **tags):
    numbers = {256: 1, 257: 1, 258: 16, 259: 1, 262: 1, 273: 8, 277: 1, 278: 1, 279: len(body)}
    numbers |= {int(name[1:]): value for name, value in tags.items()}
    return b"II*\0" + struct.pack("<I", 8 + len(body)) + body + directory(numbers, "<", False, 8 + len(body))


ROW, SMALL = zlib.compress(bytes(100)), png(2, 1, 8, 0, [b"\5\6"])
FTYP = struct.pack(">I4s", 24, b"ftyp") + b"avif\0\0\0\0avifmif1"


def box(name, body):
    return struct.pack(">I4s", 8 + len(body), name) + body


def inserted(data):
    return SMALL[:33] + data + SMALL[33:]


MADE = {
    "pages with long lists": long_lists(0),
    "thumbnails with long lists": long_lists(1),
    "overlapping strips": grey_tiff(
        ROW + bytes(10**7), t256=50, t257=5000, t259=8, t273=[8] * 5000, t279=[10**7] * 5000
    ),
    "overlapping strips of 8 bit": grey_tiff(
        ROW + bytes(10**7), t256=100, t257=5000, t258=8, t259=8, t273=[8] * 5000, t279=[10**7] * 5000
    ),
    "very many strips": grey_tiff(ROW, t256=50, t257=50000, t259=8, t273=[8] * 50000, t279=[len(ROW)] * 50000),
    "tiles much larger than the picture": grey_tiff(ROW, t257=10**6, t259=8, t322=10**6, t323=16, t324=[8] * 62500,
                                                    t325=[9] * 62500),
    "sixty thousand planes": grey_tiff(bytes(10**6), t277=65535, t284=2, t273=[8] * 4096, t279=[2] * 4096),
    "sixty thousand channels": grey_tiff(bytes(200_000), t277=65535),
    "much from a small strip": grey_tiff(zlib.compress(bytes(10**8)), t256=100, t257=100, t259=8, t278=100),
    "shared colours, overlapping": grey_tiff(bytes(10**6), t256=500, t257=500, t258=8, t262=6, t277=3, t530=[2, 2],
                                             t273=[8] * 500, t278=1, t279=[10**6] * 500),
    "empty chunks": inserted(chunk(b"teXt", b"") * 50_000),
    "empty chunks of pixels": inserted(chunk(b"IDAT", b"") * 50_000),
    "many packed profiles": inserted(chunk(b"iCCP", b"k\0\0" + zlib.compress(bytes(15 * 10**6))) * 20),
    "many texts that may turn it": inserted(
        chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(bytes(990_000))) * 5000
    ),
    "boxes": FTYP + box(b"meta", bytes(4) + box(b"free", b"") * 100_000),
    "boxes in boxes": FTYP + b"".join(struct.pack(">I4s", 8 * (5000 - i), b"moov") for i in range(5000)),
    "items": FTYP + box(b"iloc", b"\0\0\0\0\x44\0\xff\xff" + struct.pack(">HHHHII", 1, 0, 1, 0, 20, 5) * 10000) * 4,
    "chunks of a track": FTYP + box(b"stco", bytes(4) + struct.pack(">I", 10**9) + struct.pack(">I", 16) * 10**5) * 4,
    "comments": b"P2 3000 3000 255\n" + b"#\n" * 5 * 10**6,
    "one endless comment": b"P5\n#" + b"#" * 10**7,
    "one endless number": b"P2 3000 3000 255\n" + b"9" * 10**7,
}  # fmt: skip


@pytest.mark.parametrize("name", MADE)
def test_what_is_made_to_take_long_or_much_takes_neither(name):
    attempt(tiff(np.zeros((1, 1), np.uint16)))  # tifffile is imported
    tracemalloc.start()
    outcome, took = effort(attempt, MADE[name])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert not isinstance(outcome, str) or outcome.startswith("expected ")
    assert took < 8  # tracemalloc takes a good part of it
    assert peak < 300e6


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="a process's peak is read from /proc")
def test_the_largest_deep_picture_takes_so_much_memory():
    # tracemalloc does not see Pillow's own pixels, the system's peak does.
    code = (
        "import sys; from core.pictures.image import decode\n"
        "def peak(): return int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])\n"
        "data = sys.stdin.buffer.read(); before = peak(); decode(data); print(peak() - before)\n"
    )
    data = tiff(np.ones((5000, 5000, 3), np.uint16), codec=DEFLATE, rows=500, predictor=2)  # 150 MB of samples
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], input=data, capture_output=True, check=True)
    assert int(run.stdout) < 750_000  # kB
