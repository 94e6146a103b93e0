"""Everything that is behind the claims, measured again: what each measurement reads and writes, and a run of many.

A run keeps its records and what long measurements have finished of themselves in one working folder, so that a killed
one goes on there. The packaged records are not touched.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from filelock import FileLock, Timeout

from core.base.files import write_json
from core.base.records import read_back
from core.base.worker import Progress, part
from core.claims import records
from core.data import named
from core.data.named import Split
from core.networks import packaged as networks
from core.networks import weights
from core.overview import board
from core.overview.board import Claim
from core.reproduce import facts
from core.studies.patch import dataset as patch_dataset
from core.studies.patch import measure as ship_patches
from core.studies.random import attack_figures, background_dataset, measure_attack, measure_retrieval, retrieval_dataset
from core.studies.random import measure as ship_random
from core.studies.shift import measure as ship_shift_pairs
from core.studies.sparse import attack_dataset
from core.studies.sparse import dataset as sparse_dataset
from core.studies.sparse import measure as ship_sparse
from core.studies.sparse import measure_attack as ship_sparse_attack
from core.studies.spinal import ablation, measure_ablation, measure_regression, measure_transfer, regression, transfer
from core.studies.spinal import measure as ship_spinal
from core.training import ship
from core.training.ship import today

WORK = Path("runs/reproduce")
FINISHED, RESULTS = "finished.json", "results"  # below a working folder
CIFAR, PHOTOGRAPHS, COREL, CATS_DOGS = "cifar10", "tiny-imagenet-20", "corel", "cats-dogs"
SPLITS_IN_MEMORY = 8  # the largest takes 150 MB
ROUNDING = 1e-4  # of the accuracy that a weights file tells
SHIFTED = {  # networks by the data set whose test pictures they are measured on
    CIFAR: (
        *("cifar_vgg", "cifar_vgg_blur2", "cifar_vgg_blur3", "cifar_vgg_blur5", "cifar_vgg_blur7"),
        "cifar_vgg_shifted",
    ),
    PHOTOGRAPHS: (
        *("photo_resnet", "photo_resnet_blur3", "photo_resnet_blur5"),
        *networks.BAGNETS[PHOTOGRAPHS][0],
    ),
}
TOLD = (networks.ALL_CODED, networks.SDNETS[0])  # whose accuracy travels with the weights alone


# ---- the data ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Data:
    """Where data sets lie: ROOT/NAME, or else where torchvision once downloaded them to. Nothing is downloaded.

    Raises DataError if there is no such folder as `root`.
    """

    root: Path | None = None

    def __post_init__(self) -> None:
        if self.root is not None and not self.root.is_dir():
            raise named.DataError(f"expected a folder with one folder a data set, found none at {self.root}")

    def folder(self, name: str) -> Path | None:
        folder = None if self.root is None else self.root / name
        return folder if folder is not None and folder.is_dir() else None

    def given(self, name: str) -> Path:
        """The folder of a data set that is read from a folder only. Raises DataError if it is not there."""
        folder = self.folder(name)
        if folder is None:
            raise named.DataError(f"expected the folder {name} below --data, found none: put the pictures there")
        return folder

    def missing(self, names: Iterable[str]) -> list[str]:
        """Those of the data sets that are not on this machine."""
        return [name for name in names if self.folder(name) is None and not named.on_this_machine(name)]

    def split(self, name: str, which: str) -> Split:
        """The "train" or "test" pictures. Raises DataError."""
        if self.missing([name]):
            raise named.DataError(f"expected {name} below --data or downloaded before, found neither")
        return _split(name, self.folder(name), which)

    def both(self, name: str) -> tuple[Split, Split]:
        return self.split(name, "train"), self.split(name, "test")


@functools.lru_cache(maxsize=SPLITS_IN_MEMORY)
def _split(name: str, folder: Path | None, which: str) -> Split:
    return named.load(name, folder, which)


# ---- the measurements ----------------------------------------------------------------------------

Run = Callable[[Data, Path, Path, Progress], object]


@dataclass(frozen=True)
class Measurement:
    """`records`: the files that it writes, below a results folder; `data`: the data sets that it reads; `networks`:
    the packaged ones that decide what is measured; `minutes`: about how long it takes on two cores.

    `run(data, results, work, progress)` may raise DataError, WeightsError, ValueError and OSError.
    """

    records: tuple[str, ...]
    data: tuple[str, ...]
    networks: tuple[str, ...]
    minutes: float
    run: Run


def shift(dataset: str, name: str) -> Measurement:
    """Accuracy, consistency and robustness of a packaged network."""

    def run(data: Data, results: Path, work: Path, progress: Progress) -> object:
        return ship.measure(name, data.split(dataset, "test"), results / "shift_sweep", progress)

    return Measurement((f"shift_sweep/{name}.json",), (dataset,), (name,), 1.5, run)


def told(name: str) -> Measurement:
    """The accuracy that a weights file tells; its run raises ValueError where another is measured."""

    def run(data: Data, results: Path, work: Path, progress: Progress) -> object:
        network = networks.load(networks.find(name))
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


def percent(progress: Progress) -> Progress:
    """`progress` of parts of different lengths, told in percent."""
    return lambda done, total: progress(100 * done // max(total, 1), 100)


def random(name: str, minutes: float) -> Measurement:
    """Random features on a data set."""

    def run(data: Data, results: Path, work: Path, progress: Progress) -> object:
        return ship_random.measure(name, *data.both(name), work / "random", progress, folder=results / FEATURES)

    return Measurement((f"{FEATURES}/dataset_{name}.json",), (name,), (networks.CEILINGS[name],), minutes, run)


def spinal(dataset: str, backbone: str, minutes: float) -> Measurement:
    """The race of heads on a data set."""
    plan = ship_spinal.PLANS[dataset, backbone]

    def run(data: Data, results: Path, work: Path, progress: Progress) -> object:
        splits = data.both(dataset)
        return ship_spinal.measure(dataset, *splits, plan, work / "spinal", progress, folder=results / HEADS)

    return Measurement((f"{HEADS}/{dataset}_{backbone}.json",), (dataset,), (), minutes, run)


FEATURES, HEADS = "random_features", "spinal_heads"
MEASUREMENTS: dict[str, Measurement] = {
    "exact": Measurement(
        (records.EXACT,),
        (),
        ("cifar_vgg", "photo_bagnet9", "photo_bagnet33", networks.SDNETS[0]),
        0.5,
        lambda data, results, work, progress: facts.measure(results / records.EXACT, progress=progress),
    ),
    **{f"weights:{name}": told(name) for name in TOLD},
    **{f"shift:{name}": shift(dataset, name) for dataset, names in SHIFTED.items() for name in names},
    "shift-pairs": Measurement(
        (records.SHIFT_PAIRS,),
        tuple(ship_shift_pairs.PLANS),
        tuple(name for plan in ship_shift_pairs.PLANS.values() for name in plan[:2]),
        6,
        lambda data, results, work, progress: ship_shift_pairs.measure(
            {name: data.split(name, "test") for name in ship_shift_pairs.PLANS}, progress, results / records.SHIFT_PAIRS
        ),
    ),
    "patches": Measurement(
        (f"patch_evidence/{patch_dataset.RECORD}",),
        (PHOTOGRAPHS,),
        (*networks.BAGNETS[PHOTOGRAPHS][0], networks.BAGNETS[PHOTOGRAPHS][1]),
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
        (networks.SDNETS[0], networks.TWINS[0]),
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
        (f"{FEATURES}/{attack_figures.RECORD}",),
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
