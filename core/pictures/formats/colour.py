"""Colours into sRGB, whichever way a file states them: by an ICC profile, or by the numbers of ITU-T H.273."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from core.pictures.formats.layers import Code, Layers, by_rows

_SAME = 1  # of 255: a profile that moves no colour by more is sRGB, however it is called
_LIGHTS = 2**16

# ITU-T H.273 (07/2024), table 2: x and y of red, green, blue and white.
_D65, _C = (0.3127, 0.329), (0.31, 0.316)
_NTSC = ((0.63, 0.34), (0.31, 0.595), (0.155, 0.07), _D65)
_PRIMARIES = {
    1: ((0.64, 0.33), (0.3, 0.6), (0.15, 0.06), _D65),  # BT.709, sRGB
    4: ((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), _C),
    5: ((0.64, 0.33), (0.29, 0.6), (0.15, 0.06), _D65),
    6: _NTSC,
    7: _NTSC,
    8: ((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), _C),
    9: ((0.708, 0.292), (0.17, 0.797), (0.131, 0.046), _D65),  # BT.2020
    11: ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06), (0.314, 0.351)),  # DCI-P3
    12: ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06), _D65),  # Display P3
    22: ((0.63, 0.34), (0.295, 0.605), (0.155, 0.077), _D65),
}
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def _bt709(v: NDArray[np.float64]) -> NDArray[np.float64]:
    alpha, beta = 1.09929682680944, 0.018053968510807
    return np.where(v < 4.5 * beta, v / 4.5, ((v + alpha - 1) / alpha) ** (1 / 0.45))


def _srgb(v: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


# Table 3: from the code value to light. The curves of high dynamic range (16, 18) have no exact picture in sRGB.
_LINEAR: dict[int, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    **dict.fromkeys((1, 6, 14, 15), _bt709),
    4: lambda v: v**2.2,
    5: lambda v: v**2.8,
    8: lambda v: v,
    13: _srgb,
}
SRGB = Code(1, 13)
_UNSPECIFIED = 2
_HDR = (16, 18)


def flat(layers: Layers) -> Image.Image:
    """The layers as one RGB picture in sRGB, alpha over white; still turned as the file has it."""
    rgb = _to_srgb(layers)
    if layers.alpha is None:
        return rgb
    canvas = Image.new("RGB", rgb.size, "white")
    canvas.paste(rgb, mask=layers.alpha)
    return canvas


def note_on(code: Code | None) -> str:
    """What a user should know of colours stated by these numbers: "" where they are converted."""
    if code is None or _UNSPECIFIED in code or convertible(code):
        return ""
    if code.transfer in _HDR:
        return "Its colours are of high dynamic range: shown as they are, paler than on a screen made for them."
    return f"Its colours are stated in a way that is not read here (H.273 {code.primaries}, {code.transfer})."


def convertible(code: Code | None) -> bool:
    """Whether these numbers name primaries and a curve that can be turned into sRGB exactly."""
    return code is not None and code.primaries in _PRIMARIES and code.transfer in _LINEAR


def _to_srgb(layers: Layers) -> Image.Image:
    """PNG's third edition gives the numbers precedence over the profile, and the profile over all else."""
    colour = layers.colour
    if colour.mode == "LAB":
        return _converted(colour, ImageCms.createProfile("LAB"))
    if layers.code is not None and convertible(layers.code) and colour.mode in ("L", "RGB"):
        return colour.convert("RGB") if layers.code == SRGB else _from_code(colour.convert("RGB"), layers.code)
    if layers.profile:
        with suppress(ImageCms.PyCMSError, ImportError, OSError, ValueError, TypeError):
            if colour.mode == "CMYK" or not _is_srgb(layers.profile, colour.mode):
                return _by_profile(colour, layers.profile)
    return colour.convert("RGB")


def _by_profile(colour: Image.Image, profile: bytes) -> Image.Image:
    embedded = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    if colour.mode == "L":
        # By itself LittleCMS joins the curves of greys to one of few points, up to 10 of 255 off.
        ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
        levels = _converted(ramp, embedded, ImageCms.Flags.NOOPTIMIZE)
        return Image.merge("RGB", [colour.point(list(band.tobytes())) for band in levels.split()])
    return _converted(colour, embedded)


def _converted(colour: Image.Image, source: Any, flags: ImageCms.Flags = ImageCms.Flags.NONE) -> Image.Image:
    srgb = ImageCms.createProfile("sRGB")
    found = ImageCms.profileToProfile(colour, source, srgb, outputMode="RGB", flags=flags)
    assert found is not None  # None is for inPlace=True only
    return found


@lru_cache(maxsize=8)
def _is_srgb(profile: bytes, mode: str) -> bool:
    """Whether the profile leaves colours where they are, by its numbers: profiles' names say anything.

    Raises what `_by_profile` raises for profiles that are broken or of another mode.
    """
    ramp = np.arange(256, dtype=np.uint8)
    if mode == "RGB":
        levels = ramp[::15]
        lattice = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1).reshape(1, -1, 3)
        probe = np.concatenate([lattice, np.repeat(ramp[None, :, None], 3, 2)], axis=1)
    else:
        probe = ramp[None]
    came = np.asarray(_by_profile(Image.fromarray(probe), profile)).astype(int)
    return bool(np.abs(came - probe.reshape(*probe.shape[:2], -1)).max() <= _SAME)


def _from_code(rgb: Image.Image, code: Code) -> Image.Image:
    """Colours of these primaries and this curve as sRGB's, white adapted by Bradford; what lies outside is clipped."""
    light = _LINEAR[code.transfer](np.arange(256) / 255).astype(np.float32)
    matrix = np.linalg.inv(_to_xyz(SRGB.primaries)) @ _to_xyz(code.primaries)
    turned = matrix.T.astype(np.float32)
    # 2**16 levels of light are a twentieth of a code apart where codes lie closest
    borders = _srgb((np.arange(255) + 0.5) / 255) * _LIGHTS
    codes = np.searchsorted(borders, np.arange(_LIGHTS + 1)).astype(np.uint8)

    def converted(part: NDArray[np.uint8]) -> Any:
        return codes[np.rint((light[part] @ turned) * _LIGHTS).clip(0, _LIGHTS).astype(np.int32)]

    pixels = np.asarray(rgb)
    return Image.fromarray(by_rows(converted, pixels, np.empty_like(pixels)))


def _to_xyz(primaries: int) -> NDArray[np.float64]:
    """(3, 3), from linear RGB of these primaries to XYZ, their white adapted to D65."""
    *colours, white = _PRIMARIES[primaries]
    xyz = np.array([[x / y, 1, (1 - x - y) / y] for x, y in colours]).T
    source, target = (np.array([x / y, 1, (1 - x - y) / y]) for x, y in (white, _D65))
    cone = np.diag(_BRADFORD @ target / (_BRADFORD @ source))
    adapted: NDArray[np.float64] = (
        np.linalg.inv(_BRADFORD) @ cone @ _BRADFORD @ xyz @ np.diag(np.linalg.solve(xyz, source))
    )
    return adapted
