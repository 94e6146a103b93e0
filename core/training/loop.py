"""Train one recipe: bfloat16, channels-last, resumable after a kill."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.datasets import DataError, Split
from core.models import create_model
from core.models.blurpool import BlurPool2d
from core.models.sdnet import SDNet
from core.training.recipes import Recipe, Stage
from core.weights import WeightsError

Report = Callable[["Step"], None]


@dataclass(frozen=True)
class Step:
    """Where a training stands: `epoch` of `epochs`, `batch` of `batches`, running loss."""

    epoch: int
    epochs: int
    batch: int
    batches: int
    loss: float


def pixel_statistics(split: Split) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation by channel of a split's pixels, in [0, 1]."""
    sample = torch.from_numpy(split.pixels[:: max(1, len(split) // 10_000)]).float() / 255
    mean = sample.mean(dim=(0, 1, 2)).tolist()
    std = sample.std(dim=(0, 1, 2)).tolist()
    return tuple(round(v, 4) for v in mean), tuple(round(v, 4) for v in std)


def augment(x: Tensor, recipe: Recipe, dice: torch.Generator) -> Tensor:
    """Random flips, shifts, crops and colour of a batch (B, C, H, W) in [0, 1]."""
    b, c, h, w = x.shape
    if recipe.flips:
        flip = torch.rand(b, 1, 1, 1, generator=dice) < 0.5
        x = torch.where(flip, x.flip(3), x)
    if recipe.shifts:
        n = recipe.shifts
        offset = torch.randint(0, 2 * n + 1, (b, 2), generator=dice)
        rows = (offset[:, :1] + torch.arange(h))[:, None, :, None]
        columns = (offset[:, 1:] + torch.arange(w))[:, None, None, :]
        x = F.pad(x, (n,) * 4, mode="reflect")[
            torch.arange(b)[:, None, None, None], torch.arange(c)[:, None, None], rows, columns
        ]
    if recipe.zoom < 1:
        scale = recipe.zoom + (1 - recipe.zoom) * torch.rand(b, 2, generator=dice)
        centre = (1 - scale) * (2 * torch.rand(b, 2, generator=dice) - 1)
        theta = torch.zeros(b, 2, 3)
        theta[:, 0, 0], theta[:, 1, 1], theta[:, :, 2] = scale[:, 0], scale[:, 1], centre
        x = F.grid_sample(x, F.affine_grid(theta, [b, c, h, w], align_corners=False), align_corners=False)
    if recipe.colour:
        gain, bias = recipe.colour * (2 * torch.rand(2, b, 1, 1, 1, generator=dice) - 1)
        mean = x.mean(dim=(1, 2, 3), keepdim=True)
        x = (x - mean) * (1 + gain) + mean + bias / 2
    if recipe.erase:
        corner = torch.randint(-recipe.erase // 2, h, (b, 2), generator=dice)
        near = [(torch.arange(n) - corner[:, i : i + 1]) for i, n in enumerate((h, w))]
        rows, columns = ((d >= 0) & (d < recipe.erase) for d in near)
        x = x.masked_fill((rows[:, :, None] & columns[:, None, :])[:, None], 0.5)
    return x


Plan = tuple[torch.optim.SGD, torch.optim.lr_scheduler.LRScheduler]


def optimiser(net: nn.Module, recipe: Recipe, stage: Stage, batches: int) -> Plan:
    decayed = [p for p in net.parameters() if p.ndim > 1]
    free = [p for p in net.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": free, "weight_decay": 0.0}]
    sgd = torch.optim.SGD(groups, lr=stage.peak_rate, momentum=0.95, nesterov=True)  # the cycle sets it anew
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        sgd,
        stage.peak_rate,
        total_steps=batches * (stage.last - stage.first),
        pct_start=0.2,
        base_momentum=0.85,
        max_momentum=0.95,
        anneal_strategy="linear",
        final_div_factor=1e4,
    )
    return sgd, cycle


def build(recipe: Recipe, stage: Stage, classes: int) -> nn.Module:
    """The stage's network, from the recipe's seed, with the blur in the form that trains fast."""
    torch.manual_seed(recipe.seed)
    net = create_model(recipe.arch, num_classes=classes, **stage.options).to(memory_format=torch.channels_last)
    for module in net.modules():
        if isinstance(module, BlurPool2d):
            module.as_matrices = True
    return net


def train(recipe: Recipe, data: Split, checkpoint: Path, report: Report = lambda step: None) -> nn.Module:
    """The trained network, float32, in eval mode. Continues from `checkpoint` if that file is there.

    Raises WeightsError if the checkpoint belongs to another recipe, DataError if the data are less than a batch.
    """
    if len(data) < recipe.batch:
        raise DataError(f"expected at least a batch of {recipe.batch} pictures, got {len(data)}: give more of them")
    saved = read_checkpoint(checkpoint, recipe)
    done = saved["epoch"] if saved else 0
    state = saved["net"] if saved else None
    for stage in recipe.stages:
        if done > stage.last:
            continue
        net = build(recipe, stage, len(data.classes))
        plan = optimiser(net, recipe, stage, len(data) // recipe.batch)
        if state is not None:
            net.load_state_dict(state)
        if saved and stage.first < done:
            plan[0].load_state_dict(saved["sgd"])
            plan[1].load_state_dict(saved["cycle"])
        for epoch in range(max(done, stage.first), stage.last):
            fit_steps(net, recipe)
            one_epoch(net, data, recipe, epoch, plan, report)
            save_checkpoint(checkpoint, recipe, epoch + 1, net, plan)
        state = net.state_dict()
    for module in net.modules():
        if isinstance(module, BlurPool2d):
            module.as_matrices = False
    fit_steps(net, recipe)
    return net.eval()


def fit_steps(net: nn.Module, recipe: Recipe) -> None:
    """Give coded layers the gradient step that their present weights ask for."""
    if isinstance(net, SDNet):
        net.fit_steps((recipe.data.size, recipe.data.size))


def one_epoch(
    net: nn.Module,
    data: Split,
    recipe: Recipe,
    epoch: int,
    plan: Plan,
    report: Report,
) -> None:
    """One pass over the data; seeded by recipe and epoch, so that a resumed run sees the same batches."""
    dice = torch.Generator().manual_seed(recipe.seed * 10_007 + epoch)
    mean, std = (torch.tensor(v)[:, None, None] for v in pixel_statistics(data))
    order = torch.randperm(len(data), generator=dice)
    batches = len(data) // recipe.batch
    pixels, labels = torch.from_numpy(data.pixels), torch.from_numpy(data.labels)
    net.train()
    for i in range(batches):
        chosen = order[i * recipe.batch : (i + 1) * recipe.batch]
        x = pixels[chosen].permute(0, 3, 1, 2).float() / 255
        x = ((augment(x, recipe, dice) - mean) / std).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            logits = net(x)
        loss = F.cross_entropy(logits.float(), labels[chosen], label_smoothing=recipe.label_smoothing)
        plan[0].zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        plan[0].step()
        plan[1].step()
        report(Step(epoch, recipe.total_epochs, i + 1, batches, loss.item()))


def save_checkpoint(path: Path, recipe: Recipe, epoch: int, net: nn.Module, plan: Plan) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    state = {"recipe": asdict(recipe), "epoch": epoch, "net": net.state_dict()}
    torch.save(state | {"sgd": plan[0].state_dict(), "cycle": plan[1].state_dict()}, partial)
    os.replace(partial, path)


def read_checkpoint(path: Path, recipe: Recipe) -> dict[str, Any] | None:
    """What `save_checkpoint` wrote, None without a file. Raises WeightsError if it belongs to another recipe."""
    if not path.exists():
        return None
    state: dict[str, Any] = torch.load(path, weights_only=True)
    if state["recipe"] != asdict(recipe):
        raise WeightsError(
            f"expected a checkpoint of {recipe}, got one of {state['recipe']}: delete {path} to start anew"
        )
    return state


def commit() -> str:
    """The commit that the code stands at, for a weights file's provenance; 'unknown' outside a checkout."""
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12"],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parent,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return found.stdout.strip()
