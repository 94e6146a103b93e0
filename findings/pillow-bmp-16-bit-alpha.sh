#!/usr/bin/env bash
# Guess before running: a BMP whose version 4 header has a mask of alpha is read with that alpha, whether its pixels have
# 16 bits (A1R5G5B5) or 32 (A8R8G8B8).
# What happens, with Pillow 13.0.0: of 32 bits alpha is read; of 16 bits the picture comes as opaque RGB, without a word.
set -euo pipefail
venv=$(mktemp -d); trap 'rm -rf "$venv"' EXIT
python3 -m venv "$venv"
"$venv/bin/pip" install -q pillow==13.0.0 2>/dev/null
"$venv/bin/python" - <<'PY'
import io, struct
import PIL
from PIL import Image

def bmp(bits, masks, pixels):
    """A BITMAPV4HEADER file of one row with BI_BITFIELDS."""
    row = b"".join(pixel.to_bytes(bits // 8, "little") for pixel in pixels)
    row += bytes(-len(row) % 4)
    head = struct.pack("<IiiHHIIiiII4I", 108, len(pixels), 1, 1, bits, 3, len(row), 2835, 2835, 0, 0, *masks)
    head += b"BGRs" + bytes(48)
    return b"BM" + struct.pack("<IHHI", 14 + 108 + len(row), 0, 0, 14 + 108) + head + row

files = {16: bmp(16, (0x7C00, 0x03E0, 0x001F, 0x8000), (0x7C00, 0xFC00)),  # a clear and an opaque red
         32: bmp(32, (0xFF0000, 0xFF00, 0xFF, 0xFF000000), (0x00FF0000, 0xFFFF0000))}
seen = {}
for bits, data in files.items():
    picture = Image.open(io.BytesIO(data))
    seen[bits] = picture.mode, [picture.getpixel((x, 0)) for x in (0, 1)]
print(f"Pillow {PIL.__version__}:", seen)
assert seen[32] == ("RGBA", [(255, 0, 0, 0), (255, 0, 0, 255)]), "alpha of 32 bits is read otherwise now"
assert seen[16] == ("RGB", [(255, 0, 0), (255, 0, 0)]), "alpha of 16 bits is read now"
PY
# Seen: Pillow 13.0.0: {16: ('RGB', [(255, 0, 0), (255, 0, 0)]), 32: ('RGBA', [(255, 0, 0, 0), (255, 0, 0, 255)])}
