"""Is a picture a photograph, or a few strokes of ink? Pages open the networks that know such pictures."""

from __future__ import annotations

from typing import Literal

import numpy as np
from PIL import Image

from core.pictures.image import RGBImage
from core.pictures.preprocess import rim_of

Sort = Literal["photograph", "drawing"]
TINY = 16  # px
SIDE = 96  # px of the longer side that is looked at
GREY = 24  # of 255: what the channels of ink and paper differ by at most, but for a few pixels
PAPER, INK = 40, 90  # of 255: paper is so near to the border's median, ink at least so far from it
MOST_BETWEEN, LEAST_INK, MOST_INK = 0.2, 0.01, 0.35  # shares of the pixels
OBLONG = 2.5  # a line of text is not one drawing


def sort_of(image: RGBImage) -> Sort:
    """A "drawing" for grey strokes on an even ground, dark on bright or bright on dark, as digits are; a "photograph"
    for all else."""
    height, width = image.pixels.shape[:2]
    if max(height, width) <= TINY:  # no photograph is so small
        told = np.ptp(image.pixels.astype(np.int16), axis=2).max() <= GREY and np.ptp(image.pixels) >= INK
        return "drawing" if told else "photograph"
    if max(height, width) > OBLONG * min(height, width):
        return "photograph"
    share = min(1.0, SIDE / max(height, width))
    size = (max(1, round(width * share)), max(1, round(height * share)))
    small = np.asarray(Image.fromarray(image.pixels).resize(size, Image.Resampling.BOX), np.int16)
    if np.percentile(np.ptp(small, axis=2), 95) > GREY:
        return "photograph"
    grey = small.mean(2)
    border = rim_of(*grey.shape)
    away = np.abs(grey - np.median(grey[border]))
    ink = float((away >= INK).mean())
    between = float(((away > PAPER) & (away < INK)).mean())
    clean = float((away[border] >= INK).mean()) < LEAST_INK * 5
    return "drawing" if LEAST_INK <= ink <= MOST_INK and between <= MOST_BETWEEN and clean else "photograph"
