#!/usr/bin/env bash
# Guess before running: where PyTorch adds up many numbers in bfloat16 or float16 it keeps the sum in float32 and rounds
# once, as sum, mean, cumsum, average pooling and convolutions do; so patch evidence may be kept in half precision.
# What happens, with torch 2.14.1 on the CPU: fold (and so the gradient of unfold), segment_reduce and a one-dimensional
# index_add add in the narrow type itself. A sum of ones stops at 256 (bfloat16) or 2048 (float16): the mean of 4096 ones
# by segment_reduce is 0.0625, and 33 px patches moved by 1 px and laid over each other count 256 where 1024 lie. That
# does not cancel in fold(evidence) / fold(ones): in the middle of a picture the mean evidence is many times too large or
# too small, in silence. The sums that look alike (scatter_add, index_add of rows, conv_transpose2d) are right.
# Instead: `.float()` before these three, or scatter_add and conv_transpose2d; a check on values of 0 and 1 shows it.
set -euo pipefail
venv=$(mktemp -d); trap 'rm -rf "$venv"' EXIT
python3 -m venv "$venv"
"$venv/bin/pip" install -q torch==2.14.1 numpy==2.4.6 2>/dev/null
"$venv/bin/python" - <<'PY'
import torch
from torch.nn import functional as F

N, PATCH, SIDE = 4096, 33, 64
print(f"torch {torch.__version__}")
for dtype, stop in ((torch.bfloat16, 256), (torch.float16, 2048)):
    ones, zero, first = torch.ones(N, dtype=dtype), torch.zeros(1, dtype=dtype), torch.zeros(N, dtype=torch.long)
    right = {"sum": ones.sum(), "cumsum": ones.cumsum(0)[-1], "scatter_add": zero.scatter_add(0, first, ones),
             "index_add of rows": torch.zeros(1, 64, dtype=dtype).index_add(0, first, ones[:, None].expand(N, 64))[0, 0]}
    wrong = {"index_add": zero.index_add(0, first, ones),
             "segment_reduce": torch.segment_reduce(ones, "sum", lengths=torch.tensor([N]))}
    mean = torch.segment_reduce(ones, "mean", lengths=torch.tensor([N])).item()
    print(dtype, {name: value.item() for name, value in (right | wrong).items()}, "mean by segment_reduce", mean)
    assert all(value.item() == N for value in right.values()), "a sum that was right is wrong now"
    assert all(value.item() == stop for value in wrong.values()) and mean == stop / N, "these sums are right now"

# The evidence of every patch, laid over the picture: 1024 patches hold the pixel in the middle.
torch.manual_seed(0)
count = SIDE - PATCH + 1
evidence = torch.rand(count * count).sort().values.bfloat16()  # it rises from the top of the picture to its foot


def laid(values):
    """(count * count) values of patches -> (side, side): the sum of those that hold each pixel."""
    return F.fold(values[None, None].expand(1, PATCH * PATCH, -1).contiguous(), SIDE, PATCH)[0, 0].float()


ones = torch.ones_like(evidence)
middle = (SIDE // 2, SIDE // 2)
wide = (laid(evidence.float()) / laid(ones.float()))[middle].item()
narrow = (laid(evidence) / laid(ones))[middle].item()
spread = F.conv_transpose2d(ones.view(1, 1, count, count), torch.ones(1, 1, PATCH, PATCH).bfloat16())[0, 0]
picture = torch.ones(1, 1, SIDE, SIDE, dtype=torch.bfloat16, requires_grad=True)
gradient = torch.autograd.grad(F.unfold(picture, PATCH).sum(), picture)[0][0, 0]
print(f"patches over the middle: float32 {laid(ones.float())[middle]:.0f}, bfloat16 {laid(ones)[middle]:.0f}, by "
      f"conv_transpose2d {spread[middle]:.0f}, gradient of unfold {gradient[middle]:.0f}; their mean evidence: "
      f"float32 {wide:.3f}, bfloat16 {narrow:.3f}")
assert laid(ones.float())[middle] == spread[middle] == 1024
assert laid(ones)[middle] == gradient[middle] == 256, "fold counts right now"
assert abs(narrow / wide - 1) > 0.2, "the means agree now"
PY
# Seen: torch 2.14.1+cu130: of 4096 ones bfloat16 sums 256 by index_add and segment_reduce (mean 0.0625), float16 2048 (0.5);
# over the middle lie 1024 patches, bfloat16 counts 256 of them; their mean evidence is 0.500, by bfloat16 1.000
