"""Train one recipe: channels-last, in bfloat16 where the processor has it, resumable after a kill."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from core.base.records import read_back
from core.base.refuse import DataError
from core.compute.fitting import epoch_seed, one_pass, optimiser
from core.data.split import Split
from core.models import create_model
from core.models.blurpool import BlurPool2d
from core.models.sdnet import SDNet
from core.networks.download import WeightsError
from core.training import checkpoint as checkpoints
from core.training.recipes import Recipe, Stage

Report = Callable[[int, int, int, float], None]  # (epoch, batch, batches, its loss); may raise to stop


def build(recipe: Recipe, stage: Stage, classes: int) -> nn.Module:
    """The stage's network, from the recipe's seed, with the blur in the form that trains fast."""
    torch.manual_seed(recipe.seed)
    net = create_model(recipe.arch, num_classes=classes, **stage.options).to(memory_format=torch.channels_last)
    for module in net.modules():
        if isinstance(module, BlurPool2d):
            module.as_matrices = True
    return net


def train(
    recipe: Recipe, data: Split, checkpoint: Path, report: Report = lambda *step: None, *, compiled: bool = False
) -> nn.Module:
    """The trained network, float32, in eval mode. Continues from `checkpoint` if that file is there.

    `compiled`: by torch.compile, which needs a C++ compiler; a blurred network then trains twice as fast.
    Raises WeightsError if the checkpoint is damaged or belongs to another recipe, DataError if the data are less than a
    batch, OSError without room for a checkpoint.
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
        steps = (len(data) // recipe.batch) * (stage.last - stage.first)
        plan = optimiser(net, stage.peak_rate, recipe.weight_decay, steps)
        with read_back(checkpoint, WeightsError):
            if state is not None:
                net.load_state_dict(state)
            if saved and stage.first < done:
                plan.sgd.load_state_dict(saved["sgd"])
                plan.cycle.load_state_dict(saved["cycle"])
        shown: nn.Module = torch.compile(net) if compiled else net  # type: ignore[assignment]
        for epoch in range(max(done, stage.first), stage.last):
            fit_steps(net, recipe)
            one_pass(
                shown,
                data,
                plan,
                torch.Generator().manual_seed(epoch_seed(recipe.seed, epoch)),  # a resumed run sees the same batches
                batch=recipe.batch,
                smoothing=recipe.label_smoothing,
                augmentation=recipe,
                report=partial(report, epoch),
            )
            now = {"epoch": epoch + 1, "net": net.state_dict()}
            now |= {"sgd": plan.sgd.state_dict(), "cycle": plan.cycle.state_dict()}
            checkpoints.save(checkpoint, recipe, now)
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


def read_checkpoint(path: Path, recipe: Recipe) -> dict[str, Any] | None:
    """The state that training goes on from, None without a file.

    Raises WeightsError if it is damaged or belongs to another recipe.
    """
    state = checkpoints.read(path, recipe, "epoch", "net", "sgd", "cycle")
    if state is not None:
        with read_back(path, WeightsError):
            range(recipe.total_epochs + 1).index(operator.index(state["epoch"]))
    return state
