"""ICC profiles (version 2, matrix and curves) made by hand from primaries, a white point and a curve."""

import struct

import numpy as np

D50 = np.array([0.9642, 1.0, 0.8249])
D65, DCI = (0.3127, 0.3290), (0.314, 0.351)
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
SRGB = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
P3 = ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
ADOBE = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
BT2020 = ((0.708, 0.292), (0.17, 0.797), (0.131, 0.046))


def to_linear(v):
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def from_linear(v):
    return np.where(v <= 0.0031308, v * 12.92, 1.055 * np.maximum(v, 0) ** (1 / 2.4) - 0.055)


def to_xyz(primaries, white, target=D50):
    """(3, 3) from linear RGB to XYZ, white adapted to `target` by Bradford."""
    xyz = np.array([[x / y, 1, (1 - x - y) / y] for x, y in primaries]).T
    source = np.array([white[0] / white[1], 1, (1 - sum(white)) / white[1]])
    cone = np.diag(BRADFORD @ target / (BRADFORD @ source))
    return np.linalg.inv(BRADFORD) @ cone @ BRADFORD @ xyz @ np.diag(np.linalg.solve(xyz, source))


def in_srgb(pixels, primaries, white=D65, curve=to_linear):
    """Pixels (H, W, 3) of another colour space as sRGB, by the definitions, clipped."""
    linear = curve(pixels / 255) @ (np.linalg.inv(to_xyz(SRGB, D65)) @ to_xyz(primaries, white)).T
    return np.rint(from_linear(linear.clip(0, 1)) * 255)


def table(curve, points=1024):
    """A curve as a tag: its values at equal steps."""
    steps = (curve(np.linspace(0, 1, points)) * 65535).round().astype(">u2").tobytes()
    return b"curv\0\0\0\0" + struct.pack(">I", points) + steps


def gamma(value):
    return b"curv\0\0\0\0" + (struct.pack(">IH", 1, round(value * 256)) + b"\0\0" if value != 1 else bytes(4))


def parametric():
    numbers = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    return b"para\0\0\0\0\0\3\0\0" + b"".join(struct.pack(">i", round(number * 65536)) for number in numbers)


def xyz(values):
    return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def profile(name, primaries=SRGB, curve=None, white=D65, more=()):
    """An RGB profile called `name`; `curve`: a tag, by default sRGB's; `more`: (signature, tag) to go with it."""
    text = name.encode() + b"\0"
    tags = [(b"desc", b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78)), (b"wtpt", xyz(D50))]
    tags += [
        (sig, xyz(column)) for sig, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), to_xyz(primaries, white).T, strict=True)
    ]
    tags += [(sig, curve or table(to_linear)) for sig in (b"rTRC", b"gTRC", b"bTRC")]
    return assembled(b"RGB ", [*tags, *more])


def grey_profile(name, curve):
    text = name.encode() + b"\0"
    desc = b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78)
    return assembled(b"GRAY", [(b"desc", desc), (b"wtpt", xyz(D50)), (b"kTRC", curve)])


def assembled(space, tags):
    directory, body, at = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for signature, tag in tags:
        tag += bytes(-len(tag) % 4)
        directory += signature + struct.pack(">II", at + len(body), len(tag))
        body += tag
    head = struct.pack(">I4xI4s4s4s12s4s24x", at + len(body), 0x02100000, b"mntr", space, b"XYZ ", bytes(12), b"acsp")
    head += b"".join(struct.pack(">i", round(value * 65536)) for value in D50)
    return head.ljust(128, b"\0") + directory + body
