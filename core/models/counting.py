"""How big a network is: parameters, multiplications, and the plain head that is as big as a spinal one."""

from __future__ import annotations

import copy
from bisect import bisect_left
from collections.abc import Callable

from core.base.heavy import flop_counter, nn, torch

MOST_WIDTH = 2**20


def parameters(net: nn.Module) -> int:
    """Numbers that training may change."""
    return sum(p.numel() for p in net.parameters())


def multiplications(net: nn.Module, *shape: int) -> int:
    """Multiplications of the matrix products and convolutions for one input of `shape`, counted while it runs."""
    ghost = copy.deepcopy(net).to("meta").eval()
    with flop_counter.FlopCounterMode(display=False) as counter, torch.no_grad():
        ghost(torch.empty(1, *shape, device="meta"))
    return int(counter.get_total_flops()) // 2  # a multiplication and an addition are two operations


def live(net: nn.Module, *shape: int) -> int:
    """Parameters that have an effect on the output: those that a gradient reaches."""
    net = copy.deepcopy(net).train()
    net.zero_grad(set_to_none=True)
    net(torch.randn(2, *shape, generator=torch.Generator().manual_seed(0))).sum().backward()
    return sum(p.numel() for p in net.parameters() if p.grad is not None)


def matched_width(head_of: Callable[[int], nn.Module], target: int) -> int:
    """The hidden width, 1 or more, at which head_of(width) has a number of parameters nearest to `target`.

    The number must grow with the width, below MOST_WIDTH. Counted from the networks themselves, on no memory.
    """

    def count(width: int) -> int:
        with torch.device("meta"):
            return parameters(head_of(width))

    width = bisect_left(range(MOST_WIDTH), target, lo=1, key=count)
    return width if width == 1 or count(width) - target < target - count(width - 1) else width - 1
