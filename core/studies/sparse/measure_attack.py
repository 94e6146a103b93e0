"""Attack the packaged SDNet, at two lambdas, and its plain twin; write assets/results/sparse_codes/attack.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from core import networks
from core.base.files import today
from core.base.records import save
from core.base.worker import Progress, ignore
from core.data.sets import DATASETS
from core.data.split import Split, every
from core.networks import families
from core.studies.sparse import attack_dataset
from core.studies.sparse.attack import Norm, Params
from core.studies.sparse.attack_dataset import EPS, RESTARTS, STEPS
from core.studies.sparse.codes import FOLDER
from core.training.measurement import Asked, Measurement, Part, Quick, command

DATASET = "cifar10"
ATTACKED = 200  # test pictures, at even steps
TRAINED, RAISED = 0.1, 0.4  # lambdas; 0.4 serves best under Gaussian noise of sigma 0.1
PARAMS = Params(steps=40, restarts=2, seed=0)
QUICK = 30  # test pictures of the quick check


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
    sdnet, twin = (networks.load(networks.find(names[0])) for names in (families.SDNETS, families.TWINS))
    about = DATASETS[DATASET]
    few = every(test, attacked)
    found = attack_dataset.measure(
        [(sdnet, TRAINED), (sdnet, RAISED), (twin, None)],
        few,
        PARAMS,
        eps=eps,
        steps=steps,
        restarts=restarts,
        about={
            "dataset": DATASET,
            "data": f"{about.title} ({about.form}), {len(few)} of the test pictures at even steps",
            "command": command("sparse-attack", DATASET),
            **today(),
        },
        progress=progress,
    )
    path = folder / attack_dataset.RECORD
    save(path, found, digits=6)
    return path


def run(asked: Asked) -> Path:
    return measure(asked.data.split(DATASET, "test"), asked.progress, folder=asked.results / FOLDER.name)


def check(asked: Asked) -> list[Part]:
    """At the one radius that the claim is told at, with as many steps and starts."""
    measure(
        asked.test(DATASET, QUICK),
        asked.progress,
        folder=asked.results / FOLDER.name,
        attacked=QUICK,
        eps={norm: (eps,) for norm, eps in attack_dataset.CONVERGENCE_EPS.items()},
        steps=(PARAMS.steps // 2, PARAMS.steps),
        restarts=(1, PARAMS.restarts),
    )
    return []


ATTACK = Measurement(
    "sparse-attack",
    f"{FOLDER.name}/{attack_dataset.RECORD}",
    (DATASET,),
    (families.SDNETS[0], families.TWINS[0]),
    8,
    run,
    Quick(f"{QUICK} of the test pictures, the packaged attack at the radius of the claim", 30, check, writes=True),
)
