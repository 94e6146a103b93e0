"""Common corruptions of pictures, each at three strengths, by torchvision's own transforms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO

import numpy as np
from PIL import Image

from core.base.heavy import torch, transforms

REFERENCE_SIDE = 32  # lengths in pixels below are meant at this input size and grow with it

STRENGTHS: dict[str, tuple[float, float, float]] = {
    "noise": (0.04, 0.08, 0.16),  # standard deviation of what is added, before values are clipped to [0, 1]
    "blur": (0.5, 0.75, 1.0),  # standard deviation in pixels
    "JPEG": (30, 15, 7),  # quality; the data sets here are JPEGs of about 75 themselves
    "contrast": (0.6, 0.4, 0.2),  # factor
    "rotation": (3, 6, 12),  # degrees
}


def noise(x: torch.Tensor, sigma: float, seeds: Sequence[int]) -> torch.Tensor:
    """uint8 (B, 3, H, W) -> the same with Gaussian noise of deviation 255 `sigma` added, then clipped; a seed each."""
    dice = [torch.Generator().manual_seed(seed) for seed in seeds]
    spread = torch.stack([torch.randn(x.shape[1:], generator=d) for d in dice]) * (255 * sigma)
    return (x + spread).round().clamp(0, 255).to(torch.uint8)


def blur(x: torch.Tensor, sigma: float, seeds: Sequence[int]) -> torch.Tensor:
    """uint8 (B, 3, H, W) -> the same under a Gaussian of `sigma` px at REFERENCE_SIDE, wider on larger pictures."""
    scaled = sigma * x.shape[-1] / REFERENCE_SIDE
    reach = max(1, round(3 * scaled))
    return transforms.functional.gaussian_blur(x, [2 * reach + 1] * 2, [scaled] * 2)  # type: ignore[no-any-return]


def jpeg(x: torch.Tensor, quality: float, seeds: Sequence[int]) -> torch.Tensor:
    """uint8 (B, 3, H, W) -> the same through a JPEG of that `quality` (per cent).

    By Pillow: torchvision's own encoder is deprecated, and gives the very same pixels.
    """
    decoded = []
    for picture in x:
        buffer = BytesIO()
        Image.fromarray(picture.permute(1, 2, 0).numpy()).save(buffer, "JPEG", quality=int(quality))
        decoded.append(torch.from_numpy(np.array(Image.open(buffer))).permute(2, 0, 1))
    return torch.stack(decoded)


def contrast(x: torch.Tensor, factor: float, seeds: Sequence[int]) -> torch.Tensor:
    """uint8 (B, 3, H, W) -> the same, blended with its mean grey; `factor` 1 changes nothing, 0 leaves grey."""
    return transforms.functional.adjust_contrast(x, factor)  # type: ignore[no-any-return]


def rotation(x: torch.Tensor, degrees: float, seeds: Sequence[int]) -> torch.Tensor:
    """uint8 (B, 3, H, W) -> the same turned counter-clockwise by `degrees`; mirrored pixels move in at the edge."""
    side = x.shape[-1]
    reach = side // 4  # mirrored margin, so that no black corner tells the network about the turn
    wide = transforms.functional.pad(x, [reach], padding_mode="reflect")
    turned = transforms.functional.rotate(wide, degrees, interpolation=transforms.functional.InterpolationMode.BILINEAR)
    return transforms.functional.center_crop(turned, [side, side])  # type: ignore[no-any-return]


APPLY: dict[str, Callable[[torch.Tensor, float, Sequence[int]], torch.Tensor]] = {
    "noise": noise,
    "blur": blur,
    "JPEG": jpeg,
    "contrast": contrast,
    "rotation": rotation,
}


def corrupt(x: torch.Tensor, kind: str, strength: int, seeds: Sequence[int]) -> torch.Tensor:
    """uint8 (B, 3, H, W) -> the same, corrupted by `kind` at `strength` 1, 2 or 3; noise follows each picture's seed.

    Raises ValueError for a kind or a strength that does not exist.
    """
    if kind not in STRENGTHS or strength not in (1, 2, 3):
        raise ValueError(f"expected one of {list(STRENGTHS)} at strength 1, 2 or 3, got {kind!r} at {strength}")
    return APPLY[kind](x, STRENGTHS[kind][strength - 1], seeds)
