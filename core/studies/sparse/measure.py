"""Measure the packaged SDNets and their plain twins under noise; write assets/results/sparse_codes/noise_*.json.

Each network's file grows by one kind of noise at a time, so that a killed measurement goes on from there.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from core import networks
from core.base import quote
from core.base.files import today
from core.base.records import from_json, read_back, save
from core.base.worker import Progress, ignore
from core.data.sets import DATASETS
from core.data.split import Split, chunks, every
from core.networks import families, packaged, weights
from core.networks.card import Network
from core.pictures import noise
from core.studies.sparse import dataset
from core.studies.sparse.codes import FOLDER
from core.studies.sparse.dataset import Fit, Params, Result

DATASET = "cifar10"
NAMES = (*families.SDNETS, *families.TWINS)
MAIN = "gaussian"  # the noise that is measured on the whole test set, and that the line is fitted to
FEW = 1_000  # test pictures for the other noises, at even steps
FITTED = 1_500  # training pictures that the line of the estimated lambda is fitted to, at even steps
TEST_SEED, TRAIN_SEED = 0, 1
DIGITS = 6  # after the point, of the numbers in a record


def params(kind: str, seed: int) -> Params:
    """Every level of a kind, the clean picture first."""
    return Params(kind, (0.0, *noise.KINDS[kind].levels), seed=seed)


def pictures(name: str, kind: str, test: Split, few: int = FEW) -> Split:
    """The test pictures that a kind of noise is measured on: few where every layer is coded, which takes four times
    as long."""
    return test if kind == MAIN and name != families.ALL_CODED else every(test, few)


def measure_network(
    name: str,
    train: Split,
    test: Split,
    progress: Progress = ignore,
    folder: Path = FOLDER,
    *,
    few: int = FEW,
    line: Fit | None = None,
) -> Path:
    """Measure one packaged network; write FOLDER/noise_<name>.json after the line and after each kind of noise.

    `few`: pictures of the other noises than MAIN; `line`: one that was fitted before, else it is fitted here. What a
    file of the same weights and sizes already holds is kept. `progress(done, all)` counts pictures.
    """
    card = packaged.packaged_card(name, weights.packaged()[name])
    network = networks.load(card)
    path = folder / dataset.RECORDS.format(name)
    fitted = every(train, FITTED)
    about = describe(network, test, fitted)
    results, fit = kept(path, about)
    fit = fit or line
    ends = list(itertools.accumulate([len(fitted), *(len(pictures(name, kind, test, few)) for kind in noise.KINDS)]))
    if fit is None and dataset.is_coded(network):
        asked = params(MAIN, TRAIN_SEED)
        seen = dataset.run(network, chunks(fitted), len(fitted), asked, None, watch(progress, 0, ends))
        fit = dataset.fit_line([seen])
        write(path, results, fit, about)
    for i, kind in enumerate(noise.KINDS, 1):
        if kind not in results:
            some, asked = pictures(name, kind, test, few), params(kind, TEST_SEED)
            results[kind] = dataset.run(network, chunks(some), len(some), asked, fit, watch(progress, i, ends))
            write(path, results, fit, about)
        progress(ends[i], ends[-1])
    return path


def watch(progress: Progress, i: int, ends: Sequence[int]) -> Progress:
    """The progress of part `i`, told as that of parts that end at `ends`."""
    return lambda done, _: progress(ends[i - 1] * (i > 0) + done, ends[-1])


def describe(network: Network, test: Split, fitted: Split) -> dict[str, Any]:
    """Where a record comes from, and what decides whether it can be gone on with."""
    data = DATASETS[DATASET]
    return {
        "network": network.card.name,
        "arch": network.card.arch,
        "digest": network.digest,
        "test_images": len(test),
        "training_images": len(fitted),
        "dataset": data.name,
        "data": f"{data.title} ({data.form}), test set",
        "command": quote.command("receptive", "measure-sparse", network.card.name, "--data", "FOLDER"),
    }


def kept(path: Path, about: Mapping[str, Any]) -> tuple[dict[str, Result], Fit | None]:
    """The kinds of noise and the line that PATH already holds of the same network and data.

    Raises ValueError if it is damaged.
    """
    if not path.is_file():
        return {}, None
    with read_back(path):
        record = json.loads(path.read_text())
        if any(record.get(name) != value for name, value in about.items()):
            return {}, None
        found = from_json(dataset.Measured, record)
    return dict(found.results), found.fit


def write(path: Path, results: Mapping[str, Result], fit: Fit | None, about: Mapping[str, Any]) -> None:
    if fit is not None:
        fit = replace(fit, slope=round(fit.slope, DIGITS), intercept=round(fit.intercept, DIGITS))
    save(path, dataset.Measured(**{**about, **today()}, fit=fit, results=results), digits=DIGITS)
