#!/usr/bin/env bash
# Guess before running: timm's anti-aliased ResNets (resnetblur18, resnetblur50, resnetaa50) have a blur filter in their
# state dict, as the anti-aliasing authors' own networks do, so torchvision's plain ResNet refuses their weights.
# What happens, with timm 1.0.31 and torchvision 0.29.1: the blur is in no state dict. Names and shapes are those of the
# plain network, load_state_dict(strict=True) says that all keys match, and the plain network then answers otherwise.
set -euo pipefail
venv=$(mktemp -d); trap 'rm -rf "$venv"' EXIT
python3 -m venv "$venv"
"$venv/bin/pip" install -q timm==1.0.31 torch==2.14.1 torchvision==0.29.1 2>/dev/null
"$venv/bin/python" - <<'PY'
import timm, torch, torchvision
from torchvision import models

print(f"timm {timm.__version__}, torchvision {torchvision.__version__}")
torch.manual_seed(0)
x = torch.randn(2, 3, 224, 224)
for name, plain in (("resnetblur18", models.resnet18), ("resnetblur50", models.resnet50), ("resnetaa50", models.resnet50)):
    blurred, other = timm.create_model(name).eval(), plain().eval()
    matched = str(other.load_state_dict(blurred.state_dict(), strict=True))
    with torch.no_grad():
        wanted, got = blurred(x), other(x)
    apart = float((wanted - got).norm() / wanted.norm())
    print(f"{name}: {matched}; its answers and those of {plain.__name__} differ by {apart:.1%} of their size")
    assert "All keys matched" in matched and apart > 0.01
PY
# Seen: resnetblur18 4.4%, resnetblur50 4.9%, resnetaa50 160.2%, all with <All keys matched successfully>
