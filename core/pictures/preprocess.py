"""From a picture to what a network sees: the only tensor doorway. torch is imported where a tensor is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from PIL import Image

from core.base.heavy import nn, torch
from core.pictures.image import RGBImage, from_pixels

Boundary = Literal["crop", "circular", "reflect"]
Interpolation = Literal["bilinear", "bicubic"]
INTERPOLATIONS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
Scaling = Interpolation | Literal["nearest", "opencv"]  # also those that skip pixels
MOST_OBLONG = 3
MOST_SCALED = 4_096  # px; a strip of one pixel must not become one of millions
RIM = 8  # the border of a picture is an eighth of its side
BOUNDARIES: tuple[Boundary, ...] = ("crop", "circular", "reflect")


class Frame(Protocol):
    """How a picture becomes a network's square: its short side is scaled to `resize` px, and the middle `size` px are
    kept; without `resize` the whole centre square is scaled to `size`."""

    @property
    def size(self) -> int:
        """Side of the square in pixels."""

    @property
    def resize(self) -> int | None:
        """Short side of the scaled picture in pixels."""

    @property
    def interpolation(self) -> Interpolation:
        """The antialiased filter that scales."""


@dataclass(frozen=True)
class Preprocessing:
    """A Frame, and the mean and standard deviation by channel of its pixels in [0, 1].

    `bright_on_dark`: the network has learned from bright things on black, as MNIST's.
    Raises ValueError for a `resize` that is smaller than the square, and for an interpolation that does not exist.
    """

    size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    bright_on_dark: bool = False
    resize: int | None = None
    interpolation: Interpolation = "bilinear"

    def __post_init__(self) -> None:
        if self.resize is not None and self.resize < self.size:
            raise ValueError(f"expected to scale to {self.size} px or more before the crop, got {self.resize}")
        if self.interpolation not in INTERPOLATIONS:
            raise ValueError(f"expected an interpolation of {list(INTERPOLATIONS)}, got {self.interpolation!r}")

    @property
    def spare(self) -> int:
        """By how many px the scaled picture is larger than what is seen, even: there is as much on each side."""
        return 2 * (((self.resize or self.size) - self.size) // 2)


def square(image: RGBImage, side: int, interpolation: Scaling = "bilinear") -> np.ndarray:
    """The picture's centre square, scaled to uint8 (side, side, 3)."""
    short = min(image.height, image.width)
    left, top = (image.width - short) / 2, (image.height - short) / 2
    return scaled(image.pixels, (side, side), interpolation, (left, top, left + short, top + short))


def middle(image: RGBImage, short: int, side: int, interpolation: Scaling = "bilinear") -> np.ndarray:
    """The middle uint8 (side, side, 3) of the picture scaled to a short side of `short`, as torchvision crops it.

    A picture whose long side would then be over MOST_SCALED px is cut to its middle before.
    """
    small = min(image.height, image.width)
    kept = max(small, small * MOST_SCALED // short)
    width, height = min(image.width, kept), min(image.height, kept)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    size = (short * width // small, short * height // small)
    found = scaled(image.pixels, size, interpolation, (left, top, left + width, top + height))
    left, top = round((size[0] - side) / 2), round((size[1] - side) / 2)
    return found[top : top + side, left : left + side]


def scaled(
    pixels: np.ndarray, size: tuple[int, int], how: Scaling, box: tuple[float, float, float, float]
) -> np.ndarray:
    """The `box` (left, top, right, bottom) of uint8 (H, W, 3), scaled to uint8 (height, width, 3) of a (width, height).

    "opencv" samples the box's whole pixels as OpenCV's INTER_LINEAR does, to within one of 255 levels; "nearest" as its
    INTER_NEAREST_EXACT.
    """
    if how != "opencv":
        by = Image.Resampling.NEAREST if how == "nearest" else INTERPOLATIONS[how]
        return np.asarray(Image.fromarray(pixels).resize(size, by, box))
    left, top, right, bottom = map(int, box)
    planes = torch.from_numpy(pixels[top:bottom, left:right].copy()).movedim(-1, 0)[None]
    found = nn.functional.interpolate(planes, size[::-1], mode="bilinear", align_corners=False)
    return np.asarray(found[0].movedim(0, -1).numpy())


def seen(image: RGBImage, prep: Preprocessing) -> np.ndarray:
    """uint8 (size, size, 3): the picture as a network sees it, ink on paper inverted where it knows bright on black."""
    return field_of_view(in_its_light(image, prep), prep, 0, "crop")


def whole(image: RGBImage, short: int) -> np.ndarray:
    """The whole picture scaled to a short side of `short`: uint8 (H, W, 3).

    Of a picture more than MOST_OBLONG times as long as it is short, the middle.
    """
    small = min(image.height, image.width)
    w, h = min(image.width, MOST_OBLONG * small), min(image.height, MOST_OBLONG * small)
    left, top = (image.width - w) / 2, (image.height - h) / 2
    size = (round(short * w / small), round(short * h / small))
    box = (left, top, left + w, top + h)
    return np.asarray(Image.fromarray(image.pixels).resize(size, Image.Resampling.BILINEAR, box))


def at_most(image: RGBImage, pixels: int) -> np.ndarray:
    """The whole picture uint8 (H, W, 3), scaled down where it has more than `pixels` pixels."""
    share = (pixels / (image.height * image.width)) ** 0.5
    if share >= 1:
        return image.pixels
    size = (max(1, int(image.width * share)), max(1, int(image.height * share)))
    return np.asarray(Image.fromarray(image.pixels).resize(size, Image.Resampling.BILINEAR))


def rim_of(height: int, width: int) -> np.ndarray:
    """Which pixels are the border: bool (height, width), all of a picture that has nothing within."""
    rim = max(1, min(height, width) // RIM)
    border = np.ones((height, width), bool)
    border[rim:-rim, rim:-rim] = False
    return border


def border_is_brighter(pixels: np.ndarray) -> bool:
    """Whether the rim of uint8 (H, W, C) is brighter, on average, than what it surrounds; a tiny picture has none."""
    border = rim_of(*pixels.shape[:2])
    if border.all():
        return False
    return bool(pixels[border].mean() > pixels[~border].mean())


def in_its_light(image: RGBImage, prep: Preprocessing) -> RGBImage:
    """The picture as a network of bright things on black wants it: ink on paper inverted, all else as it is."""
    if prep.bright_on_dark and border_is_brighter(image.pixels):
        return from_pixels(255 - image.pixels)
    return image


def to_tensor(pixels: np.ndarray, prep: Preprocessing) -> torch.Tensor:
    """uint8 (..., H, W, C) -> normalised float32 (..., channels, H, W), with as many channels as `prep` has means."""
    x = torch.from_numpy(np.array(pixels)).movedim(-1, -3).float() / 255
    return normalise(in_channels(x, len(prep.mean)), prep)


def in_channels(x: torch.Tensor, channels: int) -> torch.Tensor:
    """(..., C, H, W) -> (..., channels, H, W): colour to grey by its mean, grey to colour by repeating it."""
    if channels == 1 and x.shape[-3] > 1:
        return x.mean(-3, keepdim=True)
    return x.expand(*x.shape[:-3], channels, *x.shape[-2:])


def normalise(x: torch.Tensor, prep: Preprocessing) -> torch.Tensor:
    """(..., 3, H, W) in [0, 1] -> what the network sees."""
    return (x - x.new_tensor(prep.mean)[:, None, None]) / x.new_tensor(prep.std)[:, None, None]


def denormalise(x: torch.Tensor, prep: Preprocessing) -> torch.Tensor:
    """The inverse of `normalise`."""
    return x * x.new_tensor(prep.std)[:, None, None] + x.new_tensor(prep.mean)[:, None, None]


def field_of_view(
    image: RGBImage, frame: Frame, reach: int, boundary: Boundary, how: Scaling | None = None
) -> np.ndarray:
    """uint8 (size + 2 reach, size + 2 reach, 3): everything that a size x size window can meet within `reach` pixels.

    'crop' takes it from the photograph, which is scaled as the frame says, or larger where it has to hold the view, and
    by the frame's own filter unless told `how`; 'circular' and 'reflect' continue the frame's own square by wrapping
    round or mirroring.
    """
    if boundary == "crop":
        side, how = frame.size + 2 * reach, how or frame.interpolation
        if frame.resize is None:
            return square(image, side, how)
        return middle(image, max(side, frame.resize), side, how)
    mode: Literal["wrap", "reflect"] = "wrap" if boundary == "circular" else "reflect"
    own = field_of_view(image, frame, 0, "crop")
    return np.pad(own, ((reach, reach), (reach, reach), (0, 0)), mode=mode)


def windows(view: torch.Tensor, size: int) -> torch.Tensor:
    """(C, H, W) -> a view (H-size+1, W-size+1, C, size, size) of every size x size window; copies nothing."""
    return view.unfold(1, size, 1).unfold(2, size, 1).permute(1, 2, 0, 3, 4)


def shift_offsets(reach: int) -> np.ndarray:
    """(S, 2) int64: every (dy, dx) with |dy|, |dx| <= reach, row by row. Positive moves the picture down and right."""
    line = np.arange(-reach, reach + 1)
    return np.stack(np.meshgrid(line, line, indexing="ij"), -1).reshape(-1, 2)


def shifted(view: torch.Tensor, size: int, reach: int, offsets: np.ndarray) -> torch.Tensor:
    """The windows (n, C, size, size) at which the picture has moved by `offsets` (n, 2)."""
    rows, columns = torch.from_numpy(reach - offsets).unbind(1)
    return windows(view, size)[rows, columns]


def circular_shift(x: torch.Tensor, offsets: np.ndarray) -> torch.Tensor:
    """(B, C, H, W) with picture b moved by offsets[b] = (dy, dx), wrapping round."""
    b, c, h, w = x.shape
    dy, dx = torch.from_numpy(offsets).unbind(1)
    rows = (torch.arange(h) - dy[:, None]) % h
    columns = (torch.arange(w) - dx[:, None]) % w
    picture, channel = torch.arange(b)[:, None, None, None], torch.arange(c)[:, None, None]
    return x[picture, channel, rows[:, None, :, None], columns[:, None, None, :]]


def in_form(image: RGBImage, size: int, channels: int = 3, bright_on_dark: bool = False) -> np.ndarray:
    """The photograph as uint8 (1, size, size, channels): its centre square, scaled, grey for one channel.

    For data sets of bright things on black it is inverted where its border is brighter than what lies within (ink on
    paper), then stretched to 0..255.
    """
    scaled = square(image, size)
    if channels == 1:
        scaled = np.asarray(Image.fromarray(scaled).convert("L"))[..., None]
    if bright_on_dark:
        scaled = stretched(255 - scaled if border_is_brighter(scaled) else scaled)
    return scaled[None]


def stretched(pixels: np.ndarray) -> np.ndarray:
    """uint8 (H, W, C) whose darkest value becomes 0 and whose brightest 255; a flat picture stays as it is."""
    low, high = int(pixels.min()), int(pixels.max())
    if low == high:
        return pixels
    return np.rint((pixels - float(low)) * (255 / (high - low))).astype(np.uint8)
