"""Blur, then subsample: the anti-aliased downsampling of Zhang (ICML 2019), §3.2."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.models.binomial import pad_widths, taps

PADDINGS = {"reflect": "reflect", "replicate": "replicate", "zero": "constant", "circular": "circular"}


def binomial_taps(size: int) -> Tensor:
    """`binomial.taps` as a float32 tensor (size,)."""
    return torch.from_numpy(taps(size)).float()


def wrap(x: Tensor, before: int, after: int) -> Tensor:
    """(B, C, H, W) -> (B, C, before + H + after, before + W + after), continued by wrapping round.

    F.pad(x, mode="circular") of both axes by slices, which keep channels-last: several times faster here.
    """
    for axis in (2, 3):
        n = x.shape[axis]
        x = torch.cat([x.narrow(axis, n - before, before), x, x.narrow(axis, 0, after)], axis)
    return x


class BlurPool2d(nn.Module):
    """(B, C, H, W) -> (B, C, ceil(H/stride), ceil(W/stride)): depthwise binomial blur, then subsampling.

    `filt` (C, 1, size, size) is a buffer, as in the published checkpoints, or, unless `in_state`, none of the state's.
    `offset` widens (or narrows) the padding on all sides by that many pixels. Raises ValueError for a `padding` that
    does not exist, and for a number of taps other than 1..7.
    """

    filt: Tensor
    as_matrices: bool = False  # training sets it: a bfloat16 depthwise backward is several times slower

    def __init__(
        self,
        channels: int,
        size: int = 4,
        stride: int = 2,
        *,
        padding: str = "reflect",
        offset: int = 0,
        in_state: bool = True,
    ) -> None:
        super().__init__()
        if padding not in PADDINGS:
            raise ValueError(f"expected a padding of {list(PADDINGS)}, got {padding!r}")
        line = binomial_taps(size)
        self.register_buffer("filt", torch.outer(line, line).repeat(channels, 1, 1, 1), persistent=in_state)
        self.size, self.stride, self.mode = size, stride, PADDINGS[padding]
        self.widths = pad_widths(size, offset)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H', W'), blurred and subsampled."""
        if self.as_matrices:
            return self._two_products(x)
        x = wrap(x, *self.widths) if self.mode == "circular" else F.pad(x, self.widths * 2, self.mode)
        if self.size == 1:
            return x[:, :, :: self.stride, :: self.stride]
        return F.conv2d(x, self.filt, stride=self.stride, groups=x.shape[1])

    def _two_products(self, x: Tensor) -> Tensor:
        """The same map, A x Bᵀ over rows and columns: fast forward and backward in channels-last bfloat16."""
        b, c, h, w = x.shape
        rows, columns = self._matrix(h).to(x), self._matrix(w).to(x)
        y = torch.matmul(rows, x.permute(0, 2, 3, 1).reshape(b, h, w * c))  # (B, H', W*C)
        y = torch.matmul(columns, y.view(b, -1, w, c))  # (B, H', W', C)
        return y.permute(0, 3, 1, 2)

    def _matrix(self, length: int) -> Tensor:
        """(length', length): what padding, blurring and subsampling do to one axis."""
        line = F.pad(torch.eye(length)[None], self.widths, self.mode)[0]  # (length, padded)
        return line.unfold(1, self.size, self.stride).matmul(binomial_taps(self.size)).T

    def extra_repr(self) -> str:
        return f"{self.filt.shape[0]}, size={self.size}, stride={self.stride}"


class BlurPool1d(nn.Module):
    """(B, C, L) -> (B, C, ceil(L/stride)): the same along one axis. `filt` is (C, 1, size)."""

    filt: Tensor

    def __init__(
        self, channels: int, size: int = 4, stride: int = 2, *, padding: str = "reflect", offset: int = 0
    ) -> None:
        super().__init__()
        self.register_buffer("filt", binomial_taps(size).repeat(channels, 1, 1))
        self.stride, self.mode, self.widths = stride, PADDINGS[padding], pad_widths(size, offset)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, L) -> (B, C, L'), blurred and subsampled."""
        return F.conv1d(F.pad(x, self.widths, self.mode), self.filt, stride=self.stride, groups=x.shape[1])
