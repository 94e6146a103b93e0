"""A network that OpenVINO compiled for this processor, asked like any other module."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class Compiled(nn.Module):
    """(B, C, H, W) float32 -> logits (B, K) float32 of an openvino.CompiledModel. It has no layers to look into, no
    numbers of its own, and no gradient."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, K); from several threads at once, too."""
        request = self.model.create_infer_request()  # its own: one request answers one caller at a time
        found = request.infer({0: x.float().contiguous().numpy()}, share_inputs=True)
        return torch.from_numpy(found[0].copy())

    def __deepcopy__(self, memo: dict[int, Any]) -> Compiled:
        """The same: there is nothing in it that anyone could change."""
        return self
