"""The one loop of SGD: augmentation, a one-cycle schedule, bfloat16 where it pays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from core.base.heavy import F, nn, torch
from core.data.split import Split
from core.networks import engine

SEED_STEP = 10_007  # between the seeds of two networks' batches
MOMENTUM = (0.85, 0.95)  # at the cycle's peak rate, and at its ends


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """What is drawn anew each time that a training picture is shown."""

    flips: bool = True  # left-right, half of the pictures
    shifts: int = 0  # random translations of up to this many pixels; 0 as in the paper's main CIFAR table
    zoom: float = 1.0  # smallest random scale of a crop, stretched back to the full size
    colour: float = 0.0  # strength of random brightness and contrast
    erase: int = 0  # side in pixels of a square that is blanked at a random place


@dataclass(frozen=True)
class Plan:
    """SGD and the one cycle of its rate, one step a batch."""

    sgd: torch.optim.SGD
    cycle: torch.optim.lr_scheduler.LRScheduler

    def step(self, loss: torch.Tensor) -> None:
        """One step down a loss, a scalar."""
        self.sgd.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.sgd.step()
        self.cycle.step()


def epoch_seed(seed: int, epoch: int) -> int:
    """What a network's batches and dropout of one epoch are drawn from, so that a resumed run sees the same."""
    return seed * SEED_STEP + epoch


def pixel_statistics(split: Split) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation by channel of a split's pixels, in [0, 1]."""
    sample = torch.from_numpy(split.pixels[:: max(1, len(split) // 10_000)]).float() / 255
    mean = sample.mean(dim=(0, 1, 2)).tolist()
    std = sample.std(dim=(0, 1, 2)).tolist()
    return tuple(round(v, 4) for v in mean), tuple(round(v, 4) for v in std)


def augment(x: torch.Tensor, how: Augmentation, dice: torch.Generator) -> torch.Tensor:
    """Random flips, shifts, crops and colour of a batch (B, C, H, W) in [0, 1]."""
    b, c, h, w = x.shape
    if how.flips:
        flip = torch.rand(b, 1, 1, 1, generator=dice) < 0.5
        x = torch.where(flip, x.flip(3), x)
    if how.shifts:
        n = how.shifts
        offset = torch.randint(0, 2 * n + 1, (b, 2), generator=dice)
        rows = (offset[:, :1] + torch.arange(h))[:, None, :, None]
        columns = (offset[:, 1:] + torch.arange(w))[:, None, None, :]
        x = F.pad(x, (n,) * 4, mode="reflect")[
            torch.arange(b)[:, None, None, None], torch.arange(c)[:, None, None], rows, columns
        ]
    if how.zoom < 1:
        scale = how.zoom + (1 - how.zoom) * torch.rand(b, 2, generator=dice)
        centre = (1 - scale) * (2 * torch.rand(b, 2, generator=dice) - 1)
        theta = torch.zeros(b, 2, 3)
        theta[:, 0, 0], theta[:, 1, 1], theta[:, :, 2] = scale[:, 0], scale[:, 1], centre
        x = F.grid_sample(x, F.affine_grid(theta, [b, c, h, w], align_corners=False), align_corners=False)
    if how.colour:
        gain, bias = how.colour * (2 * torch.rand(2, b, 1, 1, 1, generator=dice) - 1)
        mean = x.mean(dim=(1, 2, 3), keepdim=True)
        x = (x - mean) * (1 + gain) + mean + bias / 2
    if how.erase:
        corner = torch.randint(-how.erase // 2, h, (b, 2), generator=dice)
        near = [(torch.arange(n) - corner[:, i : i + 1]) for i, n in enumerate((h, w))]
        rows, columns = ((d >= 0) & (d < how.erase) for d in near)
        x = x.masked_fill((rows[:, :, None] & columns[:, None, :])[:, None], 0.5)
    return x


def optimiser(net: nn.Module, peak_rate: float, weight_decay: float, steps: int) -> Plan:
    """Rate up over the first fifth of `steps`, then linearly to zero; biases and norms are not decayed."""
    trained = [p for p in net.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
    ]
    sgd = torch.optim.SGD(groups, lr=peak_rate, momentum=MOMENTUM[1], nesterov=True)  # the cycle sets it anew
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        sgd,
        peak_rate,
        total_steps=steps,
        pct_start=0.2,
        base_momentum=MOMENTUM[0],
        max_momentum=MOMENTUM[1],
        anneal_strategy="linear",
        final_div_factor=1e4,
    )
    return Plan(sgd, cycle)


def one_pass(
    net: nn.Module,
    data: Split,
    plan: Plan,
    dice: torch.Generator,
    *,
    batch: int,
    smoothing: float,
    augmentation: Augmentation,
    half: bool = True,
    report: Callable[[int, int, float], None] = lambda batch, batches, loss: None,
) -> float:
    """Show every whole batch once, in an order drawn from `dice`; the mean loss.

    `half`: as in `descend`. `report(batch, batches, loss)` may raise to stop.
    """
    mean, std = (torch.tensor(v)[:, None, None] for v in pixel_statistics(data))
    order = torch.randperm(len(data), generator=dice)
    batches = len(data) // batch
    pixels, labels = torch.from_numpy(data.pixels), torch.from_numpy(data.labels)

    def shown() -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        for chosen in order[: batches * batch].reshape(-1, batch):
            x = pixels[chosen].permute(0, 3, 1, 2).float() / 255
            x = (augment(x, augmentation, dice) - mean) / std
            yield x.contiguous(memory_format=torch.channels_last), labels[chosen]

    told = lambda i, loss: report(i, batches, loss)  # noqa: E731
    return descend(net, plan, shown(), smoothing, half=half, report=told) / max(batches, 1)


def descend(
    net: nn.Module,
    plan: Plan,
    batches: Iterable[tuple[torch.Tensor, torch.Tensor]],
    smoothing: float,
    *,
    half: bool,
    report: Callable[[int, float], None] = lambda batch, loss: None,
) -> float:
    """Train on batches of inputs and labels (B,), one step each; the sum of their losses.

    `half`: bfloat16 where autocast allows it and the processor has it (elsewhere it is several times slower than
    float32), but not around what makes the batches. `report(batch, loss)` may raise.
    """
    net.train()
    total, half = 0.0, half and engine.has_bfloat16()
    for i, (x, labels) in enumerate(batches, 1):
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            logits = net(x)  # (B, classes)
        loss = F.cross_entropy(logits.float(), labels, label_smoothing=smoothing)
        plan.step(loss)
        total += loss.item()
        report(i, loss.item())
    return total


def accuracy(net: nn.Module, split: Split, statistics: tuple[tuple[float, ...], tuple[float, ...]]) -> float:
    """Share of a split's pictures that the network gets right, in float32; `statistics` are the training pixels'."""
    mean, std = (torch.tensor(v)[:, None, None] for v in statistics)
    pixels = torch.from_numpy(split.pixels)

    def inputs(which: np.ndarray) -> torch.Tensor:
        return (pixels[which].permute(0, 3, 1, 2).float() / 255 - mean) / std

    answers = engine.logits(engine.prepare(net, fast=False), inputs, len(split), exact=True)
    return float((answers.top1 == split.labels).mean())
