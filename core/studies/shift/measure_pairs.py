"""Compare the consistency of networks picture by picture; write assets/results/claims/shift_pairs.json.

Two networks see the same pictures at the same shifts, so their difference is known much better than either.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core import networks
from core.base.files import ASSETS, today, write_json
from core.base.intervals import mean_interval
from core.base.worker import Progress, ignore, part
from core.data.sets import DATASETS
from core.data.split import Split, chunks, every
from core.studies.shift import dataset as shift_dataset
from core.studies.shift.dataset import Params

PLANS = {  # by data set: plain and blurred network, test pictures
    "tiny-imagenet-20": ("photo_resnet", "photo_resnet_blur5", 1_000),
    "cifar10": ("cifar_vgg", "cifar_vgg_blur5", 2_000),
}
PARAMS = Params(pairs=10, worst_reach=0, corruptions=(), seed=1)
RECORD = ASSETS / "results" / "claims" / "shift_pairs.json"


def agreement(name: str, test: Split, params: Params, progress: Progress = ignore) -> np.ndarray:
    """(N,) in [0, 1]: the share of a picture's pairs of shifts that get the same top-1 (Zhang, ICML 2019, §4.3)."""
    network = networks.load(networks.find(name))
    found = shift_dataset.run(network, chunks(test), len(test), params, progress)
    row = dict(zip(found.variants, found.top1, strict=True))
    return np.asarray(np.mean([row[f"pair {i}a"] == row[f"pair {i}b"] for i in range(params.pairs)], axis=0))


def measure(tests: dict[str, Split], progress: Progress = ignore, path: Path = RECORD, params: Params = PARAMS) -> Path:
    """Blurred minus plain consistency over each data set's test pictures, with the interval of the mean difference."""
    rows: list[dict[str, object]] = []
    for i, (dataset, test) in enumerate(tests.items()):
        plain, blurred, most = PLANS[dataset]
        few, mine = every(test, most), part(progress, i, len(tests))
        pair: Sequence[str] = (plain, blurred)
        shares = [agreement(name, few, params, part(mine, j, len(pair))) for j, name in enumerate(pair)]
        difference, half = mean_interval(shares[1] - shares[0])
        about = DATASETS[dataset]
        rows.append(
            {
                "plain": plain,
                "blurred": blurred,
                "consistency": [float(share.mean()) for share in shares],
                "difference": difference,
                "half": half,
                "images": len(few),
                "pairs": params.pairs,
                "data": f"{about.title} ({about.form}), test set",
            }
        )
    write_json(path, {"rows": rows, "command": "receptive measure-shift-pairs --data ROOT", **today()})
    return path
