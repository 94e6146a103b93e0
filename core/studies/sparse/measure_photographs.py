"""Ask lite0 with a coded stem, and lite0, about noisy photographs, and write it down.

Both were asked about the same photographs with the same noise. The line from residual to lambda is fitted to
photographs that the copies have learned from.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from core import networks
from core.base.files import today
from core.base.records import save
from core.data.labelled import DATA, Labelled, labelled, opened, said
from core.studies.sparse import dataset
from core.studies.sparse.claims import sparse_record
from core.studies.sparse.codes import FOLDER
from core.studies.sparse.dataset import Chunk, Params
from core.training.measurement import Asked, Measurement, Part, Quick, command, share, there

LEARNED = "imagenet-samples-public"
NAMES = (("lite0_sparse", 20, 7), ("lite0", 1, 2))  # minutes, and seconds of the quick check
KIND, LEVELS, LAMS = "gaussian", (0.0, 0.1, 0.15, 0.2), (0.1, 0.2, 0.35, 0.5, 0.7, 1.0)
TOGETHER = 10  # photographs in memory, with their codes
EVERY, FITTED, QUICK = 4, 100, 10  # every so many photographs; how many the line is fitted to, and the quick check asks
TEST_SEED, TRAIN_SEED, DIGITS = 0, 1, 6


def run(name: str, asked: Asked) -> Path:
    """Ask one network about all photographs under noise, and write its record."""
    network, test = networks.load(networks.find(name)), labelled(asked.data.given(DATA))[::EVERY]
    learned = spread(labelled(asked.data.given(LEARNED)), FITTED) if dataset.is_coded(network) else []
    total = len(learned) + len(test)
    fit = None
    if learned:
        params = Params(KIND, LEVELS, LAMS, TRAIN_SEED)
        fit = dataset.fit_line(
            [dataset.run(network, chunks(learned), total, params, None, lambda done, _: asked.progress(done, total))]
        )
    found = dataset.run(
        network,
        chunks(test),
        len(test),
        Params(KIND, LEVELS, LAMS, TEST_SEED),
        fit,
        lambda done, _: asked.progress(len(learned) + done, total),
    )
    about = {"network": name, "arch": network.card.arch, "digest": network.digest, "dataset": DATA, **today()}
    record = dataset.Measured(
        **about,
        test_images=len(test),
        training_images=len(learned),
        data=said(test),
        command=command(f"photographs:{name}", DATA, LEARNED),
        fit=fit,
        results={KIND: found},
    )
    save(path := asked.results / FOLDER.name / dataset.RECORDS.format(name), record, digits=DIGITS)
    return path


def check(name: str, asked: Asked) -> list[Part]:
    """A few of the photographs again, with the packaged line: the share right as trained, over all levels."""
    packaged = there(sparse_record(asked.packaged).get(name))
    some = spread(labelled(asked.data.given(DATA))[::EVERY], QUICK)
    network = networks.load(networks.find(name))
    params = Params(KIND, LEVELS, (dataset.training_lambda(network, Params(KIND, LEVELS, LAMS)) or LAMS[0],))
    now = dataset.run(network, chunks(some), len(some), params, packaged.fit, asked.progress)
    before = packaged.results[KIND].accuracy(dataset.FIXED).mean()
    what = f"{name} under {KIND} noise, mean over levels, {QUICK} photographs"
    return [share(what, float(before), float(now.accuracy(dataset.FIXED).mean()), now.images)]


def spread(pictures: Labelled, count: int) -> Labelled:
    """`count` of them at even steps."""
    return [pictures[i] for i in np.linspace(0, len(pictures) - 1, count).round().astype(int)]


def chunks(pictures: Labelled) -> Iterator[Chunk]:
    """A few at a time, with their classes."""
    for start in range(0, len(pictures), TOGETHER):
        some = pictures[start : start + TOGETHER]
        yield [opened(path) for path, _ in some], [truth for _, truth in some]


PHOTOGRAPHS = tuple(
    Measurement(
        f"photographs:{name}",
        f"{FOLDER.name}/{dataset.RECORDS.format(name)}",
        (DATA, LEARNED) if name == NAMES[0][0] else (DATA,),
        (name,),
        minutes,
        partial(run, name),
        Quick(f"{QUICK} of the photographs, as trained", seconds, partial(check, name)),
    )
    for name, minutes, seconds in NAMES
)
