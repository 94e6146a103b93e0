"""Measure the heads of the transfer study on a folder of photographs: one finished part a network."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from core import networks
from core.base.files import today
from core.base.records import save
from core.base.refuse import DataError
from core.base.resume import in_parts, remembering
from core.base.worker import Progress, ignore
from core.data import own
from core.data.split import Split, digest
from core.pictures.files import find_pictures
from core.studies.spinal import transfer
from core.studies.spinal.claims import transfer_record
from core.studies.spinal.transfer import NETWORK, RECORD, Head, Mode, Params
from core.training.measurement import CATS_DOGS, POINT, Asked, Measurement, Part, Quick, command, one_thread, there

PLAN = Params()  # what is packaged
NAME = f"{RECORD.parent.name}/{RECORD.name}"


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
    parts = {
        f"transfer_{mode}_{'_'.join(heads)}_seed{seed}": partial(
            transfer.scores, train, test, network, params, mode, heads, seed
        )
        for mode, seed, heads in jobs
    }
    of = {"params": asdict(replace(params, seeds=1)), "network": network.digest, "pictures": digest(train, test)}
    values = in_parts(remembering(work, of), parts, progress)
    accuracy = result.accuracy.copy()
    for (mode, seed, heads), row in zip(jobs, values, strict=True):
        for head, share in zip(heads, row, strict=True):
            accuracy[result.modes.index(mode), result.heads.index(head), seed] = share
    told = {
        "params": asdict(params),
        "data": f"{', '.join(train.classes)}: {len(train):,} photographs to learn from and {len(test):,} to test with, "
        f"their centre squares at {network.preprocessing.size} px",
        "network": network.card.title,
        "digest": network.digest,
        "command": command("spinal-transfer", CATS_DOGS),
        **today(),
    }
    save(path, replace(result, accuracy=accuracy), told)
    return path


def run(asked: Asked) -> Path:
    return measure(asked.data.given(CATS_DOGS), asked.work / "spinal", asked.progress, path=asked.results / NAME)


def transferred(mode: str) -> str:
    """The claim about this way of training."""
    return f"spinal-transfer-{mode}"


@one_thread()
def check(asked: Asked) -> list[Part]:
    """One seed of all heads trained alone, and of one head with everything below it."""
    old, _ = there(transfer_record(asked.packaged))
    network = networks.load(networks.find(old.network))
    train, test = photographs(asked.data.given(CATS_DOGS), network.preprocessing.size)
    s, one = asked.seed % old.params.seeds, ("spinal", "linear")[asked.seed // 2 % 2]
    jobs = {"head": old.heads, "all": tuple(head for head in old.heads if head == one)}
    found = []
    for i, (mode, heads) in enumerate(jobs.items()):
        asked.progress(i, len(jobs))
        row = transfer.scores(train, test, network, old.params, mode, heads, s)  # type: ignore[arg-type]
        for head, now in zip(heads, row, strict=True):
            before = float(old.accuracy[old.modes.index(mode), old.heads.index(head), s])
            what = f"{head}, {transfer.MODES[mode]} trained, seed {s}"  # type: ignore[index]
            found.append(Part(what, before, now, 3 * POINT, (transferred(mode),)))
    return found


TRANSFER = Measurement(
    "spinal-transfer",
    NAME,
    (CATS_DOGS,),
    (NETWORK,),
    8,
    run,
    Quick("one seed of every head trained alone again, and one with everything below it", 20, check),
)
