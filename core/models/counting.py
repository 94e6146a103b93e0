"""How big a network is: parameters, multiplications, and the plain head that is as big as a spinal one."""

from __future__ import annotations

import copy
from collections.abc import Callable

from core.base.heavy import flop_counter, nn, torch


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

    The number must grow with the width. Counted from the networks themselves, on no memory.
    """

    def count(width: int) -> int:
        with torch.device("meta"):
            return parameters(head_of(width))

    high = 1
    while count(high) < target:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if count(middle) < target else (low, middle)
    return high if low < 1 or count(high) - target < target - count(low) else low
