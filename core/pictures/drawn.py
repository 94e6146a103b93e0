"""Is a picture a photograph, or a few strokes of ink? Pages open the networks that know such pictures."""

from __future__ import annotations

from typing import Literal

import numpy as np
from PIL import Image

from core.base.heavy import ndimage
from core.pictures.image import RGBImage
from core.pictures.preprocess import rim_of

Sort = Literal["photograph", "drawing"]
TINY = 16  # px
SIDE = 96  # px of the longer side that is looked at
GREY = 24  # of 255: what the channels of a tiny picture differ by at most
COLOURED, HARDLY = 16, 0.005  # of 255: channels of ink and paper differ by more in at most this share of the pixels
DIM = 64  # of 255: paper that is darker has no colour of light that could be told
PAPER, INK = 40, 90  # of 255: paper is so near to the border's median, ink at least so far from it
LEAST_INK, MOST_INK = 0.01, 0.35  # shares of the pixels
SHADED, SOFT = 0.025, 0.75  # neither paper nor ink: of the pixels that touch no ink; of the ink, with its soft edges
STRAY, UNEVEN = 0.05, 20  # share of the border that ink may cross; of 255 that 95 % of the paper keep within
PIECES, SPECK = 5, 4  # more pieces of ink are a text or a texture, but for specks of so many px
OBLONG = 2.5  # a line of text is not one drawing


def sort_of(image: RGBImage) -> Sort:
    """A "drawing" for grey strokes on an even ground, dark on bright or bright on dark, as digits are; a "photograph"
    for all else: whatever has a colour, a shading or a texture."""
    height, width = image.pixels.shape[:2]
    if max(height, width) <= TINY:  # no photograph is so small
        told = np.ptp(image.pixels.astype(np.int16), axis=2).max() <= GREY and np.ptp(image.pixels) >= INK
        return "drawing" if told else "photograph"
    if max(height, width) > OBLONG * min(height, width):
        return "photograph"
    share = min(1.0, SIDE / max(height, width))
    size = (max(1, round(width * share)), max(1, round(height * share)))
    small = np.asarray(Image.fromarray(image.pixels).resize(size, Image.Resampling.BOX), np.float64)
    return "drawing" if _is_grey(small) and _is_strokes(small.mean(2)) else "photograph"


def _is_grey(pixels: np.ndarray) -> bool:
    """Whether (H, W, 3) is grey but for hardly a pixel, once the light on its paper is taken for white."""
    light = np.median(pixels[rim_of(*pixels.shape[:2])], axis=0)
    if light.min() > DIM:
        pixels = pixels * (light.mean() / light)
    return bool((np.ptp(pixels, axis=2) > COLOURED).mean() <= HARDLY)


def _is_strokes(grey: np.ndarray) -> bool:
    """Whether (H, W) is a few lines of ink on an even ground."""
    border = rim_of(*grey.shape)
    away = np.abs(grey - np.median(grey[border]))
    ink = away >= INK
    if not LEAST_INK <= ink.mean() <= MOST_INK or ink[border].mean() > STRAY:
        return False
    between = (away > PAPER) & ~ink
    shaded = between & ~ndimage.binary_dilation(ink, np.ones((3, 3)))
    if shaded.mean() > SHADED or between.sum() > SOFT * ink.sum() or np.percentile(away[away <= PAPER], 95) > UNEVEN:
        return False
    pieces, _ = ndimage.label(ink, np.ones((3, 3)))
    return bool((np.bincount(pieces.ravel())[1:] > SPECK).sum() <= PIECES)
