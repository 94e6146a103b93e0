"""Attack the packaged SDNet, at two lambdas, and its plain twin; write assets/results/sparse_codes/attack.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from core import networks
from core.datasets import DATASETS, Split
from core.files import write_json
from core.studies import sparse_attack_dataset
from core.studies.sparse_attack import Norm, Params
from core.studies.sparse_attack_dataset import EPS, RESTARTS, STEPS
from core.studies.sparse_codes import FOLDER
from core.training.ship import every, today
from core.worker import Progress, ignore

DATASET = "cifar10"
ATTACKED = 200  # test pictures, at even steps
TRAINED, RAISED = 0.1, 0.4  # lambdas; 0.4 serves best under Gaussian noise of sigma 0.1
PARAMS = Params(steps=40, restarts=2, seed=0)


def measure(
    test: Split,
    progress: Progress = ignore,
    *,
    folder: Path = FOLDER,
    attacked: int = ATTACKED,
    eps: Mapping[Norm, Sequence[float]] = EPS,
    steps: Sequence[int] = STEPS,
    restarts: Sequence[int] = RESTARTS,
) -> Path:
    """Accuracy under attack of the first seed's SDNet and twin on pictures of a test split."""
    sdnet, twin = (networks.load(networks.find(names[0])) for names in (networks.SDNETS, networks.TWINS))
    about = DATASETS[DATASET]
    few = every(test, attacked)
    found = sparse_attack_dataset.measure(
        [(sdnet, TRAINED), (sdnet, RAISED), (twin, None)],
        few,
        PARAMS,
        eps=eps,
        steps=steps,
        restarts=restarts,
        about={
            "dataset": DATASET,
            "data": f"{about.title} ({about.form}), {len(few)} of the test pictures at even steps",
            "command": "receptive measure-attacks --data FOLDER",
            **today(),
        },
        progress=progress,
    )
    path = folder / sparse_attack_dataset.RECORD
    write_json(path, sparse_attack_dataset.as_record(found))
    return path
