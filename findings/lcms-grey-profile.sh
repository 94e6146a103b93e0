#!/usr/bin/env bash
# Guess before running: a grey ICC profile with gamma 1 (linear light) turned into sRGB is within 1 of 255 of the closed form,
# as a colour profile with the same curve is.
# What happens, with Pillow 13.0.0 (LittleCMS 2.19): by default dark greys come out up to ten levels off, as if the
# curve were joined from few points; with the flag NOOPTIMIZE they are within 1.
set -euo pipefail
venv=$(mktemp -d); trap 'rm -rf "$venv"' EXIT
python3 -m venv "$venv"
"$venv/bin/pip" install -q pillow==13.0.0 numpy==2.4.6 2>/dev/null
"$venv/bin/python" - <<'PY'
import io, struct
import numpy as np
import PIL
from PIL import Image, ImageCms, features

def tag(kind, body):
    return kind + bytes(4) + body

def profile(gamma):
    """A version 2 grey profile: white point D50 and one gamma curve."""
    d50 = b"".join(struct.pack(">i", round(v * 65536)) for v in (0.9642, 1.0, 0.8249))
    text = b"grey\0"
    tags = {b"desc": tag(b"desc", struct.pack(">I", len(text)) + text + bytes(4 + 4 + 2 + 1 + 67)),
            b"wtpt": tag(b"XYZ ", d50),
            b"kTRC": tag(b"curv", struct.pack(">IH", 1, round(gamma * 256)) + bytes(2))}
    table, body, at = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        data += bytes(-len(data) % 4)
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data
    head = struct.pack(">I4sI4s4s4s", at + len(body), bytes(4), 0x02100000, b"mntr", b"GRAY", b"XYZ ")
    head += struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + b"acsp" + bytes(24 + 4) + d50
    return head.ljust(128, b"\0") + table + body

ramp = np.arange(256, dtype=np.uint8)
light = ramp / 255
wanted = 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
srgb = ImageCms.createProfile("sRGB")
off = {}
for name, flags in (("by default", ImageCms.Flags(0)), ("NOOPTIMIZE", ImageCms.Flags.NOOPTIMIZE)):
    own = ImageCms.ImageCmsProfile(io.BytesIO(profile(1.0)))
    out = ImageCms.profileToProfile(Image.fromarray(ramp[None]), own, srgb, outputMode="RGB", flags=flags)
    off[name] = float(np.abs(np.asarray(out)[0].astype(float) - wanted[:, None]).max())
print(f"Pillow {PIL.__version__}, LittleCMS {features.version('littlecms2')}: largest error of 255:",
      {name: round(value, 1) for name, value in off.items()})
assert off["by default"] > 2, "greys are right by default now"
assert off["NOOPTIMIZE"] <= 1, "greys are off with NOOPTIMIZE too now"
PY
# Seen: Pillow 13.0.0, LittleCMS 2.19: largest error of 255: {'by default': 9.7, 'NOOPTIMIZE': 0.5}
