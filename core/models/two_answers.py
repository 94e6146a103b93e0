"""A network of one logit, read by the sigmoid, as one of two answers."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class TwoAnswers(nn.Module):
    """(B, C, H, W) -> logits (B, 2) of a network that gives one logit z (B, 1): -z/2 and z/2."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, 2), no before yes."""
        half = self.net(x) / 2
        return torch.cat([-half, half], 1)
