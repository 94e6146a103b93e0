#!/usr/bin/env bash
# Guess before running: a network in bfloat16 can be averaged over its training, and its batch-norm statistics followed,
# with the library's own means; they cost the last digits of bfloat16 and no more.
# What happens, with torch 2.14.1: the averages take the type of the network and stop where a step is smaller than half a
# digit. swa_utils' moving average with decay 0.999 does not move at all (1.0 after 3000 steps, 0.05 in float32); its
# equal average of a ramp from 0 to 1 ends at a quarter; a BatchNorm2d with momentum 0.01 settles on a mean of .83 where
# the values' is 1. No message tells it.
# Instead: keep averages and running statistics in float32 (average a float32 copy of the weights; train under autocast,
# where batch norm's buffers stay float32), and narrow them when they are done.
set -euo pipefail
venv=$(mktemp -d); trap 'rm -rf "$venv"' EXIT
python3 -m venv "$venv"
"$venv/bin/pip" install -q torch==2.14.1 numpy==2.4.6 2>/dev/null
"$venv/bin/python" - <<'PY'
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


def moving(dtype):
    """The weight was 1 and is 0: what a moving average says 3000 steps later."""
    net = nn.Linear(4, 4).to(dtype)
    nn.init.ones_(net.weight)
    average = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(0.999))
    average.update_parameters(net)
    nn.init.zeros_(net.weight)
    for _ in range(3000):
        average.update_parameters(net)
    return average.module.weight.mean().item()


def equal(dtype):
    """The weight goes from 0 to 1 in 1000 equal steps: their average."""
    net = nn.Linear(4, 4).to(dtype)
    average = AveragedModel(net)
    for step in range(1000):
        nn.init.constant_(net.weight, step / 1000)
        average.update_parameters(net)
    return average.module.weight.mean().item()


def followed(dtype):
    """The running mean of values whose mean is 1 and whose deviation is 2, after 1000 batches."""
    torch.manual_seed(0)
    norm = nn.BatchNorm2d(8, momentum=0.01).to(dtype).train()
    for _ in range(1000):
        norm((torch.randn(8, 8, 4, 4) * 2 + 1).to(dtype))
    return norm.running_mean.float().mean().item()


print(f"torch {torch.__version__}")
seen = {of.__name__: {dtype: of(dtype) for dtype in (torch.float32, torch.bfloat16)} for of in (moving, equal, followed)}
for name, values in seen.items():
    print(name, {str(dtype).removeprefix("torch."): round(value, 3) for dtype, value in values.items()})
wide, narrow = ({name: values[dtype] for name, values in seen.items()} for dtype in (torch.float32, torch.bfloat16))
assert abs(wide["moving"] - 0.999**3000) < 1e-3 and abs(wide["equal"] - 0.4995) < 1e-3 and abs(wide["followed"] - 1) < 0.05
assert narrow["moving"] == 1, "the moving average moves now"
assert narrow["equal"] < 0.4, "the equal average is right now"
assert narrow["followed"] < 0.92, "the running mean arrives now"
PY
# Seen: torch 2.14.1+cu130, float32 and bfloat16: moving 0.05 and 1.0, equal 0.499 and 0.25, followed 1.003 and 0.835
