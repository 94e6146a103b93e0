"""Everything that is behind the claims, measured again: what each measurement reads and writes, and a run of many.

A run keeps its records and what long measurements have finished of themselves in one working folder, so that a killed
one goes on there. The packaged records are not touched.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from filelock import FileLock, Timeout

from core import networks as core_networks
from core.base.files import today, write_json
from core.base.records import read_back
from core.base.worker import Progress, part
from core.claims import fact
from core.claims.claim import Claim
from core.networks import families, weights
from core.networks import packaged as networks
from core.overview import board
from core.reproduce import facts
from core.studies.patch import dataset as patch_dataset
from core.studies.patch import measure as ship_patches
from core.studies.random import attack_dataset as random_attack_dataset
from core.studies.random import background_dataset, measure_attack, measure_retrieval, retrieval_dataset
from core.studies.random import measure as ship_random
from core.studies.shift import claims
from core.studies.shift import measure as shift_measure
from core.studies.shift import measure_pairs as ship_shift_pairs
from core.studies.sparse import attack_dataset
from core.studies.sparse import dataset as sparse_dataset
from core.studies.sparse import measure as ship_sparse
from core.studies.sparse import measure_attack as ship_sparse_attack
from core.studies.spinal import ablation, measure_ablation, measure_regression, measure_transfer, regression, transfer
from core.studies.spinal import measure as ship_spinal
from core.training import ship
from core.training.measurement import CATS_DOGS, CIFAR, COREL, FEATURES, HEADS, PHOTOGRAPHS, Data, Measurement, percent

WORK = Path("runs/reproduce")
FINISHED, RESULTS = "finished.json", "results"  # below a working folder
ROUNDING = 1e-4  # of the accuracy that a weights file tells
SHIFTED = {  # networks by the data set whose test pictures they are measured on
    CIFAR: (
        *("cifar_vgg", "cifar_vgg_blur2", "cifar_vgg_blur3", "cifar_vgg_blur5", "cifar_vgg_blur7"),
        "cifar_vgg_shifted",
    ),
    PHOTOGRAPHS: (
        *("photo_resnet", "photo_resnet_blur3", "photo_resnet_blur5"),
        *families.BAGNETS[PHOTOGRAPHS][0],
    ),
}
TOLD = (families.ALL_CODED, families.SDNETS[0])  # whose accuracy travels with the weights alone


# ---- the data ------------------------------------------------------------------------------------


# ---- the measurements ----------------------------------------------------------------------------


def shift(dataset: str, name: str) -> Measurement:
    """Accuracy, consistency and robustness of a packaged network."""

    def run(data: Data, results: Path, work: Path, progress: Progress) -> object:
        return shift_measure.measure(name, data.split(dataset, "test"), results / "shift_sweep", progress)

    return Measurement((f"shift_sweep/{name}.json",), (dataset,), (name,), 1.5, run)


def told(name: str) -> Measurement:
    """The accuracy that a weights file tells; its run raises ValueError where another is measured."""

    def run(data: Data, results: Path, work: Path, progress: Progress) -> object:
        network = core_networks.load(core_networks.find(name))
        found = ship.accuracy(network.engine.plain, data.split(CIFAR, "test"), network.preprocessing, progress)
        said = network.card.test_accuracy or 0.0
        if abs(found - said) > ROUNDING:
            raise ValueError(
                f"expected an accuracy of {said:.4f} as {name} tells, measured {found:.4f}: train it again"
            )
        return found

    return Measurement((), (CIFAR,), (name,), 1, run)


def sparse(data: Data, results: Path, work: Path, progress: Progress) -> None:
    """The packaged SDNets and their twins under every kind of noise."""
    train, test = data.both(CIFAR)
    for i, name in enumerate(ship_sparse.NAMES):
        watch = part(progress, i, len(ship_sparse.NAMES))
        ship_sparse.measure_network(name, train, test, percent(watch), results / "sparse_codes")


def random(name: str, minutes: float) -> Measurement:
    """Random features on a data set."""

    def run(data: Data, results: Path, work: Path, progress: Progress) -> object:
        return ship_random.measure(name, *data.both(name), work / "random", progress, folder=results / FEATURES)

    return Measurement((f"{FEATURES}/dataset_{name}.json",), (name,), (families.CEILINGS[name],), minutes, run)


def spinal(dataset: str, backbone: str, minutes: float) -> Measurement:
    """The race of heads on a data set."""
    plan = ship_spinal.PLANS[dataset, backbone]

    def run(data: Data, results: Path, work: Path, progress: Progress) -> object:
        splits = data.both(dataset)
        return ship_spinal.measure(dataset, *splits, plan, work / "spinal", progress, folder=results / HEADS)

    return Measurement((f"{HEADS}/{dataset}_{backbone}.json",), (dataset,), (), minutes, run)


MEASUREMENTS: dict[str, Measurement] = {
    "exact": Measurement(
        (fact.EXACT,),
        (),
        ("cifar_vgg", "photo_bagnet9", "photo_bagnet33", families.SDNETS[0]),
        0.5,
        lambda data, results, work, progress: facts.measure(results / fact.EXACT, progress=progress),
    ),
    **{f"weights:{name}": told(name) for name in TOLD},
    **{f"shift:{name}": shift(dataset, name) for dataset, names in SHIFTED.items() for name in names},
    "shift-pairs": Measurement(
        (claims.SHIFT_PAIRS,),
        tuple(ship_shift_pairs.PLANS),
        tuple(name for plan in ship_shift_pairs.PLANS.values() for name in plan[:2]),
        6,
        lambda data, results, work, progress: ship_shift_pairs.measure(
            {name: data.split(name, "test") for name in ship_shift_pairs.PLANS}, progress, results / claims.SHIFT_PAIRS
        ),
    ),
    "patches": Measurement(
        (f"patch_evidence/{patch_dataset.RECORD}",),
        (PHOTOGRAPHS,),
        (*families.BAGNETS[PHOTOGRAPHS][0], families.BAGNETS[PHOTOGRAPHS][1]),
        8,
        lambda data, results, work, progress: ship_patches.measure(
            data.split(PHOTOGRAPHS, "test"), progress, folder=results / "patch_evidence"
        ),
    ),
    "sparse": Measurement(
        tuple(f"sparse_codes/{sparse_dataset.RECORDS.format(name)}" for name in ship_sparse.NAMES),
        (CIFAR,),
        ship_sparse.NAMES,
        60,
        sparse,
    ),
    "sparse-attack": Measurement(
        (f"sparse_codes/{attack_dataset.RECORD}",),
        (CIFAR,),
        (families.SDNETS[0], families.TWINS[0]),
        8,
        lambda data, results, work, progress: ship_sparse_attack.measure(
            data.split(CIFAR, "test"), progress, folder=results / "sparse_codes"
        ),
    ),
    "random:digits": random("digits", 2),
    "random:mnist": random("mnist", 40),
    "random:fashion-mnist": random("fashion-mnist", 40),
    "random:cifar10": random(CIFAR, 90),
    "retrieval": Measurement(
        (f"{FEATURES}/{retrieval_dataset.RECORD}",),
        (COREL,),
        (measure_retrieval.NETWORK,),
        6,
        lambda data, results, work, progress: measure_retrieval.measure_retrieval(
            data.given(COREL), progress, work / "random", folder=results / FEATURES
        ),
    ),
    "background": Measurement(
        (f"{FEATURES}/{background_dataset.RECORD}",),
        (PHOTOGRAPHS,),
        (measure_retrieval.NETWORK,),
        2,
        lambda data, results, work, progress: measure_retrieval.measure_background(
            *data.both(PHOTOGRAPHS), progress, work / "random", folder=results / FEATURES
        ),
    ),
    "random-attack": Measurement(
        (f"{FEATURES}/{random_attack_dataset.RECORD}",),
        (CIFAR, "digits"),
        (measure_attack.TRAINED,),
        8,
        lambda data, results, work, progress: measure_attack.measure(*data.both(CIFAR), progress, results / FEATURES),
    ),
    "spinal:digits:small_cnn": spinal("digits", "small_cnn", 4),
    "spinal:mnist:small_cnn": spinal("mnist", "small_cnn", 5),
    "spinal:fashion-mnist:small_cnn": spinal("fashion-mnist", "small_cnn", 5),
    "spinal:mnist:vgg5": spinal("mnist", "vgg5", 25),
    "spinal:fashion-mnist:vgg5": spinal("fashion-mnist", "vgg5", 30),
    "spinal:cifar10:cifar_vgg11": spinal(CIFAR, "cifar_vgg11", 30),
    "spinal-ablation": Measurement(
        (f"{HEADS}/{ablation.RECORD.name}",),
        ("digits",),
        (),
        8,
        lambda data, results, work, progress: measure_ablation.measure(
            *data.both("digits"), work / "spinal", progress, path=results / HEADS / ablation.RECORD.name
        ),
    ),
    "spinal-transfer": Measurement(
        (f"{HEADS}/{transfer.RECORD.name}",),
        (CATS_DOGS,),
        (transfer.NETWORK,),
        8,
        lambda data, results, work, progress: measure_transfer.measure(
            data.given(CATS_DOGS), work / "spinal", progress, path=results / HEADS / transfer.RECORD.name
        ),
    ),
    "spinal-regression": Measurement(
        (f"{HEADS}/{regression.RECORD.name}",),
        (),
        (),
        15,
        lambda data, results, work, progress: measure_regression.measure(
            progress, work / "spinal", path=results / HEADS / regression.RECORD.name
        ),
    ),
}


def chosen(names: Sequence[str]) -> tuple[list[Claim], list[str]]:
    """The claims of these names, and the measurements behind them; all claims by default. A name may also be a
    measurement's key. Raises ValueError with the nearest names."""
    known = {claim.name: claim for claim in board.CLAIMS}
    for name in names:
        if name not in known and name not in MEASUREMENTS:
            import difflib

            near = difflib.get_close_matches(name, [*known, *MEASUREMENTS], n=3, cutoff=0)
            raise ValueError(f"expected the name of a claim, got {name!r}: did you mean {', '.join(near)}?")
    asked = [known[name] for name in dict.fromkeys(names or known) if name in known]
    keys = {key for claim in asked for key in claim.measurement} | (set(names) & set(MEASUREMENTS))
    return asked, sorted(keys, key=list(MEASUREMENTS).index)


# ---- a run of many -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """What is to be measured, short ones first; what an earlier run finished; what cannot be: key -> what it lacks."""

    todo: tuple[str, ...]
    finished: tuple[str, ...]
    lacking: dict[str, str]


def lacks(key: str, data: Data) -> str:
    """The data sets and packaged networks that a measurement needs and that are not here, "" if all are."""
    below = [f"{name} below --data" for name in data.missing(MEASUREMENTS[key].data)]
    known = networks.cards()
    return " and ".join([*below, *(f"the packaged network {n}" for n in MEASUREMENTS[key].networks if n not in known)])


def plan(keys: Sequence[str], data: Data, work: Path) -> Plan:
    """Of these measurements."""
    done = [key for key in keys if is_finished(key, work)]
    lacking = {key: why for key in keys if key not in done and (why := lacks(key, data))}
    todo = [key for key in keys if key not in done and key not in lacking]
    todo.sort(key=lambda key: MEASUREMENTS[key].minutes)
    return Plan(tuple(todo), tuple(done), lacking)


def inputs(key: str) -> dict[str, str]:
    """SHA-256 of the weights files that decide what is measured, of those that are there."""
    packaged = weights.packaged()
    names = [name for name in MEASUREMENTS[key].networks if name in packaged]
    return {name: sha256(packaged[name].read_bytes()).hexdigest() for name in names}


def finished(work: Path) -> dict[str, dict[str, dict[str, str]]]:
    """What an earlier run in WORK has finished, and with which weights. Raises ValueError if its file is damaged."""
    path = work / FINISHED
    if not path.is_file():
        return {}
    with read_back(path):
        found = json.loads(path.read_text()).items()
        return {key: {name: dict(about[name]) for name in ("weights", "when")} for key, about in found}


def is_finished(key: str, work: Path) -> bool:
    """Whether an earlier run in WORK measured it, with the weights that are packaged now."""
    about = finished(work).get(key)
    there = all((work / RESULTS / name).is_file() for name in MEASUREMENTS[key].records)
    return there and about is not None and about["weights"] == inputs(key)


def measure(key: str, data: Data, work: Path, progress: Progress) -> None:
    """Measure one in full and remember that it is finished; its records go below WORK/results.

    Raises ValueError if another run is at work in the same folder, and what `Measurement.run` raises.
    """
    work.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(work / "lock", timeout=0):
            MEASUREMENTS[key].run(data, work / RESULTS, work, progress)
            write_json(work / FINISHED, {**finished(work), key: {"weights": inputs(key), "when": today()}})
    except Timeout:
        raise ValueError(f"expected no other run in {work}, found one: wait for it, or give another --work") from None
