"""What the paper itself reports (Zhang, ICML 2019): ImageNet, trained from scratch; nobody here measured it."""

from __future__ import annotations

BLURS = (None, 2, 3, 4, 5)  # taps of the blur; None is the baseline
IMAGENET: dict[str, tuple[tuple[float, float], ...]] = {  # (accuracy, consistency) in percent, one pair a blur
    "AlexNet": ((56.55, 78.18), (57.24, 81.33), (56.90, 82.15), (56.72, 82.54), (56.58, 82.51)),
    "VGG16": ((71.59, 88.52), (72.15, 89.24), (72.20, 89.60), (72.43, 89.92), (72.33, 90.19)),
    "ResNet-18": ((69.74, 85.11), (71.39, 86.90), (71.69, 87.51), (71.48, 88.07), (71.38, 88.25)),
    "ResNet-50": ((76.16, 89.20), (76.81, 89.96), (76.83, 90.91), (77.23, 91.29), (77.04, 91.31)),
    "DenseNet-121": ((74.43, 88.81), (75.04, 89.53), (75.14, 89.78), (75.29, 90.29), (75.03, 90.39)),
    "MobileNetV2": ((71.88, 86.50), (72.63, 87.33), (72.59, 87.46), (72.72, 87.72), (72.50, 87.79)),
}


def table() -> dict[str, list[str]]:
    """Columns of the paper's ImageNet table: accuracy / consistency, %."""
    columns: dict[str, list[str]] = {"network (the paper's)": list(IMAGENET)}
    for i, blur in enumerate(BLURS):
        name = "baseline" if blur is None else f"blur {blur}"
        columns[name] = [f"{row[i][0]:.2f} / {row[i][1]:.2f}" for row in IMAGENET.values()]
    return columns
