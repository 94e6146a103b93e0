"""What others report of BagNets on ImageNet (Brendel & Bethge, ICLR 2019); nobody here measured it."""

from __future__ import annotations

PAPER_TOP5 = {33: 87.6}  # patch side in pixels -> top-5 accuracy in percent, the paper's own
REEVALUATED: dict[int, tuple[float, float, float]] = {  # the authors' weights, by a third party
    9: (46.39, 70.39, 15.7),  # top-1 %, top-5 %, millions of parameters
    17: (58.80, 81.16, 16.2),
    33: (66.66, 86.99, 18.3),
}


def table() -> dict[str, list[str]]:
    """Columns: whose number, and what it is; top-1 and top-5 in %."""
    columns: dict[str, list[str]] = {
        "network": [f"BagNet-{patch}" for patch in REEVALUATED],
        "top-5 (the paper's)": [f"{PAPER_TOP5[q]:.1f}" if q in PAPER_TOP5 else "" for q in REEVALUATED],
    }
    for i, (name, digits) in enumerate((("top-1", 2), ("top-5", 2), ("parameters, millions", 1))):
        columns[f"{name} (third party's)"] = [f"{row[i]:.{digits}f}" for row in REEVALUATED.values()]
    return columns
