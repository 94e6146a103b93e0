"""Measure the heads of the transfer study on a folder of photographs: one finished part a network."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core import networks, own_data
from core.datasets import DataError, Split, digest, find_pictures
from core.studies import spinal_transfer
from core.studies.spinal_transfer import NETWORK, RECORD, Head, Mode, Params
from core.training.ship import today, write_json
from core.worker import Progress, ignore

COMMAND = "receptive measure-spinal-transfer --data FOLDER"
PLAN = Params()  # what is packaged


def photographs(data: Path, size: int) -> tuple[Split, Split]:
    """DATA/train/CLASS and DATA/test/CLASS as squares of `size` px. Raises DataError, also for a broken picture."""
    broken: list[str] = []
    train, test = (own_data.from_pictures(find_pictures(data / half), size, broken) for half in ("train", "test"))
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
    result = spinal_transfer.blank(train, test, network, params)
    jobs: list[tuple[Mode, int, tuple[Head, ...]]] = [("head", seed, result.heads) for seed in range(params.seeds)]
    jobs += [("all", seed, (head,)) for seed in range(params.seeds) for head in result.heads]
    values = finished(
        [work / f"transfer_{mode}_{'_'.join(heads)}_seed{seed}.json" for mode, seed, heads in jobs],
        {"params": asdict(replace(params, seeds=1)), "network": network.digest, "pictures": digest(train, test)},
        lambda i: spinal_transfer.scores(train, test, network, params, jobs[i][0], jobs[i][2], jobs[i][1]),
        progress,
    )
    accuracy = result.accuracy.copy()
    for (mode, seed, heads), row in zip(jobs, values, strict=True):
        for head, share in zip(heads, row, strict=True):
            accuracy[result.modes.index(mode), result.heads.index(head), seed] = share
    size = network.preprocessing.size
    record = {
        "result": spinal_transfer.as_dict(replace(result, accuracy=accuracy)),
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


def finished(
    parts: Sequence[Path], what: dict[str, Any], train: Callable[[int], Any], progress: Progress = ignore
) -> list[Any]:
    """The value of every part: read from its file, or made by train(i) and kept there. See `measure`.

    Raises ValueError if a part was made from something else than `what`, or another run is still at one.
    """
    what = json.loads(json.dumps(what))
    for i, part in enumerate(parts):
        progress(i, len(parts))
        part.parent.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(f"{part}.lock", timeout=0):
                if not part.exists():
                    write_json(part, {"of": what, "value": train(i)} | today())
        except Timeout:
            continue
    missing = [part.name for part in parts if not part.exists()]
    if missing:
        raise ValueError(f"expected all {len(parts)} parts, {len(missing)} are in training: run this again later")
    values = []
    for part in parts:
        kept = json.loads(part.read_text())
        if kept["of"] != what:
            raise ValueError(f"expected a part of {what}, got one of {kept['of']}: delete {part}")
        values.append(kept["value"])
    progress(len(parts), len(parts))
    return values
