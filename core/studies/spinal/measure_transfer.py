"""Measure the heads of the transfer study on a folder of photographs: one finished part a network."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

from core import networks
from core.base.files import today, write_json
from core.base.records import as_json
from core.base.refuse import DataError
from core.base.resume import finished
from core.base.worker import Progress, ignore
from core.data import own
from core.data.split import Split, digest
from core.pictures.files import find_pictures
from core.studies.spinal import transfer
from core.studies.spinal.transfer import NETWORK, RECORD, Head, Mode, Params

COMMAND = "receptive measure-spinal-transfer --data FOLDER"
PLAN = Params()  # what is packaged


def photographs(data: Path, size: int) -> tuple[Split, Split]:
    """DATA/train/CLASS and DATA/test/CLASS as squares of `size` px. Raises DataError, also for a broken picture."""
    broken: list[str] = []
    train, test = (own.from_pictures(find_pictures(data / half), size, broken) for half in ("train", "test"))
    if broken:
        raise DataError(f"expected pictures that can be read, got {broken[0]}: take it out of the folder")
    return train, test


def measure(data: Path, work: Path, progress: Progress = ignore, params: Params = PLAN, path: Path = RECORD) -> Path:
    """Train every head from every seed, both ways, and write assets/results/spinal_heads/transfer.json.

    Each finished network leaves a part in WORK: a killed run goes on from there, and several runs of the same command
    share the work. Raises ValueError while another run has not finished its part.
    """
    network = networks.load(networks.find(NETWORK))
    train, test = photographs(data, network.preprocessing.size)
    result = transfer.blank(train, test, network, params)
    jobs: list[tuple[Mode, int, tuple[Head, ...]]] = [("head", seed, result.heads) for seed in range(params.seeds)]
    jobs += [("all", seed, (head,)) for seed in range(params.seeds) for head in result.heads]
    values = finished(
        [work / f"transfer_{mode}_{'_'.join(heads)}_seed{seed}.json" for mode, seed, heads in jobs],
        {"params": asdict(replace(params, seeds=1)), "network": network.digest, "pictures": digest(train, test)},
        lambda i: transfer.scores(train, test, network, params, jobs[i][0], jobs[i][2], jobs[i][1]),
        progress,
    )
    accuracy = result.accuracy.copy()
    for (mode, seed, heads), row in zip(jobs, values, strict=True):
        for head, share in zip(heads, row, strict=True):
            accuracy[result.modes.index(mode), result.heads.index(head), seed] = share
    size = network.preprocessing.size
    record = {
        "result": as_json(replace(result, accuracy=accuracy)),
        "params": asdict(params),
        "data": f"{', '.join(train.classes)}: {len(train):,} photographs to learn from and {len(test):,} to test with, "
        f"their centre squares at {size} px",
        "network": network.card.title,
        "digest": network.digest,
        "command": COMMAND,
        **today(),
    }
    write_json(path, record)
    return path
