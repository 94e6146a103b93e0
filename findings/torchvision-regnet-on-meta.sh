#!/usr/bin/env bash
# Guess before running: any of torchvision's classification networks can be built under torch.device("meta"), to learn
# the names and shapes of its tensors without the memory for them.
# What happens, with torchvision 0.29.1: the RegNets raise NotImplementedError there (a width is computed through a tensor
# whose numbers are then read), the other families build.
set -euo pipefail
venv=$(mktemp -d); trap 'rm -rf "$venv"' EXIT
python3 -m venv "$venv"
"$venv/bin/pip" install -q torch==2.14.1 torchvision==0.29.1 2>/dev/null
"$venv/bin/python" - <<'PY'
import torch, torchvision
from torchvision import models

refused, built = [], []
with torch.device("meta"):
    for name in models.list_models(module=models):
        try:
            models.get_model(name, weights=None)
            built.append(name)
        except NotImplementedError:
            refused.append(name)
print(f"torch {torch.__version__}, torchvision {torchvision.__version__}: {len(built)} built, {len(refused)} refused")
print("refused:", ", ".join(refused))
assert refused and all(name.startswith("regnet") for name in refused), "others, or none, are refused now"
PY
# Seen: torch 2.14.1+cu130, torchvision 0.29.1+cu130: 65 built, 15 refused (all fifteen RegNets)
