"""A drawn or photographed digit as two data sets were made: bright ink on black, sized by its box.

The makers of MNIST (LeCun et al., 1998) scaled the ink, its proportions kept, to a box of 20 px, and moved its centre
of mass to the middle of 28 px. Before that, a photograph of ink on paper has to become ink alone.

scikit-learn's digits (Alpaydin & Kaynak, UCI 1998) have no margin: NIST's programs made bitmaps of 32 px which the ink
fills from top to bottom, mostly 20 px wide, and the pixels with ink were counted in blocks of 4x4.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from core.base.heavy import filters, ndimage
from core.pictures.drawn import sort_of
from core.pictures.image import RGBImage
from core.pictures.preprocess import RIM, at_most, in_form

SIDE, BOX = 28, 20  # px of the picture, and of the longer side of the ink in it
CENTRE = 14  # row and column of the ink's centre of mass: within half a pixel of it in all of MNIST's test pictures
BITMAP, BLOCK = 32, 4  # px of the side of the bitmaps behind scikit-learn's digits, and of the blocks counted in them
COUNTED = BITMAP // BLOCK  # px of the side of such a digit
BROAD = 20  # px that the ink is stretched to in a bitmap
SLENDER = 2.5  # ink that is so many times as long as it is wide, a one's, keeps its proportions
WORKING_PIXELS = 160_000  # a larger photograph is scaled down first
SAMPLES = 10_000  # pixels, about, of which those at the border tell the light on the paper
ROUNDS = 5  # of the fit of that light
FAINTEST = 8  # of 255: what stands out by less is no ink
FAINT = 0.05  # of the way from paper to ink: less is paper
NOISE = 3 * 1.4826  # median deviations of the paper: three standard deviations where it is normal
SPECK = 0.03  # of the largest piece's ink: smaller pieces are dust
INNER = 0.1  # of the largest piece's ink: beside such a piece, those that touch the border are not the digit


def as_mnist(image: RGBImage) -> np.ndarray:
    """The picture as uint8 (1, 28, 28, 1); black if there is nothing on it. A photograph of anything gives something.

    Dark ink on light paper is inverted and uneven light taken away; what does not stand out is black.
    """
    return placed(boxed(ink(at_most(image, WORKING_PIXELS))))[None, :, :, None]


def in_form_of(image: RGBImage, size: int, channels: int, bright_on_dark: bool) -> np.ndarray:
    """The picture in the form of a data set, uint8 (1, size, size, channels): `in_form`'s, but a drawing among
    scikit-learn's digits as these were made."""
    if loses_margin(image, size, channels, bright_on_dark):
        return counted(as_mnist(image))
    return in_form(image, size, channels, bright_on_dark)


def loses_margin(image: RGBImage, size: int, channels: int, bright_on_dark: bool) -> bool:
    """Whether `in_form_of` cuts the picture to its ink: a drawing that is no such digit yet."""
    like_digits = (size, channels, bright_on_dark) == (COUNTED, 1, True)
    return like_digits and max(image.height, image.width) > COUNTED and sort_of(image) == "drawing"


def counted(pictures: np.ndarray) -> np.ndarray:
    """Digits, bright on black, uint8 (N, H, W, 1) -> (N, 8, 8, 1) as scikit-learn's were made. Those of 8 px stay, and
    what is black stays black."""
    if pictures.shape[1:3] == (COUNTED, COUNTED):
        return pictures
    blocks = (COUNTED, BLOCK, COUNTED, BLOCK)
    shares = [bitmap(picture[..., 0]).reshape(blocks).mean((1, 3)) for picture in pictures]
    return np.asarray(np.rint(255 * np.reshape(shares, (-1, COUNTED, COUNTED, 1))), np.uint8)


def bitmap(picture: np.ndarray) -> np.ndarray:
    """uint8 (H, W) -> bool (32, 32): what is at least half as bright as the brightest, its box in the middle, as high
    as the bitmap and BROAD px wide."""
    found = np.zeros((BITMAP, BITMAP), bool)
    bright = picture >= max(1, picture.max() / 2)
    rows, columns = (np.flatnonzero(bright.any(axis)) for axis in (1, 0))
    if len(rows):
        cut = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        height, width = BITMAP, BROAD
        if max(cut.shape) > SLENDER * min(cut.shape):
            scale = min(BITMAP / cut.shape[0], BROAD / cut.shape[1])
            height, width = (max(1, round(scale * side)) for side in cut.shape)
        scaled = np.asarray(Image.fromarray(cut).resize((width, height), Image.Resampling.BILINEAR))
        top, left = (BITMAP - height) // 2, (BITMAP - width) // 2
        found[top : top + height, left : left + width] = scaled >= scaled.max() / 2
    return found


def ink(pixels: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3) -> float (H, W) in [0, 1]: how much of each pixel is ink, by Otsu's threshold."""
    grey = np.asarray(Image.fromarray(pixels).convert("L"), float)
    relief = grey - light(grey)
    relief *= np.sign((relief**3).sum())  # whatever stands out most from the border, brighter or darker, is ink
    if np.ptp(relief) < FAINTEST:
        return np.zeros_like(relief)
    is_ink = relief > filters.threshold_otsu(relief)
    paper, full = np.median(relief[~is_ink]), np.median(relief[is_ink])
    noise = NOISE * np.median(np.abs(relief[~is_ink] - paper))
    low = min(paper + max(noise, FAINT * (full - paper)), full - 1)
    return without_dust(np.clip((relief - low) / (full - low), 0, 1))


def light(grey: np.ndarray) -> np.ndarray:
    """(H, W) -> (H, W): the light on the paper, a slope and a fall towards the corners, as the picture's border has it.

    Ink that reaches the border loses its say: each round weighs a pixel by how near it lay to the last surface.
    """
    step = max(1, round((grey.size / SAMPLES) ** 0.5))
    y, x = (np.linspace(-1, 1, side) for side in grey.shape)
    few = grey[::step, ::step]
    border = np.ones(few.shape, bool)
    rows, columns = (slice(max(1, side // RIM), -max(1, side // RIM)) for side in few.shape)
    border[rows, columns] = False
    seen = np.stack([term[border] for term in terms(y[::step], x[::step])], -1)  # (n, 4)
    values = few[border]
    factors = np.array([np.median(values), 0, 0, 0])
    for _ in range(ROUNDS):
        weight = np.maximum(np.abs(values - seen @ factors), 1.0) ** -0.5
        factors = np.linalg.lstsq(seen * weight[:, None], values * weight, rcond=None)[0]
    return np.asarray(sum(factor * term for factor, term in zip(factors, terms(y, x), strict=True)))


def terms(y: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, ...]:
    """Rows (H,) and columns (W,) -> the surfaces (H, W) that light is a sum of."""
    y, x = np.meshgrid(y, x, indexing="ij")
    return np.ones_like(x), x, y, x * x + y * y


def without_dust(found: np.ndarray) -> np.ndarray:
    """The ink (H, W) without small pieces, and without those that touch the border where others do not: a shadow's,
    the sheet's or the table's edge."""
    pieces, _ = ndimage.label(found > 0, np.ones((3, 3)))
    amount = np.bincount(pieces.ravel(), found.ravel())
    inner = amount.copy()
    inner[np.concatenate([pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]])] = 0
    if inner.max() > INNER * amount.max():
        amount = inner
    return np.asarray(np.where((amount >= SPECK * amount.max())[pieces], found, 0))


def boxed(found: np.ndarray) -> np.ndarray:
    """The box around the ink, its longer side scaled to BOX px: uint8 (h, w), the brightest 255; (1, 1) without ink."""
    rows, columns = (np.flatnonzero(found.any(axis)) for axis in (1, 0))
    if not len(rows):
        return np.zeros((1, 1), np.uint8)
    cut = found[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = (max(1, round(BOX * side / max(cut.shape))) for side in cut.shape)
    scaled = np.asarray(Image.fromarray(cut.astype(np.float32)).resize((width, height), Image.Resampling.BILINEAR))
    return np.asarray(np.rint(255 * (scaled / scaled.max())), np.uint8)


def placed(box: np.ndarray) -> np.ndarray:
    """uint8 (h, w) on black (SIDE, SIDE): its centre of mass in the middle, as far as all of it fits in."""
    canvas = np.zeros((SIDE, SIDE), np.uint8)
    if box.any():
        top, left = (
            int(np.clip(round(CENTRE - np.average(np.arange(side), weights=box.sum(1 - axis))), 0, SIDE - side))
            for axis, side in enumerate(box.shape)
        )
        canvas[top : top + box.shape[0], left : left + box.shape[1]] = box
    return canvas
