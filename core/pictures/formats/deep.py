"""Samples of more than 8 bits: which of them mean black and white, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.pictures.formats.layers import by_rows

# The brightest sample of a picture whose samples do not say what white is -> what is white: 0..1, 0..255 and 0..65535
# are the scales that programs write. See core.pictures.image.decode.
_BRIGHTEST = (1.0, 128.0, 192.0, 255.0, 32768.0, 49152.0, 65535.0)
_WHITE = (1.0, 128.0, 255.0, 255.0, 32768.0, 65535.0, 65535.0)
_NARROW = 1 / 4  # of the range from black to white: less is hardly to be seen
_HUGE = 1e300  # what is beyond counts as infinite: differences stay finite


@dataclass(frozen=True)
class Scale:
    """The samples `black` and `white`; `note` says so where it is no matter of course; see `scale_of`."""

    black: float
    white: float
    note: str = ""
    narrow: bool = False

    def shown(self, samples: NDArray[Any]) -> NDArray[np.uint8]:
        """Samples (H, W) or (H, W, C) from black to white as 0..255, rounded; what is not a number becomes black.

        Returns uint8 of the same shape.
        """
        eight = np.empty(samples.shape, np.uint8)
        if samples.dtype.kind not in "iu" or samples.dtype.itemsize > 2:
            return by_rows(self._eight, samples, eight)
        kind, code = samples.dtype.newbyteorder("="), np.dtype(f"u{samples.dtype.itemsize}")
        levels = self._eight(np.arange(256**code.itemsize, dtype=code).view(kind))  # every value there is, once
        return by_rows(lambda part: levels[part.astype(kind, copy=False).view(code)], samples, eight)

    def _eight(self, samples: NDArray[Any]) -> NDArray[np.uint8]:
        with np.errstate(invalid="ignore", over="ignore"):  # signalling numbers that are none, and those near the end
            part = samples.astype(np.float64)
            np.nan_to_num(part, copy=False, nan=self.black, posinf=_HUGE, neginf=-_HUGE)
            part -= self.black
            part *= 255
            part /= self.white - self.black or np.inf
        return np.rint(part, out=part).clip(0, 255).astype(np.uint8)


def scale_of(samples: NDArray[Any], white: float | None = None, stretch: bool = False) -> Scale:
    """How deep samples (H, W) or (H, W, C), of any real type, are shown; see `core.pictures.image.decode`.

    `white`: the sample that the file or its format calls white, with 0 for black; None where it does not say.
    `stretch`: from the darkest sample to the brightest instead.
    """
    low, high = _ends(samples)
    if low > high:  # not one number
        return Scale(0, 1)
    if stretch and low < high:
        return Scale(low, high, f"Stretched: its darkest sample, {_said(low)}, is black and its brightest, "
                     f"{_said(high)}, white.")  # fmt: skip
    stated = white is not None
    black = min(0.0, low)
    white = max(high, float(np.interp(high, _BRIGHTEST, _WHITE)) if white is None else white)
    narrow = low < high and high - low <= _NARROW * (white - black)
    if stated or (black == 0 and white in _WHITE):
        note = f"Its samples go from {_said(low)} to {_said(high)} of {_said(white)}" if narrow else ""
        how = ": shown as they are"
    else:
        note = f"Its samples go from {_said(low)} to {_said(high)}"
        how = f": {_said(black)} is shown as black, {_said(white)} as white"
    if not note:
        return Scale(black, white)
    return Scale(black, white, f"{note}{how}{'; stretch them to see more' if narrow else ''}.", narrow)


def _ends(samples: NDArray[Any]) -> tuple[float, float]:
    """The lowest and the highest sample that are numbers; (inf, -inf) if none is."""
    if samples.dtype.kind != "f":
        return float(samples.min()), float(samples.max())
    with np.errstate(invalid="ignore"):
        finite = np.isfinite(samples)
        low = samples.min(where=finite, initial=np.inf)
        high = samples.max(where=finite, initial=-np.inf)
    return max(float(low), -_HUGE) if low < np.inf else np.inf, min(float(high), _HUGE) if high > -np.inf else -np.inf


def _said(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) and abs(value) < 1e9 else f"{value:,.4g}"
