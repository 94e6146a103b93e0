"""A network that OpenVINO compiled for this processor, asked like any other module."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.base import memory


class Compiled(nn.Module):
    """(B, C, H, W) float32 -> logits (B, K) float32 of an openvino.CompiledModel. It has no layers to look into, no
    numbers of its own, and no gradient. `batch`: how many pictures the model takes at a time, 0 for any number."""

    def __init__(self, model: Any, batch: int = 0) -> None:
        super().__init__()
        self.model = model
        self.batch = batch
        memory.HOLDING.add(self)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, K); from several threads at once, too."""
        if not self.batch:
            return self.answered(x)
        some = [x[i : i + self.batch] for i in range(0, len(x), self.batch)]
        return torch.cat([self.answered(filled(part, self.batch))[: len(part)] for part in some])

    def answered(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, K), of as many pictures as the model takes."""
        request = self.model.create_infer_request()  # its own: one request answers one caller at a time
        found = request.infer({0: x.float().contiguous().numpy()}, share_inputs=True)
        return torch.from_numpy(found[0].copy())

    def release(self) -> None:
        """Give up the maps between its layers, which it makes again when it is asked: 60 MB of lite0 (OpenVINO
        2026.4). One that is being asked keeps them."""
        with suppress(RuntimeError):
            self.model.release_memory()

    def __deepcopy__(self, memo: dict[int, Any]) -> Compiled:
        """The same: there is nothing in it that anyone could change."""
        return self


def filled(x: Tensor, count: int) -> Tensor:
    """(B, C, H, W) -> (count, C, H, W), with zeros after the pictures."""
    return F.pad(x, (0, 0, 0, 0, 0, 0, 0, count - len(x)))
