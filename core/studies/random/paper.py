"""What the paper itself reports (Xue & Roshan, arXiv 1806.05789); nobody here measured it."""

from __future__ import annotations

FEATURES = 100_000
ROWS: tuple[tuple[str, str, str, str], ...] = (  # data set, kernel / depth, top-1 and about top-2 accuracy in percent
    ("CIFAR-10", "5 / 1", "76.36", "90"),
    ("CIFAR-100", "", "53.29", ""),
    ("STL-10", "3 / 3", "71.8", "85"),
    ("mini-ImageNet", "5 / 2", "78.8", "90"),
    ("MNIST", "5 / 1", "99.4", ""),
)


def table() -> dict[str, list[str]]:
    """Columns: the data set, the network's shape, and its accuracy in %; empty where the paper's is not known here."""
    names = ("data set (the paper's)", "kernel / depth", "top-1, %", "top-2, about %")
    return {name: [row[i] for row in ROWS] for i, name in enumerate(names)}
