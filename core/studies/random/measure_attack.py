"""Attack random features and trained networks through substitutes; write random_features/attack.json."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core import networks
from core.base.files import today, write_json
from core.base.worker import Progress, ignore, part
from core.compute.sign_counts import Spec
from core.data.sets import DATASETS
from core.data.split import Split, every
from core.studies.random import attack, attack_dataset
from core.studies.random.attack import ATTACKED, DIGITS, DIGITS_TARGETS, Params, Target
from core.studies.random.attack_dataset import Measured
from core.studies.random.claims import random_attacks_record
from core.studies.random.features import FOLDER
from core.training.measurement import POINT, Asked, Measurement, Part, Quick, command

DATASET, TRAINED = "cifar10", "cifar_resnet18"
SPEC = Spec(features=2000, kernel_size=5, depth=1, in_channels=3, seed=0)
LEARNED_FROM = 10_000  # training pictures of the random features' classifier, at even steps
SEEDS = (0, 1, 2)


def measure(train: Split, test: Split, progress: Progress = ignore, folder: Path = FOLDER) -> Path:
    """On pictures of CIFAR-10's test split, and on scikit-learn's digits. About 8 minutes on one core."""
    provenance = {"command": command("random-attack", DATASET), **today()}
    few = every(train, LEARNED_FROM)
    random = attack.random_target(SPEC, few, share(progress, 0, 30))
    trained = attack.network_target(networks.load(networks.find(TRAINED)))
    title, form = DATASETS[DATASET].title, DATASETS[DATASET].form
    about = {
        **provenance,
        "dataset": title,
        "data": f"{title} ({form}), test set; the features' classifier saw {len(few):,} training pictures",
        "labels": list(test.classes),
        "spec": dataclasses.asdict(SPEC),
    }
    found = over_pool([random, trained], test, Params(), about, progress=share(progress, 30, 95))
    small = on_digits(provenance, progress=share(progress, 95, 100))
    path = folder / attack_dataset.RECORD
    write_json(path, {"sets": [attack_dataset.as_record(one) for one in (found, small)]})
    return path


def on_digits(about: Mapping[str, Any], seeds: Sequence[int] = SEEDS, progress: Progress = ignore) -> Measured:
    """Random features against a perceptron, both trained on the same half of the digits."""
    train, pool = attack.digits()
    told = {**about, **attack_dataset.digits_about()}
    targets = [attack.digits_target(kind, train) for kind in DIGITS_TARGETS]
    return over_pool(targets, pool, DIGITS, told, seeds=seeds, progress=progress)


def over_pool(
    targets: Sequence[Target],
    pool: Split,
    params: Params,
    about: Mapping[str, Any],
    *,
    seeds: Sequence[int] = SEEDS,
    images: int = ATTACKED,
    progress: Progress = ignore,
) -> Measured:
    """Attack every target once a seed; the pictures drawn from `pool` are the same for all targets."""
    found = []
    for t, target in enumerate(targets):
        row = []
        for s, seed in enumerate(seeds):
            mine = dataclasses.replace(params, seed=seed)
            now = part(progress, t * len(seeds) + s, len(targets) * len(seeds))
            row.append(attack.run(target, *attack.draw(pool, mine, images), mine, now))
        found.append(row)
    return attack_dataset.gather(found, seeds, images, params, about)


def share(progress: Progress, start: int, end: int) -> Progress:
    """The progress of a part that takes the whole from `start` to `end` percent."""
    return lambda done, total: progress(start + round((end - start) * done / max(total, 1)), 100)


# ---- the measurement -----------------------------------------------------------------------------


def run(asked: Asked) -> Path:
    return measure(*asked.data.both(DATASET), asked.progress, asked.results / FOLDER.name)


def check(asked: Asked) -> list[Part]:
    """One seed of the packaged attack on digits: both targets trained, attacked and counted again."""
    before = next(found for found in random_attacks_record(asked.packaged) if found.about["dataset"] == "Digits")
    s, e = asked.seed % len(before.seeds), before.shown
    now = on_digits({}, (before.seeds[s],), asked.progress)
    return [
        Part(
            f"{target}, seed {before.seeds[s]}, {words}",
            float(getattr(before, name)[t, s, e]),
            float(getattr(now, name)[t, 0, e]),
            3 * POINT,
        )
        for t, target in enumerate(before.targets)
        for name, words in (("accuracy", "right under the attack"), ("noise", "right under random signs"))
    ]


ATTACK = Measurement(
    "random-attack",
    f"{FOLDER.name}/{attack_dataset.RECORD}",
    (DATASET, "digits"),
    (TRAINED,),
    8,
    run,
    Quick("one seed of the attack on digits again; CIFAR-10's takes minutes", 4, check),
)
