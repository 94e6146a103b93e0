"""How does a spinal head come to its answer, layer by layer?

Its read-out sees the outputs of all layers (Kabir et al., arXiv 2007.03347, §II), so its logits are a sum. The answer
so far after k layers is what the read-out would say if the outputs of the layers after the k-th were 0: its bias and
what the first k layers add. The layers themselves are those of the whole head: none is left out, and nothing is
trained anew, so it is not the answer of a head that was trained with k layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.base.heavy import torch
from core.base.softmax import softmax

if TYPE_CHECKING:
    from core.models.spinal import SpinalHead

SURE = 0.5  # of the answer's probability, at least


@dataclass(frozen=True, eq=False)
class SoFar:
    """A spinal head of L layers before one picture: `probability` (L, K), row k - 1 what it answers if only the first
    k layers are read; `outputs` (L, W), what each layer hands on, 0 or more; `parts` (L,), the part of the features
    that each layer sees; `sizes`, the features in each part.
    """

    probability: np.ndarray
    outputs: np.ndarray
    parts: tuple[int, ...]
    sizes: tuple[int, ...]

    @property
    def layers(self) -> int:
        """L."""
        return len(self.probability)

    @property
    def top1(self) -> np.ndarray:
        """(L,) class index of the answer after each layer; the last one is the head's own."""
        return np.asarray(self.probability.argmax(1))

    @property
    def sure_after(self) -> int | None:
        """The layer, from 1, from which on the answer is the head's own at a probability of SURE or more; None where
        the whole head is not as sure as that."""
        sure = (self.top1 == self.top1[-1]) & (self.probability.max(1) >= SURE)
        doubtful = np.flatnonzero(~sure)
        first = int(doubtful[-1]) + 2 if len(doubtful) else 1
        return None if first > self.layers else first


def answers(contributions: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """What L layers add to the logits (L, K), and the read-out's bias (K,), as probabilities (L, K) after each."""
    return softmax(np.cumsum(contributions, axis=0) + bias)


def read(head: SpinalHead, features: torch.Tensor) -> SoFar:
    """The head, in eval mode, before one picture's features (1, D)."""
    with torch.inference_mode():
        outputs = head.hidden(features)[0].numpy()
        added = head.contributions(features)[0].numpy()
    sizes = tuple(part.shape[1] for part in features.tensor_split(head.split, dim=1))
    return SoFar(answers(added, head.out.linear.bias.detach().numpy()), outputs, head.order, sizes)


def told(found: SoFar, count: int) -> list[int]:
    """The `count` classes whose answers so far are worth watching: the head's own best three first, then those that
    are likeliest after any layer; in the order of the head's own answer."""
    last = found.probability[-1]
    own = [int(k) for k in np.argsort(-last, kind="stable")[: min(3, count)]]
    others = [int(k) for k in np.argsort(-found.probability.max(0), kind="stable") if int(k) not in own]
    return sorted(own + others[: count - len(own)], key=lambda k: -float(last[k]))


def table(found: SoFar, labels: Sequence[str], classes: Sequence[int]) -> dict[str, list[object]]:
    """A row a layer: the answer so far with its probability, then the probabilities of some `classes` of `labels`."""
    columns: dict[str, list[object]] = {
        "layers read": list(range(1, found.layers + 1)),
        "answer so far": [labels[int(k)] for k in found.top1],
        "probability": found.probability.max(1).round(4).tolist(),
    }
    return columns | {labels[k]: found.probability[:, k].round(4).tolist() for k in classes}
